/*
 * OpenBLAS: the only room that knows it.  acf_gemm_start (gemm.h) opens it.
 *
 * It is opened with dlopen, after OPENBLAS_CORETYPE has been set to the kernels that suit this CPU;
 * Debian's build does not know newer ones and falls back to Haswell's.  A value that the user set
 * is left alone.  It runs single-threaded.
 */
#ifndef ACF_NUM_BLAS_H
#define ACF_NUM_BLAS_H

#include "num/product.h"

/* The product, by the calling thread. */
void acf_blas_multiply(const acf_product *p);

#endif
