/* Which columns of a table hold texts and label, and whether its line 1 is a header. */
#ifndef ACF_DATA_COLUMNS_H
#define ACF_DATA_COLUMNS_H

#include "base/status.h"
#include "data/dataset.h"
#include "data/label_set.h"
#include "data/table.h"

#include <stdbool.h>

typedef struct acf_columns {
    int text;
    int text2; /* -1: single texts */
    int label; /* -1: unlabelled */
    bool has_header;
} acf_columns;

/*
 * Columns of `t`, a file of split `id`.
 *
 * known [K] are the labels known so far, by name (K = 0: none yet); `first` (may be NULL) is what
 * was found in the training file: in AUTO mode without names, the others have a header where it has
 * one, unless their line 1 carries a known label.
 *
 * ACF_ERR_DATA names file, line and what was found; ACF_ERR_USAGE for options that contradict each
 * other.
 */
acf_status acf_columns_find(acf_columns *out, const acf_table *t, acf_split_id id,
                            const acf_data_options *opt, const acf_label_name *known, int K,
                            const acf_columns *first, acf_error *e) ACF_MUST_USE;

#endif
