/*
 * Attention of one head of one sequence, by the calling thread: the mathematics of num/attn.
 */
#ifndef ACF_NUM_ATTN_HEAD_H
#define ACF_NUM_ATTN_HEAD_H

#include "num/dropout.h"
#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_attn_head {
    size_t L, D, n_rows;     /* tokens, width; queries: L or 1 */
    size_t ld, ld_q, ld_out; /* row strides of k and v, of q and d_q, of out and d_out */
    const real *q, *k, *v;
    real *out, *prob; /* forward; prob [n_rows, L] or NULL */
    real *d_q, *d_k, *d_v;
    const real *d_out, *prob_kept; /* backward */
    real scale;                    /* 1 / sqrt(D) */
    uint64_t element;              /* of dropout, at row 0 */
    const acf_dropout *drop;       /* NULL: none */
    real *scratch;                 /* acf_attn_head_scratch, 64-byte aligned */
} acf_attn_head;

/* Elements of scratch for a head of L tokens or fewer, in whole lanes. */
size_t acf_attn_head_scratch(size_t L, size_t D);

/* S = Q K^T scale [n_rows, L];  P = softmax(S), kept in prob;  out = dropout(P) V. */
void acf_attn_head_forward(const acf_attn_head *h);

/* d P = dropout(d_out V^T);  d S = P (d P - sum_j P d P) scale;  d_q = d S K;  d_k = d S^T Q;
 * d_v = dropout(P)^T d_out.  All three are fully written. */
void acf_attn_head_backward(const acf_attn_head *h);

#endif
