/* Pools, shortcuts and batch normalization on blocked images, against plain loops in double. */
#include "num/batchnorm.h"
#include "num/pool2d.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <stdlib.h>

#define TOL (sizeof(real) == 4 ? 2e-6 : 1e-13)

static real *numbers(size_t n, uint64_t seed)
{
    real *x = aligned_alloc(64, (n * sizeof *x + 127) / 64 * 64);
    assert_non_null(x);
    fill_normal(x, n, seed);
    return x;
}

/* planar [N, C, H, W] and the same blocked. */
typedef struct images {
    int N, C, H, W;
    size_t n, blocked;
    real *planar, *x;
} images;

static images make(int N, int C, int H, int W, uint64_t seed)
{
    images m = {.N = N, .C = C, .H = H, .W = W};
    m.n = (size_t)N * (size_t)C * (size_t)H * (size_t)W;
    m.blocked = acf_blocked_len(N, C, H, W);
    m.planar = numbers(m.n, seed);
    m.x = numbers(m.blocked, seed + 1);
    acf_to_blocked(m.x, m.planar, N, C, H, W);
    return m;
}

/* The planar form of what was computed. */
static void fetch(images *m)
{
    acf_from_blocked(m->planar, m->x, m->N, m->C, m->H, m->W);
}

static void drop(images *m)
{
    free(m->planar);
    free(m->x);
}

static const int shapes[][4] = {{1, 1, 1, 1},   {2, 16, 1, 7}, {3, 17, 8, 9},
                                {2, 40, 19, 5}, {5, 8, 7, 7},  {1, 64, 33, 32}};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void round_trip_of_layouts(void **state)
{
    (void)state;
    for (int i = 0; i < N_SHAPES; i++) {
        images m = make(shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], 1);
        real *want = numbers(m.n, 1);
        fetch(&m);
        assert_memory_equal(m.planar, want, m.n * sizeof *want);
        free(want);
        drop(&m);
    }
}

static void global_mean(void **state)
{
    (void)state;
    for (int i = 0; i < N_SHAPES; i++) {
        images m = make(shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], 3);
        size_t HW = (size_t)m.H * (size_t)m.W, n = (size_t)m.N * (size_t)m.C;
        real *got = numbers(n, 4), *want = numbers(n, 5);
        for (size_t k = 0; k < n; k++) {
            double sum = 0.0;
            for (size_t p = 0; p < HW; p++)
                sum += (double)m.planar[k * HW + p];
            want[k] = (real)(sum / (double)HW);
        }
        acf_pool_global_forward(got, m.x, m.N, m.C, HW);
        assert_close(got, want, n, TOL, TOL);
        acf_pool_global_backward(m.x, got, m.N, m.C, HW);
        fetch(&m);
        for (size_t k = 0; k < m.n; k++)
            assert_number((double)m.planar[k], (double)got[k / HW] / (double)HW, TOL);
        free(got);
        free(want);
        drop(&m);
    }
}

/* The first largest of each window takes the gradient; ReLU'd values are often equal (0). */
static void max_pool(void **state)
{
    (void)state;
    for (int i = 0; i < N_SHAPES; i++) {
        images m = make(shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], 7);
        int Ho = (m.H + 1) / 2, Wo = (m.W + 1) / 2;
        images y = make(m.N, m.C, Ho, Wo, 8), d = make(m.N, m.C, Ho, Wo, 9);
        images d_x = make(m.N, m.C, m.H, m.W, 10);
        size_t channels = acf_blocked_channels(m.C);
        real *scale = numbers(channels, 11), *shift = numbers(channels, 12);
        for (size_t c = (size_t)m.C; c < channels; c++)
            scale[c] = shift[c] = 0;
        acf_conv_input in = {.x = m.x, .scale = scale, .shift = shift};
        acf_pool_max_forward(y.x, in, m.N, m.C, m.H, m.W);
        acf_pool_max_backward(d_x.x, d.x, y.x, in, m.N, m.C, m.H, m.W);
        fetch(&y);
        fetch(&d_x);
        double *want = calloc(m.n, sizeof *want);
        assert_non_null(want);
        for (int k = 0; k < m.N * m.C; k++)
            for (int h = 0; h < Ho; h++)
                for (int w = 0; w < Wo; w++) {
                    int best = -1;
                    double top = 0.0;
                    for (int a = 2 * h - 1; a <= 2 * h + 1; a++)
                        for (int b = 2 * w - 1; b <= 2 * w + 1; b++) {
                            if (a < 0 || a >= m.H || b < 0 || b >= m.W) continue;
                            int at = (k * m.H + a) * m.W + b;
                            real v = scale[k % m.C] * m.planar[at] + shift[k % m.C];
                            double x = v > 0 ? (double)v : 0.0;
                            if (best < 0 || x > top) {
                                top = x;
                                best = at;
                            }
                        }
                    int at = (k * Ho + h) * Wo + w;
                    assert_number((double)y.planar[at], top, TOL * (1 + top));
                    want[best] += (double)d.planar[at];
                }
        /* Where all of a window is 0 the gradient stops at the ReLU: its place does not matter. */
        for (size_t k = 0; k < m.n; k++) {
            size_t c = k / ((size_t)m.H * (size_t)m.W) % (size_t)m.C;
            if (scale[c] * m.planar[k] + shift[c] <= 0) continue;
            assert_number((double)d_x.planar[k], want[k], TOL * 10);
        }
        free(want), free(scale), free(shift);
        drop(&m), drop(&y), drop(&d), drop(&d_x);
    }
}

/* Of equal numbers above zero the first one takes the gradient, alone. */
static void equal_numbers_in_a_window(void **state)
{
    (void)state;
    enum { SIDE = 4, LANES = 16 };
    real x[SIDE * SIDE * LANES], y[4 * LANES], d[4 * LANES], d_x[SIDE * SIDE * LANES];
    for (int i = 0; i < SIDE * SIDE * LANES; i++)
        x[i] = 1;
    for (int i = 0; i < 4 * LANES; i++) {
        int window = i / LANES;
        d[i] = (real)(1 + window);
    }
    const acf_conv_input in = {.x = x};
    acf_pool_max_forward(y, in, 1, LANES, SIDE, SIDE);
    acf_pool_max_backward(d_x, d, y, in, 1, LANES, SIDE, SIDE);
    for (int h = 0; h < SIDE; h++)
        for (int w = 0; w < SIDE; w++)
            for (int l = 0; l < LANES; l++) /* windows begin at 0 and 1 in both directions */
                assert_number((double)d_x[(h * SIDE + w) * LANES + l],
                              h < 2 && w < 2 ? 1 + 2 * h + w : 0, 0);
}

static void subsampling_shortcut(void **state)
{
    (void)state;
    static const int cases[][4] = {{4, 10, 9, 7}, {16, 32, 32, 32}, {3, 3, 1, 5}, {20, 40, 8, 8}};
    for (int i = 0; i < 4; i++) {
        int Ci = cases[i][0], Co = cases[i][1], H = cases[i][2], W = cases[i][3];
        int Ho = (H + 1) / 2, Wo = (W + 1) / 2, first = (Co - Ci) / 2;
        images x = make(2, Ci, H, W, 20), y = make(2, Co, Ho, Wo, 21);
        acf_subsample_forward(y.x, x.x, 2, Ci, Co, H, W);
        fetch(&y);
        for (int n = 0; n < 2; n++)
            for (int c = 0; c < Co; c++)
                for (int h = 0; h < Ho; h++)
                    for (int w = 0; w < Wo; w++) {
                        int from = c - first;
                        real want = from < 0 || from >= Ci
                                        ? 0
                                        : x.planar[((n * Ci + from) * H + 2 * h) * W + 2 * w];
                        assert_true(y.planar[((n * Co + c) * Ho + h) * Wo + w] == want);
                    }
        /* <y, S x> = <S^T y, x>: the backward pass is the transpose. */
        images d_y = make(2, Co, Ho, Wo, 22), d_x = make(2, Ci, H, W, 23);
        double left = 0.0, right = 0.0;
        acf_subsample_backward(d_x.x, d_y.x, 2, Ci, Co, H, W);
        fetch(&d_x);
        for (size_t k = 0; k < y.n; k++)
            left += (double)y.planar[k] * (double)d_y.planar[k];
        for (size_t k = 0; k < x.n; k++)
            right += (double)x.planar[k] * (double)d_x.planar[k];
        assert_number(left, right, 1e-9 * (1 + fabs(left)));
        drop(&x), drop(&y), drop(&d_x), drop(&d_y);
    }
}

/* Statistics joined from images, with a mean far from 0; what they become; the running ones. */
static void batch_statistics(void **state)
{
    (void)state;
    enum { N = 7, C = 3, HW = 6 };
    acf_plane_stats stats[N * 16];
    acf_moments moments[C];
    double x[N][C][HW];
    size_t channels = acf_blocked_channels(C);
    real noise[N * C * HW];
    fill_normal(noise, N * C * HW, 30);
    for (int n = 0; n < N; n++)
        for (int c = 0; c < C; c++) {
            double mean = 0.0, square = 0.0;
            for (int i = 0; i < HW; i++) {
                x[n][c][i] = 1000.0 * c + (double)noise[(n * C + c) * HW + i] * (1 + n);
                mean += x[n][c][i] / HW;
            }
            for (int i = 0; i < HW; i++)
                square += (x[n][c][i] - mean) * (x[n][c][i] - mean);
            stats[(size_t)n * channels + (size_t)c] =
                (acf_plane_stats){.mean = mean, .square = square};
        }
    acf_batchnorm_merge(moments, stats, N, C, HW);
    real mean[C] = {1, 2, 3}, var[C] = {4, 5, 6};
    acf_batchnorm_track(mean, var, moments, 0.25, (size_t)N * HW, C);
    for (int c = 0; c < C; c++) {
        double want = 0.0, square = 0.0;
        for (int n = 0; n < N; n++)
            for (int i = 0; i < HW; i++)
                want += x[n][c][i] / (N * HW);
        for (int n = 0; n < N; n++)
            for (int i = 0; i < HW; i++)
                square += (x[n][c][i] - want) * (x[n][c][i] - want);
        assert_number(moments[c].mean, want, 1e-9 * (1 + fabs(want)));
        assert_number(moments[c].var, square / (N * HW), 1e-9 * square);
        assert_number((double)mean[c], 0.75 * (1 + c) + 0.25 * want, 1e-4);
        assert_number((double)var[c], 0.75 * (4 + c) + 0.25 * square / (N * HW - 1), 1e-4);
    }
    /* One value has no unbiased variance. */
    acf_batchnorm_track(mean, var, moments, 1.0, 1, 1);
    assert_number((double)mean[0], moments[0].mean, 1e-6);
    assert_true(isfinite(var[0]) && var[0] > 0);
}

static void joins_a_block(void **state)
{
    (void)state;
    for (int i = 0; i < N_SHAPES; i++)
        for (int kind = 0; kind < 3; kind++) {
            images y = make(shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], 40);
            images r = make(y.N, y.C, y.H, y.W, 41), out = make(y.N, y.C, y.H, y.W, 42);
            size_t channels = acf_blocked_channels(y.C), HW = (size_t)y.H * (size_t)y.W;
            real *v[4];
            for (int k = 0; k < 4; k++)
                v[k] = numbers(channels, 43 + (uint64_t)k);
            bool has_scale = kind == 2;
            acf_batchnorm_join(out.x, y.x, v[0], v[1], kind > 0 ? r.x : NULL,
                               has_scale ? v[2] : NULL, has_scale ? v[3] : NULL, y.N, y.C, HW);
            fetch(&out);
            for (size_t k = 0; k < y.n; k++) {
                size_t c = k / HW % (size_t)y.C;
                double want = (double)v[0][c] * (double)y.planar[k] + (double)v[1][c];
                if (kind == 1) want += (double)r.planar[k];
                if (kind == 2) want += (double)v[2][c] * (double)r.planar[k] + (double)v[3][c];
                assert_number((double)out.planar[k], fmax(want, 0.0), 10 * TOL);
            }
            for (int k = 0; k < 4; k++)
                free(v[k]);
            drop(&y), drop(&r), drop(&out);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_of_layouts),
        cmocka_unit_test(global_mean),
        cmocka_unit_test(max_pool),
        cmocka_unit_test(equal_numbers_in_a_window),
        cmocka_unit_test(subsampling_shortcut),
        cmocka_unit_test(batch_statistics),
        cmocka_unit_test(joins_a_block),
    };
    acf_threads_set(1);
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
