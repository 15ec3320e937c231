/* acf-train for a series of runs: one after the other here, or several at a time in processes of
 * their own. */
#ifndef ACF_CLI_TRAIN_SERIES_H
#define ACF_CLI_TRAIN_SERIES_H

#include "base/str.h"
#include "input/token_share.h"
#include "sweep/series.h"

/* Train all runs and sum them up.  When one run fails, the others are still trained (n_jobs > 1);
 * its status is the series'.  text receives the summary; opt as for acf_train, with max_time_s
 * for all runs together. */
acf_status acf_train_series(acf_str *text, const acf_config *cfg, int n_jobs,
                            const acf_train_options *opt, acf_error *e) ACF_MUST_USE;

#endif
