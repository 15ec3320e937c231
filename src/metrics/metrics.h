/*
 * Evaluation figures of a classifier or a regression from its predictions: what eval.metric names,
 * what acf-eval reports.
 *
 * Definitions and conventions are those of scikit-learn and scipy, with which the tests compare to
 * 1e-9.  All sums are in double.  A figure that does not apply, or that its data leave undefined
 * (AUROC with one class present, Pearson of a constant), is absent: NaN here, no key in JSON, and
 * acf_metric_get answers false.
 *
 * A head is given by its scores [n, K], log-probabilities up to a constant per row: W h + b for the
 * linear head, cosine / tau for the label head; probabilities are their softmax.  Scores rather
 * than probabilities, because log-loss and temperature lose nothing to underflow that way.
 */
#ifndef ACF_METRICS_METRICS_H
#define ACF_METRICS_METRICS_H

#include "base/status.h"
#include "loss/head.h"
#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum acf_metric {
    ACF_METRIC_ACCURACY,
    ACF_METRIC_BALANCED_ACCURACY, /* mean recall over the classes that occur in gold */
    ACF_METRIC_F1,                /* two classes: of class id 1, as GLUE; more: macro_f1 */
    ACF_METRIC_MACRO_F1, /* mean over the classes that occur in gold or predictions; 0 where 0/0 */
    ACF_METRIC_MCC,      /* Gorodkin 2004 R_K; two classes: Matthews; 0 where 0/0 */
    ACF_METRIC_LOSS,     /* classes: log-loss, nats; regression: mse */
    ACF_METRIC_PEARSON,
    ACF_METRIC_SPEARMAN,   /* average ranks for ties */
    ACF_METRIC_SELECTABLE, /* eval.metric takes the names before this; the rest is reported only */
    ACF_METRIC_MICRO_F1 = ACF_METRIC_SELECTABLE, /* = accuracy with one label a row */
    ACF_METRIC_WEIGHTED_F1,                      /* weights: support */
    ACF_METRIC_LOG_LOSS,
    ACF_METRIC_BRIER, /* two classes: mean (p_1 - y)^2; more: mean sum_k (p_k - [k = y])^2 */
    ACF_METRIC_ECE,   /* Guo et al. 2017: 15 bins (lo, hi] of the predicted class's probability */
    ACF_METRIC_TEMPERATURE, /* the T in [0.01, 100] with the least log-loss of scores / T */
    ACF_METRIC_AUROC,       /* two classes, by p_1; ties count half */
    ACF_METRIC_TOP5,        /* "top5_accuracy", K >= 10; of equal scores the lower id is first */
    ACF_METRIC_MSE,
    ACF_METRIC_COUNT
} acf_metric;

/* Name as in eval.metric and JSON ("macro_f1"); and back, -1 when there is none. */
const char *acf_metric_name(acf_metric metric);
int acf_metric_parse(const char *name);

/* The name that begins so, else the nearest, for "did you mean"; NULL when nothing is near. */
const char *acf_metric_suggest(const char *name);

/* Can models be compared by it?  False for temperature, which is neither better nor worse. */
bool acf_metric_compares(acf_metric metric);

/* False for loss, log_loss, brier, ece and mse, and for temperature. */
bool acf_metric_larger_is_better(acf_metric metric);

typedef struct acf_ci {
    double low, high; /* NaN: not computed */
} acf_ci;

typedef struct acf_class_figures {
    double precision, recall, f1; /* 0 where 0/0 */
    int64_t support;              /* rows of this class in gold */
    int64_t predicted;            /* rows predicted as it */
} acf_class_figures;

/* One head's figures. */
typedef struct acf_metrics {
    size_t n; /* rows */
    int K;    /* classes; 0 for regression */
    double value[ACF_METRIC_COUNT];
    acf_ci ci[ACF_METRIC_COUNT]; /* filled by acf_bootstrap_* of metrics/bootstrap.h */
    acf_class_figures *cls;      /* [K] */
    int64_t *confusion;          /* [K, K], row = gold, column = predicted */
} acf_metrics;

/*
 * All figures of a classifier.
 *
 * gold    [n]     ids in 0 .. K-1 (else ACF_ERR_DATA, naming the row)
 * pred    [n]     the head's answers; NULL: argmax of the scores
 * scores  [n, K]  NULL: figures that need probabilities are absent, pred must be given
 *
 * n >= 1, K >= 2.  ACF_ERR_NUMERIC when a score is not finite.  On success *m is the caller's
 * (acf_metrics_free), on failure it is empty.
 */
acf_status acf_metrics_classes(acf_metrics *m, const int32_t *gold, const int32_t *pred,
                               const real *scores, size_t n, int K, acf_error *e) ACF_MUST_USE;

/* All figures of a regression: gold [n], pred [n]; otherwise as acf_metrics_classes. */
acf_status acf_metrics_regression(acf_metrics *m, const double *gold, const double *pred, size_t n,
                                  acf_error *e) ACF_MUST_USE;

void acf_metrics_free(acf_metrics *m);

/* pred[i] = the first largest of scores[i, :] [n, K]. */
void acf_metrics_argmax(int32_t *pred, const real *scores, size_t n, int K);

/* One non-zero cell of a confusion matrix. */
typedef struct acf_cell {
    int32_t gold, pred;
    int64_t count;
} acf_cell;

/* The non-zero cells of m->confusion, by gold, then pred, into cell (NULL: only count them);
 * returns how many. */
size_t acf_metrics_cells(acf_cell *cell, const acf_metrics *m);

/* The figures that are functions of the confusion matrix alone (accuracy .. mcc, micro and weighted
 * F1) into value[]; others are left alone.  Cells of one place add up.  cls [K] is overwritten.
 * For resampling, which calls it for every draw: O(n_cell + K). */
void acf_metrics_from_cells(double value[ACF_METRIC_COUNT], acf_class_figures *cls,
                            const acf_cell *cell, size_t n_cell, int K);

/* Figures of the feature space itself; see metrics/space.h. */
typedef struct acf_space {
    double agreement;      /* share of rows on which both heads agree */
    double label_cosine;   /* mean cosine of a row's features to its own label embedding */
    double alignment;      /* mean |u_i - u_j|^2 over pairs of one class; NaN without a pair */
    double uniformity;     /* log mean exp(-2 |u_i - u_j|^2) over pairs; NaN for n = 1 */
    double mean_cosine;    /* mean cosine over pairs; NaN for n = 1 */
    double effective_rank; /* exp(entropy of the singular values); NaN without variance */
    size_t n_sample;       /* rows behind uniformity and effective_rank */
} acf_space;

/* What an evaluation found: both heads and the space.  Zero-initialised means empty. */
typedef struct acf_eval_result {
    size_t n;
    int K;         /* 0: regression */
    acf_head head; /* eval.head: what a metric without a head means */
    acf_metrics linear;
    acf_metrics label; /* empty for regression */
    bool has_space;
    acf_space space;
} acf_eval_result;

/* What to evaluate.  Arrays are the caller's. */
typedef struct acf_eval_input {
    size_t n;
    int K;
    const int32_t *gold; /* [n] */
    const real *logits;  /* [n, K]  W h + b */
    const real *cosines; /* [n, K]  cosine of features and label embeddings; NULL: no label head */
    double tau;          /* label head: softmax(cosine / tau) */
    const acf_space *space; /* figures but agreement (acf_space_finish); NULL: none are told */
    acf_head head;
    bool with_ci; /* bootstrap intervals, too */
} acf_eval_input;

/* Both heads and the space at once; fails as acf_metrics_classes.  The caller frees *r with
 * acf_eval_result_free; it is empty on failure. */
acf_status acf_eval_classes(acf_eval_result *r, const acf_eval_input *in,
                            acf_error *e) ACF_MUST_USE;
acf_status acf_eval_regression(acf_eval_result *r, const double *gold, const double *pred, size_t n,
                               bool with_ci, acf_error *e) ACF_MUST_USE;
void acf_eval_result_free(acf_eval_result *r);

/* The value of one figure; false (and *out untouched) when it is absent. */
bool acf_metric_get(double *out, const acf_eval_result *r, acf_head head, acf_metric metric);

#endif
