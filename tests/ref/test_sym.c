/* Gram matrices against the plain sum, eigenvalues against matrices whose eigenvalues are known. */
#include "num/sym.h"
#include "base/rng.h"
#include "support/close.h"
#include "support/cm.h"

#include <math.h>
#include <stdlib.h>

static double *doubles(size_t n)
{
    double *x = calloc(n + 1, sizeof *x);
    assert_non_null(x);
    return x;
}

static void gram_equals_plain_sum(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{1, 1}, {3, 5}, {7, 4}, {9, 65}, {2, 257}, {33, 300}};
    acf_rng r = {.seed = 5, .stream = ACF_STREAM_INIT};
    for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
        size_t rows = sizes[c][0], n = sizes[c][1];
        double *y = doubles(rows * n), *g = doubles(n * n);
        for (size_t i = 0; i < rows * n; i++)
            y[i] = acf_rng_normal(r, i);
        acf_sym_gram(g, y, rows, n);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                double want = 0.0;
                for (size_t k = 0; k < rows; k++)
                    want += y[k * n + i] * y[k * n + j];
                assert_number(g[i * n + j], want, 1e-12);
            }
        free(y);
        free(g);
    }
}

/* 2 - 2 cos(k pi / (n + 1)): the eigenvalues of tridiag(-1, 2, -1), here turned by a reflection. */
static void finds_known_eigenvalues(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 8, 64, 129};
    const double pi = acos(-1.0);
    acf_rng r = {.seed = 6, .stream = ACF_STREAM_INIT};
    for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
        size_t n = sizes[c];
        double *a = doubles(n * n), *v = doubles(n), *p = doubles(n), *value = doubles(n),
               *scratch = doubles(3 * n), square = 0.0, dot = 0.0;
        for (size_t i = 0; i < n; i++) {
            a[i * n + i] = 2.0;
            if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1.0;
            v[i] = acf_rng_normal(r, i);
            square += v[i] * v[i];
        }
        for (size_t i = 0; i < n; i++) { /* p = A v */
            for (size_t j = 0; j < n; j++)
                p[i] += a[i * n + j] * v[j];
            dot += v[i] * p[i];
        }
        for (size_t i = 0; i < n; i++) /* H A H, H = I - 2 v v^T / |v|^2 */
            for (size_t j = 0; j < n; j++)
                a[i * n + j] += -2.0 / square * (v[i] * p[j] + p[i] * v[j]) +
                                4.0 * dot / square / square * v[i] * v[j];
        acf_sym_eigenvalues(value, a, n, scratch);
        for (size_t k = 0; k < n; k++)
            assert_number(value[k], 2.0 - 2.0 * cos((double)(k + 1) * pi / (double)(n + 1)),
                          1e-13 * (double)(n + 4));
        free(a);
        free(v);
        free(p);
        free(value);
        free(scratch);
    }
}

static void takes_zero_diagonal_and_repeated(void **state)
{
    (void)state;
    double zero[9] = {0}, diagonal[16] = {0}, ones[9], value[4], scratch[12];
    acf_sym_eigenvalues(value, zero, 3, scratch);
    for (int i = 0; i < 3; i++)
        assert_number(value[i], 0.0, 0.0);

    const double want[4] = {-3.0, 0.5, 0.5, 7.0};
    diagonal[0] = 0.5;
    diagonal[5] = 7.0;
    diagonal[10] = -3.0;
    diagonal[15] = 0.5;
    acf_sym_eigenvalues(value, diagonal, 4, scratch);
    for (int i = 0; i < 4; i++)
        assert_number(value[i], want[i], 1e-14);

    for (int i = 0; i < 9; i++)
        ones[i] = 1e-200; /* rank 1, and squares that underflow */
    acf_sym_eigenvalues(value, ones, 3, scratch);
    assert_number(value[0] * 1e200, 0.0, 1e-14);
    assert_number(value[1] * 1e200, 0.0, 1e-14);
    assert_number(value[2] * 1e200, 3.0, 1e-14);
    acf_sym_eigenvalues(value, zero, 0, scratch);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gram_equals_plain_sum),
        cmocka_unit_test(finds_known_eigenvalues),
        cmocka_unit_test(takes_zero_diagonal_and_repeated),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
