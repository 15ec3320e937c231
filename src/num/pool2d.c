#include "num/pool2d.h"

#include "num/lanes.h"

#include <omp.h>
#include <string.h>

enum { L = ACF_LANES };

/* Rows of 64 pixels are summed in real, their sums in double. */
ACF_CLONES static void mean_of_plane(real *mean, const real *x, size_t pixels, size_t n)
{
    double total[L] = {0};
    for (size_t first = 0; first < pixels; first += 64) {
        size_t end = pixels - first < 64 ? pixels : first + 64;
        acf_lanes sum = {0};
        for (size_t i = first; i < end; i++)
            sum += acf_lanes_load(x + i * L);
        for (int l = 0; l < L; l++)
            total[l] += (double)sum[l];
    }
    for (size_t l = 0; l < n; l++)
        mean[l] = (real)(total[l] / (double)pixels);
}

void acf_pool_global_forward(real *features, const real *x, int N, int C, size_t pixels)
{
    size_t blocks = acf_blocked_channels(C) / L, planes = (size_t)N * blocks;
#pragma omp parallel for schedule(static) if (planes > 1 && !omp_in_parallel())
    for (size_t i = 0; i < planes; i++) {
        size_t first = i % blocks * L, left = (size_t)C - first;
        mean_of_plane(features + i / blocks * (size_t)C + first, x + i * pixels * L, pixels,
                      left < L ? left : L);
    }
}

void acf_pool_global_backward(real *d_x, const real *d_features, int N, int C, size_t pixels)
{
    size_t blocks = acf_blocked_channels(C) / L, planes = (size_t)N * blocks;
#pragma omp parallel for schedule(static) if (planes > 1 && !omp_in_parallel())
    for (size_t i = 0; i < planes; i++) {
        size_t first = i % blocks * L;
        real share[L] = {0};
        for (size_t l = 0; l < L && first + l < (size_t)C; l++)
            share[l] = d_features[i / blocks * (size_t)C + first + l] / (real)pixels;
        for (size_t p = 0; p < pixels; p++)
            memcpy(d_x + (i * pixels + p) * L, share, sizeof share);
    }
}

/* Windows of a plane: rows 2h - 1 .. 2h + 1 that lie within it. */
typedef struct window {
    int top, bottom, left, right;
} window;

ACF_INLINE window window_of(int h, int w, int H, int W)
{
    return (window){.top = h > 0 ? 2 * h - 1 : 0,
                    .bottom = 2 * h + 1 < H ? 2 * h + 1 : H - 1,
                    .left = w > 0 ? 2 * w - 1 : 0,
                    .right = 2 * w + 1 < W ? 2 * w + 1 : W - 1};
}

/* The values that are pooled; with scale NULL x itself. */
ACF_INLINE acf_lanes value_at(const real *x, const real *scale, const real *shift, int at)
{
    acf_lanes v = acf_lanes_load(x + (size_t)at * L);
    if (scale == NULL) return v;
    return acf_lanes_relu(acf_lanes_load(scale) * v + acf_lanes_load(shift));
}

ACF_CLONES static void max_of_plane(real *y, const real *x, const real *scale, const real *shift,
                                    int H, int W)
{
    for (int h = 0; h < (H + 1) / 2; h++)
        for (int w = 0; w < (W + 1) / 2; w++, y += L) {
            window v = window_of(h, w, H, W);
            acf_lanes top = value_at(x, scale, shift, v.top * W + v.left);
            for (int i = v.top; i <= v.bottom; i++)
                for (int j = v.left; j <= v.right; j++) {
                    acf_lanes value = value_at(x, scale, shift, i * W + j);
                    /* a NaN in value is taken, one in top stays */
                    acf_lane_mask keep =
                        (acf_lane_mask)(value <= top) | (acf_lane_mask)(top != top);
                    top = (acf_lanes)((keep & (acf_lane_mask)top) | (~keep & (acf_lane_mask)value));
                }
            acf_lanes_store(y, top);
        }
}

ACF_CLONES static void max_back_plane(real *d_x, const real *d_y, const real *y, const real *x,
                                      const real *scale, const real *shift, int H, int W)
{
    memset(d_x, 0, (size_t)H * (size_t)W * L * sizeof *d_x);
    for (int h = 0; h < (H + 1) / 2; h++)
        for (int w = 0; w < (W + 1) / 2; w++, y += L, d_y += L) {
            window v = window_of(h, w, H, W);
            acf_lanes top = acf_lanes_load(y), d = acf_lanes_load(d_y);
            acf_lane_mask left = ~(acf_lane_mask){0}; /* lanes whose maximum is not met yet */
            for (int i = v.top; i <= v.bottom; i++)
                for (int j = v.left; j <= v.right; j++) {
                    int at = i * W + j;
                    acf_lane_mask hit =
                        (acf_lane_mask)(value_at(x, scale, shift, at) == top) & left;
                    acf_lanes sum =
                        acf_lanes_load(d_x + (size_t)at * L) + (acf_lanes)(hit & (acf_lane_mask)d);
                    acf_lanes_store(d_x + (size_t)at * L, sum);
                    left &= ~hit;
                }
        }
}

void acf_pool_max_forward(real *y, acf_conv_input in, int N, int C, int H, int W)
{
    size_t blocks = acf_blocked_channels(C) / L, planes = (size_t)N * blocks;
    size_t size = (size_t)H * (size_t)W * L,
           out = (size_t)((H + 1) / 2) * (size_t)((W + 1) / 2) * L;
#pragma omp parallel for schedule(static) if (planes > 1 && !omp_in_parallel())
    for (size_t i = 0; i < planes; i++) {
        size_t c = i % blocks * L;
        max_of_plane(y + i * out, in.x + i * size, in.scale != NULL ? in.scale + c : NULL,
                     in.scale != NULL ? in.shift + c : NULL, H, W);
    }
}

void acf_pool_max_backward(real *d_x, const real *d_y, const real *y, acf_conv_input in, int N,
                           int C, int H, int W)
{
    size_t blocks = acf_blocked_channels(C) / L, planes = (size_t)N * blocks;
    size_t size = (size_t)H * (size_t)W * L,
           out = (size_t)((H + 1) / 2) * (size_t)((W + 1) / 2) * L;
#pragma omp parallel for schedule(static) if (planes > 1 && !omp_in_parallel())
    for (size_t i = 0; i < planes; i++) {
        size_t c = i % blocks * L;
        max_back_plane(d_x + i * size, d_y + i * out, y + i * out, in.x + i * size,
                       in.scale != NULL ? in.scale + c : NULL,
                       in.scale != NULL ? in.shift + c : NULL, H, W);
    }
}

/* Element of (channel c, h, w) of an image. */
static size_t element(int c, int h, int w, int H, int W)
{
    return (((size_t)(c / L) * (size_t)H + (size_t)h) * (size_t)W + (size_t)w) * L +
           (size_t)(c % L);
}

void acf_subsample_forward(real *y, const real *x, int N, int Ci, int Co, int H, int W)
{
    int Ho = (H + 1) / 2, Wo = (W + 1) / 2, first = (Co - Ci) / 2;
    size_t in = acf_blocked_len(1, Ci, H, W), out = acf_blocked_len(1, Co, Ho, Wo);
#pragma omp parallel for schedule(static) if (N > 1 && !omp_in_parallel())
    for (int n = 0; n < N; n++) {
        real *y_n = y + (size_t)n * out;
        const real *x_n = x + (size_t)n * in;
        memset(y_n, 0, out * sizeof *y_n);
        for (int c = 0; c < Ci; c++)
            for (int h = 0; h < Ho; h++)
                for (int w = 0; w < Wo; w++)
                    y_n[element(first + c, h, w, Ho, Wo)] = x_n[element(c, 2 * h, 2 * w, H, W)];
    }
}

void acf_subsample_backward(real *d_x, const real *d_y, int N, int Ci, int Co, int H, int W)
{
    int Ho = (H + 1) / 2, Wo = (W + 1) / 2, first = (Co - Ci) / 2;
    size_t in = acf_blocked_len(1, Ci, H, W), out = acf_blocked_len(1, Co, Ho, Wo);
#pragma omp parallel for schedule(static) if (N > 1 && !omp_in_parallel())
    for (int n = 0; n < N; n++) {
        real *d_n = d_x + (size_t)n * in;
        const real *y_n = d_y + (size_t)n * out;
        memset(d_n, 0, in * sizeof *d_n);
        for (int c = 0; c < Ci; c++)
            for (int h = 0; h < Ho; h++)
                for (int w = 0; w < Wo; w++)
                    d_n[element(c, 2 * h, 2 * w, H, W)] = y_n[element(first + c, h, w, Ho, Wo)];
    }
}
