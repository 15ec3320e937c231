/*
 * ResNets against PyTorch: a Hugging Face directory and a CIFAR ResNet under torchvision's names.
 * Logits by running statistics, a training step's loss, gradients and statistics, ten SGD updates.
 *
 * The files are made by scripts/golden_resnet.py in float64, so that the same test is exact in the
 * double build.
 */
#include "num/gemm.h"
#include "num/threads.h"
#include "model/model_dir.h"
#include "run/step.h"
#include "store/safetensors.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef ACF_REAL_DOUBLE
#define TOL      1e-9 /* of the largest value of a tensor */
#define TOL_LOSS 1e-11
#else
#define TOL      2e-5
#define TOL_LOSS 2e-6
#endif

enum { N = 5, K = 3, SIZE = 21, PIXELS = N * 3 * SIZE * SIZE, UPDATES = 10, MAX_LEN = 4096 };

typedef struct fixture {
    const char *group; /* "hf", "cifar" */
    acf_model model;
    acf_step step;
    acf_batch batch;
    acf_safetensors *golden;
    real pixels[PIXELS];
    int32_t row[N], label[N];
    acf_error e;
} fixture;

static const char *path_of(char path[1024], const char *name)
{
    const char *src = getenv("SRC");
    (void)snprintf(path, 1024, "%s/tests/golden/%s", src != NULL ? src : ".", name);
    return path;
}

/* Tensor "GROUP/PART.NAME" or "GROUP/NAME" of the golden file, `len` elements. */
static const real *golden(fixture *f, const char *part, const char *name, size_t len)
{
    static real want[MAX_LEN];
    char full[256];
    (void)snprintf(full, sizeof full, "%s/%s%s", f->group, part, name);
    const acf_st_entry *t = acf_st_find(f->golden, full);
    if (t == NULL || len > MAX_LEN) fail_msg("%s: missing or too long", full);
    assert_ok(acf_st_read_real(want, len, f->golden, t, &f->e), &f->e);
    return want;
}

static void open_dir(fixture *f, const char *dir)
{
    const acf_model_load load = {.pooling = -1, .dropout = -1, .with_grad = true, .seed = 1};
    assert_ok(acf_model_open(&f->model, dir, &load, &f->e), &f->e);
    f->model.enc->image_size = SIZE;
    for (int c = 0; c < f->model.prep.channels; c++) { /* the fixtures hold pixels, not images */
        f->model.prep.mean[c] = 0.5;
        f->model.prep.std[c] = 0.25;
    }
    f->step = (acf_step){.model = &f->model, .micro_batch = N, .total = UPDATES, .seed = 1};
    f->step.objective = acf_objective_default(ACF_LOSS_CE);
    if (strcmp(f->group, "cifar") == 0) {
        f->step.objective = acf_objective_default(ACF_LOSS_ACF);
        f->step.objective.cor_weight = 0.1;
    }
    const acf_batch_bound bound = {.N = N};
    size_t train = acf_step_bytes(&f->model, &bound, &bound);
    assert_ok(acf_arena_init(&f->step.arena, train, "step", &f->e), &f->e);
}

static void open_fixture(fixture *f, const char *group)
{
    char path[1024];
    int64_t label[N];
    *f = (fixture){.group = group};
    assert_ok(acf_gemm_start(&f->e), &f->e);
    assert_ok(acf_st_open(&f->golden, path_of(path, "tiny-resnet.safetensors"), &f->e), &f->e);
    assert_ok(
        acf_st_read_real(f->pixels, PIXELS, f->golden, acf_st_find(f->golden, "pixels"), &f->e),
        &f->e);
    assert_ok(acf_st_read_i64(label, N, f->golden, acf_st_find(f->golden, "labels"), &f->e), &f->e);
    for (int i = 0; i < N; i++)
        f->label[i] = (int32_t)label[i];
    f->batch = (acf_batch){.N = N, .row = f->row, .label = f->label};
    f->batch.input =
        (acf_input){.N = N, .pixels = f->pixels, .channels = 3, .height = SIZE, .width = SIZE};
    open_dir(f, path_of(path, group[0] == 'h' ? "tiny-resnet" : "tiny-resnet-cifar"));
}

static void close_fixture(fixture *f)
{
    acf_arena_free(&f->step.arena);
    acf_model_free(&f->model);
    acf_st_close(&f->golden);
}

static void check_eval(fixture *f)
{
    acf_model *m = &f->model;
    real features[N * 64], logits[N * K], cosines[N * K];
    acf_arena arena;
    assert_ok(acf_arena_init(&arena, acf_model_infer_bytes(m, N, 0, 0, 0), "inference", &f->e),
              &f->e);
    acf_model_infer(m, features, logits, cosines, &f->batch.input, &arena);
    assert_close_by_max(logits, golden(f, "", "eval_logits", N * K), N * K, TOL);
    acf_arena_free(&arena);
}

static void check_step(fixture *f)
{
    acf_params *p = &f->model.params;
    acf_step_result r;
    assert_ok(acf_step_gradients(&r, &f->step, &f->batch, 0, &f->e), &f->e);
    size_t d = (size_t)f->model.enc->d;
    assert_close_by_max(f->step.features, golden(f, "", "features", N * d), N * d, TOL);
    assert_close_by_max(f->step.logits, golden(f, "", "logits", N * K), N * K, TOL);
    assert_number(r.loss.total, (double)*golden(f, "", "loss", 1), TOL_LOSS);
    for (size_t k = 0; k < p->n; k++) {
        const acf_param *s = &p->slice[k];
        bool state = (s->flags & ACF_PARAM_STATE) != 0;
        const real *want = golden(f, state ? "state." : "grad.", s->name, s->len);
        const real *got = state ? acf_value(p, (int)k) : acf_grad(p, (int)k);
        check_close_by_max(got, want, s->len, TOL, s->name, __FILE__, __LINE__);
    }
}

/* Of the files as they are, not after check_step. */
static void check_updates(fixture *f)
{
    acf_params *p = &f->model.params;
    bool cifar = strcmp(f->group, "cifar") == 0;
    acf_optim_options o = acf_optim_default(ACF_OPTIM_SGD);
    o.lr = o.head_lr = 0.01;
    o.weight_decay = 0.01;
    o.nesterov = !cifar;
    o.decay_all = cifar;
    o.n_layers = f->model.enc->n_layers;
    assert_ok(acf_optimizer_open(&f->step.optimizer, &o, p, &f->e), &f->e);
    f->step.schedule = (acf_schedule){.type = ACF_SCHEDULE_CONSTANT};
    real losses[UPDATES];
    for (int k = 0; k < UPDATES; k++) {
        acf_step_result r;
        assert_ok(acf_step_gradients(&r, &f->step, &f->batch, k, &f->e), &f->e);
        acf_step_update(&r, &f->step, k);
        losses[k] = (real)r.loss.total;
    }
    assert_close_by_max(losses, golden(f, "", "sgd_loss", UPDATES), UPDATES, 10 * TOL);
    for (size_t k = 0; k < p->n; k++) {
        const acf_param *s = &p->slice[k];
        check_close_by_max(acf_value(p, (int)k), golden(f, "final.", s->name, s->len), s->len,
                           20 * TOL, s->name, __FILE__, __LINE__);
    }
    acf_optimizer_close(&f->step.optimizer);
}

static void check_case(const char *group)
{
    static fixture f;
    acf_threads_set(1);
    open_fixture(&f, group);
    check_eval(&f);
    check_step(&f);
    close_fixture(&f);
    open_fixture(&f, group);
    check_updates(&f);
    close_fixture(&f);
}

static void matches_transformers(void **state)
{
    (void)state;
    check_case("hf");
}

static void matches_a_cifar_resnet(void **state)
{
    (void)state;
    check_case("cifar");
}

/* What is saved is what was read. */
static void survives_saving(void **state)
{
    const char *dir = *state;
    static const char *const groups[] = {"hf", "cifar"};
    for (int i = 0; i < 2; i++) {
        static fixture f;
        open_fixture(&f, groups[i]);
        acf_checkpoint *ck;
        assert_ok(acf_checkpoint_begin(&ck, dir, groups[i], 0, &f.e), &f.e);
        assert_ok(acf_model_save(&f.model, ck, &f.e), &f.e);
        assert_ok(acf_checkpoint_commit(&ck, &f.e), &f.e);
        acf_arena_free(&f.step.arena);
        acf_model_free(&f.model);
        open_dir(&f, tmpdir_path(dir, "%s", groups[i]));
        check_eval(&f);
        close_fixture(&f);
    }
}

/* With frozen statistics pieces of a batch are the batch, and the statistics stay. */
static void takes_pieces_with_frozen_statistics(void **state)
{
    (void)state;
    static fixture f;
    open_fixture(&f, "cifar");
    acf_params *p = &f.model.params;
    f.model.enc->running_statistics = true;
    acf_step_result r;
    real *whole = malloc(p->len * sizeof *whole), *values = malloc(p->len * sizeof *values);
    assert_true(whole != NULL && values != NULL);
    memcpy(values, p->value, p->len * sizeof *values);
    assert_ok(acf_step_gradients(&r, &f.step, &f.batch, 0, &f.e), &f.e);
    memcpy(whole, p->grad, p->len * sizeof *whole);
    double loss = r.loss.total;
    f.step.micro_batch = 2;
    assert_ok(acf_step_gradients(&r, &f.step, &f.batch, 0, &f.e), &f.e);
    assert_number(r.loss.total, loss, TOL_LOSS);
    assert_close_by_max(p->grad, whole, p->len, TOL);
    assert_memory_equal(p->value, values, p->len * sizeof *values);
    free(whole);
    free(values);
    close_fixture(&f);
}

/* A frozen block keeps its statistics; blocks above it train. */
static void freezes_the_lowest_blocks(void **state)
{
    (void)state;
    static fixture f;
    open_fixture(&f, "cifar");
    acf_params *p = &f.model.params;
    assert_ok(acf_model_freeze(&f.model, 1, &f.e), &f.e);
    int low = acf_params_find(p, "layer1.0.bn2.running_mean");
    int high = acf_params_find(p, "layer1.1.bn2.running_mean");
    int weight = acf_params_find(p, "layer1.1.conv1.weight");
    assert_true(low >= 0 && high >= 0 && weight >= 0);
    real before[2] = {*acf_value(p, low), *acf_value(p, high)};
    acf_step_result r;
    assert_ok(acf_step_gradients(&r, &f.step, &f.batch, 0, &f.e), &f.e);
    assert_true(*acf_value(p, low) == before[0]);
    assert_true(*acf_value(p, high) != before[1]);
    assert_true(fabs((double)*acf_grad(p, weight)) > 0);
    for (size_t k = 0; k < p->n; k++)
        if ((p->slice[k].flags & ACF_PARAM_FROZEN) != 0)
            for (size_t i = 0; i < p->slice[k].len; i++)
                assert_true(p->grad[p->slice[k].at + i] == 0);
    close_fixture(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(matches_transformers),
    cmocka_unit_test(matches_a_cifar_resnet),
    cmocka_unit_test_setup_teardown(survives_saving, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test(takes_pieces_with_frozen_statistics),
    cmocka_unit_test(freezes_the_lowest_blocks),
};

TEST_MAIN(tests)
