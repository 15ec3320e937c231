/* A matrix product as the two rooms that compute it see it; its meaning is acf_gemm's. */
#ifndef ACF_NUM_PRODUCT_H
#define ACF_NUM_PRODUCT_H

#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct acf_product {
    real *c;
    const real *a, *b;
    int ldc, lda, ldb;
    bool trans_a, trans_b;
    int m, n, k;
    real alpha, beta;
} acf_product;

/* Rows row .. row + rows - 1 and the same of columns of it, as a product of its own. */
static inline acf_product acf_product_part(const acf_product *p, int row, int column, int rows,
                                           int columns)
{
    acf_product part = *p;
    part.a += (size_t)row * (p->trans_a ? 1 : (size_t)p->lda);
    part.b += (size_t)column * (p->trans_b ? (size_t)p->ldb : 1);
    part.c += (size_t)row * (size_t)p->ldc + (size_t)column;
    part.m = rows;
    part.n = columns;
    return part;
}

#endif
