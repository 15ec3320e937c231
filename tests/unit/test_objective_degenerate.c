/* Degenerate batches: one example, one class, an absent class, no anchor, no direction. */
#include "support/close.h"
#include "support/cm.h"
#include "support/golden_objective.h"

#include <math.h>

static eval got; /* too large for some stacks */

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
    fill_objective(h, N * D, 1);
    fill_objective(W, K * D, 2);
    fill_objective(b, K, 3);
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
    fill_objective(h, N * D, 4);
    fill_objective(W, K * D, 5);
    fill_objective(b, K, 6);
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
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
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
