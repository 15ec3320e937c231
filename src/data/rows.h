/* The rows of a table as those of a split. */
#ifndef ACF_DATA_ROWS_H
#define ACF_DATA_ROWS_H

#include "base/status.h"
#include "data/columns.h"
#include "data/dataset.h"

/*
 * Texts, labels (targets of a regression) and line numbers of t's rows into s, which holds none
 * yet. Rows without a label, or with one that is no number where numbers are wanted, are rejected
 * in t; a label that d does not know is ACF_ERR_DATA, naming the known ones.
 */
acf_status acf_rows_fill(acf_split *s, const acf_dataset *d, acf_table *t, const acf_columns *c,
                         const acf_data_options *opt, acf_error *e) ACF_MUST_USE;

/* ACF_ERR_DATA for a split without rows or without any text. */
acf_status acf_rows_check(const acf_split *s, const acf_columns *c, acf_error *e) ACF_MUST_USE;

#endif
