/*
 * The contrastive term: one kernel for every choice of anchors and contrasts.
 *
 * Points u_1 .. u_M are the instances, then the label embeddings (loss/points.h); s_ij = u_i . u_j
 * / tau.  For an anchor i, A(i) = the contrasts except i, P(i) = those of i's class.  Anchors with
 * empty P(i) are left out of the mean; they remain negatives of the others.
 *
 * supcon   l_i = - sum_{p in P(i)} t_ip [ s_ip - log sum_{a in A(i)} exp(s_ia) ],
 *          t_ij = weight_j / sum of weights over P(i), weight = label_weight for labels, else 1;
 *          value = mean of l_i over kept anchors          (Khosla et al. 2020, L_out, weighted)
 * ntxent   l_ip = -s_ip + log( exp(s_ip) + sum_{n in A(i), c_n != c_i} exp(s_in) );
 *          value = mean over all positive pairs                          (Chen et al. 2020)
 */
#ifndef ACF_LOSS_CONTRAST_H
#define ACF_LOSS_CONTRAST_H

#include "base/arena.h"
#include "loss/points.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum acf_form { ACF_FORM_SUPCON, ACF_FORM_NTXENT } acf_form;
enum { ACF_N_FORMS = ACF_FORM_NTXENT + 1 };

/* Which points are anchors and which are contrasts. */
typedef struct acf_block {
    bool anchor_instances, anchor_labels;
    bool contrast_instances, contrast_labels;
} acf_block;

typedef struct acf_contrast {
    double value;    /* 0 without an anchor */
    double excess;   /* supcon: value - mean entropy of t_i, the mean KL(t_i || softmax_i), >= 0;
                        ntxent: value; 0 without an anchor */
    int n_anchor;    /* kept */
    int64_t n_pairs; /* positive pairs of kept anchors */
} acf_contrast;

/* Arena bytes of acf_contrast_term for M = N + K points. */
size_t acf_contrast_bytes(int M);

/*
 * d_u [M, d] += weight d value / d u, through both arguments of every similarity; NULL: value only.
 * per_anchor [M]: supcon l_i, ntxent mean of l_ip over P(i); NaN where the point is no anchor or
 * was dropped; NULL: not wanted.  label_weight must be 1 with ntxent.  The arena is rewound.
 */
acf_contrast acf_contrast_term(double *d_u, double *per_anchor, const acf_points *p,
                               acf_block block, acf_form form, double tau, double label_weight,
                               double weight, acf_arena *arena);

#endif
