/* Which file each split is read from: the first part of acf_data_open. */
#ifndef ACF_DATA_DATASET_INTERNAL_H
#define ACF_DATA_DATASET_INTERNAL_H

#include "data/dataset.h"

/* Does dev come from the training rows? */
bool acf_data_draws_dev(const acf_data_options *opt);

/* Is the split asked for, or needed for one that is? */
bool acf_data_wants(const acf_data_options *opt, acf_split_id id);

/* Name and path of every split of d, whose task is set; path NULL: there is none to read.
 * ACF_ERR_DATA or ACF_ERR_USAGE when one that is needed is missing. */
acf_status acf_data_find_files(acf_dataset *d, const acf_data_options *opt, const acf_log *log,
                               acf_error *e) ACF_MUST_USE;

#endif
