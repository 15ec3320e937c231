/*
 * The training objective: features, labels and classification matrix in, loss and gradients out.
 *
 *     L = ce CE + lambda L_contrast + cor.weight L_cor + label_reg LER
 *
 * CE is cross-entropy of W (h keep) + b (mean squared error for regression); the other terms see
 * the features h before the classifier dropout, and the label embeddings, the rows of W, without b.
 * A preset (loss.type) is a row of weights and the choice of contrast blocks; which anchors and
 * contrasts those are stands in loss/contrast.h.  No encoder is known here.
 *
 * Similarities and sums are in double whatever `real` is, and have the same bits for any number of
 * threads.
 */
#ifndef ACF_LOSS_OBJECTIVE_H
#define ACF_LOSS_OBJECTIVE_H

#include "base/status.h"
#include "loss/contrast.h"
#include "loss/cor.h"
#include "loss/head.h"
#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* loss.type, and what its preset sets:             ce  lambda  contrast            label_reg */
typedef enum acf_loss_type {
    ACF_LOSS_CE,        /*                          1   0       -                   0   */
    ACF_LOSS_COSINE_CE, /*                          0   1       instances x labels  0   */
    ACF_LOSS_ICL,       /*                          1   0.5     instances x labels  0   */
    ACF_LOSS_LCL,       /*                          1   0.5     labels x instances  0   */
    ACF_LOSS_SCL,       /*                          1   0.5     inst. x instances   0   */
    ACF_LOSS_PACO,      /*                          1   0.5     instances x all     0   */
    ACF_LOSS_ACF,       /*                          1   0.5     all x all           0   */
    ACF_LOSS_LACON,     /*                          0   1       icl + lcl           0.1 */
    ACF_LOSS_MSE        /* regression, K = 1        1   0       -                   0   */
} acf_loss_type;
enum { ACF_N_LOSS_TYPES = ACF_LOSS_MSE + 1 };

typedef struct acf_objective {
    acf_loss_type type;
    double ce;                  /* >= 0: weight of CE; ignored by mse */
    double lambda;              /* >= 0: weight of the contrastive term */
    double tau;                 /* [0.001, 10], preset 0.1: temperature */
    acf_form form;              /* preset supcon */
    double label_weight;        /* (0, 100], preset 1: weight rho of a label point as a positive */
    acf_cor cor_type;           /* preset feature */
    double cor_weight;          /* >= 0, preset 0 */
    double label_reg;           /* >= 0: weight of LER; ignored by mse */
    const double *class_weight; /* [K] for CE, or NULL: all 1; borrowed */
    double label_smoothing;     /* [0, 1), preset 0: of CE */
} acf_objective;

/* The preset row of a type.  ce and mse ignore lambda, tau, form, label_weight and cor, whatever
 * they hold. */
acf_objective acf_objective_default(acf_loss_type type);

/* "cosine_ce", as the schema has it. */
const char *acf_loss_type_name(acf_loss_type type);

/* The head that predicts when eval.head is not given: label for cosine_ce and lacon. */
acf_head acf_objective_head(acf_loss_type type);

/* True when the type has a contrastive term (all but ce and mse). */
bool acf_objective_has_contrast(acf_loss_type type);

/* ACF_ERR_USAGE, naming the key ("loss.tau ..."), when a value is out of range, ntxent is asked
 * with label_weight other than 1, K does not suit the type, or class weights are negative or all 0.
 */
acf_status acf_objective_check(const acf_objective *o, int K, acf_error *e) ACF_MUST_USE;

/* One batch's loss; parts before their weights, in nats. */
typedef struct acf_loss {
    double total;
    double ce;        /* cross-entropy; for mse the mean squared error */
    double contrast;  /* 0 when has_contrast is false or no anchor was kept */
    double cor;       /* 0 when cor.type is none, for ce and mse, and when has_cor is false */
    double label_reg; /* LER; 0 when label_reg is 0: then it is not computed */
    double excess;    /* contrast minus the entropy of its targets; meaningful with has_excess */
    bool has_excess;  /* a contrastive term exists and kept an anchor */
    bool has_contrast;
    bool has_cor; /* false: no such term, or the batch is too small for it */
    int n_anchor; /* anchors kept, over both blocks for lacon; 0 with has_contrast: the batch
                     taught the contrastive term nothing, to be counted and reported */
} acf_loss;

/* Bytes of scratch for acf_objective_evaluate, whatever the type; grows with N, K and d. */
size_t acf_objective_scratch(int N, int K, int d);

/* One batch as the objective sees it; all borrowed. */
typedef struct acf_objective_batch {
    int N, K, d;          /* examples >= 1, classes, width of a feature */
    const real *h;        /* [N, d] features before the classifier dropout */
    const real *keep;     /* [N, d] its factors, 0 or 1 / (1 - p); NULL: all 1 */
    const int32_t *y;     /* [N] classes 0 .. K-1; not read by mse */
    const double *target; /* [N] values for mse, else not read */
    const real *W, *b;    /* [K, d], [K] */
} acf_objective_batch;

/* Where the gradient of the total goes. */
typedef struct acf_objective_gradient {
    real *h; /* [N, d] written */
    real *W; /* [K, d] added to */
    real *b; /* [K]    added to */
} acf_objective_gradient;

/*
 * Value, logits [N, K] = W (h keep) + b, and gradient (NULL: value only) of one batch; o passed
 * acf_objective_check; scratch of acf_objective_scratch bytes, 64-byte aligned, from an arena or
 * the heap.  NaN and infinity in the inputs come out in total and the gradient.
 */
void acf_objective_evaluate(acf_loss *out, real *logits, const acf_objective_gradient *gradient,
                            const acf_objective_batch *in, const acf_objective *o, void *scratch);

#endif
