#include "config/schema.h"

#include "config/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const acf_choice tasks[] = {
    {"cola", 0},          {"sst2", 0}, {"mrpc", 0},  {"stsb", 0}, {"qqp", 0},     {"mnli", 0},
    {"qnli", 0},          {"rte", 0},  {"wnli", 0},  {"ax", 0},   {"cifar10", 0}, {"cifar100", 0},
    {"fashion-mnist", 0}, {"text", 0}, {"image", 0}, {NULL, 0}};

static const acf_choice headers[] = {
    {"auto", ACF_HEADER_AUTO}, {"yes", ACF_HEADER_YES}, {"no", ACF_HEADER_NO}, {NULL, 0}};

static const acf_choice bad_lines[] = {{"error", ACF_BAD_ERROR}, {"skip", ACF_BAD_SKIP}, {NULL, 0}};

static const acf_choice encoders[] = {{"bert-tiny", 0}, {"bert-mini", 0}, {"bert-small", 0},
                                      {"resnet20", 0},  {"resnet32", 0},  {"resnet44", 0},
                                      {"resnet56", 0},  {"resnet110", 0}, {"resnet18", 0},
                                      {"resnet34", 0},  {"resnet50", 0},  {NULL, 0}};

static const acf_choice poolings[] = {{"pooler", ACF_POOL_POOLER},
                                      {"cls", ACF_POOL_CLS},
                                      {"mean", ACF_POOL_MEAN},
                                      {"gap", ACF_POOL_GAP},
                                      {NULL, 0}};

static const acf_choice label_inits[] = {
    {"normal", ACF_LABELS_NORMAL}, {"means", ACF_LABELS_MEANS}, {NULL, 0}};

static const acf_choice losses[] = {{"acf", ACF_LOSS_ACF},
                                    {"ce", ACF_LOSS_CE},
                                    {"cosine_ce", ACF_LOSS_COSINE_CE},
                                    {"icl", ACF_LOSS_ICL},
                                    {"lcl", ACF_LOSS_LCL},
                                    {"scl", ACF_LOSS_SCL},
                                    {"paco", ACF_LOSS_PACO},
                                    {"lacon", ACF_LOSS_LACON},
                                    {"mse", ACF_LOSS_MSE},
                                    {NULL, 0}};

static const acf_choice forms[] = {
    {"supcon", ACF_FORM_SUPCON}, {"ntxent", ACF_FORM_NTXENT}, {NULL, 0}};

static const acf_choice cors[] = {{"feature", ACF_COR_FEATURE},
                                  {"within", ACF_COR_WITHIN},
                                  {"label", ACF_COR_LABEL},
                                  {"none", ACF_COR_NONE},
                                  {NULL, 0}};

static const acf_choice class_weights[] = {
    {"none", ACF_CFG_WEIGHTS_NONE}, {"balanced", ACF_CFG_WEIGHTS_BALANCED}, {NULL, 0}};

static const acf_choice optimizers[] = {
    {"adamw", ACF_OPTIM_ADAMW}, {"sgd", ACF_OPTIM_SGD}, {NULL, 0}};

static const acf_choice schedules[] = {{"linear", ACF_SCHEDULE_LINEAR},
                                       {"cosine", ACF_SCHEDULE_COSINE},
                                       {"constant", ACF_SCHEDULE_CONSTANT},
                                       {"step", ACF_SCHEDULE_STEP},
                                       {NULL, 0}};

static const acf_choice samplers[] = {
    {"random", ACF_SAMPLER_RANDOM}, {"balanced", ACF_SAMPLER_BALANCED}, {NULL, 0}};

static const acf_choice metrics[] = {
    {"accuracy", 0}, {"balanced_accuracy", 0}, {"f1", 0},       {"macro_f1", 0}, {"mcc", 0},
    {"loss", 0},     {"pearson", 0},           {"spearman", 0}, {NULL, 0}};

static const acf_choice heads[] = {
    {"linear", ACF_HEAD_LINEAR}, {"label", ACF_HEAD_LABEL}, {NULL, 0}};

const acf_section acf_sections[ACF_N_SECTIONS] = {
    {"", NULL, false, "one run"},
    {"data", "dir", false, "what is learnt from"},
    {"data.columns", NULL, false, "which columns, by name or 0-based number"},
    {"data.image", "size", false, "how images become numbers"},
    {"data.augment", NULL, false, "random changes to training images"},
    {"model", "encoder", false, "the network"},
    {"model.vocab", "size", true, "vocabulary of an encoder that starts from nothing"},
    {"loss", "type", false, "the objective: ce CE + lambda contrast + cor.weight Cor-Reg"},
    {"loss.cor", "type", false, "correlation regularization"},
    {"train", NULL, false, "how it is trained"},
    {"train.optimizer", "name", false, "what changes the weights"},
    {"train.schedule", "name", false, "how the learning rates go"},
    {"eval", "every", false, "how it is judged"},
    {"eval.early_stop", "patience", true, "ending a run that no longer improves"},
    {"save", "dir", false, "where the run directory is, and what stays in it"},
    {"log", "every", false, "progress"},
};

#define AT(field)  offsetof(acf_config, field)
#define SEED_RANGE "[0, 9007199254740991]"

/* clang-format off */
const acf_key acf_keys[ACF_N_KEYS] = {
    {"schema", ACF_TYPE_INT, AT(schema), NULL, NULL, NULL, NULL,
     "version of this format: 1"},
    {"task", ACF_TYPE_WORD, AT(task), NULL, tasks, NULL, NULL,
     "a known data set, or text or image for your own"},

    {"data.dir", ACF_TYPE_PATH, AT(data.dir), NULL, NULL, "null", "null",
     "directory with the task's files"},
    {"data.train", ACF_TYPE_PATH, AT(data.train), NULL, NULL, "null", "null",
     "file (.tsv .csv .jsonl .txt, or .gz) or folder of classes, instead of dir"},
    {"data.dev", ACF_TYPE_PATH, AT(data.dev), NULL, NULL, "null", "null",
     "file that the run is judged by"},
    {"data.test", ACF_TYPE_PATH, AT(data.test), NULL, NULL, "null", "null",
     "file for acf-eval --split test"},
    {"data.columns.text", ACF_TYPE_COLUMN, AT(data.columns.text), NULL, NULL, "null", "null",
     "the text; null: the task's, or 'text', 'sentence' (images: 'path', 'image')"},
    {"data.columns.text2", ACF_TYPE_COLUMN, AT(data.columns.text2), NULL, NULL, "null", "null",
     "the second text of a pair"},
    {"data.columns.label", ACF_TYPE_COLUMN, AT(data.columns.label), NULL, NULL, "null", "null",
     "the label; null: the task's, or 'label'"},
    {"data.header", ACF_TYPE_CHOICE, AT(data.header), NULL, headers, NULL, "auto",
     "is line 1 of a table a header? auto: when columns are given by name, else its label tells"},
    {"data.labels", ACF_TYPE_STRINGS, AT(data.labels), NULL, NULL, "null", "null",
     "label names, order = ids; null: the task's, or sorted by bytes"},
    {"data.max_train_samples", ACF_TYPE_LONG, AT(data.max_train_samples), "[1, 2147483647]", NULL,
     "null", "null", "train on so many rows, drawn at random, each class keeping its share"},
    {"data.shots", ACF_TYPE_INT, AT(data.shots), "[1, 1000000]", NULL, "null", "null",
     "train on so many rows of each class"},
    {"data.dev_fraction", ACF_TYPE_REAL, AT(data.dev_fraction), "[0, 1)", NULL, NULL, "0",
     "share of the training rows to set aside as dev"},
    {"data.folds", ACF_TYPE_INT, AT(data.folds), "[2, 1000]", NULL, "null", "null",
     "deal the training rows into so many parts of which one is dev: cross-validation"},
    {"data.fold", ACF_TYPE_INT, AT(data.fold), "[1, 1000]", NULL, "null", "null",
     "the part that is dev; null: each in turn, a run for each"},
    {"data.seed", ACF_TYPE_LONG, AT(data.seed), SEED_RANGE, NULL, "null", "null",
     "decides dev_fraction, folds, shots, max_train_samples; null: train.seed"},
    {"data.on_bad_line", ACF_TYPE_CHOICE, AT(data.on_bad_line), NULL, bad_lines, NULL, "error",
     "stop at a malformed line, or skip and list it"},
    {"data.cache", ACF_TYPE_BYTES, AT(data.cache), "[0, 1e15]", NULL, NULL, "2 GiB",
     "keep decoded images in memory when they fit in this"},
    {"data.image.size", ACF_TYPE_INT, AT(data.image.size), "[8, 1024]", NULL, "null", "null",
     "side in pixels; null: the encoder's"},
    {"data.image.mean", ACF_TYPE_CHANNELS, AT(data.image.mean), "[0, 1]", NULL, "null", "null",
     "subtracted from each channel; null: the encoder's, or the data's"},
    {"data.image.std", ACF_TYPE_CHANNELS, AT(data.image.std), "(0, 10]", NULL, "null", "null",
     "divides each channel; null: the encoder's, or the data's"},
    {"data.augment.crop_pad", ACF_TYPE_INT, AT(data.augment.crop_pad), "[0, 256]", NULL, NULL, "0",
     "pad by so many pixels and cut out at random; 0: off"},
    {"data.augment.random_resized_crop", ACF_TYPE_REAL, AT(data.augment.random_resized_crop),
     "[0, 1]", NULL, NULL, "0", "cut out at least this share of the area and resize; 0: off"},
    {"data.augment.hflip", ACF_TYPE_BOOL, AT(data.augment.hflip), NULL, NULL, NULL, "no",
     "mirror half of the images"},
    {"data.augment.cutout", ACF_TYPE_INT, AT(data.augment.cutout), "[0, 1024]", NULL, NULL, "0",
     "blank a square of this side; 0: off"},

    {"model.encoder", ACF_TYPE_ENCODER, AT(model.encoder), NULL, encoders, NULL, NULL,
     "model directory or checkpoint, or a preset with random weights"},
    {"model.vocab.size", ACF_TYPE_INT, AT(model.vocab.size), "[300, 1000000]", NULL, "null", "null",
     "word pieces learnt from the training split (presets; there 8000)"},
    {"model.pooling", ACF_TYPE_CHOICE, AT(model.pooling), NULL, poolings, "null", "null",
     "features from tokens; null: the checkpoint's, or pooler (images: gap)"},
    {"model.label_init", ACF_TYPE_CHOICE, AT(model.label_init), NULL, label_inits, "null", "null",
     "a new classifier's rows: random or class means; null: means if pre-trained"},
    {"model.max_length", ACF_TYPE_INT, AT(model.max_length), "[2, 65536]", NULL, NULL, "128",
     "tokens of a text at most, special ones included"},
    {"model.dropout", ACF_TYPE_REAL, AT(model.dropout), "[0, 0.999999]", NULL, "null", "null",
     "everywhere the encoder has it; null: the checkpoint's own"},
    {"model.freeze_layers", ACF_TYPE_INT, AT(model.freeze_layers), "[0, 1000]", NULL, NULL, "0",
     "do not train the embeddings and the n lowest layers; 0: train all"},
    {"model.freeze_statistics", ACF_TYPE_BOOL, AT(model.freeze_statistics), NULL, NULL, NULL, "no",
     "normalize images by the running statistics in training too: for small batches"},

    {"loss.type", ACF_TYPE_CHOICE, AT(loss.type), NULL, losses, NULL, "acf",
     "preset of the keys below and of eval.head"},
    {"loss.ce", ACF_TYPE_REAL, AT(loss.ce), "[0, 1000]", NULL, NULL, "1",
     "weight of cross-entropy; cosine_ce, lacon: 0"},
    {"loss.lambda", ACF_TYPE_REAL, AT(loss.lambda), "[0, 1000]", NULL, NULL, "0.5",
     "weight of the contrastive term; cosine_ce, lacon: 1; ce, mse: 0"},
    {"loss.tau", ACF_TYPE_REAL, AT(loss.tau), "[0.001, 10]", NULL, NULL, "0.1",
     "temperature"},
    {"loss.form", ACF_TYPE_CHOICE, AT(loss.form), NULL, forms, NULL, "supcon",
     "denominator with all contrasts, or with one positive at a time"},
    {"loss.label_weight", ACF_TYPE_REAL, AT(loss.label_weight), "(0, 100]", NULL, NULL, "1",
     "weight of a label embedding among the positives"},
    {"loss.cor.type", ACF_TYPE_CHOICE, AT(loss.cor.type), NULL, cors, NULL, "feature",
     "between features, features within classes, or label embeddings"},
    {"loss.cor.weight", ACF_TYPE_REAL, AT(loss.cor.weight), "[0, 1000]", NULL, NULL, "0",
     "weight of Cor-Reg; ce and mse have none"},
    {"loss.label_reg", ACF_TYPE_REAL, AT(loss.label_reg), "[0, 1000]", NULL, NULL, "0",
     "weight of LaCon's label embedding regularizer; lacon: 0.1"},
    {"loss.class_weights", ACF_TYPE_CHOICE, AT(loss.class_weights), NULL, class_weights, NULL,
     "none", "balanced: cross-entropy weighs classes by 1 / frequency"},
    {"loss.label_smoothing", ACF_TYPE_REAL, AT(loss.label_smoothing), "[0, 1)", NULL, NULL, "0",
     "of cross-entropy"},

    {"train.epochs", ACF_TYPE_REAL, AT(train.epochs), "[0, 100000]", NULL, NULL, "3",
     "passes over the training rows; may be a fraction"},
    {"train.steps", ACF_TYPE_LONG, AT(train.steps), "[0, 1000000000]", NULL, "null", "null",
     "updates; when given, epochs do not count"},
    {"train.batch_size", ACF_TYPE_INT, AT(train.batch_size), "[1, 65536]", NULL, NULL, "32",
     "examples of one update: the contrastive set"},
    {"train.micro_batch", ACF_TYPE_INT, AT(train.micro_batch), "[1, 65536]", NULL, "auto", "auto",
     "examples encoded at once; decides memory, not results"},
    {"train.optimizer.name", ACF_TYPE_CHOICE, AT(train.optimizer.name), NULL, optimizers, NULL,
     "adamw", "the optimizer"},
    {"train.optimizer.lr", ACF_TYPE_REAL, AT(train.optimizer.lr), "[0, 1e6]", NULL, NULL, "2e-5",
     "highest learning rate of the encoder"},
    {"train.optimizer.head_lr", ACF_TYPE_REAL, AT(train.optimizer.head_lr), "[0, 1e6]", NULL,
     "null", "null", "of classifier and label embeddings; null: 1e-3 (images: lr)"},
    {"train.optimizer.weight_decay", ACF_TYPE_REAL, AT(train.optimizer.weight_decay), "[0, 10]",
     NULL, NULL, "0.01", "pull of the weights towards 0"},
    {"train.optimizer.decay_all", ACF_TYPE_BOOL, AT(train.optimizer.decay_all), NULL, NULL, NULL,
     "no", "weight decay on biases and normalization too"},
    {"train.optimizer.betas", ACF_TYPE_PAIR, AT(train.optimizer.betas), "[0, 1)", NULL, NULL,
     "[0.9, 0.999]", "decay of the moments (adamw)"},
    {"train.optimizer.eps", ACF_TYPE_REAL, AT(train.optimizer.eps), "[1e-30, 1]", NULL, NULL,
     "1e-8", "added to the denominator (adamw)"},
    {"train.optimizer.momentum", ACF_TYPE_REAL, AT(train.optimizer.momentum), "[0, 1)", NULL, NULL,
     "0.9", "(sgd)"},
    {"train.optimizer.nesterov", ACF_TYPE_BOOL, AT(train.optimizer.nesterov), NULL, NULL, NULL,
     "no", "look ahead along the momentum (sgd)"},
    {"train.optimizer.layer_decay", ACF_TYPE_REAL, AT(train.optimizer.layer_decay), "(0, 1]", NULL,
     NULL, "1", "learning rate times this for each layer further down; 1: off"},
    {"train.schedule.name", ACF_TYPE_CHOICE, AT(train.schedule.name), NULL, schedules, NULL,
     "linear", "how the rates fall after the warm-up"},
    {"train.schedule.warmup", ACF_TYPE_WARMUP, AT(train.schedule.warmup), NULL, NULL, NULL, "0.06",
     "rising from 0; below 1: a share of all steps"},
    {"train.schedule.gamma", ACF_TYPE_REAL, AT(train.schedule.gamma), "(0, 1]", NULL, NULL, "0.1",
     "factor of a drop (step)"},
    {"train.schedule.every", ACF_TYPE_INTERVAL, AT(train.schedule.every), NULL, NULL, "null",
     "null", "from drop to drop (step)"},
    {"train.schedule.milestones", ACF_TYPE_INTERVALS, AT(train.schedule.milestones), NULL, NULL,
     "null", "null", "when it drops, instead of every (step): [30 epochs, 45 epochs]"},
    {"train.clip", ACF_TYPE_REAL, AT(train.clip), "[0, 1e9]", NULL, "null", "1",
     "highest norm of the gradient; 0 or null: off"},
    {"train.sampler", ACF_TYPE_CHOICE, AT(train.sampler), NULL, samplers, NULL, "random",
     "balanced: each place of a batch draws its class first"},
    {"train.seed", ACF_TYPE_LONG, AT(train.seed), SEED_RANGE, NULL, NULL, "42",
     "of everything random"},
    {"train.seeds", ACF_TYPE_WHOLES, AT(train.seeds), SEED_RANGE, NULL, "null", "null",
     "one run each; when given, seed does not count"},
    {"train.threads", ACF_TYPE_INT, AT(train.threads), "[1, 1024]", NULL, "auto", "auto",
     "auto: all that this process may use; decides time, not results"},

    {"eval.every", ACF_TYPE_INTERVAL, AT(eval.every), NULL, NULL, NULL, "1 epochs",
     "between evaluations on dev"},
    {"eval.metric", ACF_TYPE_WORD, AT(eval.metric), NULL, metrics, "null", "null",
     "decides which checkpoint is best; null: the task's first; f1 of two labels: the second's"},
    {"eval.head", ACF_TYPE_CHOICE, AT(eval.head), NULL, heads, NULL, "linear",
     "predict by W h + b, or by the nearest label embedding; cosine_ce, lacon: label"},
    {"eval.early_stop.patience", ACF_TYPE_INT, AT(eval.early_stop.patience), "[1, 100000]", NULL,
     "null", "null", "stop after so many evaluations without a better one; null: never"},
    {"eval.early_stop.min_delta", ACF_TYPE_REAL, AT(eval.early_stop.min_delta), "[0, 1000]", NULL,
     NULL, "0", "gain over the best so far that patience counts as better"},

    {"save.dir", ACF_TYPE_OUTPUT, AT(save.dir), NULL, NULL, "null", "null",
     "run directory, from the current directory; null: runs/TASK-LOSS"},
    {"save.every", ACF_TYPE_INTERVAL, AT(save.every), NULL, NULL, NULL, "1 epochs",
     "between checkpoints; one is always written at the end"},
    {"save.keep_last", ACF_TYPE_INT, AT(save.keep_last), "[1, 100000]", NULL, NULL, "2",
     "checkpoints to keep besides the best"},
    {"save.results_only", ACF_TYPE_BOOL, AT(save.results_only), NULL, NULL, NULL, "no",
     "remove the checkpoints once the run has ended: figures and predictions stay"},
    {"log.every", ACF_TYPE_INTERVAL, AT(log.every), NULL, NULL, NULL, "50 steps",
     "between progress lines"},
};
/* clang-format on */

int acf_key_find(const char *path)
{
    for (int i = 0; i < ACF_N_KEYS; i++)
        if (strcmp(acf_keys[i].path, path) == 0) return i;
    return -1;
}

int acf_section_find(const char *path)
{
    for (int i = 0; i < ACF_N_SECTIONS; i++)
        if (strcmp(acf_sections[i].path, path) == 0) return i;
    return -1;
}

const char *acf_key_leaf(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}

bool acf_key_is_in(const char *path, const char *parent)
{
    size_t len = strlen(parent);
    const char *leaf = acf_key_leaf(path);
    if (*path == '\0') return false;
    if (len == 0) return leaf == path;
    return leaf == path + len + 1 && strncmp(path, parent, len) == 0;
}

bool acf_in_range(const char *range, double v)
{
    if (range == NULL) return true;
    char *end;
    double low = strtod(range + 1, &end), high = strtod(end + 1, &end);
    bool above = range[0] == '[' ? v >= low : v > low;
    bool below = *end == ']' ? v <= high : v < high;
    return above && below;
}

acf_status acf_key_type_text(acf_str *out, const acf_key *k, acf_error *e)
{
    static const char *const names[] = {
        [ACF_TYPE_INT] = "whole number",
        [ACF_TYPE_LONG] = "whole number",
        [ACF_TYPE_REAL] = "number",
        [ACF_TYPE_BOOL] = "yes or no",
        [ACF_TYPE_CHOICE] = "choice",
        [ACF_TYPE_WORD] = "choice",
        [ACF_TYPE_PATH] = "path",
        [ACF_TYPE_OUTPUT] = "path",
        [ACF_TYPE_ENCODER] = "path or preset",
        [ACF_TYPE_INTERVAL] = "interval",
        [ACF_TYPE_WARMUP] = "interval or fraction",
        [ACF_TYPE_BYTES] = "size",
        [ACF_TYPE_COLUMN] = "column",
        [ACF_TYPE_STRINGS] = "list of texts",
        [ACF_TYPE_CHANNELS] = "list of 1 or 3 numbers",
        [ACF_TYPE_WHOLES] = "list of whole numbers",
        [ACF_TYPE_PAIR] = "list of 2 numbers",
        [ACF_TYPE_INTERVALS] = "list of intervals",
    };
    ACF_TRY(acf_str_puts(out, names[k->type], e));
    if (k->range != NULL && k->type != ACF_TYPE_BYTES)
        ACF_TRY(acf_str_printf(out, e, " in %s", k->range));
    if (k->unset != NULL) ACF_TRY(acf_str_printf(out, e, " or %s", k->unset));
    return ACF_OK;
}
