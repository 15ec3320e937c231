#include "support/golden_optim.h"

#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "optim/clip.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "support/choice.h"
#include "support/close.h"
#include "support/cm.h"

#include <math.h>
#include <stdlib.h>

enum { N_TENSORS = 3, N_LAYERS = 2, MAX_STEPS = 64 };

/* The slices of the fixture, with one that is frozen and one that is state between them. */
static const acf_param slice[] = {
    {.name = "weight", .rank = 1, .dim = {7}, .group = ACF_GROUP_ENCODER, .layer = 1},
    {.name = "frozen",
     .rank = 1,
     .dim = {4},
     .group = ACF_GROUP_ENCODER,
     .layer = 1,
     .flags = ACF_PARAM_FROZEN},
    {.name = "bias",
     .rank = 1,
     .dim = {3},
     .group = ACF_GROUP_ENCODER,
     .layer = 0,
     .flags = ACF_PARAM_NO_DECAY},
    {.name = "state",
     .rank = 1,
     .dim = {2},
     .group = ACF_GROUP_ENCODER,
     .layer = 2,
     .flags = ACF_PARAM_STATE},
    {.name = "head", .rank = 1, .dim = {5}, .group = ACF_GROUP_HEAD, .layer = N_LAYERS + 1},
};
static const char *const tensor_name[N_TENSORS] = {"weight", "bias", "head"};

static cJSON *read_fixture(void)
{
    acf_error e;
    cJSON *tree;
    const char *src = getenv("SRC"); /* set by run-tests.sh */
    char *path = acf_path_join(src != NULL ? src : ".", "tests/golden/optim.json", &e);
    assert_non_null(path);
    assert_ok(acf_json_read(&tree, path, 1 << 20, &e), &e);
    acf_free(path);
    return tree;
}

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item == NULL) fail_msg("optim.json: no '%s'", key);
    return item;
}

static double number(const cJSON *object, const char *key, double fallback)
{
    acf_error e;
    double x;
    assert_ok(acf_json_number(&x, object, key, -1e9, 1e9, fallback, "optim.json", &e), &e);
    return x;
}

/* to [n] = the array `key`. */
static void read_array(real *to, const cJSON *object, const char *key, int n)
{
    const cJSON *array = get(object, key);
    assert_int_equal(cJSON_GetArraySize(array), n);
    for (const cJSON *x = array->child; x != NULL; x = x->next)
        *to++ = (real)x->valuedouble;
}

static void read_tensors(const acf_params *p, real *block, const cJSON *object)
{
    for (int k = 0; k < N_TENSORS; k++) {
        const acf_param *s = &p->slice[acf_params_find(p, tensor_name[k])];
        read_array(block + s->at, object, s->name, (int)s->len);
    }
}

static acf_optim_options read_options(const cJSON *run)
{
    acf_error e;
    int type = choice_value("train.optimizer.name", get(run, "type")->valuestring);
    assert_true(type >= 0);
    acf_optim_options o = acf_optim_default((acf_optim_type)type);
    o.lr = number(run, "lr", -1);
    o.head_lr = number(run, "head_lr", -1);
    o.weight_decay = number(run, "weight_decay", -1);
    o.layer_decay = number(run, "layer_decay", -1);
    o.n_layers = N_LAYERS;
    if (type == ACF_OPTIM_ADAMW) {
        o.beta1 = get(run, "betas")->child->valuedouble;
        o.beta2 = get(run, "betas")->child->next->valuedouble;
        o.eps = number(run, "eps", -1);
    } else {
        o.momentum = number(run, "momentum", -1);
        assert_ok(acf_json_bool(&o.nesterov, run, "nesterov", false, "optim.json", &e), &e);
    }
    return o;
}

static void check_run(const cJSON *fixture, const cJSON *run, double tol)
{
    acf_error e;
    acf_params p = {0};
    acf_optimizer *o;
    for (size_t i = 0; i < sizeof slice / sizeof *slice; i++) {
        int id;
        assert_ok(acf_params_add(&id, &p, slice[i], &e), &e);
    }
    assert_ok(acf_params_alloc(&p, true, &e), &e);
    read_tensors(&p, p.value, get(fixture, "start"));
    const real still[] = {(real)0.5, -3, 2, 1};
    memcpy(acf_value(&p, 1), still, sizeof still);
    memcpy(acf_value(&p, 3), still, 2 * sizeof *still);

    acf_optim_options options = read_options(run);
    assert_ok(acf_optimizer_open(&o, &options, &p, &e), &e);
    double max_norm = number(run, "clip", -1);
    real *want = acf_alloc(p.len, sizeof *want, "want", &e);
    assert_non_null(want);
    int n = cJSON_GetArraySize(get(fixture, "gradients"));
    assert_true(n == 10);
    for (int t = 0; t < n; t++) {
        read_tensors(&p, p.grad, cJSON_GetArrayItem(get(fixture, "gradients"), t));
        for (int j = 0; j < 4; j++)
            acf_grad(&p, 1)[j] = 100; /* of a frozen slice: no part of the norm */
        double norm = acf_grad_norm(&p);
        assert_number(norm, cJSON_GetArrayItem(get(run, "norms"), t)->valuedouble, 10 * tol);
        double factor = cJSON_GetArrayItem(get(fixture, "factors"), t)->valuedouble;
        acf_optimizer_step(o, &p, factor, acf_clip_scale(norm, max_norm));
        read_tensors(&p, want, cJSON_GetArrayItem(get(run, "values"), t));
        for (int k = 0; k < N_TENSORS; k++) {
            const acf_param *s = &p.slice[acf_params_find(&p, tensor_name[k])];
            assert_close(p.value + s->at, want + s->at, s->len, tol, tol);
        }
    }
    assert_int_equal(o->n_done, n);
    assert_memory_equal(acf_value(&p, 1), still, sizeof still);
    assert_memory_equal(acf_value(&p, 3), still, 2 * sizeof *still);
    for (size_t i = 0; i < p.n; i++) { /* padding stays zero */
        size_t end = i + 1 < p.n ? p.slice[i + 1].at : p.len;
        for (size_t j = p.slice[i].at + p.slice[i].len; j < end; j++)
            assert_true(p.value[j] == 0);
    }
    acf_free(want);
    acf_optimizer_close(&o);
    assert_null(o);
    acf_params_free(&p);
}

void check_golden_optimizers(double tol)
{
    cJSON *fixture = read_fixture();
    const cJSON *runs = get(fixture, "runs");
    assert_true(cJSON_GetArraySize(runs) >= 6);
    for (const cJSON *run = runs->child; run != NULL; run = run->next)
        check_run(fixture, run, tol);
    cJSON_Delete(fixture);
}

static void check_schedule(const cJSON *row)
{
    int64_t milestone[MAX_STEPS];
    int type = choice_value("train.schedule.name", get(row, "type")->valuestring);
    assert_true(type >= 0);
    acf_schedule s = {.type = (acf_schedule_type)type,
                      .warmup = (int64_t)number(row, "warmup", -1),
                      .milestone = milestone,
                      .every = (int64_t)number(row, "every", 1),
                      .gamma = number(row, "gamma", 0)};
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(row, "milestones");
    for (const cJSON *x = list != NULL ? list->child : NULL; x != NULL; x = x->next)
        milestone[s.n_milestones++] = (int64_t)x->valuedouble;
    int total = (int)number(row, "total", -1);
    const cJSON *factors = get(row, "factors");
    assert_int_equal(cJSON_GetArraySize(factors), total);
    for (int t = 0; t < total; t++)
        assert_number(acf_schedule_factor(&s, t, total),
                      cJSON_GetArrayItem(factors, t)->valuedouble, 1e-15);
}

void check_golden_schedules(void)
{
    cJSON *fixture = read_fixture();
    const cJSON *rows = get(fixture, "schedules");
    assert_true(cJSON_GetArraySize(rows) >= 9);
    for (const cJSON *row = rows->child; row != NULL; row = row->next)
        check_schedule(row);
    cJSON_Delete(fixture);
}
