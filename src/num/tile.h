/*
 * Small matrix products in registers, for kernels whose operands are too small or too short-lived
 * for a call of BLAS.  To be inlined into functions marked ACF_CLONES; serial.
 */
#ifndef ACF_NUM_TILE_H
#define ACF_NUM_TILE_H

#include "num/lanes.h"

#include <stdbool.h>

enum { ACF_TILE_ROWS = 8 };

/* A product of small matrices: c = alpha a b (+ c when add). */
typedef struct acf_small {
    size_t m, n, k;
    const real *a; /* a(i, p) = a[i a_row + p a_column]: plain or transposed */
    size_t a_row, a_column;
    const real *b; /* [k, ldb]; rows readable up to acf_lanes_up(n) */
    size_t ldb;
    real *c; /* [m, ldc]; only n columns are written */
    size_t ldc;
    real alpha;
    bool add;
} acf_small;

/* `rows` rows from i, `vectors` lanes from column j; both constants at the call. */
ACF_INLINE void acf_small_tile(const acf_small *s, size_t i, size_t j, const int rows,
                               const int vectors)
{
    acf_lanes sum[ACF_TILE_ROWS][2];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            sum[r][v] = (acf_lanes){0};

    const real *a = s->a + i * s->a_row, *b = s->b + j;
    for (size_t p = 0; p < s->k; p++) {
        acf_lanes b_p[2];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            memcpy(&b_p[v], b + p * s->ldb + (size_t)v * ACF_LANES, sizeof b_p[v]);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            real a_rp = a[(size_t)r * s->a_row + p * s->a_column];
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[r][v] += a_rp * b_p[v];
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            size_t column = j + (size_t)v * ACF_LANES;
            real *c = s->c + (i + (size_t)r) * s->ldc + column;
            acf_lanes out = s->alpha * sum[r][v];
            if (column + ACF_LANES <= s->n) {
                acf_lanes old;
                if (s->add) {
                    memcpy(&old, c, sizeof old);
                    out += old;
                }
                memcpy(c, &out, sizeof out);
            } else {
                real part[ACF_LANES];
                memcpy(part, &out, sizeof part);
                for (size_t l = 0; column + l < s->n; l++)
                    c[l] = s->add ? c[l] + part[l] : part[l];
            }
        }
    }
}

/* All rows, `vectors` lanes from column j. */
ACF_INLINE void acf_small_columns(const acf_small *s, size_t j, const int rows, const int vectors)
{
    size_t i = 0;
    for (; i + (size_t)rows <= s->m; i += (size_t)rows)
        acf_small_tile(s, i, j, rows, vectors);
    if (rows > 4 && i + 4 <= s->m) {
        acf_small_tile(s, i, j, 4, vectors);
        i += 4;
    }
    if (i + 2 <= s->m) {
        acf_small_tile(s, i, j, 2, vectors);
        i += 2;
    }
    if (i < s->m) acf_small_tile(s, i, j, 1, vectors);
}

ACF_INLINE void acf_small_multiply(const acf_small *s)
{
    size_t j = 0;
    for (; j + ACF_LANES < s->n; j += 2 * ACF_LANES) /* eight sums hide the latency of one */
        acf_small_columns(s, j, 4, 2);
    if (j < s->n) acf_small_columns(s, j, 8, 1);
}

#endif
