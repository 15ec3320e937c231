/* Report, JSON and assertions of an evaluation. */
#include "base/json.h"
#include "base/mem.h"
#include "metrics/assertion.h"
#include "metrics/metrics_json.h"
#include "metrics/report.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/space_figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static acf_error e;

static const int32_t gold[] = {0, 1, 1, 0, 1};
static const real logits[] = {2, 1, 0, 2, 1, 3, 0, 1, 1, 0};
static const real cosines[] = {(real)0.5, 0,         0, (real)0.5, 0,
                               (real)0.5, (real)0.5, 0, 0,         (real)0.5};
static const real features[] = {1, 0, 0, 1, 1, 2, 2, 1, 1, 1};
static const real W[] = {1, 0, 0, 1};
static const char *const names[] = {"n\xC3\xA9gatif", "bad\x1B[31m"};

static void evaluate(acf_eval_result *r, acf_head head, bool with_ci)
{
    acf_space space; /* agreement is left to acf_eval_classes */
    assert_ok(space_figures(&space, gold, gold, gold, features, W, 5, 2, 2, &e), &e);
    acf_eval_input in = {.n = 5,
                         .K = 2,
                         .gold = gold,
                         .logits = logits,
                         .cosines = cosines,
                         .tau = 0.5,
                         .space = &space,
                         .head = head,
                         .with_ci = with_ci};
    assert_ok(acf_eval_classes(r, &in, &e), &e);
}

static void contains(const acf_str *s, const char *what)
{
    if (strstr(s->data, what) != NULL) return;
    print_error("%s", s->data); /* fail_msg cuts long texts */
    fail_msg("the text lacks '%s'", what);
}

static void headline_reads_as_documented(void **state)
{
    (void)state;
    acf_eval_result r = {.n = 872, .K = 2};
    acf_str s = {0};
    const acf_metric shown[] = {ACF_METRIC_ACCURACY, ACF_METRIC_PEARSON, ACF_METRIC_MCC,
                                ACF_METRIC_LOSS};
    r.linear.n = 872;
    r.linear.value[ACF_METRIC_ACCURACY] = 0.879;
    r.linear.ci[ACF_METRIC_ACCURACY] = (acf_ci){0.8561, 0.9};
    r.linear.value[ACF_METRIC_PEARSON] = (double)NAN;
    r.linear.value[ACF_METRIC_MCC] = 0.01;
    r.linear.ci[ACF_METRIC_MCC] = (acf_ci){-0.05, 0.07};
    r.linear.value[ACF_METRIC_LOSS] = 0.3;
    r.linear.ci[ACF_METRIC_LOSS] = (acf_ci){(double)NAN, (double)NAN};
    assert_ok(acf_report_headline(&s, &r, shown, 4, names, &e), &e);
    assert_string_equal(s.data, "accuracy = 0.8790  (95 % CI 0.8561-0.9000)\n"
                                "mcc = 0.0100  (95 % CI -0.0500 to 0.0700)\n"
                                "loss = 0.3000\n");

    /* Whose F1 it is. */
    static const acf_metric f1[] = {ACF_METRIC_F1};
    r.linear.value[ACF_METRIC_F1] = 0.5;
    r.linear.ci[ACF_METRIC_F1] = (acf_ci){0.4, 0.6};
    acf_str_clear(&s);
    assert_ok(acf_report_headline(&s, &r, f1, 1, names, &e), &e);
    assert_string_equal(s.data, "f1 = 0.5000  (95 % CI 0.4000-0.6000), of 'bad?[31m'\n");
    r.K = 3;
    acf_str_clear(&s);
    assert_ok(acf_report_headline(&s, &r, f1, 1, names, &e), &e);
    assert_string_equal(s.data, "f1 = 0.5000  (95 % CI 0.4000-0.6000)\n");
    acf_str_free(&s);
}

static void report_shows_both_heads(void **state)
{
    (void)state;
    acf_eval_result r;
    acf_str s = {0};
    evaluate(&r, ACF_HEAD_LABEL, true);
    assert_ok(acf_report_full(&s, &r, names, &e), &e);
    contains(&s, "5 rows, 2 classes            linear  95 % CI               label  95 % CI\n");
    contains(&s,
             "  accuracy                   0.6000  0.2000-1.0000        1.0000  1.0000-1.0000\n");
    contains(&s, "  loss                       0.6387                       0.3133\n");
    contains(&s, "  f1 ('bad?[31m')            0.6667  ");
    contains(&s, "                    linear                     label\n"
                 "  class       rows  precision  recall     F1   precision  recall     F1\n"
                 "  n\xC3\xA9gatif        2     0.5000  0.5000 0.5000      1.0000  1.0000 1.0000\n"
                 "  bad?[31m       3     0.6667  0.6667 0.6667      1.0000  1.0000 1.0000\n");
    contains(&s, "confusion of the label head: rows = gold, columns = predicted\n"
                 "            n\xC3\xA9gatif   bad?[31m\n"
                 "  n\xC3\xA9gatif   2         0       \n");
    contains(&s, "  agreement of the heads       0.6000\n");
    if (strchr(s.data, 0x1B) != NULL) fail_msg("an escape sequence came through");
    acf_eval_result_free(&r);
    acf_str_free(&s);
}

static void many_classes_show_the_worst(void **state)
{
    (void)state;
    enum { K = 120, N = 240 };
    int32_t g[N], p[N];
    char text[K][16];
    const char *label[K];
    acf_eval_result r = {.n = N, .K = K};
    acf_str s = {0};
    for (int i = 0; i < N; i++)
        g[i] = p[i] = i % K;
    p[7] = 8; /* class 7 once, class 9 twice wrong */
    p[9] = p[9 + K] = 10;
    for (int k = 0; k < K; k++) {
        (void)snprintf(text[k], sizeof text[k], "c%d", k);
        label[k] = text[k];
    }
    assert_ok(acf_metrics_classes(&r.linear, g, p, NULL, N, K, &e), &e);
    assert_ok(acf_report_full(&s, &r, label, &e), &e);
    contains(&s, "the 20 classes of the lowest F1 (all 120: --json)");
    contains(&s, "F1\n  c9          2     0.0000  0.0000 0.0000\n  c7 ");
    contains(&s, "most frequent confusions of the linear head\n"
                 "  c9    -> c10         2  (100.0 % of its rows)\n"
                 "  c7    -> c8          1  (50.0 % of its rows)\n");
    assert_null(strstr(s.data, "label"));
    acf_metrics_free(&r.linear);
    acf_str_free(&s);
}

static void json_has_the_documented_keys(void **state)
{
    (void)state;
    acf_eval_result r;
    cJSON *tree;
    evaluate(&r, ACF_HEAD_LINEAR, true);
    assert_ok(acf_metrics_json(&tree, &r, "runs/a", "dev.tsv", names, &e), &e);
    static const char *const keys[] = {"model",  "data",   "n",     "head", "loss",
                                       "labels", "linear", "label", "space"};
    assert_int_equal(cJSON_GetArraySize(tree), sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!cJSON_HasObjectItem(tree, keys[i])) fail_msg("no key '%s'", keys[i]);
    assert_string_equal(cJSON_GetObjectItem(tree, "model")->valuestring, "runs/a");
    assert_string_equal(cJSON_GetObjectItem(tree, "head")->valuestring, "linear");
    const cJSON *linear = cJSON_GetObjectItem(tree, "linear");
    assert_number(cJSON_GetObjectItem(linear, "accuracy")->valuedouble, 0.6, 1e-15);
    assert_number(cJSON_GetObjectItem(tree, "loss")->valuedouble,
                  cJSON_GetObjectItem(linear, "loss")->valuedouble, 0.0);
    assert_false(cJSON_HasObjectItem(linear, "pearson"));
    assert_false(cJSON_HasObjectItem(linear, "top5_accuracy"));
    assert_int_equal(
        cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(linear, "ci"), "mcc")), 2);
    const cJSON *one = cJSON_GetObjectItem(cJSON_GetObjectItem(linear, "per_class"), names[0]);
    assert_number(cJSON_GetObjectItem(one, "support")->valuedouble, 2.0, 0.0);
    char *text = acf_json_print(cJSON_GetObjectItem(linear, "confusion_matrix"), false, &e);
    assert_string_equal(text, "[[1,1],[1,2]]");
    acf_free(text);
    cJSON_Delete(tree);

    cJSON *flat = cJSON_CreateObject();
    assert_ok(acf_metrics_json_values(flat, &r.linear, "eval_", &e), &e);
    assert_number(cJSON_GetObjectItem(flat, "eval_accuracy")->valuedouble, 0.6, 1e-15);
    cJSON_Delete(flat);

    cJSON *bare = cJSON_CreateObject(); /* of two classes where one is the most */
    assert_ok(acf_metrics_json_heads(bare, &r, names, 1, &e), &e);
    assert_int_equal(cJSON_GetArraySize(bare), 3);
    linear = cJSON_GetObjectItem(bare, "linear");
    assert_true(cJSON_HasObjectItem(linear, "ci"));
    assert_false(cJSON_HasObjectItem(linear, "per_class"));
    assert_false(cJSON_HasObjectItem(linear, "confusion_matrix"));
    cJSON_Delete(bare);
    acf_eval_result_free(&r);
}

static void json_of_a_regression(void **state)
{
    (void)state;
    const double want[] = {1, 2, 3}, got[] = {1, 2, 5};
    acf_eval_result r;
    cJSON *tree;
    acf_str s = {0};
    assert_ok(acf_eval_regression(&r, want, got, 3, true, &e), &e);
    assert_ok(acf_metrics_json(&tree, &r, "m", "d", NULL, &e), &e);
    assert_false(cJSON_HasObjectItem(tree, "label"));
    assert_false(cJSON_HasObjectItem(tree, "labels"));
    assert_number(cJSON_GetObjectItem(tree, "loss")->valuedouble, 4.0 / 3.0, 1e-15);
    assert_ok(acf_report_full(&s, &r, NULL, &e), &e);
    contains(&s, "3 rows  ");
    contains(&s, "  spearman                   1.0000  ");
    assert_null(strstr(s.data, "  loss "));
    acf_str_free(&s);
    cJSON_Delete(tree);
    acf_eval_result_free(&r);
}

static void text_survives_every_failed_allocation(void **state)
{
    (void)state;
    acf_eval_result r;
    acf_json_start();
    evaluate(&r, ACF_HEAD_LINEAR, true);
    size_t held = acf_mem_held();
    acf_status st = ACF_ERR_FAIL;
    for (size_t n = 1; st != ACF_OK && n < 1000; n++) {
        cJSON *tree = NULL;
        acf_str s = {0};
        (void)acf_mem_fail_at(n);
        st = acf_metrics_json(&tree, &r, "m", "d", names, &e);
        if (st == ACF_OK) st = acf_report_full(&s, &r, names, &e);
        (void)acf_mem_fail_at(0);
        if (st != ACF_OK) assert_int_equal(st, ACF_ERR_RESOURCE);
        cJSON_Delete(tree);
        acf_str_free(&s);
        assert_int_equal(acf_mem_held(), held);
    }
    assert_int_equal(st, ACF_OK);
    acf_eval_result_free(&r);
}

static void assertions_are_parsed(void **state)
{
    (void)state;
    acf_assertion a;
    assert_ok(acf_assertion_parse(&a, "accuracy>=0.87", &e), &e);
    assert_true(!a.has_head && a.metric == ACF_METRIC_ACCURACY && a.relation == ACF_REL_GE);
    assert_number(a.bound, 0.87, 0.0);
    assert_ok(acf_assertion_parse(&a, "label.mcc > -1e-1", &e), &e);
    assert_true(a.has_head && a.head == ACF_HEAD_LABEL && a.metric == ACF_METRIC_MCC &&
                a.relation == ACF_REL_GT);
    assert_number(a.bound, -0.1, 0.0);
    assert_ok(acf_assertion_parse(&a, "linear.loss<=.5", &e), &e);
    assert_true(a.head == ACF_HEAD_LINEAR && a.relation == ACF_REL_LE);
    assert_ok(acf_assertion_parse(&a, "ece<1", &e), &e);
    assert_int_equal(a.relation, ACF_REL_LT);
}

static void assertions_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"accuracy", "no relation"},
        {"", "no relation"},
        {"acuracy>=0.9", "unknown metric 'acuracy': did you mean 'accuracy'?"},
        {"both.accuracy>=0.9", "unknown metric 'both.accuracy'"},
        {">=0.9", "unknown metric ''"},
        {"accuracy>=", "'' is not a number"},
        {"accuracy>=high", "'high' is not a number"},
        {"accuracy>=0.9x", "'0.9x' is not a number"},
        {"accuracy>=nan", "'nan' is not a number"},
        {"accuracy>=0x1", "'0x1' is not a number"},
        {"accuracy>=1e999", "'1e999' is not a number"},
        {"accuracy=>0.9", "unknown metric 'accuracy='"},
        {"accuracy>=>0.9", "is not a number"},
    };
    acf_assertion a;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(acf_assertion_parse(&a, cases[i][0], &e), ACF_ERR_USAGE, cases[i][1], &e);
}

static void assertions_are_checked(void **state)
{
    (void)state;
    acf_eval_result r;
    acf_assertion a;
    evaluate(&r, ACF_HEAD_LABEL, false);
    static const struct {
        const char *expr, *failure;
    } cases[] = {
        {"accuracy>=1", NULL},
        {"label.accuracy>=1", NULL},
        {"accuracy>1", "label.accuracy = 1, expected > 1"},
        {"linear.accuracy<0.61", NULL},
        {"linear.accuracy<=0.6", NULL},
        {"linear.accuracy>=0.61", "linear.accuracy = 0.6, expected >= 0.61"},
        {"pearson>0", "label.pearson is absent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(acf_assertion_parse(&a, cases[i].expr, &e), &e);
        if (cases[i].failure == NULL)
            assert_ok(acf_assertion_check(&a, &r, &e), &e);
        else
            assert_fails(acf_assertion_check(&a, &r, &e), ACF_ERR_FAIL, cases[i].failure, &e);
    }
    acf_eval_result_free(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headline_reads_as_documented),
        cmocka_unit_test(report_shows_both_heads),
        cmocka_unit_test(many_classes_show_the_worst),
        cmocka_unit_test(json_has_the_documented_keys),
        cmocka_unit_test(json_of_a_regression),
        cmocka_unit_test(text_survives_every_failed_allocation),
        cmocka_unit_test(assertions_are_parsed),
        cmocka_unit_test(assertions_are_refused),
        cmocka_unit_test(assertions_are_checked),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
