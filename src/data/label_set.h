/* Names of labels: ids by name. */
#ifndef ACF_DATA_LABEL_SET_H
#define ACF_DATA_LABEL_SET_H

#include "base/status.h"
#include "data/table.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_label_name {
    const char *name; /* borrowed from the list of names */
    int32_t id;
} acf_label_name;

/* Id of a name among K entries sorted by name, -1 when there is none.  Names are equal when their
 * bytes are. */
int32_t acf_label_find(const acf_label_name *by_name, int K, const char *name);

/* Copies of K given names, ids in the given order, and the same sorted by name.  ACF_ERR_USAGE when
 * a name is empty or comes twice, or K < 2; ACF_ERR_RESOURCE.  On success both lists are the
 * caller's (acf_labels_free), on failure nothing is. */
acf_status acf_labels_given(char ***names, acf_label_name **by_name, const char *const *given,
                            int K, acf_error *e) ACF_MUST_USE;

/* The one label of a regression: "LABEL_0", as transformers names it.  ACF_ERR_RESOURCE. */
acf_status acf_labels_regression(char ***names, acf_label_name **by_name,
                                 acf_error *e) ACF_MUST_USE;

/* The different cells of column `col` from row `first` on, sorted by bytes; empty cells are no
 * labels.  *K may be 0. */
acf_status acf_labels_collect(char ***names, acf_label_name **by_name, int *K, const acf_table *t,
                              int first, int col, acf_error *e) ACF_MUST_USE;

/* Two of K >= 1 names that differ only in blanks around them or in upper and lower case: their
 * places in by_name into out, -1 when there are none.  ACF_ERR_RESOURCE. */
acf_status acf_labels_alike(int32_t out[2], const acf_label_name *by_name, int K,
                            acf_error *e) ACF_MUST_USE;

void acf_labels_free(char ***names, acf_label_name **by_name, int K);

/* How many bytes of a cell a message shows: at most ACF_SHOWN, whole characters. */
enum { ACF_SHOWN = 40 };
int acf_shown(const char *cell);

/* "'a', 'b', ..." into text, as many as fit. */
void acf_labels_list(char *text, size_t size, char *const *names, int K);

#endif
