/* What one gains over the other, over tasks. */
#include "metrics/gains.h"
#include "support/close.h"
#include "support/cm.h"

#include <math.h>

enum { DRAWS = 2000 };

/* Tasks of one part each, more is better. */
static acf_gains gains_of(const double *difference, size_t n)
{
    acf_task_parts task[16];
    acf_gains g;
    acf_error e = {0};
    assert_true(n <= 16);
    for (size_t i = 0; i < n; i++)
        task[i] = (acf_task_parts){difference + i, 1, true};
    assert_ok(acf_gains_of(&g, task, n, 0, DRAWS, &e), &e);
    return g;
}

static void counts_and_ranks(void **state)
{
    (void)state;
    static const double d[] = {0.1, 0.2, 1e-15, 0.3, -0.05, 0.4, 0.6};
    acf_gains g = gains_of(d, 7);
    assert_true(g.n_tasks == 7 && g.wins == 5 && g.ties == 1 && g.losses == 1 && !g.is_mixed);
    assert_number(g.gain, 1.55 / 7, 1e-12);
    assert_number(g.p, 4.0 / 64, 1e-12); /* -1 of 6 ranks: as far out are 0 and 1, on both sides */
    assert_true(g.ci.low > -0.05 && g.ci.low < g.gain && g.ci.high > g.gain && g.ci.high < 0.6);
    assert_int_equal(acf_gains_direction(&g), 1);
}

/* Eleven small gains and one large loss: the ranks are for the second, the mean is for the first.
 */
static void mean_and_ranks_may_disagree(void **state)
{
    (void)state;
    double d[12], opposite[12];
    for (int i = 0; i < 12; i++) {
        d[i] = i < 11 ? 0.001 * (i + 1) : -0.3;
        opposite[i] = -d[i];
    }
    acf_gains g = gains_of(d, 12);
    assert_true(g.gain < 0 && g.wilcoxon.plus > g.wilcoxon.minus && g.p < 0.05);
    assert_int_equal(acf_gains_direction(&g), 0);
    g = gains_of(opposite, 12);
    assert_int_equal(acf_gains_direction(&g), 0);
    d[11] = 0.3;
    g = gains_of(d, 12);
    assert_int_equal(acf_gains_direction(&g), 1);
    for (int i = 0; i < 12; i++)
        d[i] = -d[i];
    g = gains_of(d, 12);
    assert_int_equal(acf_gains_direction(&g), -1);
}

static void of_one_task_its_parts_are_tested(void **state)
{
    (void)state;
    static const double d[] = {0.01, 0.03, 0.02};
    const acf_task_parts three = {d, 3, true}, lower = {d, 3, false}, single = {d, 1, true};
    acf_gains g;
    acf_error e = {0};
    /* mean 0.02, sd 0.01, t = 2 sqrt(3) with 2 degrees of freedom */
    assert_ok(acf_gains_of(&g, &three, 1, 0, DRAWS, &e), &e);
    assert_number(g.gain, 0.02, 1e-12);
    assert_number(g.p, 1 - sqrt(12.0 / 14), 1e-9);
    assert_number(g.ci.high - g.ci.low, 2 * 4.302652729911275 * 0.01 / sqrt(3), 1e-9);
    assert_true(isnan(g.bootstrap_p) && g.wilcoxon.n == 0 && acf_gains_can_reach(&g, 0.05, 1));
    /* of three folds the error is 0.01 sqrt(1/3 + 1/2) */
    assert_ok(acf_gains_of(&g, &three, 1, 3, DRAWS, &e), &e);
    assert_number(g.ci.high - g.ci.low, 2 * 4.302652729911275 * 0.01 * sqrt(5.0 / 6), 1e-9);
    assert_ok(acf_gains_of(&g, &lower, 1, 0, DRAWS, &e), &e);
    assert_number(g.gain, -0.02, 1e-12);
    assert_int_equal(g.losses, 1);
    assert_int_equal(acf_gains_direction(&g), -1);
    assert_ok(acf_gains_of(&g, &single, 1, 0, DRAWS, &e), &e);
    assert_number(g.gain, 0.01, 1e-12);
    assert_true(isnan(g.ci.low) && isnan(g.p) && !acf_gains_can_reach(&g, 0.05, 1));
}

static void other_units_have_no_mean(void **state)
{
    (void)state;
    static const double d[] = {0.5, -3};
    const acf_task_parts task[] = {{d, 1, true}, {d + 1, 1, false}};
    acf_gains g;
    acf_error e = {0};
    assert_ok(acf_gains_of(&g, task, 2, 0, DRAWS, &e), &e);
    assert_true(g.is_mixed && g.wins == 2 && isnan(g.gain) && isnan(g.ci.high) && isnan(g.p));
    assert_int_equal(acf_gains_direction(&g), 0);
}

static void few_tasks_cannot_show_anything(void **state)
{
    (void)state;
    static const double d[] = {1, 2, 3, 4, 5, 6};
    acf_gains five = gains_of(d, 5), six = gains_of(d, 6), none = gains_of(d, 0);
    assert_number(five.p, 2.0 / 32, 1e-12);
    assert_true(!acf_gains_can_reach(&five, 0.05, 1));
    assert_number(six.p, 2.0 / 64, 1e-12);
    assert_true(acf_gains_can_reach(&six, 0.05, 1));
    /* Holm's p of the first of three tests is 3 * 2/64 = 0.094 with six tasks */
    assert_true(!acf_gains_can_reach(&six, 0.05, 3));
    static const size_t least[] = {6, 7, 7, 8};
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        assert_int_equal(acf_gains_least_tasks(0.05, i + 1), least[i]);
    assert_true(none.n_tasks == 0 && none.wins == 0 && isnan(none.gain) && isnan(none.p));
}

static void holm_passes_over_what_is_no_test(void **state)
{
    (void)state;
    const double p[] = {(double)NAN, 0.01, (double)NAN, 0.03, 0.02};
    double holm[5];
    acf_error e = {0};
    assert_ok(acf_holm(holm, p, 5, &e), &e);
    assert_true(isnan(holm[0]) && isnan(holm[2]));
    assert_number(holm[1], 0.03, 1e-12);
    assert_number(holm[4], 0.04, 1e-12);
    assert_number(holm[3], 0.04, 1e-12);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counts_and_ranks),
    cmocka_unit_test(mean_and_ranks_may_disagree),
    cmocka_unit_test(of_one_task_its_parts_are_tested),
    cmocka_unit_test(other_units_have_no_mean),
    cmocka_unit_test(few_tasks_cannot_show_anything),
    cmocka_unit_test(holm_passes_over_what_is_no_test),
};

TEST_MAIN(tests)
