/*
 * BERT and its kin against PyTorch: features, logits, loss and gradients of a tiny model under
 * three poolings, two activations and two objectives, and ten AdamW updates; one of each other
 * family.
 *
 * The files are made by scripts/golden_bert.py in float64, so that the same test is exact in the
 * double build.
 */
#include "base/arena.h"
#include "base/json.h"
#include "encoder/bert.h"
#include "loss/objective.h"
#include "num/gemm.h"
#include "optim/clip.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "store/safetensors.h"
#include "store/weights.h"
#include "support/close.h"
#include "support/cm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef ACF_REAL_DOUBLE
#define TOL      1e-9 /* of the largest value of a tensor */
#define TOL_LOSS 1e-12
#else
#define TOL      1e-5
#define TOL_LOSS 1e-6
#endif

enum { K = 3, MAX_N = 8, MAX_T = 64, MAX_LEN = 4096 }; /* MAX_LEN: elements of one tensor */

typedef struct model {
    acf_encoder *enc;
    acf_params params;
    int W, b; /* slices of the classifier */
    acf_safetensors *golden;
    acf_input in;
    int32_t ids[MAX_T], types[MAX_T], start[MAX_N + 1], labels[MAX_N];
    real features[MAX_LEN], logits[MAX_N * K];
    acf_arena arena;
    void *scratch;
    acf_error e;
} model;

static const char *fixture(char path[1024], const char *name)
{
    const char *src = getenv("SRC");
    (void)snprintf(path, 1024, "%s/tests/golden/%s", src != NULL ? src : ".", name);
    return path;
}

static size_t read_ints(int32_t *out, size_t max, model *m, const char *name)
{
    int64_t wide[MAX_T];
    const acf_st_entry *t = acf_st_find(m->golden, name);
    if (t == NULL || t->len > max || t->len > MAX_T) fail_msg("%s: missing or too long", name);
    assert_ok(acf_st_read_i64(wide, (size_t)t->len, m->golden, t, &m->e), &m->e);
    for (size_t i = 0; i < t->len; i++)
        out[i] = (int32_t)wide[i];
    return (size_t)t->len;
}

/* Tensor "GROUP/NAME" of the golden file; its number of elements must be `len`. */
static void read_golden(real *out, size_t len, model *m, const char *group, const char *name)
{
    char full[256];
    (void)snprintf(full, sizeof full, "%s/%s", group, name);
    const acf_st_entry *t = acf_st_find(m->golden, full);
    if (t == NULL || len > MAX_LEN) fail_msg("%s: missing or too long", full);
    assert_ok(acf_st_read_real(out, len, m->golden, t, &m->e), &m->e);
}

static bool has_golden(const model *m, const char *group, const char *name)
{
    char full[256];
    (void)snprintf(full, sizeof full, "%s/%s", group, name);
    return acf_st_find(m->golden, full) != NULL;
}

static double golden_number(model *m, const char *group, const char *name)
{
    real x;
    read_golden(&x, 1, m, group, name);
    return (double)x;
}

static void read_batch(model *m)
{
    size_t T = read_ints(m->ids, MAX_T, m, "input_ids");
    assert_int_equal(read_ints(m->types, MAX_T, m, "token_type_ids"), T);
    size_t N = read_ints(m->labels, MAX_N, m, "labels");
    assert_int_equal(read_ints(m->start, MAX_N + 1, m, "start"), N + 1);
    m->in =
        (acf_input){.N = (int)N, .T = (int)T, .ids = m->ids, .types = m->types, .start = m->start};
}

static void open_arena(model *m)
{
    int longest = 0;
    size_t square = 0;
    for (int s = 0; s < m->in.N; s++) {
        int len = m->in.start[s + 1] - m->in.start[s];
        if (len > longest) longest = len;
        square += (size_t)len * (size_t)len;
    }
    size_t bytes = m->enc->ops->bytes(m->enc, m->in.N, m->in.T, longest, square, true);
    assert_ok(acf_arena_init(&m->arena, bytes, "activations", &m->e), &m->e);
    size_t scratch = acf_objective_scratch(m->in.N, K, m->enc->d);
    m->scratch = aligned_alloc(64, (scratch + 63) / 64 * 64);
    assert_non_null(m->scratch);
}

/* The encoder of the directory with the activation replaced unless act is NULL. */
static void open_encoder(model *m, const char *name, acf_pooling pooling, const char *act)
{
    char path[1024], file[64];
    cJSON *config = NULL;
    (void)snprintf(file, sizeof file, "%s/config.json", name);
    assert_ok(acf_json_read(&config, fixture(path, file), 1 << 20, &m->e), &m->e);
    if (act != NULL)
        assert_true(cJSON_ReplaceItemInObject(config, "hidden_act", cJSON_CreateString(act)));
    assert_ok(acf_bert_open(&m->enc, config, pooling, 0.0, path, &m->e), &m->e);
    cJSON_Delete(config);
}

static void plan_head(model *m)
{
    const acf_encoder_names *names = &m->enc->names;
    acf_param w = {
        .rank = 2, .dim = {K, m->enc->d}, .group = ACF_GROUP_HEAD, .layer = m->enc->n_layers + 1};
    acf_param b = {.rank = 1,
                   .dim = {K},
                   .group = ACF_GROUP_HEAD,
                   .flags = ACF_PARAM_NO_DECAY,
                   .layer = m->enc->n_layers + 1};
    (void)snprintf(w.name, sizeof w.name, "%s", names->head_weight);
    (void)snprintf(b.name, sizeof b.name, "%s", names->head_bias);
    assert_ok(acf_params_add(&m->W, &m->params, w, &m->e), &m->e);
    assert_ok(acf_params_add(&m->b, &m->params, b, &m->e), &m->e);
}

/* The model of tests/golden/NAME, and its batch. */
static void open_model(model *m, const char *name, acf_pooling pooling, const char *act)
{
    char path[1024], file[64];
    *m = (model){0};
    assert_ok(acf_gemm_start(&m->e), &m->e);
    open_encoder(m, name, pooling, act);
    assert_ok(m->enc->ops->plan(m->enc, &m->params, &m->e), &m->e);
    plan_head(m);
    assert_ok(acf_params_alloc(&m->params, true, &m->e), &m->e);

    acf_weights_report report = {0};
    acf_name_rules rules = m->enc->names.rules;
    rules.ignore = m->enc->names.unused;
    assert_ok(acf_weights_load(&m->params, fixture(path, name), &rules, &report, &m->e), &m->e);
    assert_int_equal(report.n_unexpected, 0);
    assert_int_equal(report.n_loaded, m->params.n);
    acf_weights_report_free(&report);

    (void)snprintf(file, sizeof file, "%s.safetensors", name);
    assert_ok(acf_st_open(&m->golden, fixture(path, file), &m->e), &m->e);
    read_batch(m);
    open_arena(m);
}

static void close_model(model *m)
{
    m->enc->ops->close(m->enc);
    acf_params_free(&m->params);
    acf_st_close(&m->golden);
    acf_arena_free(&m->arena);
    free(m->scratch);
}

/* Features, loss and gradients of the batch, into m and the parameter block. */
static acf_loss run_batch(model *m, const acf_objective *o)
{
    const acf_pass pass = {.train = true, .keep = true, .seed = 1, .step = 1};
    static real d_h[MAX_LEN];
    acf_params *p = &m->params;
    acf_loss loss;

    memset(p->grad, 0, p->len * sizeof *p->grad);
    acf_arena_rewind(&m->arena, 0);
    m->enc->ops->forward(m->enc, m->features, p, &m->in, &pass, &m->arena);
    const acf_objective_gradient gradient = {d_h, acf_grad(p, m->W), acf_grad(p, m->b)};
    const acf_objective_batch in = {.N = m->in.N,
                                    .K = K,
                                    .d = m->enc->d,
                                    .h = m->features,
                                    .y = m->labels,
                                    .W = acf_value(p, m->W),
                                    .b = acf_value(p, m->b)};
    acf_objective_evaluate(&loss, m->logits, &gradient, &in, o, m->scratch);
    m->enc->ops->backward(m->enc, p, d_h, &m->in, &pass, &m->arena);
    return loss;
}

/* The bias of the keys adds the same to all scores of a query, which softmax does not see. */
static bool is_key_bias(const char *name)
{
    return strstr(name, "attention.self.key.bias") != NULL || strstr(name, "k_lin.bias") != NULL;
}

/* All gradients that the golden file has for this case; returns how many. */
static int check_case_gradients(model *m, const char *group)
{
    static real want[MAX_LEN];
    double top = 0.0; /* largest gradient */
    int n_checked = 0;
    for (size_t i = 0; i < m->params.len; i++)
        top = fmax(top, fabs((double)m->params.grad[i]));

    for (size_t k = 0; k < m->params.n; k++) {
        const acf_param *slice = &m->params.slice[k];
        char name[160];
        (void)snprintf(name, sizeof name, "grad.%s", slice->name);
        if (!has_golden(m, group, name)) continue;
        const real *got = acf_grad(&m->params, (int)k);
        read_golden(want, slice->len, m, group, name);
        if (is_key_bias(slice->name))
            check_close(got, want, slice->len, TOL * top, 0.0, name, __FILE__, __LINE__);
        else
            check_close_by_max(got, want, slice->len, TOL, name, __FILE__, __LINE__);
        n_checked++;
    }
    return n_checked;
}

static void check_case(const char *name, const char *group, acf_pooling pooling, const char *act,
                       const acf_objective *o, int n_gradients)
{
    static model m;
    static real want[MAX_LEN];
    open_model(&m, name, pooling, act);
    acf_loss loss = run_batch(&m, o);

    size_t n_features = (size_t)m.in.N * (size_t)m.enc->d;
    read_golden(want, n_features, &m, group, "features");
    assert_close_by_max(m.features, want, n_features, TOL);
    size_t n_logits = (size_t)m.in.N * K;
    read_golden(want, n_logits, &m, group, "logits");
    assert_close_by_max(m.logits, want, n_logits, TOL);
    assert_number(loss.total, golden_number(&m, group, "loss"), TOL_LOSS * 10);
    assert_int_equal(check_case_gradients(&m, group), n_gradients);
    close_model(&m);
}

static void matches_with_pooler(void **state)
{
    (void)state;
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    check_case("tiny-bert", "pooler", ACF_POOL_POOLER, NULL, &ce, 41);
}

static void matches_with_mean(void **state)
{
    (void)state;
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    check_case("tiny-bert", "mean", ACF_POOL_MEAN, NULL, &ce, 39);
}

static void matches_with_cls(void **state)
{
    (void)state;
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    check_case("tiny-bert", "cls", ACF_POOL_CLS, NULL, &ce, 24);
}

static void matches_with_gelu_new(void **state)
{
    (void)state;
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    check_case("tiny-bert", "gelu_new", ACF_POOL_POOLER, "gelu_new", &ce, 25);
}

static void matches_with_aligned_contrast(void **state)
{
    (void)state;
    acf_objective acf = acf_objective_default(ACF_LOSS_ACF);
    acf.cor_weight = 0.1;
    check_case("tiny-bert", "acf", ACF_POOL_POOLER, NULL, &acf, 25);
}

/* What is not kept for a backward pass is the same to the bit. */
static void predicts_what_it_trains(void **state)
{
    (void)state;
    static model m;
    real kept[MAX_LEN];
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    open_model(&m, "tiny-bert", ACF_POOL_POOLER, NULL);
    (void)run_batch(&m, &ce);
    memcpy(kept, m.features, sizeof kept);
    memset(m.features, 0, sizeof m.features);
    acf_arena_rewind(&m.arena, 0);
    m.enc->ops->forward(m.enc, m.features, &m.params, &m.in, &(acf_pass){0}, &m.arena);
    assert_memory_equal(m.features, kept, (size_t)m.in.N * (size_t)m.enc->d * sizeof *m.features);
    close_model(&m);
}

static void check_final_parameters(model *m)
{
    static real want[MAX_LEN];
    for (size_t k = 0; k < m->params.n; k++) {
        const acf_param *slice = &m->params.slice[k];
        char name[160];
        (void)snprintf(name, sizeof name, "final.%s", slice->name);
        read_golden(want, slice->len, m, "adamw", name);
        const real *got = acf_value(&m->params, (int)k);
        /* AdamW makes steps of size lr from the rounding noise of a gradient that is 0 exactly:
         * 5 is the sum of the schedule's factors. */
        if (is_key_bias(slice->name))
            check_close(got, want, slice->len, 5 * 1e-3, 0.0, name, __FILE__, __LINE__);
        else
            check_close_by_max(got, want, slice->len, TOL, name, __FILE__, __LINE__);
    }
}

static void check_ten_updates(const char *name)
{
    enum { UPDATES = 10 };
    static model m;
    real want_loss[UPDATES], want_norm[UPDATES], want_factor[UPDATES];
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    acf_optim_options options = acf_optim_default(ACF_OPTIM_ADAMW);
    acf_schedule schedule = {.type = ACF_SCHEDULE_LINEAR, .warmup = 1};
    acf_optimizer *optimizer;

    open_model(&m, name, ACF_POOL_POOLER, NULL);
    read_golden(want_loss, UPDATES, &m, "adamw", "loss");
    read_golden(want_norm, UPDATES, &m, "adamw", "grad_norm");
    read_golden(want_factor, UPDATES, &m, "adamw", "lr_factor");
    options.lr = 1e-3;
    options.head_lr = 1e-2;
    options.weight_decay = 0.01;
    options.n_layers = m.enc->n_layers;
    assert_ok(acf_optimizer_open(&optimizer, &options, &m.params, &m.e), &m.e);
    for (int k = 0; k < UPDATES; k++) {
        acf_loss loss = run_batch(&m, &ce);
        double norm = acf_grad_norm(&m.params);
        double factor = acf_schedule_factor(&schedule, k, UPDATES);
        assert_number(loss.total, (double)want_loss[k], TOL);
        assert_number(norm, (double)want_norm[k], TOL * 10);
        assert_number(factor, (double)want_factor[k], 1e-6);
        acf_optimizer_step(optimizer, &m.params, factor, acf_clip_scale(norm, 1.0));
    }
    check_final_parameters(&m);
    acf_optimizer_close(&optimizer);
    close_model(&m);
}

static void matches_ten_adamw_updates(void **state)
{
    (void)state;
    check_ten_updates("tiny-bert");
}

static void check_family(const char *name, int n_gradients)
{
    acf_objective ce = acf_objective_default(ACF_LOSS_CE);
    check_case(name, "pooler", ACF_POOL_POOLER, NULL, &ce, n_gradients);
    check_ten_updates(name);
}

static void matches_as_roberta(void **state)
{
    (void)state;
    check_family("tiny-roberta", 5 + 2 * 16 + 2 + 2);
}

static void matches_as_distilbert(void **state)
{
    (void)state;
    check_family("tiny-distilbert", 4 + 2 * 16 + 2 + 2);
}

static void matches_as_electra(void **state)
{
    (void)state;
    check_family("tiny-electra", 7 + 2 * 16 + 2 + 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(matches_with_pooler),
    cmocka_unit_test(matches_with_mean),
    cmocka_unit_test(matches_with_cls),
    cmocka_unit_test(matches_with_gelu_new),
    cmocka_unit_test(matches_with_aligned_contrast),
    cmocka_unit_test(predicts_what_it_trains),
    cmocka_unit_test(matches_ten_adamw_updates),
    cmocka_unit_test(matches_as_roberta),
    cmocka_unit_test(matches_as_distilbert),
    cmocka_unit_test(matches_as_electra),
};

TEST_MAIN(tests)
