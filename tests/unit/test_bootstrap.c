/* The binomial sampler against its distribution, and what intervals must satisfy. */
#include "base/clock.h"
#include "metrics/bootstrap.h"
#include "support/close.h"
#include "support/cm.h"

#include <math.h>
#include <stdlib.h>

static acf_error e;

/* Pearson's chi-square of 40,000 draws against the probabilities, cells of small expectation
 * joined. */
static double chi_square(int n, double p, int *freedom)
{
    enum { DRAWS = 40000 };
    double *seen = calloc((size_t)n + 1, sizeof *seen);
    acf_rng r = {.seed = 11, .stream = ACF_STREAM_BOOTSTRAP};
    uint64_t index = 0;
    assert_non_null(seen);
    for (int i = 0; i < DRAWS; i++) {
        int64_t k = acf_bootstrap_binomial(r, &index, n, p);
        assert_true(k >= 0 && k <= n);
        seen[k] += 1.0;
    }
    double chi = 0.0, expected = 0.0, observed = 0.0;
    *freedom = -1;
    for (int k = 0; k <= n; k++) {
        expected += DRAWS * exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) +
                                k * log(p) + (n - k) * log1p(-p));
        observed += seen[k];
        if (expected < 10.0) continue;
        chi += (observed - expected) * (observed - expected) / expected;
        expected = observed = 0.0;
        ++*freedom;
    }
    free(seen);
    return chi;
}

static void binomial_has_its_distribution(void **state)
{
    (void)state;
    static const struct {
        int n;
        double p;
    } cases[] = {{1, 0.3}, {20, 0.1}, {20, 0.9}, {25, 0.5}, {40, 0.3}, {400, 0.04}, {1000, 0.7}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        int freedom;
        double chi = chi_square(cases[c].n, cases[c].p, &freedom);
        /* mean f, variance 2 f; four standard deviations */
        if (!(chi <= freedom + 4.0 * sqrt(2.0 * freedom) + 4.0))
            fail_msg("n %d, p %g: chi-square %g at %d degrees of freedom", cases[c].n, cases[c].p,
                     chi, freedom);
    }
}

static void binomial_at_the_ends(void **state)
{
    (void)state;
    acf_rng r = {.seed = 1, .stream = ACF_STREAM_BOOTSTRAP};
    uint64_t index = 0;
    assert_int_equal(acf_bootstrap_binomial(r, &index, 0, 0.5), 0);
    assert_int_equal(acf_bootstrap_binomial(r, &index, 9, 0.0), 0);
    assert_int_equal(acf_bootstrap_binomial(r, &index, 9, 1.0), 9);
    assert_int_equal(index, 0);
    double mean = 0.0;
    for (int i = 0; i < 1000; i++) /* large n, exact to the last unit of the mean's error */
        mean += (double)acf_bootstrap_binomial(r, &index, 1000000000, 0.25) / 1000.0;
    assert_number(mean, 2.5e8, 4.0 * sqrt(1e9 * 0.25 * 0.75 / 1000.0));
}

/* n rows of two classes, the first `right` of them right. */
static void two_classes(acf_metrics *m, size_t n, size_t right)
{
    int32_t *gold = calloc(n, sizeof *gold), *pred = calloc(n, sizeof *pred);
    assert_non_null(gold);
    assert_non_null(pred);
    for (size_t i = 0; i < n; i++) {
        gold[i] = i % 2 == 0;
        pred[i] = i < right ? gold[i] : 1 - gold[i];
    }
    assert_ok(acf_metrics_classes(m, gold, pred, NULL, n, 2, &e), &e);
    free(gold);
    free(pred);
}

static void interval_of_accuracy_is_binomial(void **state)
{
    (void)state;
    acf_metrics m, again;
    two_classes(&m, 872, 767);
    two_classes(&again, 872, 767);
    assert_ok(acf_bootstrap_classes(&m, &e), &e);
    assert_ok(acf_bootstrap_classes(&again, &e), &e);
    double p = m.value[ACF_METRIC_ACCURACY], sd = sqrt(p * (1.0 - p) / 872.0);
    acf_ci ci = m.ci[ACF_METRIC_ACCURACY];
    assert_number(ci.low, p - 1.96 * sd, 0.4 * sd);
    assert_number(ci.high, p + 1.96 * sd, 0.4 * sd);
    assert_memory_equal(m.ci, again.ci, sizeof m.ci);
    assert_true(m.ci[ACF_METRIC_MCC].low < m.value[ACF_METRIC_MCC]);
    assert_true(m.ci[ACF_METRIC_F1].high > m.value[ACF_METRIC_F1]);
    assert_true(isnan(m.ci[ACF_METRIC_LOSS].low));
    acf_metrics_free(&m);
    acf_metrics_free(&again);
}

static void certainty_has_no_width(void **state)
{
    (void)state;
    acf_metrics m;
    two_classes(&m, 50, 50);
    assert_ok(acf_bootstrap_classes(&m, &e), &e);
    assert_number(m.ci[ACF_METRIC_ACCURACY].low, 1.0, 0.0);
    assert_number(m.ci[ACF_METRIC_ACCURACY].high, 1.0, 0.0);
    acf_metrics_free(&m);
    two_classes(&m, 1, 1);
    assert_ok(acf_bootstrap_classes(&m, &e), &e);
    assert_number(m.ci[ACF_METRIC_ACCURACY].low, 1.0, 0.0);
    acf_metrics_free(&m);
}

static void a_million_rows_take_no_time(void **state)
{
    (void)state;
    acf_metrics m;
    two_classes(&m, 1000000, 900000);
    double start = acf_clock_cpu_s();
    assert_ok(acf_bootstrap_classes(&m, &e), &e);
    double spent = acf_clock_cpu_s() - start;
    assert_true(spent < 1.0);
    assert_number(m.ci[ACF_METRIC_ACCURACY].low, 0.9 - 1.96 * 3e-4, 0.4 * 3e-4);
    acf_metrics_free(&m);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binomial_has_its_distribution),
        cmocka_unit_test(binomial_at_the_ends),
        cmocka_unit_test(interval_of_accuracy_is_binomial),
        cmocka_unit_test(certainty_has_no_width),
        cmocka_unit_test(a_million_rows_take_no_time),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
