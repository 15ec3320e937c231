/*
 * Small matrix products in registers, for kernels whose operands are too small or too short-lived
 * for acf_gemm.  By the calling thread.
 */
#ifndef ACF_NUM_TILE_H
#define ACF_NUM_TILE_H

#include "num/lanes.h"

#include <stdbool.h>

/* c = alpha a b (+ c when add). */
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

void acf_small_multiply(const acf_small *s);

#endif
