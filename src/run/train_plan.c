#include "run/trainer_internal.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/version.h"
#include "config/interval.h"
#include "data/data_summary.h"
#include "input/data_record.h"
#include "input/image_input.h"
#include "num/gemm.h"
#include "num/threads.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static acf_status plan_schedule(acf_trainer *t, acf_error *e)
{
    const acf_config *cfg = t->cfg;
    acf_schedule *s = &t->step.schedule;
    *s = (acf_schedule){
        .type = cfg->train.schedule.name, .gamma = cfg->train.schedule.gamma, .every = 1};
    const acf_interval *warmup = &cfg->train.schedule.warmup;
    if (warmup->unit == ACF_UNIT_FRACTION)
        s->warmup = (int64_t)ceil(warmup->value * (double)t->step.total); /* as HF's warmup_ratio */
    else
        s->warmup = acf_interval_updates(warmup, t->per_epoch);
    if (s->warmup > t->step.total) s->warmup = t->step.total;
    if (!isnan(cfg->train.schedule.every.value))
        s->every = acf_interval_updates(&cfg->train.schedule.every, t->per_epoch);
    size_t n = cfg->train.schedule.milestones.n;
    if (n == 0) return ACF_OK;
    t->milestones = acf_alloc(n, sizeof *t->milestones, "milestones", e);
    if (t->milestones == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n; i++)
        t->milestones[i] =
            acf_interval_updates(&cfg->train.schedule.milestones.item[i], t->per_epoch);
    s->milestone = t->milestones;
    s->n_milestones = (int)n;
    return ACF_OK;
}

static acf_status plan_optimizer(acf_trainer *t, acf_error *e)
{
    const acf_config *cfg = t->cfg;
    acf_optim_options o = acf_optim_default(cfg->train.optimizer.name);
    o.lr = cfg->train.optimizer.lr;
    o.head_lr = cfg->train.optimizer.head_lr;
    o.weight_decay = cfg->train.optimizer.weight_decay;
    o.decay_all = cfg->train.optimizer.decay_all;
    o.beta1 = cfg->train.optimizer.betas[0];
    o.beta2 = cfg->train.optimizer.betas[1];
    o.eps = cfg->train.optimizer.eps;
    o.momentum = cfg->train.optimizer.momentum;
    o.nesterov = cfg->train.optimizer.nesterov;
    o.layer_decay = cfg->train.optimizer.layer_decay;
    o.n_layers = t->setup.model.enc->n_layers;
    ACF_TRY(acf_optim_check(&o, e));
    return acf_optimizer_open(&t->step.optimizer, &o, &t->setup.model.params, e);
}

acf_status acf_train_plan(acf_trainer *t, acf_error *e)
{
    const acf_config *cfg = t->cfg;
    const acf_source *train = t->setup.source[ACF_TRAIN];
    int B = cfg->train.batch_size;
    t->per_epoch = (train->n + (int64_t)B - 1) / B;
    /* Rounded up as transformers does: 0.07 epochs of 100 updates are 8, for 0.07 * 100 > 7. */
    double total = cfg->train.steps >= 0 ? (double)cfg->train.steps
                                         : ceil(cfg->train.epochs * (double)t->per_epoch);
    if (!(total < 4294967295.0)) /* updates key 32-bit counters */
        return acf_fail(e, ACF_ERR_USAGE, "train.epochs: %.0f updates are more than 2^32 - 1",
                        total);

    t->step.total = (int64_t)total;
    t->step.model = &t->setup.model;
    t->step.objective = t->setup.objective;
    t->step.clip = cfg->train.clip;
    t->step.seed = (uint64_t)cfg->train.seed;
    t->step.micro_batch =
        cfg->train.micro_batch > 0 && cfg->train.micro_batch < B ? cfg->train.micro_batch : B;
    const acf_encoder *enc = t->setup.model.enc;
    if (t->step.micro_batch < B && enc->batch_statistics && !enc->running_statistics)
        return acf_fail(e, ACF_ERR_USAGE,
                        "train.micro_batch = %d is less than train.batch_size = %d, but the "
                        "encoder normalizes over the whole batch: leave micro_batch at auto, or "
                        "set model.freeze_statistics: yes",
                        t->step.micro_batch, B);
    ACF_TRY(plan_schedule(t, e));
    acf_batch_bound piece;
    bool repeats = cfg->train.sampler == ACF_SAMPLER_BALANCED;
    ACF_TRY(acf_source_bound(&t->bound, train, B, repeats, e));
    ACF_TRY(acf_source_bound(&piece, train, t->step.micro_batch, repeats, e));
    ACF_TRY(plan_optimizer(t, e));
    t->order = acf_alloc((size_t)train->n, sizeof *t->order, "order of the epoch", e);
    if (t->order == NULL) return ACF_ERR_RESOURCE;
    t->ordered = -1;
    return acf_arena_init(&t->step.arena, acf_step_bytes(&t->setup.model, &t->bound, &piece),
                          "training step", e);
}

/* GFLOP/s of a product like the encoder's, over a few milliseconds. */
static double measure_gflops(acf_arena *arena)
{
    enum { SIDE = 384 };
    size_t mark = arena->used, n = (size_t)SIDE * SIDE;
    if (arena->bytes - arena->used < 3 * acf_arena_cost(n, sizeof(real))) return 0;
    real *x = acf_arena_take(arena, 3 * n, sizeof(real));
    memset(x, 0, 3 * n * sizeof(real));
    double best = 0;
    for (int i = 0; i < 4; i++) {
        double begin = acf_clock_s();
        acf_gemm(x, SIDE, x + n, SIDE, false, x + 2 * n, SIDE, true, SIDE, SIDE, SIDE, (real)1,
                 (real)0);
        double rate = 2e-9 * SIDE * SIDE * SIDE / (acf_clock_s() - begin + 1e-9);
        if (rate > best) best = rate;
    }
    acf_arena_rewind(arena, mark);
    return best;
}

/* Multiply-adds of one forward pass over a split; 0 of one that there is not. */
static double multiply_adds(const acf_trainer *t, acf_split_id id)
{
    const acf_source *s = t->setup.source[id];
    const acf_encoder *enc = t->setup.model.enc;
    double total = 0;
    for (int i = 0; s != NULL && i < s->n; i++) {
        int L = acf_source_tokens(s, i);
        total += enc->ops->multiply_adds(enc, 1, L, (size_t)L * (size_t)L);
    }
    return total;
}

/* Of dev, as acf_train does them: when they are due, and at the end. */
static int64_t count_evaluations(const acf_trainer *t)
{
    const acf_interval *every = &t->cfg->eval.every;
    int64_t total = t->step.total;
    if (t->setup.source[ACF_DEV] == NULL) return 0;
    return acf_interval_count(every, total, t->per_epoch) +
           !acf_interval_due(every, total, t->per_epoch);
}

/* Half of what a large product reaches, three passes for an update, one for an evaluation; 0:
 * unknown. */
static double estimate_seconds(const acf_trainer *t, double gflops)
{
    double epochs = (double)t->step.total / (double)t->per_epoch;
    double updates = 3 * epochs * multiply_adds(t, ACF_TRAIN);
    double evaluations =
        (double)count_evaluations(t) * (multiply_adds(t, ACF_DEV) + multiply_adds(t, ACF_DEV_MM));
    return gflops > 0 ? 2e-9 * (updates + evaluations) / (0.5 * gflops) : 0;
}

static void print_split(const acf_trainer *t, acf_split_id id)
{
    const acf_source *s = t->setup.source[id];
    if (s == NULL || s->length == NULL) return; /* images: one line for all */
    acf_log_info(&t->log, "  %s: %.1f tokens a row (at most %d), %.2f %% truncated to %d",
                 t->setup.data->split[id].name, s->mean_tokens, s->max_tokens,
                 100.0 * s->n_truncated / s->n, t->setup.model.max_length);
}

static acf_status print_images(const acf_trainer *t, acf_error *e)
{
    acf_str text = {0};
    acf_status st = acf_image_input_describe(&text, &t->setup.model.prep, e);
    if (st == ACF_OK) acf_log_info(&t->log, "  images: %s", text.data);
    acf_str_free(&text);
    return st;
}

acf_status acf_train_plan_print(acf_trainer *t, acf_error *e)
{
    acf_str text = {0};
    acf_status st = acf_data_summary(&text, t->setup.data, e);
    for (char *at = st == ACF_OK ? text.data : NULL; at != NULL && *at != '\0';) {
        char *end = strchr(at, '\n');
        if (end != NULL) *end = '\0';
        acf_log_info(&t->log, "%s", at);
        if (end == NULL) break;
        at = end + 1;
    }
    acf_str_free(&text);
    ACF_TRY(st);
    if (t->setup.source[ACF_DEV] == NULL)
        acf_log_info(&t->log, "no dev split: nothing is measured, best is the last checkpoint; "
                              "data.dev, data.dev_fraction or data.folds give one");
    print_split(t, ACF_TRAIN);
    print_split(t, ACF_DEV);
    if (t->setup.model.enc->channels > 0) ACF_TRY(print_images(t, e));
    print_split(t, ACF_DEV_MM);

    const acf_model *m = &t->setup.model;
    const acf_config *cfg = t->cfg;
    size_t all = acf_params_count(&m->params, false), free_ = acf_params_count(&m->params, true);
    acf_log_info(&t->log,
                 "model: %s, %d layers, features of width %d (%s), %d %s, %.2f M "
                 "parameters, %.2f M of them trained",
                 m->enc->ops->family, m->enc->n_layers, m->enc->d,
                 acf_pooling_name(m->enc->pooling), m->K, m->K == 1 ? "output" : "labels",
                 (double)all / 1e6, (double)free_ / 1e6);

    acf_arena arena = t->step.arena;
    double rate = measure_gflops(&arena);
    double epochs = (double)t->step.total / (double)t->per_epoch;
    char duration[32];
    acf_clock_duration(duration, estimate_seconds(t, rate));
    long long n_evaluations = (long long)count_evaluations(t);
    size_t bytes;
    ACF_TRY(acf_train_memory(&bytes, t, arena.peak, e));
    double disk = (double)acf_params_count(&m->params, false) * sizeof(real) *
                  (1 + t->step.optimizer->n_blocks) * (cfg->save.keep_last + 2);
    acf_log_info(
        &t->log,
        "plan: %lld updates of %d examples (%.4g epochs of %lld), %lld evaluation%s, about "
        "%s on %d threads, memory up to %.0f MB, disk up to %.0f MB",
        (long long)t->step.total, cfg->train.batch_size, epochs, (long long)t->per_epoch,
        n_evaluations, n_evaluations == 1 ? "" : "s", duration, acf_threads_get(),
        (double)bytes / 1e6, disk / 1e6);
    return ACF_OK;
}

acf_status acf_train_environment(cJSON **out, const acf_trainer *t, acf_error *e)
{
    char now[32], cpu[96];
    acf_clock_utc(now);
    acf_cpu_name(cpu);
    cJSON *c = cJSON_CreateObject();
    *out = c;
    cJSON *data = NULL;
    bool ok =
        c != NULL && cJSON_AddStringToObject(c, "version", ACF_VERSION) != NULL &&
        (t->opt->commit == NULL || cJSON_AddStringToObject(c, "commit", t->opt->commit) != NULL) &&
        cJSON_AddStringToObject(c, "started", now) != NULL &&
        cJSON_AddStringToObject(c, "compiler", __VERSION__) != NULL &&
        cJSON_AddStringToObject(c, "cpu", cpu) != NULL &&
        cJSON_AddStringToObject(c, "blas", acf_gemm_library()) != NULL &&
        cJSON_AddStringToObject(c, "blas_kernels", acf_gemm_core()) != NULL &&
        cJSON_AddNumberToObject(c, "threads", acf_threads_get()) != NULL &&
        acf_data_record_make(&data, t->setup.data, e) == ACF_OK && acf_json_put(c, "data", data);
    if (ok) return ACF_OK;
    cJSON_Delete(c);
    *out = NULL;
    return acf_fail(e, ACF_ERR_RESOURCE, "environment.json: not enough memory to build");
}
