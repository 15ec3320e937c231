/* Long vectors: threaded in blocks of fixed size, sums in double and in a fixed order. */
#ifndef ACF_NUM_VEC_H
#define ACF_NUM_VEC_H

#include "num/real.h"

#include <stddef.h>

/* sum of squares of x [n]; NaN or infinite when an element is. */
double acf_vec_square_sum(const real *x, size_t n);

void acf_vec_zero(real *x, size_t n);

#endif
