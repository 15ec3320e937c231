/* Stratified drawing of rows: how many of each class, then which. */
#ifndef ACF_DATA_DRAW_H
#define ACF_DATA_DRAW_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* What is drawn: keys the random numbers.  Part of the saved runs' meaning: append only. */
typedef enum acf_draw { ACF_DRAW_DEV = 0, ACF_DRAW_TRAIN = 1, ACF_DRAW_FOLD = 2 } acf_draw;

/*
 * share[K]: m rows among classes of size[K] rows in proportion to the sizes, by the method of
 * largest remainders: class k gets floor(m size_k / n), and the rows that are left go one each to
 * the classes of the largest remainders, ties to the lower id (n = sum of sizes, 0 <= m <= n).
 * leave_one: no class gets its last row, so that the sum may be below m.  ACF_ERR_RESOURCE.
 */
acf_status acf_draw_share(int32_t *share, const int32_t *size, int K, int64_t m, bool leave_one,
                          acf_error *e) ACF_MUST_USE;

/*
 * taken[n]: true for share[k] rows of each class k, the first of the class's rows after a shuffle
 * keyed by (seed, SPLIT, what, k): a smaller share is a subset of a larger one.  label [n] is in
 * 0 .. K-1.  ACF_ERR_RESOURCE.
 */
acf_status acf_draw_rows(bool *taken, const int32_t *label, int n, const int32_t *share, int K,
                         acf_draw what, uint64_t seed, acf_error *e) ACF_MUST_USE;

/*
 * taken[n]: true for the rows of part `fold` of 1 .. folds.  The rows of each class, after a
 * shuffle keyed by (seed, SPLIT, FOLD, class), are dealt out one by one, each class going on where
 * the one before ended: of every class and of all rows, the parts differ by one at most.
 * ACF_ERR_RESOURCE.
 */
acf_status acf_draw_fold(bool *taken, const int32_t *label, int n, int K, int fold, int folds,
                         uint64_t seed, acf_error *e) ACF_MUST_USE;

/* Of K classes of size[K] rows, how many keep a row when part `fold` is taken. */
int acf_draw_fold_keeps(const int32_t *size, int K, int fold, int folds);

/* Rows of each class one after the other, each class in ascending order: rows of class k are
 * rows[begin[k]] .. rows[begin[k + 1] - 1].  begin [K + 1], rows [n]. */
void acf_draw_by_class(int32_t *begin, int32_t *rows, const int32_t *label, int n, int K);

#endif
