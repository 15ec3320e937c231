#include "num/attn_head.h"

#include "num/elementary.h"
#include "num/tile.h"

#include <math.h>
#include <string.h>

enum {
    SIDE = 128,  /* sequences up to this length are done in one piece ... */
    MIN_ROWS = 8 /* ... longer ones in blocks of SIDE^2 / L rows, at least these */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Rows of P that are worked on together. */
ACF_INLINE size_t rows_of_block(size_t L)
{
    if (L <= SIDE) return L;
    return SIDE * SIDE / L > MIN_ROWS ? SIDE * SIDE / L : MIN_ROWS;
}

/* Elements of such a block, rows padded; at least that of any shorter sequence. */
static size_t block_bound(size_t L)
{
    size_t wide = acf_lanes_up(L);
    if (L <= SIDE) return L * wide;
    size_t medium = SIDE * SIDE + SIDE * ACF_LANES, large = MIN_ROWS * wide;
    return medium > large ? medium : large;
}

/* A transposed [D, L], a padded [L, D], three blocks (P, its gradient, mask), rows of q and
 * d_out. */
size_t acf_attn_head_scratch(size_t L, size_t D)
{
    size_t deep = acf_lanes_up(D);
    return acf_lanes_up(D * acf_lanes_up(L) + L * deep + 3 * acf_lanes_up(block_bound(L)) +
                        2 * least(L, SIDE) * deep);
}

/* to [D, ld_to] = transposed from [L, D] (rows of stride ld), zero up to ld_to. */
ACF_INLINE void transpose(real *restrict to, size_t ld_to, const real *restrict from, size_t ld,
                          size_t L, size_t D)
{
    for (size_t d = 0; d < D; d++) {
        real *row = to + d * ld_to;
        for (size_t j = 0; j < L; j++)
            row[j] = from[j * ld + d];
        for (size_t j = L; j < ld_to; j++)
            row[j] = 0;
    }
}

/* Rows that can be read in whole lanes: `from` itself when D is a multiple of them, else a copy. */
ACF_INLINE const real *padded(size_t *ld_to, real *restrict to, const real *restrict from,
                              size_t ld, size_t L, size_t D)
{
    if (D % ACF_LANES == 0) {
        *ld_to = ld;
        return from;
    }
    *ld_to = acf_lanes_up(D);
    for (size_t j = 0; j < L; j++) {
        memcpy(to + j * *ld_to, from + j * ld, D * sizeof *to);
        for (size_t d = D; d < *ld_to; d++)
            to[j * *ld_to + d] = 0;
    }
    return to;
}

/* s [wide] = softmax of its first L elements, 0 behind; in whole lanes, for L is often short. Lanes
 * are joined by halves at the end. */
ACF_INLINE void softmax(real *restrict s, size_t L, size_t wide)
{
    real peak[ACF_LANES], sum[ACF_LANES];
    for (size_t j = L; j < wide; j++)
        s[j] = -(real)INFINITY;
#pragma omp simd
    for (size_t l = 0; l < ACF_LANES; l++) {
        peak[l] = s[l];
        sum[l] = 0;
    }
    for (size_t j = ACF_LANES; j < wide; j += ACF_LANES)
#pragma omp simd
        for (size_t l = 0; l < ACF_LANES; l++)
            peak[l] = s[j + l] > peak[l] ? s[j + l] : peak[l];
    for (size_t half = ACF_LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            peak[l] = peak[l + half] > peak[l] ? peak[l + half] : peak[l];

    real top = peak[0]; /* subtracted so that exp cannot overflow */
    for (size_t j = 0; j < wide; j += ACF_LANES)
#pragma omp simd
        for (size_t l = 0; l < ACF_LANES; l++) {
            real e = acf_exp(s[j + l] - top);
            s[j + l] = e;
            sum[l] += e;
        }
    for (size_t half = ACF_LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sum[l] += sum[l + half];
    real inv = 1 / sum[0];
    for (size_t j = 0; j < wide; j++)
        s[j] *= inv;
}

ACF_CLONES void acf_attn_head_forward(const acf_attn_head *h)
{
    size_t L = h->L, D = h->D, wide = acf_lanes_up(L), rows = rows_of_block(L), ld_v;
    real *k_t = h->scratch, *v_pad = k_t + D * wide;
    real *p = v_pad + L * acf_lanes_up(D), *keep = p + acf_lanes_up(rows * wide);

    transpose(k_t, wide, h->k, h->ld, L, D);
    const real *v = padded(&ld_v, v_pad, h->v, h->ld, L, D);

    for (size_t i = 0; i < h->n_rows; i += rows) {
        size_t n = least(rows, h->n_rows - i);
        acf_small score = {.m = n,
                           .n = wide,
                           .k = D,
                           .a = h->q + i * h->ld_q,
                           .a_row = h->ld_q,
                           .a_column = 1,
                           .b = k_t,
                           .ldb = wide,
                           .c = p,
                           .ldc = wide,
                           .alpha = h->scale};
        acf_small_multiply(&score);
        if (h->drop != NULL) acf_dropout_mask(keep, n * L, h->element + i * L, *h->drop);
        for (size_t r = 0; r < n; r++) {
            real *p_r = p + r * wide;
            softmax(p_r, L, wide);
            if (h->prob != NULL) memcpy(h->prob + (i + r) * L, p_r, L * sizeof *p_r);
            if (h->drop != NULL)
                for (size_t j = 0; j < L; j++)
                    p_r[j] *= keep[r * L + j];
        }
        acf_small mix = {.m = n,
                         .n = D,
                         .k = L,
                         .a = p,
                         .a_row = wide,
                         .a_column = 1,
                         .b = v,
                         .ldb = ld_v,
                         .c = h->out + i * h->ld_out,
                         .ldc = h->ld_out,
                         .alpha = 1};
        acf_small_multiply(&mix);
    }
}

/* One row: from g = d out V^T and P to dropout(P) and d S / sqrt(D), in place of g. */
ACF_INLINE void softmax_backward(real *restrict g, real *restrict p_dropped, const real *restrict p,
                                 const real *restrict keep, bool is_dropped, size_t L, real scale)
{
    real dot = 0;
    if (is_dropped) {
        for (size_t j = 0; j < L; j++) {
            g[j] *= keep[j];
            p_dropped[j] = p[j] * keep[j];
        }
    } else {
        memcpy(p_dropped, p, L * sizeof *p);
    }
#pragma omp simd reduction(+ : dot)
    for (size_t j = 0; j < L; j++)
        dot += p[j] * g[j];
    for (size_t j = 0; j < L; j++)
        g[j] = p[j] * (g[j] - dot) * scale;
}

ACF_CLONES void acf_attn_head_backward(const acf_attn_head *h)
{
    size_t L = h->L, D = h->D, wide = acf_lanes_up(L), deep = acf_lanes_up(D);
    size_t rows = rows_of_block(L), block = acf_lanes_up(rows * wide), ld_k, ld_q, ld_d;
    real *v_t = h->scratch, *k_pad = v_t + D * wide, *g = k_pad + L * deep;
    real *p_dropped = g + block, *keep = p_dropped + block;
    real *q_pad = keep + block, *d_pad = q_pad + rows * deep;

    transpose(v_t, wide, h->v, h->ld, L, D);
    const real *k = padded(&ld_k, k_pad, h->k, h->ld, L, D);

    for (size_t i = 0; i < h->n_rows; i += rows) {
        size_t n = least(rows, h->n_rows - i);
        const real *d_out = h->d_out + i * h->ld_out;
        acf_small d_p = {.m = n,
                         .n = wide,
                         .k = D,
                         .a = d_out,
                         .a_row = h->ld_out,
                         .a_column = 1,
                         .b = v_t,
                         .ldb = wide,
                         .c = g,
                         .ldc = wide,
                         .alpha = 1};
        acf_small_multiply(&d_p);
        if (h->drop != NULL) acf_dropout_mask(keep, n * L, h->element + i * L, *h->drop);
        for (size_t r = 0; r < n; r++)
            softmax_backward(g + r * wide, p_dropped + r * wide, h->prob_kept + (i + r) * L,
                             keep + r * L, h->drop != NULL, L, h->scale);

        acf_small d_q = {.m = n,
                         .n = D,
                         .k = L,
                         .a = g,
                         .a_row = wide,
                         .a_column = 1,
                         .b = k,
                         .ldb = ld_k,
                         .c = h->d_q + i * h->ld_q,
                         .ldc = h->ld_q,
                         .alpha = 1};
        acf_small_multiply(&d_q);
        const real *q = padded(&ld_q, q_pad, h->q + i * h->ld_q, h->ld_q, n, D);
        acf_small d_k = {.m = L,
                         .n = D,
                         .k = n,
                         .a = g,
                         .a_row = 1,
                         .a_column = wide,
                         .b = q,
                         .ldb = ld_q,
                         .c = h->d_k,
                         .ldc = h->ld,
                         .alpha = 1,
                         .add = i > 0};
        acf_small_multiply(&d_k);
        const real *d_rows = padded(&ld_d, d_pad, d_out, h->ld_out, n, D);
        acf_small d_v = d_k; /* the same of other matrices */
        d_v.a = p_dropped;
        d_v.b = d_rows;
        d_v.ldb = ld_d;
        d_v.c = h->d_v;
        acf_small_multiply(&d_v);
    }
}
