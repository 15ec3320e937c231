/* Table look-up and its gradient, and pooling of packed sequences. */
#ifndef ACF_NUM_EMBED_H
#define ACF_NUM_EMBED_H

#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

/* y[t] = table[id[t]] for t < T (added to y when `add`); y [T, C], table [V, C], ids below V. */
void acf_embed_forward(real *y, const real *table, const int32_t *id, int T, int C, int add);

/* d_table[id[t]] += d_y[t], in the order of t for every element, threads splitting columns. */
void acf_embed_backward(real *d_table, const real *d_y, const int32_t *id, int T, int C);

/* y[s] = x[start[s]]: the first token of each of N sequences; x [T, C], y [N, C]. */
void acf_pool_first_forward(real *y, const real *x, const int32_t *start, int N, int C);

/* y[s] = mean of rows start[s] .. start[s + 1] - 1 of x (double sums). */
void acf_pool_mean_forward(real *y, const real *x, const int32_t *start, int N, int C);
void acf_pool_mean_backward(real *d_x, const real *d_y, const int32_t *start, int N, int C);

#endif
