/* What a run says about its data at the start. */
#ifndef ACF_DATA_DATA_SUMMARY_H
#define ACF_DATA_DATA_SUMMARY_H

#include "base/status.h"
#include "base/str.h"
#include "data/dataset.h"

/*
 * Appends lines, each ended by LF: task and number of labels; per split its rows (how many of the
 * file's when they were drawn), file, class balance (of more than six classes the three largest and
 * smallest), rows with an empty text and the first bad lines skipped.  ACF_ERR_RESOURCE.
 */
acf_status acf_data_summary(acf_str *out, const acf_dataset *d, acf_error *e) ACF_MUST_USE;

#endif
