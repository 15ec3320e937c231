/* The objective in the float build: golden vectors, presets, limits, threads. */
#include "support/choice.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/golden_objective.h"

#include "base/mem.h"

#include <math.h>
#include <omp.h>

static eval got, other; /* too large for some stacks */

static void golden_values(void **state)
{
    (void)state;
    check_golden_values(1e-5);
}

static void golden_per_anchor(void **state)
{
    (void)state;
    check_golden_per_anchor(1e-5);
}

static void golden_gradient(void **state)
{
    (void)state;
    check_golden_gradient(1e-5);
}

static void golden_cor(void **state)
{
    (void)state;
    check_golden_cor(1e-5);
}

static void golden_label_terms(void **state)
{
    (void)state;
    check_golden_label_terms(1e-5);
}

static void names_and_presets(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double ce, lambda, label_reg;
        acf_head head;
        bool has_contrast;
    } row[] = {
        {"ce", 1, 0, 0, ACF_HEAD_LINEAR, false},   {"cosine_ce", 0, 1, 0, ACF_HEAD_LABEL, true},
        {"icl", 1, 0.5, 0, ACF_HEAD_LINEAR, true}, {"lcl", 1, 0.5, 0, ACF_HEAD_LINEAR, true},
        {"scl", 1, 0.5, 0, ACF_HEAD_LINEAR, true}, {"paco", 1, 0.5, 0, ACF_HEAD_LINEAR, true},
        {"acf", 1, 0.5, 0, ACF_HEAD_LINEAR, true}, {"lacon", 0, 1, 0.1, ACF_HEAD_LABEL, true},
        {"mse", 1, 0, 0, ACF_HEAD_LINEAR, false},
    };
    assert_int_equal(sizeof row / sizeof *row, ACF_N_LOSS_TYPES);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        acf_loss_type type = (acf_loss_type)i;
        assert_int_equal(choice_value("loss.type", row[i].name), i);
        assert_string_equal(acf_loss_type_name(type), row[i].name);
        assert_int_equal(acf_objective_head(type), row[i].head);
        assert_int_equal(acf_objective_has_contrast(type), row[i].has_contrast);
        acf_objective o = acf_objective_default(type);
        assert_number(o.ce, row[i].ce, 0);
        assert_number(o.lambda, row[i].lambda, 0);
        assert_number(o.label_reg, row[i].label_reg, 0);
        assert_number(o.tau, 0.1, 0);
        assert_number(o.label_weight, 1, 0);
        assert_number(o.cor_weight, 0, 0);
        assert_int_equal(o.form, ACF_FORM_SUPCON);
        assert_int_equal(o.cor_type, ACF_COR_FEATURE);
    }
    acf_head head = ACF_HEAD_LINEAR;
    assert_true(acf_head_parse(&head, "label") && head == ACF_HEAD_LABEL);
    assert_false(acf_head_parse(&head, "both"));
    assert_string_equal(acf_head_name(ACF_HEAD_LINEAR), "linear");
    assert_int_equal(choice_value("eval.head", "linear"), ACF_HEAD_LINEAR);
    assert_int_equal(choice_value("eval.head", "label"), ACF_HEAD_LABEL);
}

static void refuses_bad_settings(void **state)
{
    (void)state;
    acf_error e;
    const acf_objective fine = acf_objective_default(ACF_LOSS_ACF);
    acf_objective o = fine;
    assert_ok(acf_objective_check(&o, 2, &e), &e);
    assert_fails(acf_objective_check(&o, 1, &e), ACF_ERR_USAGE,
                 "loss.type: acf needs at least 2 classes, but there is 1", &e);
    o.tau = 10.5;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE,
                 "loss.tau = 10.5 is out of range [0.001, 10]", &e);
    o.tau = NAN;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE, "loss.tau", &e);
    o = fine;
    o.label_weight = 0.0;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE,
                 "loss.label_weight = 0 is out of range (0, 100]", &e);
    o.label_weight = 2.0;
    assert_ok(acf_objective_check(&o, 2, &e), &e);
    o.form = ACF_FORM_NTXENT;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE,
                 "loss.form: ntxent has no label weights, but loss.label_weight = 2", &e);
    o.type = ACF_LOSS_CE; /* which ignores both */
    assert_ok(acf_objective_check(&o, 2, &e), &e);
    o = fine;
    o.ce = -1.0;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE, "loss.ce = -1", &e);
    o = fine;
    o.lambda = INFINITY;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE, "loss.lambda = inf", &e);
    o = fine;
    o.cor_weight = -0.5;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE, "loss.cor.weight = -0.5", &e);
    o = fine;
    o.label_reg = NAN;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE, "loss.label_reg = ", &e);
    o = fine;
    o.label_smoothing = 1.0;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE,
                 "loss.label_smoothing = 1 is out of range [0, 1)", &e);

    const double minus[] = {1, -1}, none[] = {0, 0}, one[] = {0, 1};
    o = fine;
    o.class_weight = minus;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE,
                 "loss.class_weights: weight 1 is -1", &e);
    o.class_weight = none;
    assert_fails(acf_objective_check(&o, 2, &e), ACF_ERR_USAGE, "all 2 weights are 0", &e);
    o.class_weight = one;
    assert_ok(acf_objective_check(&o, 2, &e), &e);

    o = acf_objective_default(ACF_LOSS_MSE);
    assert_ok(acf_objective_check(&o, 1, &e), &e);
    assert_fails(acf_objective_check(&o, 3, &e), ACF_ERR_USAGE,
                 "loss.type: mse is for regression (one output), but there are 3 classes", &e);
}

static void ce_ignores_the_contrastive_keys(void **state)
{
    (void)state;
    acf_objective plain = acf_objective_default(ACF_LOSS_CE), o = plain;
    o.lambda = 3.0;
    o.tau = 0.7;
    o.form = ACF_FORM_NTXENT;
    o.label_weight = 9.0;
    o.cor_type = ACF_COR_LABEL;
    o.cor_weight = 2.0;
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    evaluate(&other, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &plain);
    assert_memory_equal(&got, &other, sizeof got);
    assert_number(got.loss.total, got.loss.ce, 0);
    assert_false(got.loss.has_contrast || got.loss.has_excess || got.loss.has_cor);

    /* Label rows alone teach nothing here: softmax minus target by hand. */
    double want = 0.0;
    for (int i = 0; i < 4; i++) {
        double z[3], sum = 0.0;
        for (int k = 0; k < 3; k++) {
            z[k] = 0.0;
            for (int c = 0; c < 3; c++)
                z[k] += (double)golden_h[3 * i + c] * (double)golden_w[3 * k + c];
            sum += exp(z[k]);
            assert_number((double)got.logits[3 * i + k], z[k], 1e-6);
        }
        want += (log(sum) - z[golden_y[i]]) / 4;
    }
    assert_number(got.loss.ce, want, 1e-6);
}

static void class_weights_and_smoothing(void **state)
{
    (void)state;
    /* By hand: sum_i [(1 - e) v_y nll_y + e / K sum_k v_k nll_k] / sum_i v_y. */
    const double v[] = {0.5, 2.0, 1.0}, smoothing = 0.2;
    acf_objective o = acf_objective_default(ACF_LOSS_CE);
    o.class_weight = v;
    o.label_smoothing = smoothing;
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    double top = 0.0, bottom = 0.0;
    for (int i = 0; i < 4; i++) {
        double sum = 0.0;
        for (int k = 0; k < 3; k++)
            sum += exp((double)got.logits[3 * i + k]);
        for (int k = 0; k < 3; k++) {
            double nll = log(sum) - (double)got.logits[3 * i + k];
            top += smoothing / 3 * v[k] * nll;
            if (k == golden_y[i]) top += (1 - smoothing) * v[k] * nll;
        }
        bottom += v[golden_y[i]];
    }
    assert_number(got.loss.ce, top / bottom, 1e-6);

    const double absent[] = {0, 0, 1}; /* no row of the batch has weight */
    o.class_weight = absent;
    o.label_smoothing = 0.0;
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    assert_number(got.loss.total, 0, 0);
    assert_true(all_zero(got.d_h, 12) && all_zero(got.d_W, 9) && all_zero(got.d_b, 3));
}

static void regression(void **state)
{
    (void)state;
    acf_error e;
    const real h[] = {1, 2, 3, 4}, W[] = {(real)0.5, -1}, b[] = {(real)0.25};
    const double target[] = {0, 1};
    acf_objective o = acf_objective_default(ACF_LOSS_MSE);
    o.ce = 0.0; /* ignored, as all the rest */
    o.lambda = 1.0;
    o.label_reg = 1.0;
    o.cor_weight = 1.0;
    assert_ok(acf_objective_check(&o, 1, &e), &e);
    void *scratch = acf_alloc(acf_objective_scratch(2, 1, 2), 1, "scratch", &e);
    assert_non_null(scratch);
    acf_loss loss;
    real x[2], d_h[4], d_W[2] = {10, 20}, d_b[1] = {30};
    const acf_objective_gradient gradient = {d_h, d_W, d_b};
    const acf_objective_batch in = {
        .N = 2, .K = 1, .d = 2, .h = h, .target = target, .W = W, .b = b};
    acf_objective_evaluate(&loss, x, &gradient, &in, &o, scratch);
    const real want_x[] = {(real)-1.25, (real)-2.25}; /* misses -1.25 and -3.25 */
    const real want_h[] = {(real)-0.625, (real)1.25, (real)-1.625, (real)3.25};
    const real want_W[] = {10 - (real)(1.25 + 3 * 3.25), 20 - (real)(2 * 1.25 + 4 * 3.25)};
    const real want_b[] = {30 - (real)4.5};
    assert_number(loss.total, (1.25 * 1.25 + 3.25 * 3.25) / 2, 1e-12);
    assert_number(loss.ce, loss.total, 0);
    assert_close(x, want_x, 2, 1e-6, 0);
    assert_close(d_h, want_h, 4, 1e-6, 0);
    assert_close(d_W, want_W, 2, 1e-5, 0);
    assert_close(d_b, want_b, 1, 1e-5, 0);
    acf_free(scratch);
}

static void dropout_reaches_ce_only(void **state)
{
    (void)state;
    const real keep[12] = {2, 0, 2, 2, 2, 0, 0, 2, 2, 2, 2, 2};
    real hk[12];
    for (int j = 0; j < 12; j++)
        hk[j] = golden_h[j] * keep[j];
    acf_objective o = acf_objective_default(ACF_LOSS_ACF);
    evaluate(&got, golden_h, keep, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    evaluate(&other, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    assert_number(got.loss.contrast, other.loss.contrast, 0);
    assert_number(got.loss.cor, other.loss.cor, 0);
    assert_true(fabs(got.loss.ce - other.loss.ce) > 1e-3);
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    evaluate(&other, hk, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &ce);
    assert_number(got.loss.ce, other.loss.ce, 1e-12);
}

static void value_only_and_adding(void **state)
{
    (void)state;
    acf_error e;
    acf_objective o = acf_objective_default(ACF_LOSS_LACON);
    o.ce = 1.0;
    o.cor_weight = 0.2;
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    void *scratch = acf_alloc(acf_objective_scratch(4, 3, 3), 1, "scratch", &e);
    assert_non_null(scratch);
    acf_loss loss;
    real logits[12], d_h[12], d_W[9], d_b[3];
    const acf_objective_gradient gradient = {d_h, d_W, d_b};
    const acf_objective_batch in = {
        .N = 4, .K = 3, .d = 3, .h = golden_h, .y = golden_y, .W = golden_w, .b = golden_b};
    acf_objective_evaluate(&loss, logits, NULL, &in, &o, scratch);
    assert_number(loss.total, got.loss.total, 0);
    assert_memory_equal(logits, got.logits, sizeof logits);
    for (int j = 0; j < 12; j++)
        d_h[j] = (real)NAN; /* written */
    for (int j = 0; j < 9; j++)
        d_W[j] = 1; /* added to */
    for (int j = 0; j < 3; j++)
        d_b[j] = -2;
    acf_objective_evaluate(&loss, logits, &gradient, &in, &o, scratch);
    assert_close(d_h, got.d_h, 12, 0, 0);
    for (int j = 0; j < 9; j++)
        assert_number((double)d_W[j], (double)got.d_W[j] + 1, 1e-6);
    for (int j = 0; j < 3; j++)
        assert_number((double)d_b[j], (double)got.d_b[j] - 2, 1e-6);
    acf_free(scratch);
}

static void nan_and_infinity_come_out(void **state)
{
    (void)state;
    const double bad[] = {(double)NAN, (double)INFINITY};
    for (int type = ACF_LOSS_CE; type <= ACF_LOSS_LACON; type++)
        for (int k = 0; k < 2; k++) {
            real h[12];
            memcpy(h, golden_h, sizeof h);
            h[7] = (real)bad[k];
            acf_objective o = acf_objective_default((acf_loss_type)type);
            evaluate(&got, h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
            assert_true(!isfinite(got.loss.total));
            assert_false(all_finite(got.d_h, 12));
        }
}

static void label_cosines_of_every_row(void **state)
{
    (void)state;
    enum { N = 19, K = 5, D = 13 };
    real h[N * D], W[K * D], cos[N * K];
    fill_objective(h, N * D, 10);
    fill_objective(W, K * D, 11);
    acf_label_cosines(cos, h, W, N, K, D);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < K; k++) {
            double hw = 0, hh = 0, ww = 0;
            for (int c = 0; c < D; c++) {
                double x = (double)h[D * i + c], w = (double)W[D * k + c];
                hw += x * w;
                hh += x * x;
                ww += w * w;
            }
            assert_number((double)cos[K * i + k], hw / sqrt(hh * ww), 1e-6);
        }
}

/* Large enough that every parallel loop really runs on several threads. */
static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = 45, K = 67, D = 61 };
    static real h[N * D], W[K * D], b[K];
    static eval result[2];
    int32_t y[N];
    fill_objective(h, N * D, 7);
    fill_objective(W, K * D, 8);
    fill_objective(b, K, 9);
    for (int i = 0; i < N; i++)
        y[i] = (i * i) % K;
    int before = omp_get_max_threads();
    for (int type = ACF_LOSS_CE; type <= ACF_LOSS_LACON; type++)
        for (int cor = ACF_COR_FEATURE; cor <= ACF_COR_WITHIN; cor++) {
            acf_objective o = acf_objective_default((acf_loss_type)type);
            o.ce = 1.0;
            o.cor_type = (acf_cor)cor;
            o.cor_weight = 0.1;
            for (int t = 0; t < 2; t++) {
                omp_set_num_threads(t + 1);
                evaluate(&result[t], h, NULL, y, W, b, N, K, D, &o);
            }
            assert_memory_equal(&result[0], &result[1], sizeof result[0]);
        }
    static real cos[2][N * K];
    for (int t = 0; t < 2; t++) {
        omp_set_num_threads(t + 1);
        acf_label_cosines(cos[t], h, W, N, K, D);
    }
    assert_memory_equal(cos[0], cos[1], sizeof cos[0]);
    omp_set_num_threads(before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_values),
        cmocka_unit_test(golden_per_anchor),
        cmocka_unit_test(golden_gradient),
        cmocka_unit_test(golden_cor),
        cmocka_unit_test(golden_label_terms),
        cmocka_unit_test(names_and_presets),
        cmocka_unit_test(refuses_bad_settings),
        cmocka_unit_test(ce_ignores_the_contrastive_keys),
        cmocka_unit_test(class_weights_and_smoothing),
        cmocka_unit_test(regression),
        cmocka_unit_test(dropout_reaches_ce_only),
        cmocka_unit_test(value_only_and_adding),
        cmocka_unit_test(nan_and_infinity_come_out),
        cmocka_unit_test(label_cosines_of_every_row),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
