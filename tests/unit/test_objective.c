/* The objective in the float build: golden vectors, presets, limits and degenerate batches. */
#include "support/close.h"
#include "support/cm.h"
#include "support/golden_objective.h"

#include "base/mem.h"
#include "base/rng.h"

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

/* Normal numbers, a different set for each step. */
static void fill(real *x, size_t n, uint64_t step)
{
    acf_rng rng = {.seed = 7, .stream = ACF_STREAM_INIT, .step = step};
    for (size_t i = 0; i < n; i++)
        x[i] = (real)acf_rng_normal(rng, i);
}

static bool all_finite(const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

static bool all_zero(const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0) return false;
    return true;
}

static void assert_finite(const eval *r, int N, int K, int d)
{
    assert_true(isfinite(r->loss.total));
    assert_true(isfinite(r->loss.contrast));
    assert_true(isfinite(r->loss.cor));
    assert_true(isfinite(r->loss.excess));
    assert_true(r->loss.excess >= 0.0);
    assert_true(all_finite(r->d_h, (size_t)N * (size_t)d));
    assert_true(all_finite(r->d_W, (size_t)K * (size_t)d));
    assert_true(all_finite(r->d_b, (size_t)K));
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
        acf_loss_type type = ACF_LOSS_MSE;
        assert_true(acf_loss_type_parse(&type, row[i].name));
        assert_int_equal(type, i);
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
    acf_loss_type type = ACF_LOSS_SCL;
    acf_form form = ACF_FORM_SUPCON;
    acf_cor cor = ACF_COR_NONE;
    acf_head head = ACF_HEAD_LINEAR;
    assert_false(acf_loss_type_parse(&type, "ACF"));
    assert_int_equal(type, ACF_LOSS_SCL);
    assert_true(acf_form_parse(&form, "ntxent") && form == ACF_FORM_NTXENT);
    assert_false(acf_form_parse(&form, ""));
    assert_true(acf_cor_parse(&cor, "within") && cor == ACF_COR_WITHIN);
    assert_false(acf_cor_parse(&cor, "labels"));
    assert_string_equal(acf_cor_name(ACF_COR_LABEL), "label");
    assert_true(acf_head_parse(&head, "label") && head == ACF_HEAD_LABEL);
    assert_false(acf_head_parse(&head, "both"));
    assert_string_equal(acf_head_name(ACF_HEAD_LINEAR), "linear");
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
    acf_objective_evaluate(&loss, x, d_h, d_W, d_b, h, NULL, NULL, target, W, b, 2, 1, 2, &o,
                           scratch);
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

/* With one instance, icl, cosine_ce and the instance part of acf are the cosine-softmax CE. */
static void one_instance_is_cosine_softmax(void **state)
{
    (void)state;
    const double tau = 0.2;
    const int32_t y[] = {1};
    double cosine[3], sum = 0.0;
    real cos[3];
    acf_label_cosines(cos, golden_h, golden_w, 1, 3, 3);
    for (int k = 0; k < 3; k++) {
        double hw = 0, hh = 0, ww = 0;
        for (int c = 0; c < 3; c++) {
            double a = (double)golden_h[c], b = (double)golden_w[3 * k + c];
            hw += a * b;
            hh += a * a;
            ww += b * b;
        }
        cosine[k] = hw / sqrt(hh * ww);
        assert_number((double)cos[k], cosine[k], 1e-6);
        sum += exp(cosine[k] / tau);
    }
    double want = log(sum) - cosine[1] / tau;
    const acf_loss_type same[] = {ACF_LOSS_ICL, ACF_LOSS_COSINE_CE, ACF_LOSS_PACO};
    for (int i = 0; i < 3; i++)
        for (int f = 0; f < 2; f++) {
            acf_objective o = only_contrast(same[i], (acf_form)f, tau);
            evaluate(&got, golden_h, NULL, y, golden_w, golden_b, 1, 3, 3, &o);
            assert_number(got.loss.contrast, want, 1e-6);
            assert_int_equal(got.loss.n_anchor, 1);
            assert_number(got.loss.excess, want, 1e-6); /* a single positive has no entropy */
        }

    /* acf: the instance and its label are the anchors. */
    const double n0 = sqrt(1.29), n1 = sqrt(1.06), n2 = sqrt(1.01);
    double w10 = (-0.15 + 0.4 - 0.18) / (n0 * n1), w12 = (-0.03 - 0.32 + 0.54) / (n1 * n2);
    double label = log(exp(cosine[1] / tau) + exp(w10 / tau) + exp(w12 / tau)) - cosine[1] / tau;
    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, tau);
    evaluate(&got, golden_h, NULL, y, golden_w, golden_b, 1, 3, 3, &o);
    assert_number(got.loss.contrast, (want + label) / 2, 1e-6);
    assert_int_equal(got.loss.n_anchor, 2);

    /* scl has no positive; lcl one anchor whose only contrast is its positive: loss 0. */
    o = only_contrast(ACF_LOSS_SCL, ACF_FORM_SUPCON, tau);
    evaluate(&got, golden_h, NULL, y, golden_w, golden_b, 1, 3, 3, &o);
    assert_int_equal(got.loss.n_anchor, 0);
    o = only_contrast(ACF_LOSS_LCL, ACF_FORM_SUPCON, tau);
    evaluate(&got, golden_h, NULL, y, golden_w, golden_b, 1, 3, 3, &o);
    assert_int_equal(got.loss.n_anchor, 1);
    assert_number(got.loss.contrast, 0, 0);
}

static void one_class_in_the_batch_still_teaches(void **state)
{
    (void)state;
    const int32_t y[] = {2, 2, 2, 2};
    for (int type = ACF_LOSS_COSINE_CE; type <= ACF_LOSS_LACON; type++)
        for (int f = 0; f < 2; f++) {
            acf_objective o = only_contrast((acf_loss_type)type, (acf_form)f, 0.1);
            evaluate(&got, golden_h, NULL, y, golden_w, golden_b, 4, 3, 3, &o);
            assert_finite(&got, 4, 3, 3);
            bool has_negatives = type != ACF_LOSS_SCL && type != ACF_LOSS_LCL;
            if (has_negatives) {
                assert_false(all_zero(got.d_h, 12));
                assert_true(got.loss.contrast > 0.0);
            } else if (f == ACF_FORM_NTXENT) { /* positives only: nothing to tell apart */
                assert_number(got.loss.contrast, 0, 0);
                assert_true(all_zero(got.d_h, 12) && all_zero(got.d_W, 9));
            }
        }
}

static void absent_class_is_no_anchor_but_a_negative(void **state)
{
    (void)state;
    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.5);
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    assert_int_equal(got.loss.n_anchor, 6);
    assert_false(all_zero(got.d_W + 6, 3));
    o.type = ACF_LOSS_LCL; /* where its label is anchor only */
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    assert_int_equal(got.loss.n_anchor, 2);
    assert_true(all_zero(got.d_W + 6, 3));
}

static void fewer_instances_than_classes(void **state)
{
    (void)state;
    enum { N = 3, K = 11, D = 5 };
    real h[N * D], W[K * D], b[K];
    const int32_t y[N] = {10, 0, 10};
    fill(h, N * D, 1);
    fill(W, K * D, 2);
    fill(b, K, 3);
    for (int type = ACF_LOSS_CE; type <= ACF_LOSS_LACON; type++) {
        acf_objective o = acf_objective_default((acf_loss_type)type);
        o.cor_weight = 0.1;
        evaluate(&got, h, NULL, y, W, b, N, K, D, &o);
        assert_finite(&got, N, K, D);
    }
    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.1);
    evaluate(&got, h, NULL, y, W, b, N, K, D, &o);
    assert_int_equal(got.loss.n_anchor, N + 2);
}

static void no_kept_anchor(void **state)
{
    (void)state;
    const int32_t y[] = {0, 1, 2};
    for (int f = 0; f < 2; f++) {
        acf_objective o = only_contrast(ACF_LOSS_SCL, (acf_form)f, 0.1);
        evaluate(&got, golden_h, NULL, y, golden_w, golden_b, 3, 3, 3, &o);
        assert_true(got.loss.has_contrast);
        assert_false(got.loss.has_excess);
        assert_int_equal(got.loss.n_anchor, 0);
        assert_number(got.loss.contrast, 0, 0);
        assert_number(got.loss.total, 0, 0);
        assert_true(all_zero(got.d_h, 9) && all_zero(got.d_W, 9));
    }
}

static void duplicate_inputs(void **state)
{
    (void)state;
    const real h[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
    const int32_t y[] = {0, 0, 1, 1};
    for (int type = ACF_LOSS_CE; type <= ACF_LOSS_LACON; type++)
        for (int cor = 0; cor < ACF_N_CORS; cor++)
            for (int f = 0; f < 2; f++) {
                acf_objective o = acf_objective_default((acf_loss_type)type);
                o.cor_type = (acf_cor)cor;
                o.cor_weight = 1.0;
                o.form = (acf_form)f;
                evaluate(&got, h, NULL, y, golden_w, golden_b, 4, 3, 3, &o);
                assert_finite(&got, 4, 3, 3);
                if (cor != ACF_COR_LABEL) assert_number(got.loss.cor, 0, 0); /* all constant */
            }
    /* Labels that stand on the instances, at the sharpest temperature. */
    const real W[] = {1, 2, 3, 1, 2, 3, 1, 2, 3};
    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.001);
    evaluate(&got, h, NULL, y, W, golden_b, 4, 3, 3, &o);
    assert_finite(&got, 4, 3, 3);
    assert_number(got.loss.contrast, log(6.0), 1e-9); /* six equal contrasts */
}

static void zero_vectors_have_no_direction(void **state)
{
    (void)state;
    real h[12], W[9];
    memcpy(h, golden_h, sizeof h);
    memcpy(W, golden_w, sizeof W);
    memset(h + 3, 0, 3 * sizeof *h);
    memset(W + 6, 0, 3 * sizeof *W);
    for (int type = ACF_LOSS_COSINE_CE; type <= ACF_LOSS_LACON; type++)
        for (int f = 0; f < 2; f++) {
            acf_objective o = only_contrast((acf_loss_type)type, (acf_form)f, 0.1);
            o.label_reg = 0.1;
            o.cor_type = ACF_COR_LABEL;
            o.cor_weight = 1.0;
            evaluate(&got, h, NULL, golden_y, W, golden_b, 4, 3, 3, &o);
            assert_finite(&got, 4, 3, 3);
            assert_true(all_zero(got.d_h + 3, 3));
            assert_true(all_zero(got.d_W + 6, 3));
        }
    real cos[12];
    acf_label_cosines(cos, h, W, 4, 3, 3);
    assert_true(all_zero(cos + 3, 3));
    assert_true(cos[2] == 0 && cos[8] == 0 && cos[0] != 0);
}

static void temperature_at_both_ends(void **state)
{
    (void)state;
    enum { N = 9, K = 4, D = 6 };
    const int32_t y[N] = {0, 1, 2, 0, 1, 2, 0, 1, 2};
    real h[N * D], W[K * D], b[K];
    fill(h, N * D, 4);
    fill(W, K * D, 5);
    fill(b, K, 6);
    const double tau[] = {0.001, 10.0};
    for (int t = 0; t < 2; t++)
        for (int type = ACF_LOSS_COSINE_CE; type <= ACF_LOSS_LACON; type++)
            for (int f = 0; f < 2; f++) {
                acf_objective o = only_contrast((acf_loss_type)type, (acf_form)f, tau[t]);
                evaluate(&got, h, NULL, y, W, b, N, K, D, &o);
                assert_finite(&got, N, K, D);
                assert_true(got.loss.contrast > 0.0);
            }
}

/* Two positives a whole 2 / tau apart and no negative: neither may underflow into NaN. */
static void opposite_positives_at_the_lowest_temperature(void **state)
{
    (void)state;
    const real h[] = {1, 0, -1, 0, 1, 0}, W[] = {0, 1, 0, -1}, b[] = {0, 0};
    const int32_t y[] = {0, 0, 0};
    for (int type = ACF_LOSS_COSINE_CE; type <= ACF_LOSS_LACON; type++)
        for (int f = 0; f < 2; f++) {
            acf_objective o = only_contrast((acf_loss_type)type, (acf_form)f, 0.001);
            evaluate(&got, h, NULL, y, W, b, 3, 2, 2, &o);
            assert_finite(&got, 3, 2, 2);
        }
}

static void cor_of_small_and_constant_batches(void **state)
{
    (void)state;
    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.5);
    o.cor_weight = 1.0;
    o.lambda = 0.0;
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 2, 3, 3, &o);
    assert_false(got.loss.has_cor);
    assert_number(got.loss.total, 0, 0);
    assert_true(all_zero(got.d_h, 6));

    o.cor_type = ACF_COR_WITHIN; /* three rows in two classes leave one degree of freedom */
    evaluate(&got, golden_h, NULL, golden_y, golden_w, golden_b, 3, 3, 3, &o);
    assert_false(got.loss.has_cor);
    const int32_t alike[] = {1, 1, 1};
    evaluate(&got, golden_h, NULL, alike, golden_w, golden_b, 3, 3, 3, &o);
    assert_true(got.loss.has_cor);
    assert_true(got.loss.cor > 0.0);

    /* A constant column is left out: the value is that of the others, its gradient 0. */
    real h[12];
    memcpy(h, golden_h, sizeof h);
    for (int i = 0; i < 4; i++)
        h[3 * i + 1] = (real)7.25;
    o.cor_type = ACF_COR_FEATURE;
    evaluate(&got, h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    assert_number(got.loss.cor, sqrt(2.0) * 0.989599307, 1e-6);
    for (int i = 0; i < 4; i++)
        assert_true(got.d_h[3 * i + 1] == 0);

    /* So is one that varies by rounding only. */
    h[4] *= 1 + (real)2e-7;
    evaluate(&got, h, NULL, golden_y, golden_w, golden_b, 4, 3, 3, &o);
    assert_number(got.loss.cor, sqrt(2.0) * 0.989599307, 1e-6);
    assert_true(got.d_h[4] == 0);

    /* Uncorrelated columns: the square is rounding (2e-12 here), value and gradient 0. */
    const real apart[] = {1 + (real)4e-6, 1, -1, 1, 1, -1, -1, -1};
    evaluate(&got, apart, NULL, golden_y, golden_w, golden_b, 4, 3, 2, &o);
    assert_true(got.loss.has_cor);
    assert_number(got.loss.cor, 0, 0);
    assert_true(all_zero(got.d_h, 8));
    const real nearly[] = {1 + (real)4e-4, 1, -1, 1, 1, -1, -1, -1};
    evaluate(&got, nearly, NULL, golden_y, golden_w, golden_b, 4, 3, 2, &o);
    assert_number(got.loss.cor, sqrt(2.0) * 1e-4, 1e-6);
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
    acf_objective_evaluate(&loss, logits, NULL, NULL, NULL, golden_h, NULL, golden_y, NULL,
                           golden_w, golden_b, 4, 3, 3, &o, scratch);
    assert_number(loss.total, got.loss.total, 0);
    assert_memory_equal(logits, got.logits, sizeof logits);
    for (int j = 0; j < 12; j++)
        d_h[j] = (real)NAN; /* written */
    for (int j = 0; j < 9; j++)
        d_W[j] = 1; /* added to */
    for (int j = 0; j < 3; j++)
        d_b[j] = -2;
    acf_objective_evaluate(&loss, logits, d_h, d_W, d_b, golden_h, NULL, golden_y, NULL, golden_w,
                           golden_b, 4, 3, 3, &o, scratch);
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
    fill(h, N * D, 10);
    fill(W, K * D, 11);
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
    fill(h, N * D, 7);
    fill(W, K * D, 8);
    fill(b, K, 9);
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
        cmocka_unit_test(one_instance_is_cosine_softmax),
        cmocka_unit_test(one_class_in_the_batch_still_teaches),
        cmocka_unit_test(absent_class_is_no_anchor_but_a_negative),
        cmocka_unit_test(fewer_instances_than_classes),
        cmocka_unit_test(no_kept_anchor),
        cmocka_unit_test(duplicate_inputs),
        cmocka_unit_test(zero_vectors_have_no_direction),
        cmocka_unit_test(temperature_at_both_ends),
        cmocka_unit_test(opposite_positives_at_the_lowest_temperature),
        cmocka_unit_test(cor_of_small_and_constant_batches),
        cmocka_unit_test(dropout_reaches_ce_only),
        cmocka_unit_test(value_only_and_adding),
        cmocka_unit_test(nan_and_infinity_come_out),
        cmocka_unit_test(label_cosines_of_every_row),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
