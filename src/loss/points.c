#include "loss/points.h"

#include "num/clones.h"
#include "num/dmul.h"

#include <math.h>
#include <string.h>

#define LANES 8 /* partial sums of a dot product: one vector register of doubles */

size_t acf_points_bytes(int N, int K, int d)
{
    size_t M = (size_t)N + (size_t)K;
    return 2 * acf_arena_cost(M * (size_t)d, sizeof(double)) + acf_arena_cost(M, sizeof(double)) +
           acf_arena_cost(M, sizeof(int32_t)) + acf_arena_cost((size_t)K, sizeof(int32_t));
}

/* u [d] = x / |x|; returns |x|.  Lanes are added in a fixed order. */
ACF_CLONES static double unit(double *restrict u, const real *restrict x, int d)
{
    double lane[LANES] = {0};
    int c = 0;
    for (; c + LANES <= d; c += LANES)
        for (int v = 0; v < LANES; v++)
            lane[v] += (double)x[c + v] * (double)x[c + v];
    double sum = 0.0;
    for (; c < d; c++)
        sum += (double)x[c] * (double)x[c];
    for (int v = 0; v < LANES; v++)
        sum += lane[v];

    double norm = sqrt(sum);
    if (norm <= ACF_NORM_MIN) {
        memset(u, 0, (size_t)d * sizeof *u);
        return norm;
    }
    for (c = 0; c < d; c++)
        u[c] = (double)x[c] / norm;
    return norm;
}

acf_points acf_points_make(const real *h, const real *W, const int32_t *y, int N, int K, int d,
                           acf_arena *arena)
{
    int M = N + K;
    size_t width = (size_t)d;
    double *u = acf_arena_take(arena, (size_t)M * width, sizeof *u);
    double *ut = acf_arena_take(arena, (size_t)M * width, sizeof *ut);
    double *norm = acf_arena_take(arena, (size_t)M, sizeof *norm);
    int32_t *cls = acf_arena_take(arena, (size_t)M, sizeof *cls);
    int32_t *n_of_class = acf_arena_take(arena, (size_t)K, sizeof *n_of_class);

    memset(n_of_class, 0, (size_t)K * sizeof *n_of_class);
    for (int i = 0; i < N; i++) {
        cls[i] = y[i];
        n_of_class[y[i]]++;
        norm[i] = unit(u + (size_t)i * width, h + (size_t)i * width, d);
    }
    for (int k = 0; k < K; k++) {
        cls[N + k] = k;
        norm[N + k] = unit(u + (size_t)(N + k) * width, W + (size_t)k * width, d);
    }
    acf_dmul_transpose(ut, M, u, d, M, d);
    return (acf_points){.N = N,
                        .K = K,
                        .d = d,
                        .M = M,
                        .u = u,
                        .ut = ut,
                        .norm = norm,
                        .cls = cls,
                        .n_of_class = n_of_class};
}

/* Forward line: u = x / norm. */
ACF_CLONES static void unit_backward(double *restrict d_x, const double *restrict d_u,
                                     const double *restrict u, double norm, int d)
{
    double lane[LANES] = {0};
    int c = 0;
    for (; c + LANES <= d; c += LANES)
        for (int v = 0; v < LANES; v++)
            lane[v] += d_u[c + v] * u[c + v];
    double along = 0.0;
    for (; c < d; c++)
        along += d_u[c] * u[c];
    for (int v = 0; v < LANES; v++)
        along += lane[v];
    for (c = 0; c < d; c++)
        d_x[c] += (d_u[c] - along * u[c]) / norm;
}

void acf_points_backward(double *d_h, double *d_W, const double *d_u, const acf_points *p)
{
    for (int i = 0; i < p->M; i++) {
        size_t at = (size_t)i * (size_t)p->d;
        double *d_x = i < p->N ? d_h + at : d_W + (at - (size_t)p->N * (size_t)p->d);
        if (p->norm[i] <= ACF_NORM_MIN) continue; /* no direction, no gradient */
        unit_backward(d_x, d_u + at, p->u + at, p->norm[i], p->d);
    }
}
