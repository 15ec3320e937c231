/* Optimizers, clipping and schedules beyond the golden values: threads, pieces, limits, memory. */
#include "support/close.h"
#include "support/cm.h"

#include "base/mem.h"
#include "base/rng.h"
#include "optim/clip.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

#include <math.h>
#include <omp.h>

enum { BIG = 50000, SMALL = 37 }; /* several pieces and a part of one */

static void build(acf_params *p, unsigned big_flags)
{
    acf_error e;
    const acf_param slice[] = {
        {.name = "big", .rank = 2, .dim = {BIG / 50, 50}, .flags = big_flags, .layer = 0},
        {.name = "small", .rank = 1, .dim = {SMALL}, .flags = ACF_PARAM_NO_DECAY, .layer = 1},
        {.name = "head", .rank = 1, .dim = {SMALL}, .group = ACF_GROUP_HEAD, .layer = 2},
    };
    *p = (acf_params){0};
    for (size_t i = 0; i < 3; i++) {
        int id;
        assert_ok(acf_params_add(&id, p, slice[i], &e), &e);
    }
    assert_ok(acf_params_alloc(p, true, &e), &e);
}

static void fill(const acf_params *p, real *block, uint64_t step)
{
    acf_rng rng = {.seed = 5, .stream = ACF_STREAM_INIT, .step = step};
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->slice[i].len; j++)
            block[p->slice[i].at + j] = (real)acf_rng_normal(rng, p->slice[i].at + j);
}

/* Three updates with n threads; the values are left in p. */
static void run(acf_params *p, acf_optim_type type, int n_threads, double *norm)
{
    acf_error e;
    acf_optimizer *o;
    acf_optim_options options = acf_optim_default(type);
    options.lr = 0.01;
    options.n_layers = 1;
    options.layer_decay = 0.5;
    omp_set_num_threads(n_threads);
    fill(p, p->value, 0);
    assert_ok(acf_optimizer_open(&o, &options, p, &e), &e);
    for (uint64_t t = 1; t <= 3; t++) {
        fill(p, p->grad, t);
        *norm = acf_grad_norm(p);
        acf_optimizer_step(o, p, 0.8, acf_clip_scale(*norm, 1.0));
    }
    acf_optimizer_close(&o);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    int before = omp_get_max_threads();
    for (int type = ACF_OPTIM_ADAMW; type <= ACF_OPTIM_SGD; type++) {
        acf_params p, q;
        double norm_p, norm_q;
        build(&p, 0);
        build(&q, 0);
        run(&p, (acf_optim_type)type, 1, &norm_p);
        run(&q, (acf_optim_type)type, 2, &norm_q);
        assert_memory_equal(p.value, q.value, p.len * sizeof *p.value);
        assert_number(norm_p, norm_q, 0);
        acf_params_free(&p);
        acf_params_free(&q);
    }
    omp_set_num_threads(before);
}

/* Every element moves, wherever its piece begins: with a gradient of 1 the first AdamW update is
 * lr (1 - tiny) for all. */
static void every_element_moves_once(void **state)
{
    (void)state;
    acf_error e;
    acf_params p;
    acf_optimizer *o;
    build(&p, 0);
    acf_optim_options options = acf_optim_default(ACF_OPTIM_ADAMW);
    options.lr = 0.25;
    options.head_lr = 0.5;
    options.layer_decay = 0.5;
    options.n_layers = 1;
    assert_ok(acf_optimizer_open(&o, &options, &p, &e), &e);
    assert_int_equal(o->n_pieces, 4 + 1 + 1);
    for (size_t i = 0; i < p.n; i++)
        for (size_t j = 0; j < p.slice[i].len; j++)
            acf_grad(&p, (int)i)[j] = 1;
    acf_optimizer_step(o, &p, 1.0, 1.0);
    const double want[] = {-0.25 * 0.25, -0.25 * 0.5, -0.5}; /* layers 0, 1 and the head, 2 */
    for (size_t i = 0; i < p.n; i++)
        for (size_t j = 0; j < p.slice[i].len; j++)
            assert_number((double)acf_value(&p, (int)i)[j], want[i], 1e-6);
    acf_optimizer_close(&o);
    acf_params_free(&p);
}

/* Slices flagged NO_DECAY decay only when all do. */
static void check_decay(bool all)
{
    acf_error e;
    for (int type = ACF_OPTIM_ADAMW; type <= ACF_OPTIM_SGD; type++) {
        acf_params p;
        acf_optimizer *o;
        build(&p, 0);
        for (size_t i = 0; i < p.n; i++)
            for (size_t j = 0; j < p.slice[i].len; j++)
                acf_value(&p, (int)i)[j] = 1;
        acf_optim_options options = acf_optim_default((acf_optim_type)type);
        options.lr = options.head_lr = 0.5;
        options.weight_decay = 0.1;
        options.decay_all = all;
        assert_ok(acf_optimizer_open(&o, &options, &p, &e), &e);
        acf_optimizer_step(o, &p, 1.0, 1.0); /* gradient 0: decay alone */
        assert_number((double)acf_value(&p, 0)[BIG - 1], 0.95, 1e-6);
        assert_number((double)acf_value(&p, 1)[0], all ? 0.95 : 1.0, all ? 1e-6 : 0);
        assert_number((double)acf_value(&p, 2)[SMALL - 1], 0.95, 1e-6);
        acf_optimizer_close(&o);
        acf_params_free(&p);
    }
}

static void decay_spares_no_decay(void **state)
{
    (void)state;
    check_decay(false);
    check_decay(true);
}

static void frozen_slices_take_no_part(void **state)
{
    (void)state;
    acf_params p;
    double norm, want = 0.0;
    build(&p, ACF_PARAM_FROZEN);
    run(&p, ACF_OPTIM_ADAMW, 1, &norm);
    for (size_t i = 1; i < p.n; i++)
        for (size_t j = 0; j < p.slice[i].len; j++)
            want += (double)acf_grad(&p, (int)i)[j] * (double)acf_grad(&p, (int)i)[j];
    assert_number(norm, sqrt(want), 1e-9);
    real *moved = acf_alloc(p.len, sizeof *moved, "copy", &(acf_error){0});
    assert_non_null(moved);
    memcpy(moved, p.value, p.len * sizeof *moved);
    fill(&p, p.value, 0);
    assert_memory_equal(moved, p.value, BIG * sizeof *moved);
    assert_true(moved[p.slice[1].at] != p.value[p.slice[1].at]);
    acf_free(moved);
    acf_params_free(&p);
}

/* A new optimizer with the old one's blocks and count goes on as if nothing had happened. */
static void state_blocks_resume_exactly(void **state)
{
    (void)state;
    acf_error e;
    for (int type = ACF_OPTIM_ADAMW; type <= ACF_OPTIM_SGD; type++) {
        acf_params p, q;
        acf_optimizer *a, *b;
        build(&p, 0);
        build(&q, 0);
        acf_optim_options options = acf_optim_default((acf_optim_type)type);
        assert_ok(acf_optimizer_open(&a, &options, &p, &e), &e);
        assert_ok(acf_optimizer_open(&b, &options, &q, &e), &e);
        assert_int_equal(a->n_blocks, type == ACF_OPTIM_ADAMW ? 2 : 1);
        assert_string_equal(a->block[0].name, type == ACF_OPTIM_ADAMW ? "exp_avg" : "momentum");
        if (type == ACF_OPTIM_ADAMW) assert_string_equal(a->block[1].name, "exp_avg_sq");
        fill(&p, p.value, 0);
        fill(&p, p.grad, 1);
        acf_optimizer_step(a, &p, 1.0, 1.0);
        memcpy(q.value, p.value, p.len * sizeof(real));
        memcpy(q.grad, p.grad, p.len * sizeof(real));
        for (int k = 0; k < a->n_blocks; k++)
            memcpy(b->block[k].x, a->block[k].x, a->len * sizeof(real));
        b->n_done = a->n_done;
        acf_optimizer_step(a, &p, 0.5, 1.0);
        acf_optimizer_step(b, &q, 0.5, 1.0);
        assert_memory_equal(p.value, q.value, p.len * sizeof(real));
        acf_optimizer_close(&a);
        acf_optimizer_close(&b);
        acf_params_free(&p);
        acf_params_free(&q);
    }
}

static void failure_is_clean(void **state)
{
    (void)state;
    acf_error e;
    acf_params p;
    acf_optimizer *o;
    build(&p, 0);
    for (int type = ACF_OPTIM_ADAMW; type <= ACF_OPTIM_SGD; type++) {
        acf_optim_options options = acf_optim_default((acf_optim_type)type);
        size_t before = acf_mem_held();
        assert_ok(acf_optimizer_open(&o, &options, &p, &e), &e);
        acf_optimizer_close(&o);
        assert_int_equal(acf_mem_held(), before);
        size_t n_allocations = type == ACF_OPTIM_ADAMW ? 4 : 3;
        for (size_t n = 1; n <= n_allocations; n++) {
            (void)acf_mem_fail_at(n);
            assert_fails(acf_optimizer_open(&o, &options, &p, &e), ACF_ERR_RESOURCE, "optimizer",
                         &e);
            assert_null(o);
            assert_int_equal(acf_mem_held(), before);
        }
        (void)acf_mem_fail_at(0);
    }
    acf_params_free(&p);
}

static void clipping(void **state)
{
    (void)state;
    assert_number(acf_clip_scale(0.5, 1.0), 1.0, 0);
    assert_number(acf_clip_scale(4.0, 1.0), 1.0 / (4.0 + 1e-6), 1e-15);
    assert_number(acf_clip_scale(1.0, 1.0), 1.0 / (1.0 + 1e-6), 1e-15);
    assert_number(acf_clip_scale(0.0, 1.0), 1.0, 0);
    assert_number(acf_clip_scale(1e9, 0.0), 1.0, 0); /* off */
    acf_params p;
    build(&p, 0);
    fill(&p, p.grad, 1);
    acf_grad(&p, 2)[3] = (real)NAN;
    assert_true(isnan(acf_grad_norm(&p)));
    acf_grad(&p, 2)[3] = (real)INFINITY;
    assert_true(isinf(acf_grad_norm(&p)));
    acf_params_free(&p);
}

static void schedules_at_their_ends(void **state)
{
    (void)state;
    acf_schedule s = {.type = ACF_SCHEDULE_LINEAR, .warmup = 10};
    assert_number(acf_schedule_factor(&s, 0, 100), 0.0, 0);
    assert_number(acf_schedule_factor(&s, 9, 100), 0.9, 1e-15);
    assert_number(acf_schedule_factor(&s, 10, 100), 1.0, 0);
    assert_number(acf_schedule_factor(&s, 99, 100), 1.0 / 90, 1e-15);
    assert_number(acf_schedule_factor(&s, 100, 100), 0.0, 0);
    assert_number(acf_schedule_factor(&s, 200, 100), 0.0, 0);
    assert_number(acf_schedule_factor(&s, 5, 5), 0.5, 0); /* all of it warm-up */
    assert_number(acf_schedule_factor(&s, 10, 5), 0.0, 0);
    s.type = ACF_SCHEDULE_COSINE;
    assert_number(acf_schedule_factor(&s, 10, 100), 1.0, 0);
    assert_number(acf_schedule_factor(&s, 55, 100), 0.5, 1e-15);
    assert_number(acf_schedule_factor(&s, 100, 100), 0.0, 1e-15);
    const int64_t milestone[] = {20, 20, 40};
    s = (acf_schedule){.type = ACF_SCHEDULE_STEP,
                       .warmup = 4,
                       .milestone = milestone,
                       .n_milestones = 3,
                       .gamma = 0.1};
    assert_number(acf_schedule_factor(&s, 2, 100), 0.5, 0);
    assert_number(acf_schedule_factor(&s, 19, 100), 1.0, 0);
    assert_number(acf_schedule_factor(&s, 20, 100), 0.01, 1e-17); /* a milestone given twice */
    assert_number(acf_schedule_factor(&s, 99, 100), 0.001, 1e-17);
}

static void refuses_bad_options(void **state)
{
    (void)state;
    acf_error e;
    const acf_optim_options adamw = acf_optim_default(ACF_OPTIM_ADAMW);
    const acf_optim_options sgd = acf_optim_default(ACF_OPTIM_SGD);
    acf_optim_options o = adamw;
    assert_ok(acf_optim_check(&o, &e), &e);
    o.lr = -1;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE, "train.optimizer.lr = -1", &e);
    o = adamw;
    o.head_lr = INFINITY;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE, "train.optimizer.head_lr = inf", &e);
    o = adamw;
    o.weight_decay = NAN;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE, "train.optimizer.weight_decay", &e);
    o = adamw;
    o.beta2 = 1.0;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE,
                 "train.optimizer.betas: 1 is out of range [0, 1)", &e);
    o = adamw;
    o.eps = 0.0;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE, "train.optimizer.eps = 0", &e);
    o = adamw;
    o.layer_decay = 1.5;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE,
                 "train.optimizer.layer_decay = 1.5 is out of range (0, 1]", &e);
    o = sgd;
    o.momentum = -0.1;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE, "train.optimizer.momentum: -0.1", &e);
    o = sgd;
    o.momentum = 0.0;
    assert_ok(acf_optim_check(&o, &e), &e);
    o.nesterov = true;
    assert_fails(acf_optim_check(&o, &e), ACF_ERR_USAGE,
                 "train.optimizer.nesterov: needs momentum > 0", &e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(every_element_moves_once),
        cmocka_unit_test(decay_spares_no_decay),
        cmocka_unit_test(frozen_slices_take_no_part),
        cmocka_unit_test(state_blocks_resume_exactly),
        cmocka_unit_test(failure_is_clean),
        cmocka_unit_test(clipping),
        cmocka_unit_test(schedules_at_their_ends),
        cmocka_unit_test(refuses_bad_options),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
