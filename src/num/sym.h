/*
 * Symmetric matrices in double: Gram matrices and eigenvalues, for the figures of a feature space.
 */
#ifndef ACF_NUM_SYM_H
#define ACF_NUM_SYM_H

#include <stddef.h>

/* g [n, n] = y^T y for y [rows, n]; every element summed in the order of the rows, threads share
 * out the columns. */
void acf_sym_gram(double *g, const double *y, size_t rows, size_t n);

/*
 * value [n]: all eigenvalues of the symmetric a [n, n], ascending, to about n 2^-53 times the
 * largest in magnitude.  a is destroyed; scratch [3 n].
 *
 * Householder reduction to tridiagonal form (4/3 n^3 multiply-adds), then bisection on the number
 * of eigenvalues below x, which Sturm's sequence counts: slower than QL iteration for these O(n^2)
 * steps, but it cannot fail to converge.  Golub & Van Loan, Matrix Computations, 8.3.1 and 8.4.1.
 * A matrix that holds a NaN gives meaningless values.
 */
void acf_sym_eigenvalues(double *value, double *a, size_t n, double *scratch);

#endif
