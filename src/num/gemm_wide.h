/*
 * Matrix products with registers of 64 bytes, where the processor has them (acf_is_wide).
 *
 * OpenBLAS copies both operands of every call into panels; with tiles of a size that two threads
 * share well that is a fifth of its time.  Here b is copied once for all rows of a tile, a is read
 * where it lies unless it is transposed, and 14 x 2 registers of c are summed at a time.
 */
#ifndef ACF_NUM_GEMM_WIDE_H
#define ACF_NUM_GEMM_WIDE_H

#include "num/product.h"

/* Columns of c whose part of b is copied together, at most. */
enum { ACF_WIDE_COLUMNS = 384 };

/* Whether acf_wide_multiply serves a product of these sizes here, and better than OpenBLAS. */
bool acf_wide_suits(int m, int n, int k);

/* The product (k > 0), by the calling thread.  An element is the sum over p = 0 .. k - 1 in blocks
 * of fixed length: the same bits however c is cut into tiles. */
void acf_wide_multiply(const acf_product *p);

#endif
