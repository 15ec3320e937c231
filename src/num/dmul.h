/*
 * Products of small double matrices, whatever `real` is: for similarities and their gradients,
 * which are summed in double.  Row-major, last index fastest; the same bits for any number of
 * threads.
 */
#ifndef ACF_NUM_DMUL_H
#define ACF_NUM_DMUL_H

/* c [m, n] += a [m, k] b [k, n]; lda, ldb, ldc are row strides; c overlaps neither a nor b. */
void acf_dmul_add(double *restrict c, int ldc, const double *restrict a, int lda,
                  const double *restrict b, int ldb, int m, int n, int k);

/* t [n, m] = a [m, n] transposed. */
void acf_dmul_transpose(double *restrict t, int ldt, const double *restrict a, int lda, int m,
                        int n);

#endif
