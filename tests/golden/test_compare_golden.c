/* Paired tests against scipy and complete enumeration: tests/golden/compare.json, made by
 * scripts/golden_compare.py. */
#include "metrics/bootstrap.h"
#include "metrics/exact.h"
#include "metrics/paired_test.h"
#include "metrics/sample.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static acf_error e;
static cJSON *fixture;

static int load(void **state)
{
    (void)state;
    fixture = fixture_load("compare.json");
    return fixture != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    cJSON_Delete(fixture);
    return 0;
}

static const cJSON *cases(const char *key)
{
    assert_true(fixture_length(fixture, key) > 0);
    return cJSON_GetObjectItemCaseSensitive(fixture, key);
}

static void sign_flips(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases("sign_flip"))
    {
        size_t n = fixture_length(c, "values");
        int32_t *value = fixture_ids(c, "values", n);
        int64_t count[16] = {0}, sum = 0;
        double p;
        for (size_t i = 0; i < n; i++) {
            count[abs(value[i])]++;
            sum += value[i];
        }
        assert_ok(acf_sign_flip_test(&p, count, (int)fixture_number(c, "max"), sum, &e), &e);
        assert_number(p, fixture_number(c, "p"), 1e-10);
        free(value);
    }
}

static void mcnemar(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases("mcnemar"))
    {
        int64_t only[2] = {(int64_t)fixture_number(c, "b"), (int64_t)fixture_number(c, "c")};
        int64_t count[2] = {0, only[0] + only[1]};
        double p, want = fixture_number(c, "p");
        assert_ok(acf_sign_flip_test(&p, count, 1, only[1] - only[0], &e), &e);
        assert_number(p, want, 1e-9 * want);
    }
}

static void wilcoxon(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases("wilcoxon"))
    {
        size_t n = fixture_length(c, "d");
        double *d = fixture_numbers(c, "d", n);
        acf_wilcoxon w;
        assert_ok(acf_wilcoxon_test(&w, d, n, &e), &e);
        assert_int_equal(w.is_exact, cJSON_IsTrue(cJSON_GetObjectItem(c, "exact")));
        assert_number(w.p, fixture_number(c, "p"), 1e-9);
        assert_number(w.plus + w.minus, (double)w.n * ((double)w.n + 1.0) / 2.0, 1e-9);
        free(d);
    }
    acf_wilcoxon none;
    const double zero[3] = {0};
    assert_ok(acf_wilcoxon_test(&none, zero, 3, &e), &e);
    assert_int_equal(none.n, 0);
    assert_number(none.p, 1.0, 0.0);
}

static void holm(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases("holm"))
    {
        size_t n = fixture_length(c, "p");
        double *p = fixture_numbers(c, "p", n), *want = fixture_numbers(c, "holm", n);
        double got[16];
        assert_ok(acf_holm(got, p, n, &e), &e);
        for (size_t i = 0; i < n; i++)
            assert_number(got[i], want[i], 1e-12);
        free(want);
        free(p);
    }
}

static void check_ci(acf_ci ci, const cJSON *c, const char *key)
{
    double *want = fixture_numbers(c, key, 2);
    assert_number(ci.low, want[0], 1e-9);
    assert_number(ci.high, want[1], 1e-9);
    free(want);
}

/* Regressions of n parts whose differences of mse are given: two rows, of which one model misses
 * the second by as much as it takes. */
static void student(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases("student"))
    {
        size_t n = fixture_length(c, "d");
        double *d = fixture_numbers(c, "d", n), first[16], second[16];
        static const double zero[2] = {0, 0};
        double miss[16][2];
        acf_paired_part part[16];
        for (size_t i = 0; i < n; i++) {
            miss[i][0] = 0;
            miss[i][1] = sqrt(2 * fabs(d[i]));
            part[i] = (acf_paired_part){.n = 2, .target = zero, .value = {zero, miss[i]}};
            if (d[i] < 0) {
                part[i].value[0] = miss[i];
                part[i].value[1] = zero;
            }
        }
        for (int folds = 0; folds < 2; folds++) {
            acf_paired p;
            acf_paired_test t;
            const acf_paired_options opt = {.n_draws = 100, .n_folds = folds ? (int)n : 0};
            assert_ok(acf_paired_open(&p, ACF_METRIC_MSE, 0, part, n, true, &e), &e);
            assert_ok(acf_paired_test_run(&t, first, second, &p, &opt, &e), &e);
            for (size_t i = 0; i < n; i++)
                assert_number(second[i] - first[i], d[i], 1e-12);
            assert_number(t.student_p, fixture_number(c, folds ? "fold_p" : "p"), 1e-9);
            check_ci(t.student_ci, c, folds ? "fold_ci" : "ci");
            assert_true(t.p >= t.student_p && t.p >= t.bootstrap_p);
            assert_true(t.ci.low <= t.student_ci.low && t.ci.high >= t.bootstrap_ci.high);
            acf_paired_close(&p);
        }
        free(d);
    }
}

/* Five standard errors of a share of the draws. */
static double share_error(double p, int n_draws)
{
    return 5.0 * sqrt(p * (1.0 - p) / n_draws) + 3.0 / n_draws;
}

static void check_bootstrap(acf_ci ci, double p, const cJSON *want)
{
    double *bound = fixture_numbers(want, "bounds", 4), side = fixture_number(want, "p") / 2.0;
    const double slack = 1e-9;
    if (!(ci.low >= bound[0] - slack && ci.low <= bound[1] + slack && ci.high >= bound[2] - slack &&
          ci.high <= bound[3] + slack))
        fail_msg("interval %g to %g, want %g..%g to %g..%g", ci.low, ci.high, bound[0], bound[1],
                 bound[2], bound[3]);
    assert_number(p, 2.0 * side, 2.0 * share_error(side, ACF_PAIRED_DRAWS));
    free(bound);
}

enum { MAX_PARTS = 4 };

static void free_parts(acf_paired_part *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)part[i].gold);
        free((void *)(uintptr_t)part[i].target);
        for (int k = 0; k < 2; k++) {
            free((void *)(uintptr_t)part[i].answer[k]);
            free((void *)(uintptr_t)part[i].value[k]);
        }
    }
}

static size_t read_parts(acf_paired_part part[MAX_PARTS], const cJSON *c, int K)
{
    const cJSON *item;
    size_t n = 0;
    assert_true(fixture_length(c, "parts") <= MAX_PARTS);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "parts"))
    {
        size_t len = fixture_length(item, "gold");
        part[n] = (acf_paired_part){.n = len};
        if (K > 0) {
            part[n].gold = fixture_ids(item, "gold", len);
            part[n].answer[0] = fixture_ids(item, "first", len);
            part[n].answer[1] = fixture_ids(item, "second", len);
        } else {
            part[n].target = fixture_numbers(item, "gold", len);
            part[n].value[0] = fixture_numbers(item, "first", len);
            part[n].value[1] = fixture_numbers(item, "second", len);
        }
        n++;
    }
    return n;
}

static void paired(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cases("paired"))
    {
        int K = (int)fixture_number(c, "K");
        bool is_crossed = cJSON_IsTrue(cJSON_GetObjectItem(c, "crossed"));
        int metric = acf_metric_parse(cJSON_GetObjectItem(c, "metric")->valuestring);
        acf_paired_part part[MAX_PARTS];
        size_t n = read_parts(part, c, K);
        double first[MAX_PARTS], second[MAX_PARTS];
        double *want[2] = {fixture_numbers(c, "first", n), fixture_numbers(c, "second", n)};
        const acf_paired_options opt = {.n_draws = ACF_PAIRED_DRAWS};
        acf_paired p;
        acf_paired_test t;
        assert_true(metric >= 0 && acf_paired_has_metric((acf_metric)metric, K == 0));
        assert_ok(acf_paired_open(&p, (acf_metric)metric, K, part, n, is_crossed, &e), &e);
        assert_ok(acf_paired_test_run(&t, first, second, &p, &opt, &e), &e);
        for (size_t i = 0; i < n; i++) {
            assert_number(first[i], want[0][i], 1e-9);
            assert_number(second[i], want[1][i], 1e-9);
        }
        assert_number(t.difference, fixture_number(c, "difference"), 1e-9);
        check_bootstrap(t.bootstrap_ci, t.bootstrap_p, cJSON_GetObjectItem(c, "bootstrap"));
        double swap = fixture_number(c, "swap_p");
        assert_int_equal(t.has_mcnemar, metric == ACF_METRIC_ACCURACY);
        if (t.has_mcnemar)
            assert_number(t.mcnemar_p, swap, 1e-9);
        else
            assert_number(t.randomization_p, swap, share_error(swap, ACF_PAIRED_DRAWS));
        acf_paired_close(&p);
        free_parts(part, n);
        free(want[0]);
        free(want[1]);
    }
}

/* Two parts of one example each, of which the first model misses both by 1: what is swapped in one
 * part says nothing of the other, so that half of the swaps come as far, both or neither. */
static void swaps_parts_apart(void **state)
{
    (void)state;
    static const double target = 0, miss = 1;
    const acf_paired_part one = {.n = 1, .target = &target, .value = {&miss, &target}};
    const acf_paired_part part[2] = {one, one};
    const acf_paired_options opt = {.n_draws = ACF_PAIRED_DRAWS};
    double first[2], second[2];
    acf_paired p;
    acf_paired_test t;
    assert_ok(acf_paired_open(&p, ACF_METRIC_MSE, 0, part, 2, false, &e), &e);
    assert_ok(acf_paired_test_run(&t, first, second, &p, &opt, &e), &e);
    assert_number(t.difference, -1.0, 1e-12);
    assert_number(t.randomization_p, 0.5, share_error(0.5, ACF_PAIRED_DRAWS));
    acf_paired_close(&p);
}

static void groups(void **state)
{
    (void)state;
    const cJSON *c, *item;
    cJSON_ArrayForEach(c, cases("groups"))
    {
        double x[16], p;
        size_t len[8], n = 0, at = 0;
        acf_ci ci;
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "groups"))
        {
            const cJSON *member;
            len[n++] = (size_t)cJSON_GetArraySize(item);
            cJSON_ArrayForEach(member, item)
            {
                x[at++] = member->valuedouble;
            }
        }
        assert_ok(acf_bootstrap_groups(&ci, &p, x, len, n, ACF_PAIRED_DRAWS, &e), &e);
        check_bootstrap(ci, p, c);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sign_flips), cmocka_unit_test(mcnemar),           cmocka_unit_test(wilcoxon),
    cmocka_unit_test(holm),       cmocka_unit_test(student),           cmocka_unit_test(paired),
    cmocka_unit_test(groups),     cmocka_unit_test(swaps_parts_apart),
};

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, load, unload) != 0;
}
