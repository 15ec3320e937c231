/* Long vectors: threaded in blocks of fixed size, sums in double and in a fixed order. */
#ifndef ACF_NUM_VEC_H
#define ACF_NUM_VEC_H

#include "num/real.h"

#include <stddef.h>

/* sum of squares of x [n]; NaN or infinite when an element is. */
double acf_vec_square_sum(const real *x, size_t n);

/* x [n] *= factor */
void acf_vec_scale(real *x, real factor, size_t n);

/* y [n] += x [n] */
void acf_vec_add(real *y, const real *x, size_t n);

void acf_vec_zero(real *x, size_t n);

/* Largest |x|; NaN when an element is NaN. */
double acf_vec_max_abs(const real *x, size_t n);

#endif
