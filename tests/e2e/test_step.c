/* One step of the tiny BERT on real batches: micro-batches, frozen layers, planned memory. */
#include "base/mem.h"
#include "num/gemm.h"
#include "run/setup.h"
#include "run/step.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH = 32, UPDATE = 17 };

typedef struct fixture {
    acf_config cfg;
    acf_setup setup;
    acf_step step;
    acf_batch batch;
    acf_batch_bound bound;
    real *kept; /* gradients of an earlier step */
    acf_error e;
} fixture;

static void open_fixture(fixture *f, const char *const *sets)
{
    static const acf_log quiet = {0};
    const acf_setup_options options = {.log = &quiet};
    *f = (fixture){0};
    assert_ok(acf_gemm_start(&f->e), &f->e);
    tiny_config(&f->cfg, "/nonexistent", sets);
    assert_ok(acf_setup_open(&f->setup, &f->cfg, &options, &f->e), &f->e);
    acf_optim_options o = acf_optim_default(ACF_OPTIM_ADAMW);
    acf_params *p = &f->setup.model.params;
    o.lr = o.head_lr = 1e-3;
    o.n_layers = f->setup.model.enc->n_layers;
    assert_ok(acf_optimizer_open(&f->step.optimizer, &o, p, &f->e), &f->e);
    f->step.model = &f->setup.model;
    f->step.objective = f->setup.objective;
    f->step.total = 100;
    f->step.seed = 5;
    f->step.micro_batch = BATCH;
    f->step.schedule.type = ACF_SCHEDULE_CONSTANT;
    assert_ok(acf_source_bound(&f->bound, f->setup.source[ACF_TRAIN], BATCH, false, &f->e), &f->e);
    assert_ok(acf_arena_init(&f->step.arena, acf_step_bytes(&f->setup.model, &f->bound, &f->bound),
                             "step", &f->e),
              &f->e);
    f->kept = acf_alloc(p->len, sizeof *f->kept, "gradients", &f->e);
    assert_non_null(f->kept);
}

static void close_fixture(fixture *f)
{
    acf_free(f->kept);
    acf_batch_free(&f->batch);
    acf_arena_free(&f->step.arena);
    acf_optimizer_close(&f->step.optimizer);
    acf_setup_close(&f->setup);
    acf_config_free(&f->cfg);
}

static void fetch(fixture *f, const int32_t *rows, int n)
{
    const acf_fetch how = {.train = true};
    assert_ok(acf_source_fetch(f->setup.source[ACF_TRAIN], &f->batch, rows, n, &how, &f->e), &f->e);
}

static void fetch_first(fixture *f, int n)
{
    int32_t rows[BATCH];
    for (int i = 0; i < n; i++)
        rows[i] = (7 * i + 3) % 60;
    fetch(f, rows, n);
}

static double gradients(fixture *f, int micro_batch, int64_t update)
{
    acf_step_result r;
    f->step.micro_batch = micro_batch;
    assert_ok(acf_step_gradients(&r, &f->step, &f->batch, update, &f->e), &f->e);
    return r.loss.total;
}

static void keep_gradients(fixture *f)
{
    const acf_params *p = &f->setup.model.params;
    memcpy(f->kept, p->grad, p->len * sizeof *p->grad);
}

/* Every slice against the kept gradients, by the largest of the slice or, for slices whose gradient
 * is nothing but rounding (the keys' biases), of the whole block. */
static void check_kept_gradients(const fixture *f, double tol)
{
    const acf_params *p = &f->setup.model.params;
    double top = 0;
    for (size_t i = 0; i < p->len; i++)
        top = fmax(top, fabs((double)f->kept[i]));
    for (size_t k = 0; k < p->n; k++) {
        const acf_param *s = &p->slice[k];
        if (strstr(s->name, "key.bias") != NULL)
            check_close(acf_grad(p, (int)k), f->kept + s->at, s->len, tol * top, 0, s->name,
                        __FILE__, __LINE__);
        else
            check_close_by_max(acf_grad(p, (int)k), f->kept + s->at, s->len, tol, s->name, __FILE__,
                               __LINE__);
    }
}

static const char *const every_term[] = {"loss.cor.weight=0.1", NULL};

static void micro_batches_give_the_same_gradients(void **state)
{
    (void)state;
    static const int n[] = {32, 30, 5}, micro[] = {4, 1, 31};
    fixture f;
    open_fixture(&f, every_term);
    for (int i = 0; i < 3; i++) {
        fetch_first(&f, n[i]);
        double whole = gradients(&f, BATCH, UPDATE);
        keep_gradients(&f);
        for (int k = 0; k < 3; k++) {
            assert_number(gradients(&f, micro[k], UPDATE), whole, 1e-6);
            check_kept_gradients(&f, 1e-5);
        }
        assert_number(gradients(&f, BATCH, UPDATE), whole, 0);
        check_kept_gradients(&f, 1e-300); /* the same again to the bit */
    }
    close_fixture(&f);
}

static void dropout_is_keyed_by_the_update(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, NULL);
    fetch_first(&f, BATCH);
    double first = gradients(&f, BATCH, UPDATE);
    assert_true(fabs(gradients(&f, BATCH, UPDATE + 1) - first) > 1e-4);
    assert_true(fabs(gradients(&f, 4, UPDATE + 1) - first) > 1e-4);
    f.step.seed++;
    assert_true(fabs(gradients(&f, BATCH, UPDATE) - first) > 1e-4);
    close_fixture(&f);
}

/* NaN and both infinities; the message names the loss, not only a gradient that follows. */
static void what_is_not_finite_is_told(void **state)
{
    (void)state;
    static const real bad[] = {(real)NAN, (real)INFINITY, -(real)INFINITY};
    fixture f;
    acf_step_result r;
    open_fixture(&f, NULL);
    fetch_first(&f, BATCH);
    const acf_model *m = &f.setup.model;
    f.step.micro_batch = BATCH;
    for (int k = 0; k < 3; k++) {
        acf_value(&m->params, m->b)[0] = bad[k];
        assert_fails(acf_step_gradients(&r, &f.step, &f.batch, UPDATE, &f.e), ACF_ERR_NUMERIC,
                     "loss is ", &f.e);
        acf_value(&m->params, m->b)[0] = 0;
    }
    double weight = f.step.objective.ce;
    f.step.objective.ce = 1e45; /* the loss is a double, its gradient is not */
    assert_fails(acf_step_gradients(&r, &f.step, &f.batch, UPDATE, &f.e), ACF_ERR_NUMERIC,
                 "gradient norm is ", &f.e);
    f.step.objective.ce = weight;
    assert_ok(acf_step_gradients(&r, &f.step, &f.batch, UPDATE, &f.e), &f.e);
    close_fixture(&f);
}

static bool all_zero(const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0) return false;
    return true;
}

static void frozen_layers_stay(void **state)
{
    (void)state;
    static const char *const sets[] = {"model.freeze_layers=1", NULL};
    fixture f;
    acf_step_result r;
    open_fixture(&f, sets);
    acf_params *p = &f.setup.model.params;
    real *was = acf_alloc(p->len, sizeof *was, "parameters", &f.e);
    assert_non_null(was);
    memcpy(was, p->value, p->len * sizeof *was);
    fetch_first(&f, BATCH);
    for (int64_t update = 0; update < 3; update++) {
        f.step.micro_batch = update == 1 ? 4 : BATCH;
        assert_ok(acf_step_gradients(&r, &f.step, &f.batch, update, &f.e), &f.e);
        for (size_t k = 0; k < p->n; k++)
            if ((p->slice[k].flags & ACF_PARAM_FROZEN) != 0 &&
                !all_zero(acf_grad(p, (int)k), p->slice[k].len))
                fail_msg("%s: is frozen and has a gradient", p->slice[k].name);
        acf_step_update(&r, &f.step, update);
    }
    int n_frozen = 0, n_free = 0;
    for (size_t k = 0; k < p->n; k++) {
        const acf_param *s = &p->slice[k];
        bool same = memcmp(was + s->at, p->value + s->at, s->len * sizeof *was) == 0;
        bool below = strstr(s->name, "embeddings.") != NULL || strstr(s->name, "layer.0.") != NULL;
        if (same != below) fail_msg("%s: %s", s->name, same ? "did not move" : "moved");
        below ? n_frozen++ : n_free++;
    }
    assert_int_equal(n_frozen, 5 + 16);
    assert_int_equal(n_free, 16 + 4);
    acf_free(was);
    close_fixture(&f);
}

/* The gradients that are wanted are those of the model in which nothing is frozen. */
static void freezing_leaves_the_other_gradients(void **state)
{
    (void)state;
    static const char *const sets[] = {"model.freeze_layers=1", NULL};
    fixture all, some;
    open_fixture(&all, NULL);
    open_fixture(&some, sets);
    fetch_first(&all, BATCH);
    fetch_first(&some, BATCH);
    (void)gradients(&all, BATCH, UPDATE);
    (void)gradients(&some, BATCH, UPDATE);
    const acf_params *a = &all.setup.model.params, *b = &some.setup.model.params;
    for (size_t k = 0; k < a->n; k++)
        if ((b->slice[k].flags & ACF_PARAM_FROZEN) == 0)
            assert_memory_equal(acf_grad(a, (int)k), acf_grad(b, (int)k),
                                a->slice[k].len * sizeof(real));
    close_fixture(&all);
    close_fixture(&some);
}

static int by_length(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Rows of the longest texts: the worst batch there is. */
static void fetch_longest(fixture *f, int n)
{
    const acf_source *s = f->setup.source[ACF_TRAIN];
    int64_t key[60];
    int32_t rows[BATCH];
    assert_int_equal(s->n, 60);
    for (int i = 0; i < s->n; i++)
        key[i] = (int64_t)acf_source_tokens(s, i) * 1000 + i;
    qsort(key, 60, sizeof *key, by_length);
    for (int i = 0; i < n; i++)
        rows[i] = (int32_t)(key[i] % 1000);
    fetch(f, rows, n);
}

/* The arena never holds more than was planned for the worst batch, nor much less: the plan is what
 * --dry-run tells people. */
static void memory_is_what_was_planned(void **state)
{
    (void)state;
    static const char *const sets[][4] = {
        {"model.pooling=pooler", "loss.cor.weight=0.1"},
        {"model.pooling=cls", "loss.type=ce"},
        {"model.pooling=mean", "loss.type=lacon"},
        {"model.pooling=pooler", "model.dropout=0"},
        {"model.pooling=pooler", "model.encoder=bert-tiny", "model.max_length=12"},
        {"model.pooling=mean", "model.encoder=bert-tiny", "model.freeze_layers=1"},
    };
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        fixture f;
        open_fixture(&f, sets[k]);
        fetch_longest(&f, BATCH);
        assert_int_equal(f.batch.input.T, f.bound.T);
        assert_int_equal(f.batch.square, f.bound.square);
        (void)gradients(&f, BATCH, 0);
        double share = (double)f.step.arena.peak / (double)f.step.arena.bytes;
        if (share > 1 || share < 0.65)
            fail_msg("%s, %s: a step took %zu of %zu planned bytes", sets[k][0], sets[k][1],
                     f.step.arena.peak, f.step.arena.bytes);
        acf_batch_bound piece;
        assert_ok(acf_source_bound(&piece, f.setup.source[ACF_TRAIN], 4, false, &f.e), &f.e);
        size_t whole = f.step.arena.bytes;
        acf_arena_free(&f.step.arena);
        assert_ok(acf_arena_init(&f.step.arena, acf_step_bytes(&f.setup.model, &f.bound, &piece),
                                 "step", &f.e),
                  &f.e);
        (void)gradients(&f, 4, 0); /* asserts that it suffices */
        share = (double)f.step.arena.peak / (double)f.step.arena.bytes;
        assert_true(share <= 1 && share > 0.65);
        assert_true(f.step.arena.bytes < whole / 3);
        close_fixture(&f);
    }
}

/* The same for a pass that nothing is kept of. */
static void memory_of_inference_is_what_was_planned(void **state)
{
    (void)state;
    static const char *const sets[][3] = {
        {"model.pooling=pooler"},
        {"model.pooling=cls"},
        {"model.pooling=mean"},
        {"model.pooling=mean", "model.encoder=bert-tiny"},
    };
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        fixture f;
        acf_arena arena;
        open_fixture(&f, sets[k]);
        fetch_longest(&f, BATCH);
        acf_model *m = &f.setup.model;
        size_t bytes = acf_model_infer_bytes(m, f.bound.N, f.bound.T, f.bound.L, f.bound.square);
        assert_ok(acf_arena_init(&arena, bytes, "inference", &f.e), &f.e);
        real *features = acf_alloc(BATCH * (size_t)m->enc->d, sizeof(real), "h", &f.e);
        real *logits = acf_alloc(BATCH * (size_t)m->K * 2, sizeof(real), "logits", &f.e);
        assert_true(features != NULL && logits != NULL);
        acf_model_infer(m, features, logits, logits + BATCH * m->K, &f.batch.input, &arena);
        double share = (double)arena.peak / (double)arena.bytes;
        if (share > 1 || share < 0.8)
            fail_msg("%s: inference took %zu of %zu planned bytes", sets[k][0], arena.peak,
                     arena.bytes);
        assert_int_equal(arena.used, 0);
        acf_free(features);
        acf_free(logits);
        acf_arena_free(&arena);
        close_fixture(&f);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(micro_batches_give_the_same_gradients),
    cmocka_unit_test(dropout_is_keyed_by_the_update),
    cmocka_unit_test(what_is_not_finite_is_told),
    cmocka_unit_test(frozen_layers_stay),
    cmocka_unit_test(freezing_leaves_the_other_gradients),
    cmocka_unit_test(memory_is_what_was_planned),
    cmocka_unit_test(memory_of_inference_is_what_was_planned),
};

TEST_MAIN(tests)
