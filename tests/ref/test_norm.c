/* Layer normalization and biases against plain loops in double. */
#include "num/norm.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <stdlib.h>

#define TOL (sizeof(real) == 4 ? 2e-6 : 1e-13)

static const int row_counts[] = {1, 7, 64, 133};
static const int widths[] = {1, 7, 8, 9, 63, 64, 65, 128, 384, 1027};
enum { N_ROWS = 4, N_WIDTHS = 10 };

static void plain_forward(real *y, real *xhat, real *rstd, const real *x, const real *residual,
                          const real *gamma, const real *beta, double eps, size_t rows, size_t C)
{
    for (size_t t = 0; t < rows; t++) {
        double mean = 0.0, var = 0.0;
        for (size_t c = 0; c < C; c++)
            mean +=
                ((double)x[t * C + c] + (residual ? (double)residual[t * C + c] : 0.0)) / (double)C;
        for (size_t c = 0; c < C; c++) {
            double s = (double)x[t * C + c] + (residual ? (double)residual[t * C + c] : 0.0);
            var += (s - mean) * (s - mean) / (double)C;
        }
        rstd[t] = (real)(1.0 / sqrt(var + eps));
        for (size_t c = 0; c < C; c++) {
            double s = (double)x[t * C + c] + (residual ? (double)residual[t * C + c] : 0.0);
            double h = (s - mean) / sqrt(var + eps);
            xhat[t * C + c] = (real)h;
            y[t * C + c] = (real)(h * (double)gamma[c] + (double)beta[c]);
        }
    }
}

static void forward_equals_plain_loops(void **state)
{
    (void)state;
    for (int r = 0; r < N_ROWS; r++)
        for (int w = 0; w < N_WIDTHS; w++) {
            size_t rows = (size_t)row_counts[r], C = (size_t)widths[w], len = rows * C;
            real *x = new_unaligned(len, 1), *res = new_unaligned(len, 2);
            real *gamma = new_unaligned(C, 3), *beta = new_unaligned(C, 4);
            real *y = new_unaligned(len, 5), *h = new_unaligned(len, 6);
            real *rstd = new_unaligned(rows, 7), *want = new_unaligned(len, 8);
            real *want_h = new_unaligned(len, 9), *want_rstd = new_unaligned(rows, 10);
            for (int way = 0; way < 4; way++) {
                const real *with = way & 1 ? res : NULL;
                plain_forward(want, want_h, want_rstd, x, with, gamma, beta, 1e-5, rows, C);
                acf_layernorm_forward(y, way & 2 ? h : NULL, way & 2 ? rstd : NULL, x, with, gamma,
                                      beta, 1e-5, rows, widths[w]);
                /* a variance near 0 (C = 1: 0) makes rstd large and errors with it */
                double scale = 1.0;
                for (size_t t = 0; t < rows && C > 1; t++)
                    if ((double)want_rstd[t] > scale) scale = (double)want_rstd[t];
                assert_close(y, want, len, 3 * TOL * scale, TOL);
                if (way & 2) {
                    assert_close(h, want_h, len, TOL * scale, TOL);
                    assert_close(rstd, want_rstd, rows, 0, TOL * scale);
                }
            }
            memcpy(y, x, len * sizeof *y); /* in place, and on the residual */
            acf_layernorm_forward(y, NULL, NULL, y, res, gamma, beta, 1e-5, rows, widths[w]);
            memcpy(h, res, len * sizeof *h);
            acf_layernorm_forward(h, NULL, NULL, x, h, gamma, beta, 1e-5, rows, widths[w]);
            assert_memory_equal(y, h, len * sizeof *y);
            free_unaligned(x), free_unaligned(res), free_unaligned(gamma), free_unaligned(beta);
            free_unaligned(y), free_unaligned(h), free_unaligned(rstd), free_unaligned(want);
            free_unaligned(want_h), free_unaligned(want_rstd);
        }
}

static void backward_equals_plain_loops(void **state)
{
    (void)state;
    for (int r = 0; r < N_ROWS; r++)
        for (int w = 0; w < N_WIDTHS; w++) {
            size_t rows = (size_t)row_counts[r], C = (size_t)widths[w], len = rows * C;
            real *d_y = new_unaligned(len, 1), *h = new_unaligned(len, 2);
            real *gamma = new_unaligned(C, 3), *rstd = new_unaligned(rows, 4);
            real *d_x = new_unaligned(len, 5), *d_gamma = new_unaligned(C, 6);
            real *d_beta = new_unaligned(C, 7), *d_b = new_unaligned(C, 7);
            real *want = new_unaligned(len, 8), *want_gamma = new_unaligned(C, 6);
            real *want_beta = new_unaligned(C, 7);
            for (size_t t = 0; t < rows; t++) {
                double mean = 0.0, dot = 0.0;
                for (size_t c = 0; c < C; c++) {
                    double g = (double)d_y[t * C + c] * (double)gamma[c];
                    mean += g / (double)C;
                    dot += g * (double)h[t * C + c] / (double)C;
                }
                for (size_t c = 0; c < C; c++)
                    want[t * C + c] =
                        (real)((double)rstd[t] * ((double)d_y[t * C + c] * (double)gamma[c] - mean -
                                                  (double)h[t * C + c] * dot));
            }
            for (size_t c = 0; c < C; c++) {
                double g = (double)want_gamma[c], b = (double)want_beta[c];
                for (size_t t = 0; t < rows; t++) {
                    g += (double)d_y[t * C + c] * (double)h[t * C + c];
                    b += (double)d_y[t * C + c];
                }
                want_gamma[c] = (real)g;
                want_beta[c] = (real)b;
            }
            acf_layernorm_backward(d_x, d_gamma, d_beta, d_y, h, rstd, gamma, rows, widths[w]);
            assert_close(d_x, want, len, 20 * TOL, TOL);
            assert_close(d_gamma, want_gamma, C, TOL, TOL);
            assert_close(d_beta, want_beta, C, TOL, TOL);
            acf_bias_backward(d_b, d_y, rows, widths[w]);
            assert_close(d_b, want_beta, C, TOL, TOL);
            acf_layernorm_backward(d_y, NULL, NULL, d_y, h, rstd, gamma, rows, widths[w]);
            assert_memory_equal(d_y, d_x, len * sizeof *d_y); /* in place */
            free_unaligned(d_y), free_unaligned(h), free_unaligned(gamma), free_unaligned(rstd);
            free_unaligned(d_x), free_unaligned(d_gamma), free_unaligned(d_beta);
            free_unaligned(d_b), free_unaligned(want), free_unaligned(want_gamma);
            free_unaligned(want_beta);
        }
}

static void a_large_mean_does_not_hurt(void **state)
{
    (void)state;
    enum { C = 384 };
    real x[C], y[C], gamma[C], beta[C] = {0};
    fill_normal(x, C, 1);
    double mean = 0.0, var = 0.0;
    for (int c = 0; c < C; c++) {
        x[c] += 1000;
        gamma[c] = 1;
        mean += (double)x[c] / C;
    }
    for (int c = 0; c < C; c++)
        var += ((double)x[c] - mean) * ((double)x[c] - mean) / C;
    acf_layernorm_forward(y, NULL, NULL, x, NULL, gamma, beta, 0.0, 1, C);
    for (int c = 0; c < C; c++)
        assert_number((double)y[c], ((double)x[c] - mean) / sqrt(var), 2 * TOL);
}

static void nan_stays_in_its_row(void **state)
{
    (void)state;
    enum { C = 70, ROWS = 3 };
    real x[ROWS * C], y[ROWS * C], gamma[C], beta[C];
    fill_normal(x, ROWS * C, 1);
    fill_normal(gamma, C, 2);
    fill_normal(beta, C, 3);
    x[C + 5] = (real)NAN;
    acf_layernorm_forward(y, NULL, NULL, x, NULL, gamma, beta, 1e-5, ROWS, C);
    for (int c = 0; c < C; c++) {
        assert_true(isfinite(y[c]) && isnan(y[C + c]) && isfinite(y[2 * C + c]));
    }
}

static void bias_is_added(void **state)
{
    (void)state;
    for (int r = 0; r < N_ROWS; r++)
        for (int w = 0; w < N_WIDTHS; w++) {
            size_t rows = (size_t)row_counts[r], n = (size_t)widths[w];
            real *y = new_unaligned(rows * n, 1), *b = new_unaligned(n, 2);
            real *want = new_unaligned(rows * n, 1);
            for (size_t i = 0; i < rows * n; i++)
                want[i] += b[i % n];
            acf_bias_add(y, b, rows, widths[w]);
            assert_close(y, want, rows * n, 0, 0);
            free_unaligned(y), free_unaligned(b), free_unaligned(want);
        }
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    enum { ROWS = 431, C = 390, LEN = ROWS * C };
    real *x = new_unaligned(LEN, 1), *res = new_unaligned(LEN, 2), *gamma = new_unaligned(C, 3);
    real *out[3], *small[3];
    int kept = acf_threads_get();
    for (int i = 0; i < 3; i++) {
        out[i] = calloc(3 * LEN, sizeof *out[i]);
        small[i] = calloc(ROWS + 3 * C, sizeof *small[i]);
        assert_non_null(out[i]);
        assert_non_null(small[i]);
        acf_threads_set(i + 1);
        real *y = out[i], *h = y + LEN, *d_x = h + LEN, *rstd = small[i], *d_gamma = rstd + ROWS;
        acf_layernorm_forward(y, h, rstd, x, res, gamma, gamma, 1e-5, ROWS, C);
        acf_layernorm_backward(d_x, d_gamma, d_gamma + C, res, h, rstd, gamma, ROWS, C);
        acf_bias_backward(d_gamma + 2 * C, x, ROWS, C);
        assert_memory_equal(out[i], out[0], 3 * LEN * sizeof *y);
        assert_memory_equal(small[i], small[0], (ROWS + 3 * C) * sizeof *y);
    }
    acf_threads_set(kept);
    for (int i = 0; i < 3; i++) {
        free(out[i]);
        free(small[i]);
    }
    free_unaligned(x), free_unaligned(res), free_unaligned(gamma);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_equals_plain_loops),
        cmocka_unit_test(backward_equals_plain_loops),
        cmocka_unit_test(a_large_mean_does_not_hurt),
        cmocka_unit_test(nan_stays_in_its_row),
        cmocka_unit_test(bias_is_added),
        cmocka_unit_test(same_bits_for_any_threads),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
