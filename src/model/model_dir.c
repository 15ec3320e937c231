#include "model/model_dir.h"

#include "base/assert.h"
#include "base/cstring.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "model/head_labels.h"
#include "model/preprocessor.h"
#include "store/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONFIG_BYTES ((size_t)16 << 20)

/* Whether `best` in the run directory `path` is a model, and inside. */
static acf_status check_best(const char *best, const char *path, acf_error *e)
{
    bool found, is_inside;
    ACF_TRY(acf_path_holds(&found, best, "config.json", e));
    if (!found)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: holds neither config.json (a model directory) nor best/config.json (a "
                        "run directory)",
                        path);
    ACF_TRY(acf_path_is_inside(&is_inside, best, path, e));
    if (is_inside) return ACF_OK;
    return acf_fail(e, ACF_ERR_MODEL,
                    "%s: is a link that leads out of the run directory; to use the model there, "
                    "give its own directory",
                    best);
}

acf_status acf_model_resolve(char **out, const char *path, acf_error *e)
{
    *out = NULL;
    if (!acf_path_exists(path))
        return acf_fail(e, ACF_ERR_MODEL, "%s: there is no such model directory", path);
    if (!acf_path_is_dir(path))
        return acf_fail(e, ACF_ERR_MODEL, "%s: is a file, expected a model or run directory", path);
    bool found;
    ACF_TRY(acf_path_holds(&found, path, "config.json", e));
    if (found) {
        *out = acf_strdup(path, e);
        return *out != NULL ? ACF_OK : ACF_ERR_RESOURCE;
    }
    char *best = acf_path_join(path, "best", e);
    if (best == NULL) return ACF_ERR_RESOURCE;
    acf_status st = check_best(best, path, e);
    if (st == ACF_OK)
        *out = best;
    else
        acf_free(best);
    return st;
}

/* Is path the file `name` in dir? */
static acf_status is_file_of(bool *is_one, const char *path, const char *dir, const char *name,
                             acf_error *e)
{
    char *file = acf_path_join(dir, name, e);
    if (file == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_path_is_same(is_one, path, file, e);
    acf_free(file);
    return st;
}

acf_status acf_model_reads(bool *reads, const char *dir, const char *path, acf_error *e)
{
    static const char *const known[] = {
        "config.json",        "acf.json",   "tokenizer.json", "tokenizer_config.json",
        "vocab.txt",          "vocab.json", "merges.txt",     "preprocessor_config.json",
        "trainer_state.json", "SHA256SUMS", "COMPLETE",       "model.safetensors.index.json"};
    char **names;
    size_t n;
    acf_status st = ACF_OK;
    *reads = false;
    for (size_t i = 0; i < sizeof known / sizeof *known && !*reads; i++)
        ACF_TRY(is_file_of(reads, path, dir, known[i], e));
    if (*reads) return ACF_OK;
    ACF_TRY_AS(ACF_ERR_MODEL, acf_list_dir(&names, &n, dir, e), e);
    for (size_t i = 0; i < n && !*reads && st == ACF_OK; i++) /* shards have any name */
        if (acf_ends_with(names[i], ".safetensors")) st = is_file_of(reads, path, dir, names[i], e);
    acf_free_names(names, n);
    return st;
}

/* Rows of W and b from the file's label order to the model's. */
static acf_status reorder_head(acf_model *m, const acf_head_labels *file, acf_error *e)
{
    size_t d = (size_t)m->enc->d, K = (size_t)m->K;
    real *W = acf_value(&m->params, m->W), *b = acf_value(&m->params, m->b);
    real *was = acf_alloc(K * (d + 1), sizeof *was, "classifier", e);
    if (was == NULL) return ACF_ERR_RESOURCE;
    memcpy(was, W, K * d * sizeof *was);
    memcpy(was + K * d, b, K * sizeof *was);
    for (size_t k = 0; k < K; k++) {
        size_t from = (size_t)acf_head_labels_find(file, m->labels[k]);
        memcpy(W + k * d, was + from * d, d * sizeof *W);
        b[k] = was[K * d + from];
    }
    acf_free(was);
    return ACF_OK;
}

typedef struct dir_files {
    char *config_path, *card_path;
    cJSON *config;
    cJSON *card; /* NULL: a foreign model */
    acf_head_labels labels;
} dir_files;

static void files_free(dir_files *f)
{
    acf_head_labels_free(&f->labels);
    cJSON_Delete(f->config);
    cJSON_Delete(f->card);
    acf_free(f->config_path);
    acf_free(f->card_path);
}

static acf_status files_read(dir_files *f, const char *dir, acf_error *e)
{
    f->config_path = acf_path_join(dir, "config.json", e);
    f->card_path = acf_path_join(dir, "acf.json", e);
    if (f->config_path == NULL || f->card_path == NULL) return ACF_ERR_RESOURCE;
    bool has_sums;
    ACF_TRY(acf_checkpoint_has_sums(&has_sums, dir, e));
    if (has_sums) ACF_TRY(acf_checkpoint_verify(dir, e));
    ACF_TRY(acf_json_read(&f->config, f->config_path, MAX_CONFIG_BYTES, e));
    if (acf_path_exists(f->card_path)) {
        ACF_TRY(acf_json_read(&f->card, f->card_path, MAX_CONFIG_BYTES, e));
        if (!cJSON_IsObject(f->card))
            return acf_fail(e, ACF_ERR_MODEL, "%s: is not a JSON object", f->card_path);
    }
    return acf_head_labels_read(&f->labels, f->config, f->config_path, e);
}

/* What acf.json says of how the model is used; a foreign model: the usual. */
static acf_status apply_card(acf_model *m, const dir_files *f, int *pooling, acf_error *e)
{
    const char *text;
    acf_pooling named;
    int64_t length;
    m->tau = 0.1;
    m->head = ACF_HEAD_LINEAR;
    *pooling = -1; /* the family's usual one */
    if (f->card == NULL) return ACF_OK;
    ACF_TRY(acf_json_string(&text, f->card, "pooling", "", f->card_path, e));
    if (acf_pooling_parse(&named, text))
        *pooling = (int)named;
    else if (*text != '\0')
        return acf_fail(e, ACF_ERR_MODEL, "%s: pooling '%s' is not known", f->card_path, text);
    ACF_TRY(acf_json_number(&m->tau, f->card, "tau", 1e-3, 10, 0.1, f->card_path, e));
    ACF_TRY(acf_json_string(&text, f->card, "head", "linear", f->card_path, e));
    if (!acf_head_parse(&m->head, text))
        return acf_fail(e, ACF_ERR_MODEL, "%s: head '%s' is neither linear nor label", f->card_path,
                        text);
    ACF_TRY(acf_json_bool(&m->pair, f->card, "pair", false, f->card_path, e));
    ACF_TRY(acf_json_int(&length, f->card, "max_length", 0, 1 << 20, 0, f->card_path, e));
    m->max_length = (int)length;
    return ACF_OK;
}

enum { MAX_IGNORED = 32 }; /* patterns of tensors that one load leaves aside */

static int add_patterns(const char *to[MAX_IGNORED], int n, const char *const *patterns)
{
    for (; patterns != NULL && *patterns != NULL; patterns++) {
        ACF_ASSERT(n < MAX_IGNORED - 1);
        to[n++] = *patterns;
    }
    return n;
}

/* What a load leaves aside and may do without. */
typedef struct load_rules {
    acf_name_rules rules;
    const char *ignore[MAX_IGNORED], *optional[MAX_IGNORED];
} load_rules;

static void rules_make(load_rules *r, const acf_model *m, bool keep_head)
{
    const acf_encoder_names *names = &m->enc->names;
    const char *const head[] = {names->head_weight, names->head_bias, NULL};
    *r = (load_rules){.rules = names->rules};
    int n = add_patterns(r->ignore, 0, names->rules.ignore);
    n = add_patterns(r->ignore, n, names->unused);
    if (!keep_head) (void)add_patterns(r->ignore, n, head);
    (void)add_patterns(r->optional, add_patterns(r->optional, 0, head), names->rules.optional);
    r->rules.ignore = r->ignore;
    r->rules.optional = r->optional;
}

/* Memory for m, once its weights are known to be there, and the weights into it; only what the
 * files do not give is drawn.  The head is read only when keep_head, else *dropped tells whether
 * there is one; it must be there when the model is to answer as it is (opt->labels NULL). */
static acf_status load_weights(acf_model *m, bool *dropped, const char *dir, bool keep_head,
                               const acf_model_load *opt, acf_error *e)
{
    load_rules r;
    acf_weights_report report = {0};
    rules_make(&r, m, keep_head);
    ACF_TRY(acf_model_plan(m, e));
    ACF_TRY(acf_weights_check(&m->params, dir, &r.rules, e));
    ACF_TRY(acf_params_alloc(&m->params, opt->with_grad, e));
    acf_status st = acf_weights_load(&m->params, dir, &r.rules, &report, e);
    m->is_new_head = *dropped = false;
    for (size_t i = 0; i < report.n_ignored && !keep_head; i++)
        *dropped = *dropped || strcmp(report.ignored[i], m->enc->names.head_weight) == 0;
    for (size_t i = 0; i < report.n_unexpected && st == ACF_OK; i++)
        acf_log_warn(opt->log, "%s: tensor '%s' is not part of this model, not used", dir,
                     report.unexpected[i]);
    for (size_t i = 0; i < report.n_missing && st == ACF_OK; i++) {
        const char *name = report.missing[i];
        bool is_head = strcmp(name, m->enc->names.head_weight) == 0 ||
                       strcmp(name, m->enc->names.head_bias) == 0;
        m->is_new_head = m->is_new_head || is_head;
        acf_params_init_slice(&m->params, acf_params_find(&m->params, name), opt->seed);
        if (opt->labels == NULL)
            st = acf_fail(e, ACF_ERR_MODEL, "%s: has no tensor '%s': %s, train it first", dir, name,
                          is_head ? "it is an encoder without a classifier"
                                  : "its answers would be random");
        else if (!is_head)
            acf_log_warn(opt->log, "%s: tensor '%s' is missing, starts from random values", dir,
                         name);
    }
    acf_weights_report_free(&report);
    return st;
}

/* How images are prepared, as far as the directory says. */
static acf_status open_image_input(acf_model *m, const dir_files *f, const char *dir, acf_error *e)
{
    m->prep.channels = m->enc->channels;
    ACF_TRY(acf_preprocessor_read(&m->prep, f->card, f->card_path, dir, e));
    if (m->prep.size == 0) m->prep.size = m->prep.edge = m->enc->image_size;
    m->enc->image_size = m->prep.size;
    return ACF_OK;
}

/* What turns examples into the encoder's input: for texts the tokenizer. */
static acf_status open_input(acf_model *m, const dir_files *f, const char *dir,
                             const acf_model_load *opt, acf_error *e)
{
    if (m->enc->channels > 0) return open_image_input(m, f, dir, e);
    ACF_TRY(acf_tokenizer_open(&m->tok, dir, e));
    int32_t size = acf_tokenizer_vocab_size(m->tok);
    if (size > m->enc->vocab_size)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: the tokenizer has %d tokens, the encoder only %d embeddings", dir,
                        (int)size, m->enc->vocab_size);
    int least = acf_tokenizer_special_tokens(m->tok, m->pair);
    if (opt->max_length > 0 || m->max_length >= least) return ACF_OK;
    return acf_fail(e, ACF_ERR_MODEL,
                    "%s: max_length = %d leaves no room for the %d special tokens",
                    f->card != NULL ? f->card_path : f->config_path, m->max_length, least);
}

/* The classifier in dir is of other labels than the data: an error when they must match. */
static acf_status refuse_head(const dir_files *f, const char *dir, const acf_model_load *opt,
                              acf_error *e)
{
    acf_str difference = {0};
    if (!opt->labels_must_match) return ACF_OK;
    acf_status st = acf_head_labels_put_difference(&difference, &f->labels, opt->labels, opt->K, e);
    if (st == ACF_OK)
        st = acf_fail(e, ACF_ERR_USAGE,
                      "%s: its classifier has other labels than the data (%s): put back the data "
                      "that it was trained on",
                      dir, difference.data);
    acf_str_free(&difference);
    return st;
}

/* That the classifier in dir was dropped, and why. */
static acf_status tell_dropped(const dir_files *f, const char *dir, const acf_model_load *opt,
                               acf_error *e)
{
    acf_str difference = {0};
    acf_status st = ACF_OK;
    bool has_names = f->labels.n > 0 && !acf_labels_are_generic(f->labels.name, f->labels.n);
    if (has_names)
        st = acf_head_labels_put_difference(&difference, &f->labels, opt->labels, opt->K, e);
    if (st == ACF_OK)
        acf_log_info(opt->log, "%s: its classifier has %s%s%s: dropped, starting a new one", dir,
                     has_names ? "other labels than the data (" : "no names of labels",
                     has_names ? difference.data : "", has_names ? ")" : "");
    acf_str_free(&difference);
    return st;
}

/* Without labels of the data the model answers as it is: one label of each example by softmax, or
 * a number. */
static acf_status check_problem_type(const dir_files *f, acf_error *e)
{
    /* transformers, too, takes one output without a word as a regression */
    const char *usual = f->labels.n == 1 ? "regression" : "single_label_classification", *problem;
    ACF_TRY(acf_json_string(&problem, f->config, "problem_type", usual, f->config_path, e));
    if (strcmp(problem, usual) == 0) return ACF_OK;
    if (f->labels.n == 1)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: id2label has one label, but problem_type is '%s': two or more are "
                        "needed",
                        f->config_path, problem);
    return acf_fail(e, ACF_ERR_MODEL,
                    "%s: problem_type is '%.60s', only single_label_classification and regression "
                    "of one number are supported",
                    f->config_path, problem);
}

/* m->enc and the longest text that it takes. */
static acf_status open_encoder(acf_model *m, const acf_model_load *opt, const dir_files *f,
                               acf_error *e)
{
    int pooling;
    ACF_TRY(apply_card(m, f, &pooling, e));
    if (opt->pooling >= 0) pooling = opt->pooling;
    acf_status st = acf_encoder_open(&m->enc, f->config, pooling, opt->dropout, f->config_path, e);
    if (st == ACF_ERR_USAGE && opt->pooling < 0) /* not of the user's choice */
        return acf_fail(e, ACF_ERR_MODEL, "%s: pooling '%s' does not suit the network of %s",
                        f->card_path, acf_pooling_name((acf_pooling)pooling), f->config_path);
    ACF_TRY(st);
    if (opt->max_length > 0) m->max_length = opt->max_length;
    if (m->max_length <= 0 || m->max_length > m->enc->max_length)
        m->max_length = m->enc->max_length;
    return ACF_OK;
}

static acf_status open_parts(acf_model *m, const char *dir, const acf_model_load *opt, dir_files *f,
                             acf_error *e)
{
    ACF_TRY(files_read(f, dir, e));
    ACF_TRY(open_encoder(m, opt, f, e));
    ACF_TRY(open_input(m, f, dir, opt, e));

    bool keep_head = true, reorder = false, dropped;
    if (opt->labels != NULL) {
        keep_head = acf_head_labels_are(&f->labels, opt->labels, opt->K);
        reorder = keep_head;
        if (!keep_head) ACF_TRY(refuse_head(f, dir, opt, e));
    } else {
        ACF_TRY(check_problem_type(f, e));
    }
    char first[] = "LABEL_0", second[] = "LABEL_1";
    char *const two[] = {first, second}; /* transformers' default */
    if (opt->labels != NULL)
        ACF_TRY(acf_model_set_labels(m, opt->labels, opt->K, e));
    else if (f->labels.n > 0)
        ACF_TRY(acf_model_set_labels(m, f->labels.name, f->labels.n, e));
    else
        ACF_TRY(acf_model_set_labels(m, two, 2, e));
    ACF_TRY(load_weights(m, &dropped, dir, keep_head, opt, e));
    if (dropped) ACF_TRY(tell_dropped(f, dir, opt, e));
    if (reorder) ACF_TRY(reorder_head(m, &f->labels, e));
    m->card = f->card;
    f->card = NULL;
    return ACF_OK;
}

acf_status acf_model_open(acf_model *m, const char *dir, const acf_model_load *opt, acf_error *e)
{
    dir_files f = {0};
    *m = (acf_model){0};
    acf_status st = acf_reclass(open_parts(m, dir, opt, &f, e), ACF_ERR_MODEL, e);
    files_free(&f);
    if (st != ACF_OK) acf_model_free(m);
    return st;
}
