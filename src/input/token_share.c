#include "input/token_share.h"

#include "base/mem.h"
#include "config/value.h"
#include "data/text_source.h"
#include "input/data_options.h"
#include "model/model_dir.h"

#include <string.h>

/* One file. */
typedef struct shared_file {
    char *path;
    char digest[ACF_DIGEST_HEX + 1];
    int32_t *line;      /* [source->n] */
    acf_source *source; /* NULL: not tokenized */
} shared_file;

struct acf_token_share {
    acf_str key; /* what decides the tokens of a row */
    int max_length;
    shared_file file[ACF_N_SPLITS];
};

/* The keys that decide which rows there are and what their tokens are. */
static acf_status describe(acf_str *out, const acf_config *cfg, acf_error *e)
{
    static const char *const keys[] = {
        "task",        "data.dir",    "data.train",       "data.dev",          "data.columns.text",
        "data.header", "data.labels", "data.on_bad_line", "model.encoder",     "data.columns.text2",
        "loss.type",   "data.test",   "model.max_length", "data.columns.label"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        bool is_loss = strcmp(keys[i], "loss.type") == 0; /* only: numbers or classes? */
        ACF_TRY(acf_str_printf(out, e, "%s: ", keys[i]));
        if (is_loss)
            ACF_TRY(acf_str_puts(out, acf_config_is_regression(cfg) ? "mse" : "classes", e));
        else
            ACF_TRY(acf_value_print(out, cfg, &acf_keys[acf_key_find(keys[i])], e));
        ACF_TRY(acf_str_puts(out, "\n", e));
    }
    return ACF_OK;
}

/* Rows of the training file that a run takes: the drawn ones, or all. */
static int64_t rows_of_run(const acf_config *cfg, const acf_dataset *d)
{
    int64_t n = d->split[ACF_TRAIN].n, most = n;
    if (cfg->data.shots > 0) most = (int64_t)cfg->data.shots * d->K;
    if (cfg->data.max_train_samples > 0) most = cfg->data.max_train_samples;
    if (acf_config_draws_dev(cfg)) return n; /* dev rows are of the same file */
    return most < n ? most : n;
}

/* Of training files all rows. */
static acf_status read_files(acf_dataset **d, const acf_config *cfg, acf_error *e)
{
    acf_data_keys keys;
    acf_data_keys_of(&keys, cfg);
    acf_data_options *o = &keys.options;
    o->max_train_samples = 0;
    o->shots = 0;
    o->folds = 0;
    o->dev_fraction = 0;
    return acf_data_open(d, o, NULL, e);
}

static acf_status keep_file(shared_file *f, const acf_split *split, acf_error *e)
{
    f->path = acf_strdup(split->path, e);
    f->line = acf_alloc((size_t)split->n, sizeof *f->line, "shared tokens", e);
    if (f->path == NULL || f->line == NULL) return ACF_ERR_RESOURCE;
    memcpy(f->line, split->line, (size_t)split->n * sizeof *f->line);
    memcpy(f->digest, split->digest, sizeof f->digest);
    return ACF_OK;
}

/* What acf_token_share_open is given. */
typedef struct tokenizing {
    const acf_config *cfg;
    int n_runs;
    acf_poll poll;
    const acf_log *log;
} tokenizing;

static acf_status tokenize(acf_token_share *s, const tokenizing *t, const acf_dataset *d,
                           acf_error *e)
{
    char *dir;
    acf_tokenizer *tok = NULL;
    ACF_TRY(acf_model_resolve(&dir, t->cfg->model.encoder, e));
    acf_status st = acf_tokenizer_open(&tok, dir, e);
    acf_free(dir);
    for (int id = 0; id < ACF_N_SPLITS && st == ACF_OK; id++) {
        const acf_split *split = &d->split[id];
        bool is_drawn = id == ACF_DEV && acf_config_draws_dev(t->cfg); /* from training */
        if (split->n == 0 || acf_split_is_test((acf_split_id)id) || is_drawn) continue;
        if (id == ACF_TRAIN && t->n_runs * rows_of_run(t->cfg, d) < split->n) continue;
        st = keep_file(&s->file[id], split, e);
        if (st == ACF_OK)
            st = acf_text_source_open(&s->file[id].source, split, tok, s->max_length, t->poll,
                                      t->log, e);
    }
    acf_tokenizer_close(&tok);
    return st;
}

acf_status acf_token_share_open(acf_token_share **out, const acf_config *cfg, int n_runs,
                                acf_poll poll, const acf_log *log, acf_error *e)
{
    *out = NULL;
    if (acf_config_is_image(cfg) || cfg->model.encoder_is_preset) return ACF_OK;
    acf_token_share *s = acf_alloc(1, sizeof *s, "shared tokens", e);
    if (s == NULL) return ACF_ERR_RESOURCE;
    s->max_length = cfg->model.max_length;
    acf_dataset *d = NULL;
    const tokenizing t = {cfg, n_runs, poll, log};
    acf_status st = describe(&s->key, cfg, e);
    if (st == ACF_OK) st = read_files(&d, cfg, e);
    if (st == ACF_OK) st = tokenize(s, &t, d, e);
    acf_data_close(&d);
    if (st == ACF_OK)
        *out = s;
    else
        acf_token_share_close(&s);
    return st == ACF_STOPPED || st == ACF_ERR_RESOURCE ? st : ACF_OK;
}

void acf_token_share_close(acf_token_share **share)
{
    acf_token_share *s = *share;
    if (s == NULL) return;
    for (int id = 0; id < ACF_N_SPLITS; id++) {
        acf_source_close(&s->file[id].source);
        acf_free(s->file[id].path);
        acf_free(s->file[id].line);
    }
    acf_str_free(&s->key);
    acf_free(s);
    *share = NULL;
}

bool acf_token_share_fits(const acf_token_share *share, const acf_config *cfg)
{
    acf_str key = {0};
    bool fits = describe(&key, cfg, NULL) == ACF_OK && strcmp(key.data, share->key.data) == 0;
    acf_str_free(&key);
    return fits;
}

acf_status acf_token_share_source(acf_source **out, const acf_token_share *share,
                                  const acf_split *split, int max_length, const acf_log *log,
                                  acf_error *e)
{
    *out = NULL;
    if (share == NULL || share->max_length != max_length) return ACF_OK;
    for (int id = 0; id < ACF_N_SPLITS; id++) {
        const shared_file *f = &share->file[id];
        if (f->source == NULL || strcmp(f->path, split->path) != 0 ||
            memcmp(f->digest, split->digest, sizeof f->digest) != 0)
            continue;
        return acf_text_source_select(out, split, f->source, f->line, log, e);
    }
    return ACF_OK;
}
