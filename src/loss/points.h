/*
 * The labelled points of one batch: unit vectors of the N instances, then of all K label
 * embeddings, in double.
 *
 *     u_i = h_i / |h_i|,   u_{N+k} = w_k / |w_k|;   u = 0 where the norm is <= 1e-12
 */
#ifndef ACF_LOSS_POINTS_H
#define ACF_LOSS_POINTS_H

#include "base/arena.h"
#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

#define ACF_NORM_MIN 1e-12 /* shorter vectors have no direction */

typedef struct acf_points {
    int N, K, d;
    int M;                     /* N + K */
    const double *u;           /* [M, d] unit vectors */
    const double *ut;          /* [d, M] the same, transposed: for products that run along points */
    const double *norm;        /* [M] lengths before normalization */
    const int32_t *cls;        /* [M] y_i, then k */
    const int32_t *n_of_class; /* [K] instances of each class */
} acf_points;

/* Arena bytes of acf_points_make. */
size_t acf_points_bytes(int N, int K, int d);

/* h [N, d], W [K, d], y [N] in 0 .. K-1; the arrays live in the arena. */
acf_points acf_points_make(const real *h, const real *W, const int32_t *y, int N, int K, int d,
                           acf_arena *arena);

/* Through u = x / |x|:  d_x += (d_u - (d_u . u) u) / |x|, nothing where u = 0.
 * d_h [N, d] and d_W [K, d] added to; d_u [M, d]. */
void acf_points_backward(double *d_h, double *d_W, const double *d_u, const acf_points *p);

#endif
