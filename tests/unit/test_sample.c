/* Figures of small samples. */
#include "support/close.h"
#include "support/cm.h"

#include "metrics/sample.h"

#include <math.h>

/* scipy.stats.t.ppf. */
static void quantiles_are_students(void **state)
{
    (void)state;
    static const struct {
        double p, df, t;
    } known[] = {{0.975, 1, 12.706204736174698},
                 {0.975, 2, 4.302652729749462},
                 {0.975, 4, 2.7764451051977934},
                 {0.975, 9, 2.262157162798205},
                 {0.975, 30, 2.042272456301238},
                 {0.975, 1000, 1.9623390808264074},
                 {0.95, 3, 2.3533634348018233},
                 {0.995, 2, 9.924843200918287},
                 {0.75, 1, 1.0},
                 {0.9999, 5, 9.677566300882814}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_number(acf_student_quantile(known[i].p, known[i].df), known[i].t,
                      1e-11 * known[i].t);
    assert_number(acf_student_quantile(0.5, 7), 0, 1e-12);
}

static void sample_of_five(void **state)
{
    (void)state;
    double x[] = {0.9, 0.7, 0.8, 0.75, 0.85};
    acf_sample s = acf_sample_of(x, 5, 0);
    assert_number(s.mean, 0.8, 1e-15);
    assert_number(s.sd, 0.07905694150420949, 1e-15);
    assert_number(s.low, 0.8 - 2.7764451051977934 * 0.07905694150420949 / sqrt(5), 1e-12);
    assert_number(s.high, 0.8 + 2.7764451051977934 * 0.07905694150420949 / sqrt(5), 1e-12);
    assert_number(s.median, 0.8, 0);
    assert_number(s.min, 0.7, 0);
    assert_number(s.max, 0.9, 0);
}

/* Five folds: the variance of the mean is s^2 (1/5 + 1/4). */
static void folds_share_training_data(void **state)
{
    (void)state;
    double x[] = {0.9, 0.7, 0.8, 0.75, 0.85};
    acf_sample s = acf_sample_of(x, 5, 5);
    assert_number(s.error, 0.07905694150420949 * sqrt(0.45), 1e-15);
    assert_number(s.low, 0.8 - 2.7764451051977934 * 0.07905694150420949 * sqrt(0.45), 1e-12);
    assert_number(s.high, 0.8 + 2.7764451051977934 * 0.07905694150420949 * sqrt(0.45), 1e-12);
}

static void small_samples(void **state)
{
    (void)state;
    double one = 3, two[] = {4, 1};
    acf_sample s = acf_sample_of(&one, 1, 0);
    assert_true(isnan(s.sd) && isnan(s.low) && isnan(s.high));
    assert_number(s.mean, 3, 0);
    assert_number(s.median, 3, 0);
    s = acf_sample_of(two, 2, 0);
    assert_number(s.median, 2.5, 0);
    assert_number(s.sd, 2.1213203435596424, 1e-15);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(quantiles_are_students),
    cmocka_unit_test(sample_of_five),
    cmocka_unit_test(folds_share_training_data),
    cmocka_unit_test(small_samples),
};

TEST_MAIN(tests)
