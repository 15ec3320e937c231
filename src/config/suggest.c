/* What was probably meant: unknown keys and near misses. */
#include "config/schema.h"

#include "base/cstring.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What users of other trainers write, and where it is here.  A name with a point is meant in that
 * section only; a target without a key of the schema is a remark. */
typedef struct alias {
    const char *name;
    const char *key;
} alias;

static const alias aliases[] = {
    /* run_glue.py and TrainingArguments */
    {"model_name_or_path", "model.encoder"},
    {"model_name", "model.encoder"},
    {"model.name", "model.encoder"},
    {"model.path", "model.encoder"},
    {"tokenizer_name", "the tokenizer comes with model.encoder"},
    {"task_name", "task"},
    {"dataset", "task"},
    {"train_file", "data.train"},
    {"validation_file", "data.dev"},
    {"validation", "data.dev"},
    {"valid", "data.dev"},
    {"val", "data.dev"},
    {"test_file", "data.test"},
    {"data_dir", "data.dir"},
    {"max_seq_length", "model.max_length"},
    {"max_len", "model.max_length"},
    {"pad_to_max_length", "batches are packed: there is no padding"},
    {"group_by_length", "batches are packed and stay random: there is no padding to save"},
    {"per_device_train_batch_size", "train.batch_size"},
    {"per_gpu_train_batch_size", "train.batch_size"},
    {"train_batch_size", "train.batch_size"},
    {"per_device_eval_batch_size",
     "evaluation chooses its own batches; results do not depend on it"},
    {"eval_batch_size", "evaluation chooses its own batches; results do not depend on it"},
    {"gradient_accumulation_steps", "train.micro_batch"},
    {"accumulate_gradient", "train.micro_batch"},
    {"learning_rate", "train.optimizer.lr"},
    {"classifier_lr", "train.optimizer.head_lr"},
    {"adam_beta1", "train.optimizer.betas"},
    {"adam_beta2", "train.optimizer.betas"},
    {"beta1", "train.optimizer.betas"},
    {"beta2", "train.optimizer.betas"},
    {"opt_betas", "train.optimizer.betas"},
    {"adam_epsilon", "train.optimizer.eps"},
    {"epsilon", "train.optimizer.eps"},
    {"opt_eps", "train.optimizer.eps"},
    {"wd", "train.optimizer.weight_decay"},
    {"optim", "train.optimizer.name"},
    {"opt", "train.optimizer.name"},
    {"llrd", "train.optimizer.layer_decay"},
    {"lr_scheduler_type", "train.schedule.name"},
    {"lr_scheduler", "train.schedule.name"},
    {"scheduler", "train.schedule.name"},
    {"sched", "train.schedule.name"},
    {"warmup_ratio", "train.schedule.warmup"},
    {"warmup_steps", "train.schedule.warmup"},
    {"num_warmup_steps", "train.schedule.warmup"},
    {"warmup_epochs", "train.schedule.warmup"},
    {"decay_rate", "train.schedule.gamma"},
    {"decay_epochs", "train.schedule.every"},
    {"decay_milestones", "train.schedule.milestones"},
    {"num_train_epochs", "train.epochs"},
    {"num_epochs", "train.epochs"},
    {"max_epochs", "train.epochs"},
    {"epoch", "train.epochs"},
    {"max_steps", "train.steps"},
    {"num_steps", "train.steps"},
    {"max_grad_norm", "train.clip"},
    {"clip_grad", "train.clip"},
    {"clip_grad_norm", "train.clip"},
    {"grad_clip", "train.clip"},
    {"random_seed", "train.seed"},
    {"num_workers", "train.threads"},
    {"workers", "train.threads"},
    {"thread", "train.threads"},
    {"fp16", "numbers are 32-bit floats"},
    {"bf16", "numbers are 32-bit floats"},
    {"no_cuda", "training runs on the CPU"},
    {"device", "training runs on the CPU"},
    {"do_train", "acf-train trains and evaluates; acf-eval evaluates"},
    {"do_eval", "acf-train trains and evaluates; acf-eval evaluates"},
    {"do_predict", "acf-predict predicts"},
    {"output_dir", "save.dir"},
    {"output", "save.dir"},
    {"run_dir", "save.dir"},
    {"overwrite_output_dir", "give acf-train the flag --overwrite"},
    {"resume", "give acf-train the flag --resume"},
    {"resume_from_checkpoint", "give acf-train the flag --resume"},
    {"save_steps", "save.every"},
    {"save_strategy", "save.every"},
    {"save_total_limit", "save.keep_last"},
    {"checkpoint_hist", "save.keep_last"},
    {"logging_steps", "log.every"},
    {"log_interval", "log.every"},
    {"eval_steps", "eval.every"},
    {"eval_strategy", "eval.every"},
    {"eval_frequency", "eval.every"},
    {"evaluation_strategy", "eval.every"},
    {"metric_for_best_model", "eval.metric"},
    {"eval_metric", "eval.metric"},
    {"load_best_model_at_end",
     "the best checkpoint is always kept, as 'best' in the run directory"},
    {"early_stopping", "eval.early_stop"},
    {"early_stopping_patience", "eval.early_stop.patience"},
    {"early_stopping_threshold", "eval.early_stop.min_delta"},
    {"temperature", "loss.tau"},
    {"temp", "loss.tau"},
    {"lam", "loss.lambda"},
    {"label_smoothing_factor", "loss.label_smoothing"},
    {"smoothing", "loss.label_smoothing"},
    {"rho", "loss.label_weight"},
    {"class_weight", "loss.class_weights"},
    {"hidden_dropout_prob", "model.dropout"},
    {"classifier_dropout", "model.dropout"},
    {"drop", "model.dropout"},
    {"pretrained", "model.encoder"},
    {"vocab_size", "model.vocab.size"},
    {"num_labels", "the classes come from the data, or from data.labels"},
    {"num_classes", "the classes come from the data, or from data.labels"},
    {"label_list", "data.labels"},
    {"label_names", "data.labels"},
    {"sentence1_key", "data.columns.text"},
    {"sentence2_key", "data.columns.text2"},
    {"text_column", "data.columns.text"},
    {"text_column_name", "data.columns.text"},
    {"label_column", "data.columns.label"},
    {"label_column_name", "data.columns.label"},
    {"few_shot", "data.shots"},
    {"img_size", "data.image.size"},
    {"input_size", "data.image.size"},
    {"random_crop", "data.augment.crop_pad"},
    {"val_split", "data.dev_fraction"},
    {"validation_split", "data.dev_fraction"},
    {"<<", "merging is not supported: write the keys out"},
};
enum { N_ALIASES = sizeof aliases / sizeof *aliases, NAME_MAX_LEN = 64 };

/* How far a slip of the finger may be from a word of this length. */
static int near_enough(const char *word)
{
    size_t len = strlen(word);
    return len <= 3 ? 1 : len <= 7 ? 2 : 3;
}

/* The better of two candidates. */
static void consider(const char *word, const char *name, int *best, const char **found)
{
    int distance = acf_edit_distance(word, name);
    if (distance < *best && 2 * (size_t)distance <= strlen(name)) {
        *best = distance;
        *found = name;
    }
}

const char *acf_nearest(const char *word, const char *const *names)
{
    const char *found = NULL;
    size_t len = strlen(word);
    for (const char *const *name = names; *name != NULL && len >= 3; name++)
        if (strncmp(*name, word, len) == 0) return *name; /* the start of a longer word */
    int best = near_enough(word) + 1;
    for (; *names != NULL; names++)
        consider(word, *names, &best, &found);
    return found;
}

/* The i-th path of keys and sections together. */
static const char *path_at(int i)
{
    return i < ACF_N_KEYS ? acf_keys[i].path : acf_sections[i - ACF_N_KEYS].path;
}
enum { N_PATHS = ACF_N_KEYS + ACF_N_SECTIONS };

static const char *nearest_sibling(const char *parent, const char *word)
{
    const char *found = NULL;
    int best = near_enough(word) + 1;
    for (int i = 0; i < N_PATHS; i++)
        if (acf_key_is_in(path_at(i), parent))
            consider(word, acf_key_leaf(path_at(i)), &best, &found);
    return found;
}

static bool is_path(const char *path)
{
    return *path != '\0' && (acf_key_find(path) >= 0 || acf_section_find(path) >= 0);
}

static void parent_of(char out[NAME_MAX_LEN], const char *path)
{
    const char *leaf = acf_key_leaf(path);
    int len = leaf == path ? 0 : (int)(leaf - path - 1);
    (void)snprintf(out, NAME_MAX_LEN, "%.*s", len, path);
}

/* "it belongs under train.optimizer as 'lr'" */
static void hint_place(acf_problems *p, const char *path, const char *name)
{
    char parent[NAME_MAX_LEN];
    parent_of(parent, path);
    const char *leaf = acf_key_leaf(path);
    bool same = strcmp(leaf, name) == 0;
    acf_problem_hint(p, "it belongs %s%s%s%s%s", *parent == '\0' ? "at the top level" : "under ",
                     parent, same ? "" : " as '", same ? "" : leaf, same ? "" : "'");
}

/* All places that have a key of this name: "it belongs under data or train"; false for none. */
static bool hint_elsewhere(acf_problems *p, const char *name)
{
    char text[ACF_ERROR_TEXT] = "";
    int n = 0;
    const char *only = NULL;
    for (int i = 0; i < N_PATHS; i++) {
        const char *path = path_at(i);
        if (*path == '\0' || strcmp(acf_key_leaf(path), name) != 0) continue;
        char parent[NAME_MAX_LEN];
        parent_of(parent, path);
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", n > 0 ? " or " : "",
                       *parent == '\0' ? "the top level" : parent);
        only = path;
        n++;
    }
    if (n == 1) hint_place(p, only, name);
    if (n > 1) acf_problem_hint(p, "it belongs under %s", text);
    return n > 0;
}

static void hint_known(acf_problems *p, const char *parent)
{
    char text[ACF_ERROR_TEXT] = "";
    for (int i = 0; i < N_PATHS; i++) {
        if (!acf_key_is_in(path_at(i), parent)) continue;
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? ", " : "",
                       acf_key_leaf(path_at(i)));
    }
    acf_problem_hint(p, "keys here: %s", text);
}

static const alias *find_exactly(const char *name)
{
    for (int i = 0; i < N_ALIASES; i++)
        if (strcmp(aliases[i].name, name) == 0) return &aliases[i];
    return NULL;
}

/* A known name of another trainer: exactly, in this section first, or nearly. */
static const alias *find_alias(const char *parent, const char *word)
{
    const char *found = NULL;
    char path[2 * NAME_MAX_LEN];
    (void)snprintf(path, sizeof path, "%s.%s", parent, word);
    const alias *exact = find_exactly(path);
    if (exact == NULL) exact = find_exactly(word);
    if (exact != NULL) return exact;
    if (strlen(word) < 6) return NULL;
    int best = 3;
    const alias *hit = NULL;
    for (int i = 0; i < N_ALIASES; i++) {
        consider(word, aliases[i].name, &best, &found);
        if (found == aliases[i].name) hit = &aliases[i];
    }
    return hit;
}

/* The problem's first line; `meant`, when known, is the key's right name in the same section. */
static void tell_unknown(acf_problems *p, acf_place at, const char *parent, const char *name,
                         const char *meant)
{
    char buf[ACF_SHOWN_MAX];
    const char *shown = acf_cut_text(buf, name);
    if (meant != NULL)
        acf_problem_add(p, at, "unknown key '%s': did you mean '%s'?", shown, meant);
    else if (*parent != '\0')
        acf_problem_add(p, at, "unknown key '%s' under '%s'", shown, parent);
    else
        acf_problem_add(p, at, "unknown key '%s'", shown);
}

void acf_schema_unknown(acf_problems *p, acf_place at, const char *parent, const char *name)
{
    char word[NAME_MAX_LEN];
    size_t len = strlen(name);
    if (len >= sizeof word) {
        tell_unknown(p, at, parent, name, NULL);
        hint_known(p, parent);
        return;
    }
    for (size_t i = 0; i <= len; i++)
        word[i] = name[i] == '-' ? '_' : (char)tolower((unsigned char)name[i]);

    const alias *also = find_alias(parent, word);
    bool exact = also != NULL && strcmp(acf_key_leaf(also->name), word) == 0;
    const char *meant = nearest_sibling(parent, word);
    bool sure = meant != NULL && strcmp(meant, word) == 0; /* only case or dashes differ */
    if (exact && is_path(also->key) && acf_key_is_in(also->key, parent))
        meant = acf_key_leaf(also->key);
    else if (exact && !sure)
        meant = NULL;

    bool known_elsewhere = false;
    for (int i = 0; i < N_PATHS; i++)
        known_elsewhere =
            known_elsewhere || (*path_at(i) != '\0' && strcmp(acf_key_leaf(path_at(i)), word) == 0);
    bool is_here = exact && acf_key_leaf(also->name) != also->name; /* of this section */
    if (known_elsewhere && !sure && !is_here) meant = NULL;

    tell_unknown(p, at, parent, name, meant);
    if (meant != NULL) return;
    if (exact || (also != NULL && !known_elsewhere)) {
        if (is_path(also->key))
            hint_place(p, also->key, name);
        else
            acf_problem_hint(p, "%s", also->key);
    } else if (known_elsewhere) {
        (void)hint_elsewhere(p, word);
    } else if (is_path(word)) {
        acf_problem_hint(p, "in the file the levels of '%s' stand one below the other", word);
    } else {
        hint_known(p, parent);
    }
}
