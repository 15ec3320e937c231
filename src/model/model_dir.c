#include "model/model_dir.h"

#include "base/assert.h"
#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/preprocessor.h"
#include "store/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONFIG_BYTES ((size_t)16 << 20)
#define MAX_CLASSES      100000

acf_status acf_model_resolve(char **out, const char *path, acf_error *e)
{
    *out = NULL;
    if (!acf_path_exists(path))
        return acf_fail(e, ACF_ERR_MODEL, "%s: there is no such model directory", path);
    if (!acf_path_is_dir(path))
        return acf_fail(e, ACF_ERR_MODEL, "%s: is a file, expected a model or run directory", path);
    static const char *const candidate[] = {".", "best"};
    for (int k = 0; k < 2; k++) {
        char *dir = k == 0 ? acf_strdup(path, e) : acf_path_join(path, candidate[k], e);
        if (dir == NULL) return ACF_ERR_RESOURCE;
        char *config = acf_path_join(dir, "config.json", e);
        if (config == NULL) {
            acf_free(dir);
            return ACF_ERR_RESOURCE;
        }
        bool found = acf_path_exists(config);
        acf_free(config);
        acf_status st = ACF_OK;
        bool is_inside = k == 0;
        if (found && !is_inside) st = acf_path_is_inside(&is_inside, dir, path, e);
        if (found && st == ACF_OK && !is_inside)
            st = acf_fail(e, ACF_ERR_MODEL,
                          "%s: is a link that leads out of the run directory; to use the model "
                          "there, give its own directory",
                          dir);
        if (found && st == ACF_OK)
            *out = dir;
        else
            acf_free(dir);
        if (found) return st;
    }
    return acf_fail(e, ACF_ERR_MODEL,
                    "%s: holds neither config.json (a model directory) nor best/config.json (a run "
                    "directory)",
                    path);
}

bool acf_labels_are_generic(char *const *labels, int K)
{
    for (int k = 0; k < K; k++) {
        char generic[32];
        (void)snprintf(generic, sizeof generic, "LABEL_%d", k);
        if (strcmp(labels[k], generic) != 0) return false;
    }
    return true;
}

static void free_names(char **names, int n)
{
    for (int k = 0; names != NULL && k < n; k++)
        acf_free(names[k]);
    acf_free(names);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static acf_status check_different(char *const *names, int n, const char *path, acf_error *e)
{
    char **sorted = acf_alloc((size_t)n, sizeof *sorted, "label names", e);
    if (sorted == NULL) return ACF_ERR_RESOURCE;
    memcpy(sorted, names, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_bytes);
    acf_status st = ACF_OK;
    for (int i = 1; i < n && st == ACF_OK; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            st = acf_fail(e, ACF_ERR_MODEL, "%s: id2label names '%.100s' twice", path, sorted[i]);
    acf_free(sorted);
    return st;
}

/* id2label of a config.json: names by id; *K = 0 when it has none. */
static acf_status read_labels(char ***names, int *K, const cJSON *config, const char *path,
                              acf_error *e)
{
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(config, "id2label");
    *names = NULL;
    *K = 0;
    if (map == NULL || cJSON_IsNull(map)) return ACF_OK;
    int n = cJSON_IsObject(map) ? cJSON_GetArraySize(map) : 0;
    if (n < 1 || n > MAX_CLASSES)
        return acf_fail(e, ACF_ERR_MODEL, "%s: id2label has %d entries, expected 1 to %d", path, n,
                        MAX_CLASSES);
    char **list = acf_alloc((size_t)n, sizeof *list, "label names", e);
    if (list == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    for (const cJSON *item = map->child; item != NULL && st == ACF_OK; item = item->next) {
        char *end;
        long id = strtol(item->string, &end, 10);
        if (*end != '\0' || end == item->string || id < 0 || id >= n || list[id] != NULL ||
            !cJSON_IsString(item)) {
            st = acf_fail(e, ACF_ERR_MODEL,
                          "%s: id2label '%s' is no id of 0 .. %d with a name, each once", path,
                          item->string, n - 1);
        } else {
            list[id] = acf_strdup(item->valuestring, e);
            if (list[id] == NULL) st = ACF_ERR_RESOURCE;
        }
    }
    if (st == ACF_OK) st = check_different(list, n, path, e);
    if (st != ACF_OK) {
        free_names(list, n);
        return st;
    }
    *names = list;
    *K = n;
    return ACF_OK;
}

static int find_name(char *const *names, int n, const char *name)
{
    for (int k = 0; names != NULL && k < n; k++)
        if (strcmp(names[k], name) == 0) return k;
    return -1;
}

static bool same_names(char *const *a, int n_a, char *const *b, int n_b)
{
    if (n_a != n_b) return false;
    for (int k = 0; k < n_a; k++)
        if (find_name(b, n_b, a[k]) < 0) return false;
    return true;
}

/* Rows of W and b from the file's label order to the model's. */
static acf_status reorder_head(acf_model *m, char *const *file_labels, acf_error *e)
{
    size_t d = (size_t)m->enc->d, K = (size_t)m->K;
    real *W = acf_value(&m->params, m->W), *b = acf_value(&m->params, m->b);
    real *was = acf_alloc(K * (d + 1), sizeof *was, "classifier", e);
    if (was == NULL) return ACF_ERR_RESOURCE;
    memcpy(was, W, K * d * sizeof *was);
    memcpy(was + K * d, b, K * sizeof *was);
    for (size_t k = 0; k < K; k++) {
        size_t from = (size_t)find_name(file_labels, m->K, m->labels[k]);
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
    char **labels;
    int K; /* 0: no label names in config.json */
} dir_files;

static void files_free(dir_files *f)
{
    free_names(f->labels, f->K);
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
    return read_labels(&f->labels, &f->K, f->config, f->config_path, e);
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
 * files do not give is drawn.  The head is read only when keep_head, and it must be there when the
 * model is to answer as it is (opt->labels NULL). */
static acf_status load_weights(acf_model *m, const char *dir, bool keep_head,
                               const acf_model_load *opt, acf_error *e)
{
    load_rules r;
    acf_weights_report report = {0};
    rules_make(&r, m, keep_head);
    ACF_TRY(acf_model_plan(m, e));
    ACF_TRY(acf_weights_check(&m->params, dir, &r.rules, e));
    ACF_TRY(acf_params_alloc(&m->params, opt->with_grad, e));
    acf_status st = acf_weights_load(&m->params, dir, &r.rules, &report, e);
    m->is_new_head = false;
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

/* The classifier in dir is of other labels than the data: an error, or dropped, which is told
 * unless it has none of its own; with one name that is on one side only. */
static acf_status refuse_head(const dir_files *f, const char *dir, const acf_model_load *opt,
                              acf_error *e)
{
    const char *here = NULL, *there = NULL;
    for (int k = 0; k < f->K && here == NULL; k++)
        if (find_name(opt->labels, opt->K, f->labels[k]) < 0) here = f->labels[k];
    for (int k = 0; k < opt->K && there == NULL; k++)
        if (find_name(f->labels, f->K, opt->labels[k]) < 0) there = opt->labels[k];
    const char *name = here != NULL ? here : there, *side = here != NULL ? "model" : "data";
    if (opt->labels_must_match)
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s: its classifier has other labels than the data (%d and %d; '%s' only "
                        "in the %s): put back the data that it was trained on",
                        dir, f->K, opt->K, name != NULL ? name : "", side);
    if (f->K > 0 && !acf_labels_are_generic(f->labels, f->K))
        acf_log_info(opt->log,
                     "%s: its classifier has other labels than the data (%d and %d; '%s' only in "
                     "the %s): dropped, starting a new one",
                     dir, f->K, opt->K, name, side);
    return ACF_OK;
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

    bool keep_head = true, reorder = false;
    if (opt->labels != NULL) {
        keep_head = same_names(f->labels, f->K, opt->labels, opt->K);
        reorder = keep_head;
        if (!keep_head) ACF_TRY(refuse_head(f, dir, opt, e));
    } else if (f->K == 1) { /* transformers, too, takes one output without a word as a regression */
        const char *problem;
        ACF_TRY(
            acf_json_string(&problem, f->config, "problem_type", "regression", f->config_path, e));
        if (strcmp(problem, "regression") != 0)
            return acf_fail(e, ACF_ERR_MODEL,
                            "%s: id2label has one label, but problem_type is '%s': two or more are "
                            "needed",
                            f->config_path, problem);
    }
    char first[] = "LABEL_0", second[] = "LABEL_1";
    char *const two[] = {first, second}; /* transformers' default */
    char *const *labels = opt->labels != NULL ? opt->labels : f->K > 0 ? f->labels : two;
    ACF_TRY(acf_model_set_labels(m, labels, opt->labels != NULL ? opt->K : f->K > 0 ? f->K : 2, e));
    ACF_TRY(load_weights(m, dir, keep_head, opt, e));
    if (reorder) ACF_TRY(reorder_head(m, f->labels, e));
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
