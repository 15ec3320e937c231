/*
 * The gradient of a whole training step of small ResNets by central differences: both stems, both
 * kinds of blocks, all three shortcuts, statistics of the batch and running ones.
 */
#include "base/json.h"
#include "base/rng.h"
#include "encoder/resnet.h"
#include "num/gemm.h"
#include "model/model.h"
#include "run/step.h"
#include "support/cm.h"
#include "support/fill.h"
#include "support/gradcheck.h"

#include <math.h>

enum { N = 5, K = 3, LARGEST = 19, MAX_SLICES = 96, MAX_VALUES = 65536, LIMIT = 9 };

typedef struct fixture {
    acf_model model;
    acf_step step;
    acf_batch batch;
    int32_t row[N], label[N];
    real pixels[N * 3 * LARGEST * LARGEST];
    acf_error e;
} fixture;

static double total(void *ctx)
{
    fixture *f = ctx;
    acf_step_result r;
    assert_ok(acf_step_gradients(&r, &f->step, &f->batch, 0, &f->e), &f->e);
    return r.loss.total;
}

static void open_fixture(fixture *f, const char *text, bool running)
{
    static char a[] = "a", b[] = "b", c[] = "c";
    char *const labels[K] = {a, b, c};
    static const int32_t label[N] = {0, 1, 0, 2, 1};
    cJSON *config;
    acf_model *m = &f->model;
    *f = (fixture){0};
    assert_ok(acf_gemm_start(&f->e), &f->e);
    assert_ok(acf_json_parse(&config, text, strlen(text), "config", &f->e), &f->e);
    assert_ok(acf_resnet_open(&m->enc, config, ACF_POOL_GAP, -1, "config", &f->e), &f->e);
    cJSON_Delete(config);
    m->enc->running_statistics = running;
    assert_ok(acf_model_set_labels(m, labels, K, &f->e), &f->e);
    assert_ok(acf_model_alloc(m, 3, true, &f->e), &f->e);
    acf_rng rng = {.seed = 8, .stream = ACF_STREAM_INIT};
    for (size_t k = 0; k < m->params.n; k++) {
        const acf_param *s = &m->params.slice[k];
        for (size_t i = 0; i < s->len; i++) {
            double x = 0.2 * acf_rng_normal(rng, s->at + i);
            if (strstr(s->name, "running_var") != NULL) x = fabs(x);
            m->params.value[s->at + i] += (real)x;
        }
    }
    int channels = m->enc->channels;
    memcpy(f->label, label, sizeof label);
    fill_normal(f->pixels, sizeof f->pixels / sizeof(real), 21);
    f->batch = (acf_batch){.N = N, .row = f->row, .label = f->label};
    f->batch.input = (acf_input){.N = N,
                                 .pixels = f->pixels,
                                 .channels = channels,
                                 .height = m->enc->image_size,
                                 .width = m->enc->image_size};
    acf_objective o = acf_objective_default(ACF_LOSS_ACF);
    o.cor_weight = 0.05;
    o.tau = 0.4;
    assert_ok(acf_objective_check(&o, K, &f->e), &f->e);
    f->step = (acf_step){.model = m, .objective = o, .seed = 77, .micro_batch = N, .total = 10};
    const acf_batch_bound bound = {.N = N};
    assert_ok(acf_arena_init(&f->step.arena, acf_step_bytes(m, &bound, &bound), "step", &f->e),
              &f->e);
}

static void check(const char *text, bool running)
{
    static fixture f;
    static real grad[MAX_VALUES];
    grad_tensor tensor[MAX_SLICES];
    size_t n = 0;
    open_fixture(&f, text, running);
    acf_params *p = &f.model.params;
    assert_true(p->len <= MAX_VALUES && p->n <= MAX_SLICES);
    (void)total(&f);
    memcpy(grad, p->grad, p->len * sizeof *grad);
    for (size_t k = 0; k < p->n; k++) {
        const acf_param *s = &p->slice[k];
        if ((s->flags & ACF_PARAM_STATE) != 0) {
            for (size_t i = 0; i < s->len; i++)
                assert_true(grad[s->at + i] == 0); /* not trained */
            continue;
        }
        tensor[n++] = (grad_tensor){.name = s->name,
                                    .value = acf_value(p, (int)k),
                                    .grad = grad + s->at,
                                    .n = s->len,
                                    .limit = LIMIT};
    }
    assert_gradients(total, &f, tensor, n);
    acf_arena_free(&f.step.arena);
    acf_model_free(&f.model);
}

#define SMALL "\"embedding_size\": 4, \"depths\": [2, 1], "

static void cifar_stem_padded_shortcut(void **state)
{
    (void)state;
    static const char text[] =
        "{\"model_type\": \"resnet-cifar\", " SMALL
        "\"image_size\": 9, \"hidden_sizes\": [4, 10], \"shortcut\": \"pad\"}";
    check(text, false);
    check(text, true);
}

static void cifar_stem_projection(void **state)
{
    (void)state;
    static const char text[] = "{\"model_type\": \"resnet-cifar\", " SMALL
                               "\"image_size\": 9, \"num_channels\": 1, \"hidden_sizes\": [6, 10]}";
    check(text, false);
    check(text, true);
}

static void imagenet_stem_bottleneck(void **state)
{
    (void)state;
    static const char text[] =
        "{\"model_type\": \"resnet\", " SMALL "\"image_size\": 19, \"hidden_sizes\": [16, 24]}";
    check(text, false);
    check(text, true);
}

static void imagenet_stem_early_stride(void **state)
{
    (void)state;
    static const char text[] =
        "{\"model_type\": \"resnet\", " SMALL
        "\"image_size\": 19, \"hidden_sizes\": [16, 24], \"downsample_in_first_stage\": true,"
        "\"downsample_in_bottleneck\": true}";
    check(text, false);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_stem_padded_shortcut),
        cmocka_unit_test(cifar_stem_projection),
        cmocka_unit_test(imagenet_stem_bottleneck),
        cmocka_unit_test(imagenet_stem_early_stride),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
