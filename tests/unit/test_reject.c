/* Thresholds of rejection. */
#include "support/close.h"
#include "support/cm.h"

#include "infer/reject.h"

#include <math.h>

static void keeps_at_least_the_share(void **state)
{
    (void)state;
    double c[10] = {0.31, 0.52, 0.93, 0.14, 0.75, 0.66, 0.27, 0.88, 0.49, 0.1000005};
    acf_threshold t = acf_threshold_keep(c, 10, 0.8);
    assert_number(t.value, 0.27, 1e-6);
    assert_true(t.value <= 0.27);
    assert_number(t.kept, 0.8, 0);
    assert_number(acf_threshold_keep(c, 10, 0.71).kept, 0.8, 0); /* 8 of 10: 7 are too few */
    assert_number(acf_threshold_keep(c, 10, 0.7).kept, 0.7, 0);
    t = acf_threshold_keep(c, 10, 1.0);
    assert_number(t.value, 0.1, 1e-15); /* rounded down, so that the row itself is kept */
    assert_number(t.kept, 1, 0);
    assert_number(acf_threshold_keep(c, 10, 1e-9).value, 0.93, 1e-6);
    assert_number(acf_threshold_keep(c, 1, 0.5).kept, 1, 0);
}

static void ties_stay_together(void **state)
{
    (void)state;
    double c[6] = {0.5, 0.5, 0.5, 0.5, -0.25, 0.75};
    acf_threshold t = acf_threshold_keep(c, 6, 0.5);
    assert_number(t.value, 0.5, 0);
    assert_number(t.kept, 5.0 / 6, 1e-15);
    t = acf_threshold_keep(c, 6, 1);
    assert_number(t.value, -0.25, 0);
}

static void chooses_by_the_answering_head(void **state)
{
    (void)state;
    acf_error e;
    acf_rejection r;
    real cosines[] = {(real)0.9, (real)0.1, (real)-0.2, (real)0.3}, logits[] = {0, 2, 0, 0};
    const acf_evaluation ev = {.n = 2, .K = 2, .d = 1, .logits = logits, .cosines = cosines};
    assert_ok(acf_reject_choose(&r, &ev, ACF_HEAD_LINEAR, 0.1, 0.5, &e), &e);
    assert_number(r.cosine.value, 0.9, 2e-6);
    assert_number(r.prob.value, 1 / (1 + exp(-2)), 2e-6);
    assert_number(r.prob.kept, 0.5, 0);
    assert_ok(acf_reject_choose(&r, &ev, ACF_HEAD_LABEL, 0.1, 1, &e), &e);
    assert_number(r.cosine.value, 0.3, 2e-6);
    assert_number(r.prob.value, 1 / (1 + exp(-5)), 2e-6);
    assert_number(r.cosine.kept, 1, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_at_least_the_share),
    cmocka_unit_test(ties_stay_together),
    cmocka_unit_test(chooses_by_the_answering_head),
};

TEST_MAIN(tests)
