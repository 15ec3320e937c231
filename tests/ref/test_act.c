/* Activations against libm in double: accuracy over the whole range, special values, threads. */
#include "num/act.h"
#include "num/elementary.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EPS (sizeof(real) == 4 ? (double)FLT_EPSILON : DBL_EPSILON) /* one ulp of 1 */

static const char *const names[] = {"gelu", "gelu_tanh", "relu", "tanh", "silu"};
enum { N_ACTS = 5 };

static double reference(acf_act act, double x)
{
    double u = sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x);
    switch (act) {
    case ACF_ACT_GELU:
        return 0.5 * x * erfc(-x / sqrt(2.0));
    case ACF_ACT_GELU_TANH:
        return x / (1.0 + exp(-2.0 * u));
    case ACF_ACT_RELU:
        return x > 0.0 ? x : 0.0;
    case ACF_ACT_TANH:
        return tanh(x);
    case ACF_ACT_SILU:
        return x / (1.0 + exp(-x));
    }
    return NAN;
}

static double d_reference(acf_act act, double x)
{
    double u = sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x), s;
    switch (act) {
    case ACF_ACT_GELU:
        return 0.5 * erfc(-x / sqrt(2.0)) + x * exp(-0.5 * x * x) / sqrt(2.0 * M_PI);
    case ACF_ACT_GELU_TANH:
        s = 1.0 / (1.0 + exp(-2.0 * u));
        return s + 2.0 * x * s * (1.0 - s) * sqrt(2.0 / M_PI) * (1.0 + 3.0 * 0.044715 * x * x);
    case ACF_ACT_RELU:
        return x > 0.0 ? 1.0 : 0.0;
    case ACF_ACT_TANH:
        return 1.0 - tanh(x) * tanh(x);
    case ACF_ACT_SILU:
        s = 1.0 / (1.0 + exp(-x));
        return s * (1.0 + x * (1.0 - s));
    }
    return NAN;
}

/* Dense from -30 to 30, then sparse in size down to denormals and up to 1e30. */
static size_t sweep(real **x)
{
    size_t n_dense = 600001, n_size = 12000, n = n_dense + 2 * n_size;
    *x = malloc(n * sizeof **x);
    assert_non_null(*x);
    for (size_t i = 0; i < n_dense; i++)
        (*x)[i] = (real)(-30.0 + 1e-4 * (double)i);
    for (size_t i = 0; i < n_size; i++) {
        double size = pow(10.0, -40.0 + 70.0 * (double)i / (double)n_size);
        (*x)[n_dense + 2 * i] = (real)size;
        (*x)[n_dense + 2 * i + 1] = (real)-size;
    }
    return n;
}

/* Errors in ulp of the larger of |want| and `floor`; as the headers state them. */
static void within(const char *what, const real *got, const real *x, size_t n,
                   double (*want_of)(int, double), int act, double ulps, double floor)
{
    double worst = -1.0, at = 0.0;
    for (size_t i = 0; i < n; i++) {
        double want = want_of(act, (double)x[i]);
        double err = fabs((double)got[i] - want) / (EPS * fmax(fabs(want), floor));
        if (!(err <= worst)) {
            worst = err;
            at = (double)x[i];
        }
    }
    if (bench_wanted()) print_message("%-18s %.2f ulp at %.9g\n", what, worst, at);
    if (!(worst <= ulps)) fail_msg("%s: off by %g ulp at %.9g, allowed %g", what, worst, at, ulps);
}

static double act_of(int act, double x)
{
    return reference((acf_act)act, x);
}
static double d_act_of(int act, double x)
{
    return d_reference((acf_act)act, x);
}

static void forward_is_accurate(void **state)
{
    (void)state;
    real *x, *y;
    size_t n = sweep(&x);
    y = malloc(n * sizeof *y);
    assert_non_null(y);
    /* Relative error grows with x^2 in the tails, where the value is below `floor`. */
    static const double ulps[N_ACTS] = {5, 6, 0, 2, 4}, floor[N_ACTS] = {1e-2, 1e-2, 0, 0, 1e-2};
    for (int act = 0; act < N_ACTS; act++) {
        acf_act_forward(y, x, NULL, 1, (int)n, (acf_act)act);
        within(names[act], y, x, n, act_of, act, ulps[act], fmax(floor[act], DBL_MIN));
    }
    free(x);
    free(y);
}

static void backward_is_accurate(void **state)
{
    (void)state;
    real *x, *y, *one;
    size_t n = sweep(&x);
    y = malloc(n * sizeof *y);
    one = malloc(n * sizeof *one);
    assert_non_null(y);
    assert_non_null(one);
    for (size_t i = 0; i < n; i++)
        one[i] = 1;
    for (int act = 0; act < N_ACTS; act++) {
        char name[32];
        (void)snprintf(name, sizeof name, "d %s", names[act]);
        acf_act_backward(y, one, x, n, 1, (acf_act)act);
        within(name, y, x, n, d_act_of, act, 6, 0.25);
    }
    free(x);
    free(y);
    free(one);
}

static double exp_of(int unused, double x)
{
    (void)unused;
    return exp(x);
}
static double tail_of(int unused, double x)
{
    (void)unused;
    return 0.5 * erfc(-x / sqrt(2.0));
}

static void exp_and_tail_are_relatively_accurate(void **state)
{
    (void)state;
    enum { N = 200000 };
    real *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    assert_non_null(x);
    assert_non_null(y);
    for (int i = 0; i < N; i++) {
        x[i] = (real)(-87.0 + 175.0 * i / N);
        y[i] = acf_exp(x[i]);
    }
    within("exp", y, x, N, exp_of, 0, 1, DBL_MIN);
    for (int i = 0; i < N; i++) {
        real pdf;
        x[i] = (real)(-4.0 * i / N);
        acf_normal(&y[i], &pdf, x[i]);
    }
    within("normal cdf, x >= -4", y, x, N, tail_of, 0, 10, DBL_MIN);
    free(x);
    free(y);
}

static void special_values(void **state)
{
    (void)state;
    for (int act = 0; act < N_ACTS; act++) {
        enum { N = 40 }; /* in the vector body and in the tail */
        real x[N], y[N], d[N], ones[N];
        for (int i = 0; i < N; i++) {
            ones[i] = 1;
            x[i] = (real[]){(real)NAN, (real)INFINITY, (real)3e38, 0, (real)-3e38}[i % 5];
        }
        acf_act_forward(y, x, NULL, 1, N, (acf_act)act);
        acf_act_backward(d, ones, x, 1, N, (acf_act)act);
        for (int i = 0; i < N; i += 5) {
            double top = act == ACF_ACT_TANH ? 1.0 : (double)INFINITY;
            assert_true(isnan(y[i]) && isnan(d[i]));
            assert_true(fabs((double)y[i + 1] - top) <= 0.0 || (double)y[i + 1] >= top);
            assert_true((double)y[i + 2] >= (act == ACF_ACT_TANH ? 1.0 : 2e38));
            assert_number((double)y[i + 3], 0, 0);
            assert_number((double)y[i + 4], act == ACF_ACT_TANH ? -1 : 0, 1e-30);
            assert_number((double)d[i + 2], act == ACF_ACT_TANH ? 0 : 1, 0);
            assert_number((double)d[i + 4], 0, 0);
        }
    }
}

static void bias_is_added_and_kept(void **state)
{
    (void)state;
    static const int rows[] = {0, 1, 7, 64, 300}, width[] = {1, 7, 8, 9, 63, 64, 65, 384};
    for (size_t r = 0; r < 5; r++)
        for (size_t w = 0; w < 8; w++) {
            size_t len = (size_t)rows[r] * (size_t)width[w];
            real *x = new_unaligned(len, 1), *bias = new_unaligned((size_t)width[w], 2);
            real *y = new_unaligned(len, 3), *sum = new_unaligned(len, 1);
            real *want = new_unaligned(len, 4);
            for (size_t i = 0; i < len; i++) {
                sum[i] += bias[i % (size_t)width[w]];
                want[i] = (real)reference(ACF_ACT_GELU, (double)sum[i]);
            }
            acf_act_forward(y, x, bias, (size_t)rows[r], width[w], ACF_ACT_GELU);
            if (len > 0) {
                assert_close(x, sum, len, 0, 0);
                assert_close(y, want, len, 4 * EPS, 4 * EPS);
            }
            free_unaligned(x);
            free_unaligned(bias);
            free_unaligned(y);
            free_unaligned(sum);
            free_unaligned(want);
        }
}

static void same_bits_for_any_threads_and_in_place(void **state)
{
    (void)state;
    size_t rows = 431, len = rows * 97;
    real *x = new_unaligned(len, 1), *d_y = new_unaligned(len, 2);
    real *y = new_unaligned(len, 3), *d_x = new_unaligned(len, 4), *first = new_unaligned(len, 5);
    int kept = acf_threads_get();
    for (int act = 0; act < N_ACTS; act++)
        for (int threads = 1; threads <= 3; threads++) {
            acf_threads_set(threads);
            acf_act_forward(y, x, NULL, rows, 97, (acf_act)act);
            if (threads == 1) memcpy(first, y, len * sizeof *y);
            assert_memory_equal(y, first, len * sizeof *y);
        }
    for (int act = 0; act < N_ACTS; act++)
        for (int threads = 1; threads <= 3; threads++) {
            acf_threads_set(threads);
            memcpy(d_x, d_y, len * sizeof *d_x);
            acf_act_backward(d_x, threads > 1 ? d_x : d_y, x, rows, 97, (acf_act)act);
            if (threads == 1) memcpy(first, d_x, len * sizeof *d_x);
            assert_memory_equal(d_x, first, len * sizeof *d_x);
        }
    acf_threads_set(kept);
    free_unaligned(x);
    free_unaligned(d_y);
    free_unaligned(y);
    free_unaligned(d_x);
    free_unaligned(first);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_accurate),
        cmocka_unit_test(backward_is_accurate),
        cmocka_unit_test(exp_and_tail_are_relatively_accurate),
        cmocka_unit_test(special_values),
        cmocka_unit_test(bias_is_added_and_kept),
        cmocka_unit_test(same_bits_for_any_threads_and_in_place),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
