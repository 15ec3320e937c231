/* AdamW row by row against AdamW over everything: the same numbers, and the same bits whenever rows
 * are brought up to date. */
#include "support/close.h"
#include "support/cm.h"

#include "base/rng.h"
#include "optim/clip.h"
#include "optim/optimizer.h"

#include <math.h>
#include <string.h>

enum { V = 60, C = 19, UPDATES = 1000, TOKENS = 12 };

typedef struct net {
    acf_params p;
    acf_optimizer *o;
    int table, dense;
} net;

static acf_error e;

static void net_open(net *n, double decay)
{
    *n = (net){0};
    acf_param table = {.name = "table",
                       .rank = 2,
                       .dim = {V, C},
                       .flags = ACF_PARAM_ROWS,
                       .init = ACF_INIT_NORMAL,
                       .init_std = 0.02};
    acf_param before = {.name = "before", .rank = 1, .dim = {7}, .init = ACF_INIT_ONE};
    acf_param dense = {
        .name = "dense", .rank = 2, .dim = {5, C}, .init = ACF_INIT_NORMAL, .init_std = 0.02};
    int id;
    assert_ok(acf_params_add(&id, &n->p, before, &e), &e);
    assert_ok(acf_params_add(&n->table, &n->p, table, &e), &e);
    assert_ok(acf_params_add(&n->dense, &n->p, dense, &e), &e);
    assert_ok(acf_params_alloc(&n->p, true, &e), &e);
    for (int i = 0; i < 3; i++)
        acf_params_init_slice(&n->p, i, 5);
    acf_optim_options o = acf_optim_default(ACF_OPTIM_ADAMW);
    o.lr = 1e-3;
    o.weight_decay = decay;
    assert_ok(acf_optimizer_open(&n->o, &o, &n->p, &e), &e);
}

static void net_close(net *n)
{
    acf_optimizer_close(&n->o);
    acf_params_free(&n->p);
}

/* Token ids of update t: low ids often, the highest never. */
static void tokens(int32_t id[TOKENS], uint64_t t)
{
    acf_rng r = {.seed = 3, .stream = ACF_STREAM_SHUFFLE, .step = t};
    for (uint64_t i = 0; i < TOKENS; i++) {
        double u = acf_rng_uniform(r, i);
        id[i] = (int32_t)(u * u * u * u * (V - 5));
    }
}

/* One update with gradients that are a function of (t, row, column); large now and then, so that
 * they are clipped. */
static void update(net *n, uint64_t t, bool lazy)
{
    int32_t id[TOKENS];
    tokens(id, t);
    if (lazy) acf_optimizer_begin(n->o, &n->p, id, TOKENS);
    acf_params_zero_grad(&n->p);
    acf_rng r = {.seed = 4, .stream = ACF_STREAM_INIT, .step = t};
    double size = t % 7 == 0 ? 3.0 : 1e-3;
    for (int i = 0; i < TOKENS; i++)
        for (int c = 0; c < C; c++)
            acf_grad(&n->p, n->table)[id[i] * C + c] +=
                (real)(size * acf_rng_normal(r, (uint64_t)id[i] * C + (uint64_t)c));
    for (size_t i = 0; i < n->p.slice[n->dense].len; i++)
        acf_grad(&n->p, n->dense)[i] = (real)(size * acf_rng_normal(r, 100000 + i));
    double factor = 1.0 - (double)t / (3 * UPDATES);
    acf_optimizer_step(n->o, &n->p, factor, acf_clip_scale(acf_grad_norm(&n->p), 1.0));
}

static void equals_the_dense_update(void **state)
{
    (void)state;
    static const double decays[] = {0, 0.01, 1.0};
    for (int k = 0; k < 3; k++) {
        net a, b;
        net_open(&a, decays[k]);
        net_open(&b, decays[k]);
        for (uint64_t t = 0; t < UPDATES; t++) {
            update(&a, t, false);
            update(&b, t, true);
            if (t % 97 == 0) assert_number(acf_grad_norm(&a.p), acf_grad_norm(&b.p), 1e-5);
        }
        acf_optimizer_settle(b.o, &b.p);
        assert_close(b.p.value, a.p.value, a.p.len, 1e-6, 0);
        assert_close(b.o->block[0].x, a.o->block[0].x, a.p.len, 1e-6, 0);
        assert_close(b.o->block[1].x, a.o->block[1].x, a.p.len, 1e-6, 1e-5);
        net_close(&a);
        net_close(&b);
    }
}

/* Settling, as saving and evaluation do, leaves no trace. */
static void settling_changes_no_bit(void **state)
{
    (void)state;
    net a, b;
    net_open(&a, 0.01);
    net_open(&b, 0.01);
    for (uint64_t t = 0; t < 2 * ACF_LAZY_WINDOW + 100; t++) {
        update(&a, t, true);
        update(&b, t, true);
        if (t % 13 == 5 || t == 700) acf_optimizer_settle(b.o, &b.p);
    }
    acf_optimizer_settle(a.o, &a.p);
    acf_optimizer_settle(b.o, &b.p);
    acf_optimizer_settle(b.o, &b.p);
    assert_memory_equal(a.p.value, b.p.value, a.p.len * sizeof(real));
    for (int k = 0; k < 2; k++)
        assert_memory_equal(a.o->block[k].x, b.o->block[k].x, a.p.len * sizeof(real));
    net_close(&a);
    net_close(&b);
}

/* A row that comes again is current when the step begins. */
static void rows_are_current_when_they_are_read(void **state)
{
    (void)state;
    net a, b;
    net_open(&a, 0.1);
    net_open(&b, 0.1);
    int32_t id[TOKENS];
    for (uint64_t t = 0; t < 300; t++) {
        update(&a, t, true);
        update(&b, t, true);
        acf_optimizer_settle(b.o, &b.p);
    }
    tokens(id, 300);
    acf_optimizer_begin(a.o, &a.p, id, TOKENS);
    for (int i = 0; i < TOKENS; i++)
        assert_memory_equal(acf_value(&a.p, a.table) + id[i] * C,
                            acf_value(&b.p, b.table) + id[i] * C, C * sizeof(real));
    for (int i = 0; i < a.p.n_touched; i++)
        for (int j = 0; j < i; j++)
            assert_int_not_equal(a.p.touched[i], a.p.touched[j]);
    for (size_t i = 0; i < a.p.slice[a.table].len; i++)
        assert_true(acf_grad(&a.p, a.table)[i] == 0);
    net_close(&a);
    net_close(&b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(equals_the_dense_update),
    cmocka_unit_test(settling_changes_no_bit),
    cmocka_unit_test(rows_are_current_when_they_are_read),
};

TEST_MAIN(tests)
