/*
 * Matrix products, cut into tiles for all threads.
 *
 * Where registers are 64 bytes wide the tiles are ours (gemm_wide.h), elsewhere, and for very thin
 * products, OpenBLAS's (blas.h).  Tiles have fixed shapes, so that results do not depend on the
 * number of threads.
 */
#ifndef ACF_NUM_GEMM_H
#define ACF_NUM_GEMM_H

#include "base/status.h"
#include "num/real.h"

#include <stdbool.h>

/* Open OpenBLAS; call once before the first product, from one thread.  Again: does nothing.
 * ACF_ERR_RESOURCE when there is none, or when it multiplies wrongly on this processor. */
acf_status acf_gemm_start(acf_error *e) ACF_MUST_USE;

/* OpenBLAS's kernels in use ("SkylakeX") and its own description; "" before the start. */
const char *acf_gemm_core(void);
const char *acf_gemm_library(void);

/*
 * c = alpha op(a) op(b) + beta c, row-major, last index fastest.
 * op(a) [m, k], op(b) [k, n], c [m, n]; a is stored [k, m] when trans_a, b [n, k] when trans_b;
 * lda, ldb, ldc are row strides of the stored matrices.  beta = 0 does not read c.  Any of m, n, k
 * may be 0.  Runs on all threads when called outside a parallel region, on the caller's inside one;
 * both give the same bits.
 */
void acf_gemm(real *c, int ldc, const real *a, int lda, bool trans_a, const real *b, int ldb,
              bool trans_b, int m, int n, int k, real alpha, real beta);

#endif
