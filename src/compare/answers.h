/*
 * The files that infer/predictions.h writes, read again: labels and answers of an evaluated split.
 */
#ifndef ACF_COMPARE_ANSWERS_H
#define ACF_COMPARE_ANSWERS_H

#include "base/digest.h"
#include "base/status.h"
#include "data/label_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names of labels with ids in the order in which they came. */
typedef struct acf_label_pool {
    char **name;             /* [K] by id */
    acf_label_name *by_name; /* [K] */
    size_t name_cap, by_name_cap;
    int K;
} acf_label_pool;

/* The id of a name, which is added when it is new.  ACF_ERR_RESOURCE. */
acf_status acf_label_pool_add(int32_t *id, acf_label_pool *pool, const char *name,
                              acf_error *e) ACF_MUST_USE;
void acf_label_pool_free(acf_label_pool *pool);

typedef struct acf_answers {
    size_t n;
    bool is_regression;
    int32_t *gold, *pred;           /* [n] ids of the pool */
    double *target, *value;         /* [n] of a regression */
    char texts[ACF_DIGEST_HEX + 1]; /* digest of all texts or image names */
} acf_answers;

/*
 * Read the predictions at `path`.  column: which answers, "pred" or another that the file has
 * ("linear_pred", "label_pred"); of a regression always pred.
 *
 * Strict: columns by their names in the documented order, rows numbered from 0, every row with a
 * label and an answer, `correct` as label and answer have it.  ACF_ERR_DATA names file and line.
 * On success *a is the caller's (acf_answers_free), on failure it is empty.
 */
acf_status acf_answers_read(acf_answers *a, acf_label_pool *pool, const char *path,
                            const char *column, acf_error *e) ACF_MUST_USE;

/* The same labels in the same order?  Else the first row where they differ in *row, which is the
 * shorter's n when that is all. */
bool acf_answers_same_labels(size_t *row, const acf_answers *a, const acf_answers *b);

void acf_answers_free(acf_answers *a);

#endif
