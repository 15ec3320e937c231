/*
 * The gradient of a whole training step by central differences: embeddings, two layers with every
 * dropout on, pooling, classifier dropout, and an objective with all its terms; BERT and its kin.
 *
 * The network is far from the usual sizes: 10 wide, 13 inside, sequences of 1 to 7 tokens.
 */
#include "base/json.h"
#include "base/rng.h"
#include "encoder/bert.h"
#include "num/gemm.h"
#include "model/model.h"
#include "run/step.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/gradcheck.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 4, T = 15, K = 3, MAX_SLICES = 64, LIMIT = 12 };

/* %s: the activation. */
#define SIZES                                                                                      \
    "\"hidden_size\": 10, \"num_hidden_layers\": 2, \"num_attention_heads\": 2,"                   \
    "\"intermediate_size\": 13, \"vocab_size\": 11, \"hidden_act\": \"%s\","                       \
    "\"hidden_dropout_prob\": 0.2, \"attention_probs_dropout_prob\": 0.15,"                        \
    "\"classifier_dropout\": 0.3, \"layer_norm_eps\": 1e-6}"
static const char bert[] =
    "{\"model_type\": \"bert\", \"max_position_embeddings\": 9, \"type_vocab_size\": 2," SIZES;
static const char roberta[] = "{\"model_type\": \"roberta\", \"max_position_embeddings\": 11,"
                              "\"type_vocab_size\": 1, \"pad_token_id\": 3," SIZES;
static const char electra[] = "{\"model_type\": \"electra\", \"max_position_embeddings\": 9,"
                              "\"type_vocab_size\": 2, \"embedding_size\": 6," SIZES;
static const char distilbert[] =
    "{\"model_type\": \"distilbert\", \"max_position_embeddings\": 9, \"dim\": 10,"
    "\"n_layers\": 2, \"n_heads\": 2, \"hidden_dim\": 13, \"vocab_size\": 11,"
    "\"activation\": \"%s\", \"dropout\": 0.2, \"attention_dropout\": 0.15,"
    "\"seq_classif_dropout\": 0.3}";

typedef struct fixture {
    acf_model model;
    acf_step step;
    acf_batch batch;
    int64_t update;
    int32_t row[N], label[N], ids[T], types[T], start[N + 1];
    acf_error e;
} fixture;

static double total(void *ctx)
{
    fixture *f = ctx;
    acf_step_result r;
    assert_ok(acf_step_gradients(&r, &f->step, &f->batch, f->update, &f->e), &f->e);
    return r.loss.total;
}

static void open_model(fixture *f, const char *format, acf_pooling pooling, const char *act)
{
    char text[1024];
    cJSON *config;
    acf_model *m = &f->model;
    static char a[] = "a", b[] = "b", c[] = "c";
    char *const labels[K] = {a, b, c};
    assert_ok(acf_gemm_start(&f->e), &f->e);
    const char *mark = strstr(format, "%s");
    int len = snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - format), format, act, mark + 2);
    assert_ok(acf_json_parse(&config, text, (size_t)len, "config", &f->e), &f->e);
    assert_ok(acf_bert_open(&m->enc, config, pooling, -1, "config", &f->e), &f->e);
    cJSON_Delete(config);
    assert_ok(acf_model_set_labels(m, labels, K, &f->e), &f->e);
    assert_ok(acf_model_alloc(m, 3, true, &f->e), &f->e);
    /* Far from the start, where biases are 0 and the layers nearly linear. */
    acf_rng rng = {.seed = 8, .stream = ACF_STREAM_INIT};
    for (size_t k = 0; k < m->params.n; k++) {
        const acf_param *s = &m->params.slice[k];
        double scale = s->rank == 2 ? 0.4 : 0.2;
        for (size_t i = 0; i < s->len; i++)
            m->params.value[s->at + i] += (real)(scale * acf_rng_normal(rng, s->at + i));
    }
}

static void open_batch(fixture *f)
{
    static const int32_t start[N + 1] = {0, 7, 8, 10, 15};
    static const int32_t label[N] = {0, 1, 0, 2};
    acf_rng rng = {.seed = 21, .stream = ACF_STREAM_SAMPLER};
    memcpy(f->start, start, sizeof start);
    memcpy(f->label, label, sizeof label);
    for (int t = 0; t < T; t++) {
        f->ids[t] = (int32_t)acf_rng_below(rng, (uint64_t)t, 11);
        f->types[t] = t % 3 == 2;
    }
    f->ids[2] = 3; /* RoBERTa's padding token: within a text it moves the positions behind it */
    f->batch.N = N;
    f->batch.L = 7;
    f->batch.square = 49 + 1 + 4 + 25;
    f->batch.row = f->row;
    f->batch.label = f->label;
    f->batch.input =
        (acf_input){.N = N, .T = T, .ids = f->ids, .types = f->types, .start = f->start};
}

static void open_fixture(fixture *f, const char *format, acf_pooling pooling, const char *act,
                         int micro_batch)
{
    *f = (fixture){.update = 6};
    open_model(f, format, pooling, act);
    open_batch(f);
    acf_objective o = acf_objective_default(ACF_LOSS_ACF);
    o.cor_weight = 0.05;
    o.label_reg = 0.1;
    o.label_smoothing = 0.1;
    o.label_weight = 1.5;
    o.tau = 0.4;
    assert_ok(acf_objective_check(&o, K, &f->e), &f->e);
    f->step = (acf_step){
        .model = &f->model, .objective = o, .seed = 77, .micro_batch = micro_batch, .total = 10};
    const acf_batch_bound bound = {.N = N, .T = T, .L = 7, .square = f->batch.square};
    assert_ok(
        acf_arena_init(&f->step.arena, acf_step_bytes(&f->model, &bound, &bound), "step", &f->e),
        &f->e);
}

static void close_fixture(fixture *f)
{
    acf_arena_free(&f->step.arena);
    acf_model_free(&f->model);
}

/* The bias of the keys adds the same to all scores of a query, which softmax does not see. */
static bool is_key_bias(const char *name)
{
    return strstr(name, "attention.self.key.bias") != NULL || strstr(name, "k_lin.bias") != NULL;
}

static void check(const char *format, acf_pooling pooling, const char *act, int micro_batch,
                  size_t n_slices)
{
    static fixture f;
    static real grad[8192];
    grad_tensor tensor[MAX_SLICES];
    open_fixture(&f, format, pooling, act, micro_batch);
    acf_params *p = &f.model.params;
    assert_true(p->len <= sizeof grad / sizeof *grad && p->n <= MAX_SLICES);
    assert_int_equal(p->n, n_slices);
    double loss = total(&f);
    f.update++;
    assert_true(fabs(total(&f) - loss) > 1e-3); /* dropout is on, and keyed by the update */
    f.update--;
    assert_true(total(&f) == loss);
    memcpy(grad, p->grad, p->len * sizeof *grad);
    for (size_t k = 0; k < p->n; k++)
        tensor[k] = (grad_tensor){.name = p->slice[k].name,
                                  .value = acf_value(p, (int)k),
                                  .grad = grad + p->slice[k].at,
                                  .n = p->slice[k].len,
                                  .is_zero = is_key_bias(p->slice[k].name),
                                  .limit = LIMIT};
    assert_gradients(total, &f, tensor, p->n);
    close_fixture(&f);
}

static void with_pooler(void **state)
{
    (void)state;
    check(bert, ACF_POOL_POOLER, "gelu", N, 5 + 2 * 16 + 2 + 2);
}

static void with_cls(void **state)
{
    (void)state;
    check(bert, ACF_POOL_CLS, "gelu_new", N, 5 + 2 * 16 + 2);
}

static void with_mean(void **state)
{
    (void)state;
    check(bert, ACF_POOL_MEAN, "silu", N, 5 + 2 * 16 + 2);
}

static void with_micro_batches(void **state)
{
    (void)state;
    check(bert, ACF_POOL_MEAN, "gelu", 3, 5 + 2 * 16 + 2);
}

/* Frozen layers: their gradient is 0, that of the rest as it was. */
static void with_frozen_layers(void **state)
{
    (void)state;
    static fixture f;
    static real grad[8192];
    open_fixture(&f, bert, ACF_POOL_POOLER, "gelu", N);
    acf_params *p = &f.model.params;
    (void)total(&f);
    memcpy(grad, p->grad, p->len * sizeof *grad);
    assert_ok(acf_model_freeze(&f.model, 1, &f.e), &f.e);
    (void)total(&f);
    for (size_t k = 0; k < p->n; k++)
        for (size_t i = 0; i < p->slice[k].len; i++) {
            size_t at = p->slice[k].at + i;
            bool frozen = (p->slice[k].flags & ACF_PARAM_FROZEN) != 0;
            if (p->grad[at] != (frozen ? 0 : grad[at])) fail_msg("%s", p->slice[k].name);
        }
    close_fixture(&f);
}

static void as_roberta(void **state)
{
    (void)state;
    check(roberta, ACF_POOL_POOLER, "gelu", N, 5 + 2 * 16 + 2 + 2);
}

static void as_distilbert(void **state)
{
    (void)state;
    check(distilbert, ACF_POOL_POOLER, "gelu", N, 4 + 2 * 16 + 2 + 2);
}

static void as_electra(void **state)
{
    (void)state;
    check(electra, ACF_POOL_POOLER, "gelu", N, 7 + 2 * 16 + 2 + 2);
}

/* Pieces of a batch, dropout on, give the gradient of the whole. */
static void with_micro_batches_of_each(void **state)
{
    (void)state;
    static fixture f;
    static real whole[8192];
    static const char *const format[] = {bert, roberta, distilbert, electra};
    for (int k = 0; k < 4; k++) {
        open_fixture(&f, format[k], ACF_POOL_POOLER, "gelu", N);
        size_t len = f.model.params.len;
        assert_true(len <= sizeof whole / sizeof *whole);
        double loss = total(&f);
        memcpy(whole, f.model.params.grad, len * sizeof *whole);
        for (f.step.micro_batch = 1; f.step.micro_batch < N; f.step.micro_batch++) {
            assert_true(fabs(total(&f) - loss) < 1e-12);
            assert_close_by_max(f.model.params.grad, whole, len, 1e-12);
        }
        close_fixture(&f);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(with_pooler),
    cmocka_unit_test(with_cls),
    cmocka_unit_test(with_mean),
    cmocka_unit_test(with_micro_batches),
    cmocka_unit_test(with_frozen_layers),
    cmocka_unit_test(as_roberta),
    cmocka_unit_test(as_distilbert),
    cmocka_unit_test(as_electra),
    cmocka_unit_test(with_micro_batches_of_each),
};

TEST_MAIN(tests)
