/* Which columns of a table hold texts and label, and whether its line 1 is a header. */
#ifndef ACF_DATA_COLUMNS_H
#define ACF_DATA_COLUMNS_H

#include "base/status.h"
#include "data/dataset.h"
#include "data/label_set.h"
#include "data/table.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct acf_columns {
    int text;
    int text2; /* -1: single texts */
    int label; /* -1: unlabelled */
    bool has_header;
    bool is_guess; /* has_header only because of what stands in line 1 */
} acf_columns;

/* A column is given by its 0-based number or by its name: digits alone are a number, INT_MAX when
 * it is larger than that, even where a column has them as its name; -1 for a name. */
int acf_column_number(const char *given);

/*
 * Columns of `t`, a file of split `id`.
 *
 * known [K] are the labels known so far, by name (K = 0: none yet); `first` (may be NULL) is what
 * was found in the training file.
 *
 * Whether line 1 is a header: what data.header says; else yes when a column is wanted by name; else
 * as the preset has it.  When all columns are numbers, line 1's own label tells.  Of a regression
 * it is a header exactly when its label is no number.  Of classes it is none when its label is a
 * known one; else it is one where the training file has one, and in the training file itself when
 * no other row has its label.  Yes is then a guess (`is_guess`), which the user should be told.
 *
 * ACF_ERR_DATA names file, line and what was found; ACF_ERR_USAGE for options that contradict each
 * other.
 */
acf_status acf_columns_find(acf_columns *out, const acf_table *t, acf_split_id id,
                            const acf_data_options *opt, const acf_label_name *known, int K,
                            const acf_columns *first, acf_error *e) ACF_MUST_USE;

/* The cells of line 1 as "'a', 'b', ..." into text, cut at its end. */
void acf_columns_list(char *text, size_t size, const acf_table *t);

#endif
