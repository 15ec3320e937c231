/*
 * A paired sample: what two models answered to the same examples, in one run each or in several
 * ("parts": seeds or folds, one run of either model in each), as the units that resampling draws.
 *
 * When all parts have the same examples, they are crossed: a unit is an example with the answers of
 * all parts, so that a draw takes or swaps it in all of them.  (Drawn anew in each part, S seeds
 * would pass for S times as many examples.)  Otherwise each part is a block with units of its own.
 *
 * Of classes, examples with the same label and answers are one unit with a count: a draw is then a
 * multinomial or binomial number a unit, and its cost does not grow with the examples.
 */
#ifndef ACF_METRICS_PAIRED_H
#define ACF_METRICS_PAIRED_H

#include "base/rng.h"
#include "base/status.h"
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One part: label and both answers of n >= 1 examples; ids of classes, or numbers of a regression.
 */
typedef struct acf_paired_part {
    size_t n;
    const int32_t *gold, *answer[2];
    const double *target, *value[2]; /* K = 0 */
} acf_paired_part;

typedef struct acf_paired_block {
    size_t n_units, n_parts;
    int64_t n;      /* examples */
    int64_t *count; /* [n_units] */
    int64_t *moved; /* [n_units] as drawn */
    /* Classes: [n_units, 1 + 2 n_parts] label, then both answers of each part. */
    int32_t *cls;
    /* Regression, n_units = n: [2 n] the targets twice, and both models' values one behind the
     * other, [n_parts, 2 n]; their ascending orders; weights of the drawn models. */
    double *target, *value;
    size_t *target_order, *value_order;
    int32_t *weight[2];
} acf_paired_block;

typedef struct acf_paired {
    acf_metric metric;
    int K;         /* 0: regression */
    bool by_right; /* accuracy: answers are 1 where right, else 0; labels 1 */
    size_t n_parts;
    bool is_crossed;
    size_t n_blocks;         /* 1 when crossed, else n_parts */
    acf_paired_block *block; /* [n_blocks] */
    /* scratch */
    acf_cell *cell;
    acf_class_figures *cls;
    double *rank;
} acf_paired;

/* May the metric be compared?  Those of predictions alone: the confusion matrix's, or pearson,
 * spearman, mse and loss of a regression. */
bool acf_paired_has_metric(acf_metric metric, bool is_regression);

/* Copies what it needs.  ids are below K.  For accuracy, answers become right and wrong, which
 * leaves few different units.  crossed: the caller knows that the parts have the same examples in
 * the same order.  ACF_ERR_RESOURCE; on failure *p is empty. */
acf_status acf_paired_open(acf_paired *p, acf_metric metric, int K, const acf_paired_part *part,
                           size_t n_parts, bool is_crossed, acf_error *e) ACF_MUST_USE;
void acf_paired_close(acf_paired *p);

/* The block of a part and its place there. */
acf_paired_block *acf_paired_find(const acf_paired *p, size_t part, size_t *place);

/* What a draw made of a block: as it is; a resample of its examples (moved: how often each unit
 * comes); or the models' answers swapped in some (moved: in how many of the unit).  Numbers of r
 * from *index on, which is advanced. */
typedef enum acf_paired_draw {
    ACF_PAIRED_AS_IT_IS,
    ACF_PAIRED_RESAMPLED,
    ACF_PAIRED_SWAPPED
} acf_paired_draw;
void acf_paired_make(acf_paired_block *b, acf_paired_draw draw, acf_rng r, uint64_t *index);

/* The metric of both models in a part of the block as it was drawn last; NaN: undefined. */
void acf_paired_figures(double figure[2], const acf_paired *p, const acf_paired_block *b,
                        size_t place, acf_paired_draw draw);

#endif
