/* Figures against scikit-learn, scipy and numpy: tests/golden/metrics.json, made by
 * scripts/golden_metrics.py. */
#include "metrics/bootstrap.h"
#include "metrics/metrics.h"
#include "metrics/space.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fixture.h"
#include "support/space_figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static acf_error e;
static cJSON *fixture;

static int load(void **state)
{
    (void)state;
    fixture = fixture_load("metrics.json");
    return fixture != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    cJSON_Delete(fixture);
    return 0;
}

static real *reals(const cJSON *object, const char *key, size_t n)
{
    double *x = fixture_numbers(object, key, n);
    real *y = calloc(n, sizeof *y);
    assert_non_null(y);
    for (size_t i = 0; i < n; i++)
        y[i] = (real)x[i];
    free(x);
    return y;
}

/* Every figure of the fixture is there and equal, every other one is absent. */
static void check_values(const acf_metrics *m, const cJSON *want)
{
    int found = 0;
    for (int i = 0; i < ACF_METRIC_COUNT; i++) {
        const char *name = acf_metric_name((acf_metric)i);
        if (cJSON_HasObjectItem(want, name)) {
            found++;
            if (!(fabs(m->value[i] - fixture_number(want, name)) <= 1e-9))
                fail_msg("%s: got %.12g, want %.12g", name, m->value[i],
                         fixture_number(want, name));
        } else if (!isnan(m->value[i])) {
            fail_msg("%s: got %.12g, expected nothing", name, m->value[i]);
        }
    }
    assert_int_equal(found, cJSON_GetArraySize(want));
}

/* A quantile of 1,000 draws has a Monte Carlo error of 0.085 standard deviations at 2.5 %; five of
 * them, and the step of a discrete figure. */
static void check_intervals(const acf_metrics *m, const cJSON *want, double step)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, want)
    {
        int metric = acf_metric_parse(item->string);
        assert_true(metric >= 0);
        double tol = 5.0 * 0.085 * cJSON_GetArrayItem(item, 2)->valuedouble + step;
        assert_number(m->ci[metric].low, cJSON_GetArrayItem(item, 0)->valuedouble, tol);
        assert_number(m->ci[metric].high, cJSON_GetArrayItem(item, 1)->valuedouble, tol);
    }
}

static void check_classes(const cJSON *c)
{
    size_t n = (size_t)fixture_number(c, "n"), K = (size_t)fixture_number(c, "K");
    int32_t *gold = fixture_ids(c, "gold", n);
    real *scores = reals(c, "scores", n * K);
    double *precision = fixture_numbers(c, "precision", K),
           *recall = fixture_numbers(c, "recall", K);
    double *f1 = fixture_numbers(c, "class_f1", K), *support = fixture_numbers(c, "support", K);
    double *confusion = fixture_numbers(c, "confusion", K * K);
    acf_metrics m;
    assert_ok(acf_metrics_classes(&m, gold, NULL, scores, n, (int)K, &e), &e);
    check_values(&m, cJSON_GetObjectItem(c, "value"));
    for (size_t k = 0; k < K; k++) {
        assert_number(m.cls[k].precision, precision[k], 1e-12);
        assert_number(m.cls[k].recall, recall[k], 1e-12);
        assert_number(m.cls[k].f1, f1[k], 1e-12);
        assert_int_equal(m.cls[k].support, (int64_t)support[k]);
    }
    for (size_t i = 0; i < K * K; i++)
        assert_int_equal(m.confusion[i], (int64_t)confusion[i]);
    assert_ok(acf_bootstrap_classes(&m, &e), &e);
    check_intervals(&m, cJSON_GetObjectItem(c, "interval"), 0.5 / (double)n);
    acf_metrics_free(&m);
    free(gold);
    free(scores);
    free(precision);
    free(recall);
    free(f1);
    free(support);
    free(confusion);
}

static void classes_equal_scikit_learn(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(fixture, "classes")) check_classes(c);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(fixture, "classes")), 3);
}

static void regression_equals_scipy(void **state)
{
    (void)state;
    const cJSON *c = cJSON_GetArrayItem(cJSON_GetObjectItem(fixture, "regression"), 0);
    size_t n = (size_t)fixture_number(c, "n");
    double *gold = fixture_numbers(c, "gold", n), *pred = fixture_numbers(c, "pred", n);
    acf_eval_result r;
    assert_ok(acf_eval_regression(&r, gold, pred, n, true, &e), &e);
    check_values(&r.linear, cJSON_GetObjectItem(c, "value"));
    check_intervals(&r.linear, cJSON_GetObjectItem(c, "interval"), 0.0);
    acf_eval_result_free(&r);
    free(gold);
    free(pred);
}

static void check_space(const cJSON *c)
{
    size_t n = (size_t)fixture_number(c, "n"), d = (size_t)fixture_number(c, "d"),
           K = (size_t)fixture_number(c, "K");
    int32_t *gold = fixture_ids(c, "gold", n), *linear = fixture_ids(c, "linear", n),
            *label = fixture_ids(c, "label", n);
    real *h = reals(c, "features", n * d), *W = reals(c, "W", K * d);
    const cJSON *want = cJSON_GetObjectItem(c, "value");
    acf_space s;
    assert_ok(space_figures(&s, gold, linear, label, h, W, n, (int)d, (int)K, &e), &e);
    assert_number(s.agreement, fixture_number(want, "agreement"), 1e-12);
    assert_number(s.label_cosine, fixture_number(want, "label_cosine"), 1e-9);
    assert_number(s.alignment, fixture_number(want, "alignment"), 1e-9);
    assert_number(s.uniformity, fixture_number(want, "uniformity"), 1e-9);
    assert_number(s.mean_cosine, fixture_number(want, "mean_cosine"), 1e-9);
    assert_number(s.effective_rank, fixture_number(want, "effective_rank"), 1e-9);
    assert_int_equal(s.n_sample, n);
    free(gold);
    free(linear);
    free(label);
    free(h);
    free(W);
}

static void space_equals_numpy(void **state)
{
    (void)state;
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(fixture, "space")) check_space(c);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(fixture, "space")), 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_equal_scikit_learn),
        cmocka_unit_test(regression_equals_scipy),
        cmocka_unit_test(space_equals_numpy),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, load, unload) != 0;
}
