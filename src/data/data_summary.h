/* What a run says about its data at the start. */
#ifndef ACF_DATA_DATA_SUMMARY_H
#define ACF_DATA_DATA_SUMMARY_H

#include "base/status.h"
#include "base/str.h"
#include "data/dataset.h"

/*
 * Appends lines, each ended by LF: task and number of labels; per split its rows (how many of the
 * file's when they were drawn), file, class balance (of more than six classes the three largest and
 * smallest; of scores their range and mean), rows with an empty text, rows that training has, too
 * (data/overlap.h), and the first bad lines skipped.  ACF_ERR_RESOURCE.
 */
acf_status acf_data_summary(acf_str *out, const acf_dataset *d, acf_error *e) ACF_MUST_USE;

/* Which rows of which file dev_fraction, folds, max_train_samples or shots chose: a header
 * "split<TAB>line" and every row of the drawn splits by its line in the file; of images that are
 * files "image", their path in the split's directory, behind it, for a folder has no lines. Nothing
 * when none was drawn.  ACF_ERR_RESOURCE. */
acf_status acf_data_chosen_rows(acf_str *out, const acf_dataset *d, acf_error *e) ACF_MUST_USE;

/* The bad lines and images that were skipped: a header "file<TAB>line<TAB>reason" and those that
 * the splits list, at most ACF_BAD_LISTED of each file.  Nothing when none was skipped.
 * ACF_ERR_RESOURCE. */
acf_status acf_data_bad_lines(acf_str *out, const acf_dataset *d, acf_error *e) ACF_MUST_USE;

#endif
