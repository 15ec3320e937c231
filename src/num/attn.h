/*
 * Scaled dot-product attention over packed sequences (Vaswani et al. 2017; HF BertSelfAttention):
 * no padding, no mask.  Sequence s occupies rows start[s] .. start[s + 1] - 1; L is its length.
 */
#ifndef ACF_NUM_ATTN_H
#define ACF_NUM_ATTN_H

#include "num/dropout.h"
#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the pieces lie: q, k, v are slices of one [T, ld] matrix (for a fused product q = qkv,
 * k = qkv + C, v = qkv + 2 C, ld = 3 C). */
typedef struct acf_attn_shape {
    int N;                /* sequences */
    const int32_t *start; /* [N + 1], start[0] = 0, start[N] = T */
    int A;                /* heads */
    int D;                /* width of a head */
    int ld;               /* row stride of q, k, v and their gradients */
    bool first_only;      /* one query a sequence, its first token: R = N rows instead of T, and q
                             and d_q are [N, A D] arrays of their own; keys and values as ever */
    uint64_t pair0;       /* sum of A L^2 over the sequences of the batch before this piece */
} acf_attn_shape;

/* Pairs of query and key: the length of prob, the sum over the sequences of A L^2, with first_only
 * of A L. */
size_t acf_attn_pairs(const acf_attn_shape *shape);

/* Bytes of scratch a call needs: a fixed amount per thread for the longest sequence of `shape`.
 * n_threads: at least acf_threads_get() at the time of the call.  64-byte aligned. */
size_t acf_attn_scratch(const acf_attn_shape *shape, int n_threads);

/*
 * For each sequence and head a:  P = softmax(Q K^T / sqrt(D)) [L, L];  out = dropout(P) V.
 * out [R, A D], rows of stride A D, head a in columns a D ...; prob, packed in order of sequence,
 * then head, [L, L] each, keeps P before dropout for the backward pass (NULL in evaluation).
 * Dropout element: pair0 + position in the prob of all queries.  With first_only row 0 of each P
 * is all there is ([L] in prob), and out's row s equals row start[s] of the whole.
 */
void acf_attn_forward(real *out, real *prob, const real *q, const real *k, const real *v,
                      const acf_attn_shape *shape, acf_dropout drop, void *scratch);

/* d_q, d_k, d_v (laid out as q, k, v; fully written) from d_out [R, A D] and the forward pass's
 * arguments; the formulas are in attn_head.h. */
void acf_attn_backward(real *d_q, real *d_k, real *d_v, const real *d_out, const real *prob,
                       const real *q, const real *k, const real *v, const acf_attn_shape *shape,
                       acf_dropout drop, void *scratch);

#endif
