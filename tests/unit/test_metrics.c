/* Names, degenerate cases and failures of the evaluation figures; their values are in golden/. */
#include "base/mem.h"
#include "metrics/metrics.h"
#include "metrics/space.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/space_figures.h"

#include <math.h>
#include <stdlib.h>

static acf_error e;

static void absent(const acf_metrics *m, acf_metric metric)
{
    if (!isnan(m->value[metric]))
        fail_msg("%s: got %g, expected nothing", acf_metric_name(metric), m->value[metric]);
}

static void names_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < ACF_METRIC_COUNT; i++)
        assert_int_equal(acf_metric_parse(acf_metric_name((acf_metric)i)), i);
    assert_int_equal(acf_metric_parse("accuracies"), -1);
    assert_int_equal(acf_metric_parse(""), -1);
    assert_string_equal(acf_metric_suggest("acuracy"), "accuracy");
    assert_string_equal(acf_metric_suggest("acc"), "accuracy"); /* mcc is nearer by letters */
    assert_null(acf_metric_suggest("perplexity_of_it_all"));
    assert_string_equal(acf_metric_name((acf_metric)(ACF_METRIC_SELECTABLE - 1)), "spearman");
    assert_true(acf_metric_larger_is_better(ACF_METRIC_MCC));
    assert_false(acf_metric_larger_is_better(ACF_METRIC_LOSS));
    assert_string_equal(acf_head_name(ACF_HEAD_LABEL), "label");
}

static void one_row_is_finite(void **state)
{
    (void)state;
    const int32_t gold[] = {1};
    const real right[] = {0, 2}, wrong[] = {2, 0};
    acf_metrics m;
    assert_ok(acf_metrics_classes(&m, gold, NULL, right, 1, 2, &e), &e);
    assert_number(m.value[ACF_METRIC_ACCURACY], 1.0, 0.0);
    assert_number(m.value[ACF_METRIC_BALANCED_ACCURACY], 1.0, 0.0);
    assert_number(m.value[ACF_METRIC_MACRO_F1], 1.0, 0.0);
    assert_number(m.value[ACF_METRIC_MCC], 0.0, 0.0);
    assert_number(m.value[ACF_METRIC_LOSS], log1p(exp(-2.0)), 1e-12);
    assert_number(m.value[ACF_METRIC_TEMPERATURE], 0.01, 1e-12); /* ever colder is ever better */
    absent(&m, ACF_METRIC_AUROC);
    absent(&m, ACF_METRIC_TOP5);
    absent(&m, ACF_METRIC_PEARSON);
    acf_metrics_free(&m);

    assert_ok(acf_metrics_classes(&m, gold, NULL, wrong, 1, 2, &e), &e);
    assert_number(m.value[ACF_METRIC_ACCURACY], 0.0, 0.0);
    assert_number(m.value[ACF_METRIC_F1], 0.0, 0.0);
    assert_number(m.value[ACF_METRIC_TEMPERATURE], 100.0, 1e-9);
    assert_number(m.cls[0].precision, 0.0, 0.0);
    acf_metrics_free(&m);
}

static void constant_scores_are_chance(void **state)
{
    (void)state;
    const int32_t gold[] = {0, 1, 1, 2};
    const real scores[12] = {0};
    acf_metrics m;
    assert_ok(acf_metrics_classes(&m, gold, NULL, scores, 4, 3, &e), &e);
    assert_number(m.value[ACF_METRIC_ACCURACY], 0.25, 0.0);
    assert_number(m.value[ACF_METRIC_MCC], 0.0, 0.0);
    assert_number(m.value[ACF_METRIC_LOG_LOSS], log(3.0), 1e-12);
    assert_number(m.value[ACF_METRIC_BRIER], 2.0 / 3.0, 1e-12);
    assert_number(m.value[ACF_METRIC_ECE], 1.0 / 12.0, 1e-12);
    assert_number(m.value[ACF_METRIC_TEMPERATURE], 1.0, 0.0);
    acf_metrics_free(&m);

    const int32_t binary[] = {0, 1, 1, 0};
    assert_ok(acf_metrics_classes(&m, binary, NULL, scores, 4, 2, &e), &e);
    assert_number(m.value[ACF_METRIC_AUROC], 0.5, 0.0);
    assert_number(m.value[ACF_METRIC_F1], 0.0, 0.0); /* class 1 is never predicted */
    acf_metrics_free(&m);
}

static void all_of_one_class(void **state)
{
    (void)state;
    const int32_t gold[] = {2, 2, 2}, pred[] = {2, 2, 0};
    acf_metrics m;
    assert_ok(acf_metrics_classes(&m, gold, pred, NULL, 3, 4, &e), &e);
    assert_number(m.value[ACF_METRIC_BALANCED_ACCURACY], 2.0 / 3.0, 1e-15);
    assert_number(m.value[ACF_METRIC_MACRO_F1], 0.4, 1e-15); /* classes 0 and 2 occur */
    assert_number(m.value[ACF_METRIC_MCC], 0.0, 0.0);
    assert_number(m.cls[2].precision, 1.0, 0.0);
    assert_int_equal(m.cls[0].predicted, 1);
    absent(&m, ACF_METRIC_LOSS); /* no scores were given */
    absent(&m, ACF_METRIC_ECE);
    acf_metrics_free(&m);
}

static void extreme_scores_lose_nothing(void **state)
{
    (void)state;
    const int32_t gold[] = {1, 0};
    const real scores[] = {(real)1e4, 0, (real)-1e30, (real)1e30};
    acf_metrics m;
    assert_ok(acf_metrics_classes(&m, gold, NULL, scores, 1, 2, &e), &e);
    assert_number(m.value[ACF_METRIC_LOSS], 1e4, 1e-9); /* a probability would be 0, its log -inf */
    acf_metrics_free(&m);
    assert_ok(acf_metrics_classes(&m, gold, NULL, scores, 2, 2, &e), &e);
    assert_true(isfinite(m.value[ACF_METRIC_LOSS]) && m.value[ACF_METRIC_LOSS] > 0.9e30);
    assert_number(m.value[ACF_METRIC_TEMPERATURE], 100.0, 1e-9);
    acf_metrics_free(&m);
}

static void top5_breaks_ties_by_id(void **state)
{
    (void)state;
    const int32_t gold[] = {4, 5};
    const real scores[20] = {0};
    acf_metrics m;
    assert_ok(acf_metrics_classes(&m, gold, NULL, scores, 2, 10, &e), &e);
    assert_number(m.value[ACF_METRIC_TOP5], 0.5, 0.0);
    acf_metrics_free(&m);
}

static void refuses_bad_input(void **state)
{
    (void)state;
    const int32_t gold[] = {0, 1, 3}, minus[] = {0, -1}, fine[] = {0, 1};
    const real scores[] = {0, 1, (real)NAN, 0}, inf[] = {0, (real)INFINITY, 0, 0};
    const double score[] = {1.0, 2.0}, bad[] = {1.0, (double)INFINITY};
    acf_metrics m;
    assert_fails(acf_metrics_classes(&m, gold, gold, NULL, 3, 3, &e), ACF_ERR_DATA,
                 "row 3: label 3 is not in 0 .. 2", &e);
    assert_fails(acf_metrics_classes(&m, fine, minus, NULL, 2, 2, &e), ACF_ERR_DATA,
                 "row 2: prediction -1", &e);
    assert_fails(acf_metrics_classes(&m, fine, fine, NULL, 0, 2, &e), ACF_ERR_DATA, "0 rows", &e);
    assert_fails(acf_metrics_classes(&m, fine, NULL, scores, 2, 2, &e), ACF_ERR_NUMERIC,
                 "row 2: the score of class 0 is", &e);
    assert_fails(acf_metrics_classes(&m, fine, NULL, inf, 2, 2, &e), ACF_ERR_NUMERIC,
                 "row 1: the score of class 1 is inf", &e);
    assert_fails(acf_metrics_regression(&m, score, bad, 2, &e), ACF_ERR_NUMERIC, "row 2", &e);
    assert_fails(acf_metrics_regression(&m, bad, score, 2, &e), ACF_ERR_DATA, "row 2", &e);
    assert_fails(acf_metrics_regression(&m, score, score, 0, &e), ACF_ERR_DATA, "no rows", &e);
    assert_null(m.confusion);
}

static void constant_regression_has_no_correlation(void **state)
{
    (void)state;
    const double gold[] = {1.5, 2.5, 0.1}, same[] = {0.1, 0.1, 0.1};
    acf_eval_result r;
    double x = 7.0;
    assert_ok(acf_eval_regression(&r, gold, same, 3, true, &e), &e);
    assert_false(acf_metric_get(&x, &r, ACF_HEAD_LINEAR, ACF_METRIC_PEARSON));
    assert_false(acf_metric_get(&x, &r, ACF_HEAD_LINEAR, ACF_METRIC_SPEARMAN));
    assert_false(acf_metric_get(&x, &r, ACF_HEAD_LABEL, ACF_METRIC_MSE));
    assert_number(x, 7.0, 0.0);
    assert_true(acf_metric_get(&x, &r, ACF_HEAD_LINEAR, ACF_METRIC_MSE));
    assert_number(x, (1.4 * 1.4 + 2.4 * 2.4) / 3.0, 1e-12);
    assert_true(isnan(r.linear.ci[ACF_METRIC_PEARSON].low));
    assert_true(r.linear.ci[ACF_METRIC_MSE].low >= 0.0);
    acf_eval_result_free(&r);

    const double up[] = {1.0, 2.0}, down[] = {3.0, 1.0};
    assert_ok(acf_eval_regression(&r, up, down, 2, false, &e), &e);
    assert_number(r.linear.value[ACF_METRIC_PEARSON], -1.0, 1e-15);
    assert_number(r.linear.value[ACF_METRIC_SPEARMAN], -1.0, 1e-15);
    acf_eval_result_free(&r);
}

static void space_of_few_and_of_collapsed_rows(void **state)
{
    (void)state;
    const int32_t gold[] = {0, 0, 1}, other[] = {1, 0, 1};
    const real one[] = {3, 4, 3, 4, 3, 4}, W[] = {6, 8, 0, 0}, nan1[] = {0, (real)NAN};
    acf_space s;
    assert_ok(space_figures(&s, gold, gold, other, one, W, 3, 2, 2, &e), &e);
    assert_number(s.agreement, 2.0 / 3.0, 1e-15);
    assert_number(s.label_cosine, 2.0 / 3.0, 1e-7); /* W[1] = 0 has no direction */
    assert_number(s.alignment, 0.0, 1e-7);
    assert_number(s.uniformity, 0.0, 1e-7);
    assert_number(s.mean_cosine, 1.0, 1e-7);
    assert_true(isnan(s.effective_rank)); /* no variance */

    assert_ok(space_figures(&s, gold, gold, gold, one, W, 1, 2, 2, &e), &e);
    assert_number(s.label_cosine, 1.0, 1e-7);
    assert_true(isnan(s.alignment) && isnan(s.uniformity) && isnan(s.mean_cosine));
    assert_fails(space_figures(&s, gold, gold, gold, nan1, W, 1, 2, 2, &e), ACF_ERR_NUMERIC,
                 "row 1: features", &e);
    assert_fails(space_figures(&s, gold, gold, gold, one, nan1, 1, 2, 1, &e), ACF_ERR_NUMERIC,
                 "label embedding 0", &e);
}

/* A sorted file: a sample of its first rows would hold one class only. */
static void sample_is_spread_over_the_rows(void **state)
{
    (void)state;
    enum { N = 3 * ACF_SPACE_SAMPLE };
    int32_t *gold = calloc(N, sizeof *gold);
    real *h = calloc((size_t)N * 2, sizeof *h);
    const real W[] = {1, 0, 0, 1};
    acf_space s;
    assert_non_null(gold);
    assert_non_null(h);
    for (size_t i = 0; i < N; i++) {
        gold[i] = i >= N / 2;
        h[2 * i + (size_t)gold[i]] = 1;
    }
    assert_ok(space_figures(&s, gold, gold, gold, h, W, N, 2, 2, &e), &e);
    assert_int_equal(s.n_sample, ACF_SPACE_SAMPLE);
    const double half = ACF_SPACE_SAMPLE / 2.0, pairs = half * (2.0 * half - 1.0);
    assert_number(s.uniformity, log((half * (half - 1.0) + half * half * exp(-4.0)) / pairs),
                  1e-12);
    assert_number(s.effective_rank, 1.0, 1e-9); /* h moves on one line */
    assert_number(s.label_cosine, 1.0, 0.0);
    assert_number(s.alignment, 0.0, 0.0);
    free(gold);
    free(h);
}

static const int32_t small_gold[] = {0, 1, 2, 1};
static const real small_logits[] = {2, 1, 0, 0, 2, 1, 1, 2, 0, 0, 1, 0};
static const real small_cosines[] = {(real)0.9, (real)0.1, 0,         (real)0.8, (real)0.2, 0,
                                     0,         (real)0.1, (real)0.5, 0,         1,         0};
static const acf_space small_space = {.alignment = 0.25, .n_sample = 4};
static const acf_eval_input small = {.n = 4,
                                     .K = 3,
                                     .gold = small_gold,
                                     .logits = small_logits,
                                     .cosines = small_cosines,
                                     .tau = 0.1,
                                     .space = &small_space,
                                     .head = ACF_HEAD_LABEL,
                                     .with_ci = true};

static void both_heads_at_once(void **state)
{
    (void)state;
    acf_eval_result r;
    double x;
    assert_ok(acf_eval_classes(&r, &small, &e), &e);
    assert_true(acf_metric_get(&x, &r, ACF_HEAD_LINEAR, ACF_METRIC_ACCURACY));
    assert_number(x, 0.75, 0.0); /* the third row's logits say 1 */
    assert_true(acf_metric_get(&x, &r, ACF_HEAD_LABEL, ACF_METRIC_ACCURACY));
    assert_number(x, 0.75, 0.0); /* the second row's cosines say 0 */
    assert_true(acf_metric_get(&x, &r, ACF_HEAD_LABEL, ACF_METRIC_LOSS));
    double want = log(1 + exp(-8) + exp(-9)) + 6 + log(1 + exp(-6) + exp(-8)) +
                  log(1 + exp(-4) + exp(-5)) + log(1 + 2 * exp(-10));
    assert_number(x, want / 4, 1e-6);
    assert_true(r.has_space);
    assert_number(r.space.agreement, 0.5, 0.0);
    assert_number(r.space.alignment, 0.25, 0.0);
    assert_true(r.label.ci[ACF_METRIC_ACCURACY].low <= 0.75);
    acf_eval_result_free(&r);
    assert_int_equal(r.n, 0);

    acf_eval_input linear_only = small;
    linear_only.cosines = NULL;
    assert_ok(acf_eval_classes(&r, &linear_only, &e), &e);
    assert_false(r.has_space);
    assert_false(acf_metric_get(&x, &r, ACF_HEAD_LABEL, ACF_METRIC_ACCURACY));
    acf_eval_result_free(&r);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    acf_eval_result r;
    size_t held = acf_mem_held(), n = 0;
    acf_status st;
    do {
        (void)acf_mem_fail_at(++n);
        st = acf_eval_classes(&r, &small, &e);
        (void)acf_mem_fail_at(0);
        if (st != ACF_OK) assert_int_equal(st, ACF_ERR_RESOURCE);
        if (st != ACF_OK) assert_int_equal(acf_mem_held(), held);
    } while (st != ACF_OK && n < 100);
    assert_int_equal(st, ACF_OK);
    assert_true(n > 10);
    acf_eval_result_free(&r);
    assert_int_equal(acf_mem_held(), held);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_round_trip),
        cmocka_unit_test(one_row_is_finite),
        cmocka_unit_test(constant_scores_are_chance),
        cmocka_unit_test(all_of_one_class),
        cmocka_unit_test(extreme_scores_lose_nothing),
        cmocka_unit_test(top5_breaks_ties_by_id),
        cmocka_unit_test(refuses_bad_input),
        cmocka_unit_test(constant_regression_has_no_correlation),
        cmocka_unit_test(space_of_few_and_of_collapsed_rows),
        cmocka_unit_test(sample_is_spread_over_the_rows),
        cmocka_unit_test(both_heads_at_once),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
