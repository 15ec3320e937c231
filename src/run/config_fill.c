/* Values that follow from others. */
#include "run/config_internal.h"

#include "base/io.h"
#include "base/mem.h"
#include "run/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a preset of loss.type puts where the user gave nothing (method.md's table). */
typedef struct loss_preset {
    acf_loss_type type;
    double ce, lambda, label_reg;
    acf_head head;
} loss_preset;

static const loss_preset presets[] = {
    {ACF_LOSS_CE, 1.0, 0.0, 0.0, ACF_HEAD_LINEAR},
    {ACF_LOSS_COSINE_CE, 0.0, 1.0, 0.0, ACF_HEAD_LABEL},
    {ACF_LOSS_ICL, 1.0, 0.5, 0.0, ACF_HEAD_LINEAR},
    {ACF_LOSS_LCL, 1.0, 0.5, 0.0, ACF_HEAD_LINEAR},
    {ACF_LOSS_SCL, 1.0, 0.5, 0.0, ACF_HEAD_LINEAR},
    {ACF_LOSS_PACO, 1.0, 0.5, 0.0, ACF_HEAD_LINEAR},
    {ACF_LOSS_ACF, 1.0, 0.5, 0.0, ACF_HEAD_LINEAR},
    {ACF_LOSS_LACON, 0.0, 1.0, 0.1, ACF_HEAD_LABEL},
    {ACF_LOSS_MSE, 1.0, 0.0, 0.0, ACF_HEAD_LINEAR},
};

/* The first metric of each task, where it is not accuracy. */
static const struct {
    const char *task, *metric;
} first_metric[] = {{"cola", "mcc"}, {"mrpc", "f1"}, {"stsb", "pearson"}, {"ax", "mcc"}};

static const char *loss_name(acf_loss_type type)
{
    const acf_choice *c = acf_keys[acf_key_find("loss.type")].choices;
    while (c->name != NULL && c->value != (int)type)
        c++;
    return c->name != NULL ? c->name : "";
}

/* Did nobody give this value? */
static bool is_open(const acf_config *cfg, const char *path)
{
    return acf_config_origin(cfg, path)->kind == ACF_FROM_DEFAULT;
}

/* Say that a rule decided; true when the caller is to store its value. */
static bool rule_decides(acf_config *cfg, const char *path, const char *kind, const char *name)
{
    acf_origin *o = acf_config_origin(cfg, path);
    if (o->bad) return false;
    o->kind = ACF_FROM_RULE;
    (void)snprintf(o->rule, sizeof o->rule, "%s %s", kind, name);
    return true;
}

static void fill_real(acf_config *cfg, const char *path, double *at, double v, const char *name)
{
    if (is_open(cfg, path) && *at != v && rule_decides(cfg, path, "preset", name)) *at = v;
}

static void fill_loss(acf_config *cfg)
{
    if (cfg->task != NULL && strcmp(cfg->task, "stsb") == 0 && is_open(cfg, "loss.type") &&
        rule_decides(cfg, "loss.type", "task", cfg->task))
        cfg->loss.type = ACF_LOSS_MSE;

    const char *name = loss_name(cfg->loss.type);
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        if (presets[i].type != cfg->loss.type) continue;
        fill_real(cfg, "loss.ce", &cfg->loss.ce, presets[i].ce, name);
        fill_real(cfg, "loss.lambda", &cfg->loss.lambda, presets[i].lambda, name);
        fill_real(cfg, "loss.label_reg", &cfg->loss.label_reg, presets[i].label_reg, name);
        if (is_open(cfg, "eval.head") && cfg->eval.head != presets[i].head &&
            rule_decides(cfg, "eval.head", "preset", name))
            cfg->eval.head = presets[i].head;
    }
    /* ce and mse ignore what belongs to the other terms: that one override makes the baseline. */
    if (cfg->loss.type != ACF_LOSS_CE && cfg->loss.type != ACF_LOSS_MSE) return;
    if (cfg->loss.lambda != 0.0 && rule_decides(cfg, "loss.lambda", "preset", name))
        cfg->loss.lambda = 0.0;
    if (cfg->loss.cor.weight != 0.0 && rule_decides(cfg, "loss.cor.weight", "preset", name))
        cfg->loss.cor.weight = 0.0;
}

static acf_status fill_text(acf_config *cfg, const char *path, char **at, const char *text,
                            const char *kind, const char *name, acf_error *e)
{
    if (*at != NULL || !rule_decides(cfg, path, kind, name)) return ACF_OK;
    *at = acf_strdup(text, e);
    return *at != NULL ? ACF_OK : ACF_ERR_RESOURCE;
}

static acf_status fill_task(acf_config *cfg, acf_error *e)
{
    const char *metric = acf_config_is_regression(cfg) ? "pearson" : "accuracy";
    if (cfg->task == NULL) return ACF_OK;
    for (size_t i = 0; i < sizeof first_metric / sizeof *first_metric; i++)
        if (strcmp(cfg->task, first_metric[i].task) == 0) metric = first_metric[i].metric;
    ACF_TRY(fill_text(cfg, "eval.metric", &cfg->eval.metric, metric, "task", cfg->task, e));

    char dir[96];
    (void)snprintf(dir, sizeof dir, "runs/%s-%s", cfg->task, loss_name(cfg->loss.type));
    if (cfg->save.dir != NULL) return ACF_OK;
    char *absolute = acf_path_absolute(dir, e);
    if (absolute == NULL) return ACF_ERR_RESOURCE;
    acf_status st = fill_text(cfg, "save.dir", &cfg->save.dir, absolute, "task", cfg->task, e);
    acf_free(absolute);
    return st;
}

static void fill_encoder(acf_config *cfg)
{
    bool image = acf_config_is_image(cfg);
    cfg->model.encoder_is_preset =
        cfg->model.encoder != NULL && acf_is_encoder_preset(cfg->model.encoder);
    const char *kind = image ? "images" : "texts";
    if (isnan(cfg->train.optimizer.head_lr) &&
        rule_decides(cfg, "train.optimizer.head_lr", "encoder of", kind))
        cfg->train.optimizer.head_lr = image ? cfg->train.optimizer.lr : 1e-3;
    if (isnan(cfg->train.clip)) cfg->train.clip = 0.0;
    if (image && cfg->model.pooling == ACF_UNSET &&
        rule_decides(cfg, "model.pooling", "encoder of", kind))
        cfg->model.pooling = ACF_POOL_GAP;
    if (cfg->model.encoder_is_preset && strncmp(cfg->model.encoder, "bert", 4) == 0) {
        if (cfg->model.vocab.size == ACF_UNSET &&
            rule_decides(cfg, "model.vocab.size", "encoder", cfg->model.encoder))
            cfg->model.vocab.size = 8000;
        if (cfg->model.pooling == ACF_UNSET &&
            rule_decides(cfg, "model.pooling", "encoder", cfg->model.encoder))
            cfg->model.pooling = ACF_POOL_POOLER;
    }
}

acf_status acf_config_fill(acf_config *cfg, acf_error *e)
{
    fill_loss(cfg);
    ACF_TRY(fill_task(cfg, e));
    fill_encoder(cfg);
    return ACF_OK;
}
