/* The parameter block: how slices are named and begin. */
#include "nn/params.h"
#include "support/cm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static acf_error e;

/* Two slices of one shape and initialization. */
static void build(acf_params *p, int id[2], acf_init init)
{
    *p = (acf_params){0};
    for (int k = 0; k < 2; k++) {
        acf_param s = {.rank = 2, .dim = {64, 32}, .init = init, .init_std = 0.5};
        (void)snprintf(s.name, sizeof s.name, "slice%d", k);
        assert_ok(acf_params_add(&id[k], p, s, &e), &e);
    }
    assert_ok(acf_params_alloc(p, false, &e), &e);
}

static double deviation(const acf_params *p, int id)
{
    double square = 0;
    for (size_t i = 0; i < p->slice[id].len; i++)
        square += (double)acf_value(p, id)[i] * (double)acf_value(p, id)[i];
    return sqrt(square / (double)p->slice[id].len);
}

static void every_slice_has_numbers_of_its_own(void **state)
{
    (void)state;
    static const acf_init init[] = {ACF_INIT_NORMAL, ACF_INIT_HE_FAN_OUT};
    static const double want[] = {0.5, 0.1767766953}; /* sqrt(2 / 64) */
    for (int k = 0; k < 2; k++) {
        acf_params p, q;
        int id[2];
        build(&p, id, init[k]);
        build(&q, id, init[k]);
        for (int i = 0; i < 2; i++) {
            acf_params_init_slice(&p, id[i], 7);
            acf_params_init_slice(&q, id[1 - i], 7); /* the order of the calls does not matter */
            double got = deviation(&p, id[i]);
            if (!(got > 0.93 * want[k] && got < 1.07 * want[k])) fail_msg("deviation %g", got);
        }
        size_t bytes = p.slice[0].len * sizeof(real);
        assert_memory_equal(p.value, q.value, p.len * sizeof(real));
        assert_memory_not_equal(acf_value(&p, id[0]), acf_value(&p, id[1]), bytes);
        acf_params_init_slice(&q, id[0], 8);
        assert_memory_not_equal(acf_value(&p, id[0]), acf_value(&q, id[0]), bytes);
        acf_params_free(&p);
        acf_params_free(&q);
    }
}

static void zeros_and_ones(void **state)
{
    (void)state;
    static const acf_init init[] = {ACF_INIT_ZERO, ACF_INIT_ONE};
    for (int k = 0; k < 2; k++) {
        acf_params p;
        int id[2];
        build(&p, id, init[k]);
        acf_value(&p, id[1])[3] = 9;
        acf_params_init_slice(&p, id[1], 7);
        for (size_t i = 0; i < p.slice[id[1]].len; i++)
            assert_true(acf_value(&p, id[1])[i] >= k && acf_value(&p, id[1])[i] <= k);
        acf_params_free(&p);
    }
}

static void names_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    acf_params p = {0};
    const acf_param s = {.rank = 1, .dim = {3}};
    char module[ACF_PARAM_NAME_MAX];
    int id;
    memset(module, 'm', sizeof module);
    module[ACF_PARAM_NAME_MAX - 1 - strlen(".bias")] = '\0';
    assert_ok(acf_params_add_named(&id, &p, module, "bias", s, &e), &e);
    assert_int_equal(strlen(p.slice[id].name), ACF_PARAM_NAME_MAX - 1);
    assert_fails(acf_params_add_named(&id, &p, module, "weight", s, &e), ACF_ERR_FAIL,
                 "mm.weight: name is longer than 127 bytes", &e);
    assert_int_equal(p.n, 1);
    acf_params_free(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_slice_has_numbers_of_its_own),
    cmocka_unit_test(zeros_and_ones),
    cmocka_unit_test(names_that_do_not_fit_are_refused),
};

TEST_MAIN(tests)
