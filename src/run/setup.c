#include "run/setup.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/version.h"
#include "config/schema.h"
#include "data/text_source.h"
#include "input/data_options.h"
#include "input/data_record.h"
#include "input/image_input.h"
#include "input/inputs.h"
#include "input/token_share.h"
#include "model/model_dir.h"
#include "model/preprocessor.h"
#include "text/vocab_train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* All texts of a split, first and second, one after another. */
typedef struct split_texts {
    const acf_split *split;
    int at;
    bool second;
    const acf_setup_options *opt; /* asked now and then whether to stop */
    bool is_stopped;
} split_texts;

static bool next_text(void *payload, const char **text, size_t *len)
{
    split_texts *t = payload;
    if (t->at >= t->split->n) return false;
    if (t->at % 1024 == 0 && acf_poll_stops(t->opt->poll)) {
        t->is_stopped = true;
        return false;
    }
    *text = t->second ? t->split->text2[t->at] : t->split->text[t->at];
    *len = strlen(*text);
    if (t->split->text2 != NULL && !t->second) {
        t->second = true;
    } else {
        t->second = false;
        t->at++;
    }
    return true;
}

/* A tokenizer learnt from the training texts; *size is that of its vocabulary. */
static acf_status learn_tokenizer(int *size, acf_setup *s, const acf_config *cfg,
                                  const acf_setup_options *opt, acf_error *e)
{
    acf_model *m = &s->model;
    acf_vocab_options vocab = acf_vocab_options_default();
    split_texts texts = {.split = &s->data->split[ACF_TRAIN], .opt = opt};
    if (cfg->model.vocab.size > 0) vocab.size = cfg->model.vocab.size;
    acf_status st = acf_vocab_train(
        &m->tok, (acf_text_stream){.next = next_text, .payload = &texts}, &vocab, e);
    if (texts.is_stopped) /* what was learnt from a part is of no use */
        return acf_fail(e, ACF_STOPPED, "%s: stopped while learning the vocabulary",
                        texts.split->path);
    ACF_TRY(st);
    *size = (int)acf_tokenizer_vocab_size(m->tok);
    acf_log_info(opt->log, "vocabulary: %d word pieces learnt from the training split", *size);
    return ACF_OK;
}

/* May a text be longer than the network takes?  The default, which a resolved configuration names
 * as well, is for networks of fewer positions, too. */
static acf_status check_length(const acf_model *m, const acf_config *cfg, acf_error *e)
{
    char wanted[16];
    const char *usual = acf_keys[acf_key_find("model.max_length")].fallback;
    (void)snprintf(wanted, sizeof wanted, "%d", cfg->model.max_length);
    if (m->tok == NULL || cfg->model.max_length <= m->enc->max_length || strcmp(wanted, usual) == 0)
        return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE, "model.max_length = %s is more than the %d of %s", wanted,
                    m->enc->max_length, cfg->model.encoder);
}

static acf_status model_from_preset(acf_setup *s, const acf_config *cfg,
                                    const acf_setup_options *opt, acf_error *e)
{
    acf_model *m = &s->model;
    cJSON *config;
    acf_preset_input input = {0};
    if (acf_config_is_image(cfg))
        acf_image_input_preset(&input.channels, &input.image_size, cfg, &s->data->split[ACF_TRAIN]);
    else
        ACF_TRY(learn_tokenizer(&input.vocab_size, s, cfg, opt, e));
    acf_status st = acf_encoder_preset(&config, cfg->model.encoder, &input, e);
    if (st == ACF_ERR_USAGE) return acf_context(st, e, "model.encoder");
    ACF_TRY(st);
    double dropout = isnan(cfg->model.dropout) ? -1 : cfg->model.dropout;
    st = acf_encoder_open(&m->enc, config, cfg->model.pooling, dropout, cfg->model.encoder, e);
    cJSON_Delete(config);
    ACF_TRY(st);
    m->max_length = m->tok != NULL ? cfg->model.max_length : 0;
    ACF_TRY(check_length(m, cfg, e));
    ACF_TRY(acf_model_set_labels(m, s->data->labels, s->data->K, e));
    return acf_model_alloc(m, (uint64_t)cfg->train.seed, true, e);
}

/* A model to begin with, whose classifier may be of other labels; or the run's own checkpoint. */
static acf_status model_from_dir(acf_setup *s, const acf_config *cfg, const acf_setup_options *opt,
                                 acf_error *e)
{
    char *dir;
    bool is_own = opt->checkpoint != NULL;
    const acf_model_load load = {.pooling = cfg->model.pooling,
                                 .dropout = isnan(cfg->model.dropout) ? -1 : cfg->model.dropout,
                                 .max_length = cfg->model.max_length,
                                 .with_grad = true,
                                 .seed = (uint64_t)cfg->train.seed,
                                 .labels = s->data->labels,
                                 .K = s->data->K,
                                 .labels_must_match = is_own,
                                 .log = opt->log};
    if (!is_own) ACF_TRY(acf_inputs_find_encoder(cfg, e));
    ACF_TRY(acf_model_resolve(&dir, is_own ? opt->checkpoint : cfg->model.encoder, e));
    acf_status st = acf_model_open(&s->model, dir, &load, e);
    if (st == ACF_OK && !is_own) st = check_length(&s->model, cfg, e);
    acf_free(dir);
    return st;
}

/* acf.json: what acf-eval and acf-predict need to use the model as it was trained. */
static acf_status write_card(acf_model *m, const acf_dataset *d, const acf_config *cfg,
                             acf_error *e)
{
    acf_str yaml = {0};
    acf_status st = acf_config_print(&yaml, cfg, false, e);
    if (st != ACF_OK) {
        acf_str_free(&yaml);
        return st;
    }
    cJSON_Delete(m->card);
    m->card = cJSON_CreateObject();
    cJSON *c = m->card, *labels = NULL;
    bool ok = c != NULL && cJSON_AddNumberToObject(c, "format", 1) != NULL &&
              cJSON_AddStringToObject(c, "version", ACF_VERSION) != NULL &&
              cJSON_AddStringToObject(c, "task", cfg->task) != NULL &&
              cJSON_AddStringToObject(c, "pooling", acf_pooling_name(m->enc->pooling)) != NULL &&
              cJSON_AddNumberToObject(c, "max_length", m->max_length) != NULL &&
              cJSON_AddBoolToObject(c, "pair", m->pair) != NULL &&
              cJSON_AddStringToObject(c, "loss", acf_loss_type_name(cfg->loss.type)) != NULL &&
              cJSON_AddNumberToObject(c, "tau", m->tau) != NULL &&
              cJSON_AddStringToObject(c, "head", acf_head_name(m->head)) != NULL &&
              cJSON_AddStringToObject(c, "metric", cfg->eval.metric) != NULL &&
              (labels = cJSON_AddArrayToObject(c, "labels")) != NULL;
    for (int k = 0; ok && k < m->K; k++)
        ok = cJSON_AddItemToArray(labels, cJSON_CreateString(m->labels[k]));
    ok = ok && cJSON_AddStringToObject(c, "config", yaml.data) != NULL;
    acf_str_free(&yaml);
    cJSON *image = NULL, *data = NULL;
    ok = ok && acf_data_record_make(&data, d, e) == ACF_OK && acf_json_put(c, "data", data);
    if (ok && m->enc->channels > 0)
        ok =
            acf_preprocessor_card(&image, &m->prep, e) == ACF_OK && acf_json_put(c, "image", image);
    return ok ? ACF_OK : acf_fail(e, ACF_ERR_RESOURCE, "acf.json: not enough memory to build");
}

static acf_status build_objective(acf_setup *s, const acf_config *cfg, acf_error *e)
{
    int K = s->data->K;
    s->objective = acf_objective_default(cfg->loss.type);
    acf_objective *o = &s->objective;
    o->ce = cfg->loss.ce;
    o->lambda = cfg->loss.lambda;
    o->tau = cfg->loss.tau;
    o->form = cfg->loss.form;
    o->label_weight = cfg->loss.label_weight;
    o->cor_type = cfg->loss.cor.type;
    o->cor_weight = cfg->loss.cor.weight;
    o->label_reg = cfg->loss.label_reg;
    o->label_smoothing = cfg->loss.label_smoothing;
    return acf_objective_check(o, K, e);
}

/* Weights of classes by the training rows there are: n / (K n_k). */
static acf_status weigh_classes(acf_setup *s, const acf_config *cfg, acf_error *e)
{
    int K = s->data->K;
    if (cfg->loss.class_weights == ACF_CFG_WEIGHTS_BALANCED) {
        s->class_weight = acf_alloc((size_t)K, sizeof *s->class_weight, "class weights", e);
        int32_t *count = acf_alloc((size_t)K, sizeof *count, "class counts", e);
        if (s->class_weight == NULL || count == NULL) {
            acf_free(count);
            return ACF_ERR_RESOURCE;
        }
        (void)acf_data_count(count, &s->data->split[ACF_TRAIN], K);
        for (int k = 0; k < K; k++)
            if (count[k] > 0)
                s->class_weight[k] =
                    (double)s->data->split[ACF_TRAIN].n / ((double)K * (double)count[k]);
        acf_free(count);
        s->objective.class_weight = s->class_weight;
    }
    return acf_objective_check(&s->objective, K, e);
}

/* Training and dev examples as the encoder takes them. */
static acf_status open_sources(acf_setup *s, const acf_config *cfg, const acf_setup_options *opt,
                               acf_error *e)
{
    acf_model *m = &s->model;
    if (acf_config_is_image(cfg) != (m->enc->channels > 0))
        return acf_fail(e, ACF_ERR_USAGE, "model.encoder: %s encodes %s; task '%s' has %s",
                        cfg->model.encoder, m->enc->channels > 0 ? "images" : "texts", cfg->task,
                        m->enc->channels > 0 ? "texts" : "images");
    if (m->enc->channels > 0) {
        const acf_image_input input = {cfg, opt->poll, opt->log};
        return acf_image_input_train(s->source, s->data, m, &input, e);
    }
    for (int k = 0; k < ACF_N_SPLITS; k++) {
        const acf_split *split = &s->data->split[k];
        if (split->n == 0 || acf_split_is_test((acf_split_id)k)) continue;
        ACF_TRY(
            acf_token_share_source(&s->source[k], opt->tokens, split, m->max_length, opt->log, e));
        if (s->source[k] == NULL)
            ACF_TRY(acf_text_source_open(&s->source[k], split, m->tok, m->max_length, opt->poll,
                                         opt->log, e));
    }
    return ACF_OK;
}

static acf_status open_parts(acf_setup *s, const acf_config *cfg, const acf_setup_options *opt,
                             acf_error *e)
{
    acf_data_keys keys;
    acf_data_keys_of(&keys, cfg);
    keys.options.every_fold = true;
    ACF_TRY(acf_data_open(&s->data, &keys.options, opt->log, e));
    if (opt->same_data_as != NULL) ACF_TRY(acf_data_record_check(s->data, opt->same_data_as, e));
    ACF_TRY(build_objective(s, cfg, e));
    if (opt->checkpoint == NULL && cfg->model.encoder_is_preset)
        ACF_TRY(model_from_preset(s, cfg, opt, e));
    else
        ACF_TRY(model_from_dir(s, cfg, opt, e));
    acf_model *m = &s->model;
    m->pair = s->data->pair;
    m->tau = cfg->loss.tau;
    m->head = cfg->eval.head;
    m->enc->running_statistics = cfg->model.freeze_statistics;
    ACF_TRY(acf_model_freeze(m, cfg->model.freeze_layers, e));
    ACF_TRY(open_sources(s, cfg, opt, e));
    ACF_TRY(weigh_classes(s, cfg, e));
    return write_card(m, s->data, cfg, e);
}

acf_status acf_setup_open(acf_setup *out, const acf_config *cfg, const acf_setup_options *opt,
                          acf_error *e)
{
    *out = (acf_setup){0};
    acf_status st = open_parts(out, cfg, opt, e);
    if (st != ACF_OK) acf_setup_close(out);
    return st;
}

void acf_setup_close(acf_setup *s)
{
    for (int k = 0; k < ACF_N_SPLITS; k++)
        acf_source_close(&s->source[k]);
    acf_model_free(&s->model);
    acf_data_close(&s->data);
    acf_free(s->class_weight);
    *s = (acf_setup){0};
}
