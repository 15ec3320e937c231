/* Values that follow from others. */
#include "config/config_internal.h"

#include "base/mem.h"
#include "base/path.h"
#include "config/value.h"
#include "encoder/families.h"

#include <math.h>
#include <stdio.h>

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
    const acf_task *task = acf_config_task(cfg);
    if (task != NULL && task->regression && is_open(cfg, "loss.type") &&
        rule_decides(cfg, "loss.type", "task", cfg->task))
        cfg->loss.type = ACF_LOSS_MSE;

    const char *name = acf_loss_type_name(cfg->loss.type);
    acf_objective preset = acf_objective_default(cfg->loss.type);
    acf_head head = acf_objective_head(cfg->loss.type);
    fill_real(cfg, "loss.ce", &cfg->loss.ce, preset.ce, name);
    fill_real(cfg, "loss.lambda", &cfg->loss.lambda, preset.lambda, name);
    fill_real(cfg, "loss.label_reg", &cfg->loss.label_reg, preset.label_reg, name);
    if (is_open(cfg, "eval.head") && cfg->eval.head != head &&
        rule_decides(cfg, "eval.head", "preset", name))
        cfg->eval.head = head;

    /* ce and mse ignore what belongs to the other terms: that one override makes the baseline. */
    if (acf_objective_has_contrast(cfg->loss.type)) return;
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
    const acf_task *task = acf_config_task(cfg);
    if (task == NULL) return ACF_OK;
    if (task->preset) metric = task->metric[0];
    ACF_TRY(fill_text(cfg, "eval.metric", &cfg->eval.metric, metric, "task", cfg->task, e));

    char dir[96];
    (void)snprintf(dir, sizeof dir, "runs/%s-%s", cfg->task, acf_loss_type_name(cfg->loss.type));
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
    bool brings_vocab = cfg->model.encoder != NULL && !cfg->model.encoder_is_preset && !image;
    if (brings_vocab && cfg->model.vocab.size != ACF_UNSET &&
        rule_decides(cfg, "model.vocab.size", "encoder", "brings its own"))
        cfg->model.vocab.size = ACF_UNSET;
    acf_preset_facts preset;
    if (cfg->model.encoder_is_preset && acf_encoder_preset_facts(&preset, cfg->model.encoder) &&
        !preset.is_image) {
        if (cfg->model.vocab.size == ACF_UNSET &&
            rule_decides(cfg, "model.vocab.size", "encoder", cfg->model.encoder))
            cfg->model.vocab.size = preset.vocab_size;
        if (cfg->model.pooling == ACF_UNSET &&
            rule_decides(cfg, "model.pooling", "encoder", cfg->model.encoder))
            cfg->model.pooling = ACF_POOL_POOLER;
    }
}

bool acf_config_drops_vocab(const acf_config *cfg)
{
    const acf_origin *o = acf_config_origin(cfg, "model.vocab.size");
    return o->kind == ACF_FROM_RULE && cfg->model.vocab.size == ACF_UNSET;
}

/* Features that mean something are what label embeddings can begin as. */
static void fill_label_init(acf_config *cfg)
{
    bool is_pretrained = cfg->model.encoder != NULL && !cfg->model.encoder_is_preset;
    if (cfg->model.label_init != ACF_UNSET || acf_config_is_regression(cfg)) return;
    if (rule_decides(cfg, "model.label_init", "encoder",
                     is_pretrained ? "pre-trained" : "of random weights"))
        cfg->model.label_init = is_pretrained ? ACF_LABELS_MEANS : ACF_LABELS_NORMAL;
}

acf_status acf_config_fill(acf_config *cfg, acf_error *e)
{
    fill_loss(cfg);
    ACF_TRY(fill_task(cfg, e));
    fill_encoder(cfg);
    fill_label_init(cfg);
    return ACF_OK;
}
