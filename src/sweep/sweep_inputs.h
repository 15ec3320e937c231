/* What the runs of a sweep will read, looked at before the first one begins. */
#ifndef ACF_SWEEP_SWEEP_INPUTS_H
#define ACF_SWEEP_SWEEP_INPUTS_H

#include "sweep/sweep.h"

/* Are the data files and the encoders there that the runs of ours which are left will read?  What
 * is missing goes to `problems` as finished lines, at the tasks' places in the sweep's file, which
 * is called `path`: ACF_ERR_DATA, or ACF_ERR_MODEL when it is only encoders. */
acf_status acf_sweep_check_inputs(const acf_sweep *s, acf_str *problems, const char *path,
                                  acf_error *e) ACF_MUST_USE;

#endif
