/*
 * The configuration of one run: typed values, read from YAML by the schema, checked all at once.
 *
 * Every field is resolved when acf_config_load returns: the file, --set, the loss preset, the
 * task's and the encoder's defaults have been filled in, and paths are absolute.  Each key
 * remembers where its value came from.  The names are those of the YAML file.
 */
#ifndef ACF_CONFIG_CONFIG_H
#define ACF_CONFIG_CONFIG_H

#include "base/status.h"
#include "base/str.h"
#include "config/problems.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "encoder/encoder.h"
#include "loss/objective.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number or choice that was left null or auto; all given ones are >= 0. */
enum { ACF_UNSET = -1 };

typedef enum acf_unit { ACF_UNIT_STEPS, ACF_UNIT_EPOCHS, ACF_UNIT_FRACTION } acf_unit;

/* "50 steps", "0.5 epochs", "50" (steps); null: value is NaN.  FRACTION: only
 * train.schedule.warmup, of all steps. */
typedef struct acf_interval {
    double value;
    acf_unit unit;
} acf_interval;

/* A column by name or by 0-based number; null: name NULL and index ACF_UNSET. */
typedef struct acf_column {
    char *name;
    int index;
} acf_column;

typedef struct acf_strings {
    char **item;
    size_t n; /* 0: null */
} acf_strings;

typedef struct acf_numbers {
    double *item;
    size_t n; /* 0: null */
} acf_numbers;

typedef struct acf_intervals {
    acf_interval *item;
    size_t n; /* 0: null */
} acf_intervals;

typedef enum acf_cfg_label_init { ACF_LABELS_NORMAL, ACF_LABELS_MEANS } acf_cfg_label_init;

typedef enum acf_cfg_class_weights {
    ACF_CFG_WEIGHTS_NONE,
    ACF_CFG_WEIGHTS_BALANCED
} acf_cfg_class_weights;

struct acf_origins; /* private to config.c */

typedef struct acf_config {
    char *path; /* the file, absolute; NULL when there was none */

    int schema;
    char *task; /* "sst2": one of the schema's choices */

    struct {
        char *dir, *train, *dev, *test; /* absolute paths or NULL */
        struct {
            acf_column text, text2, label;
        } columns;
        acf_header header;
        acf_strings labels;
        int64_t max_train_samples; /* ACF_UNSET: all */
        int shots;                 /* examples a class; ACF_UNSET: all */
        double dev_fraction;
        int folds, fold; /* ACF_UNSET: none; fold alone: all of them, a series of runs */
        int64_t seed;    /* ACF_UNSET: the run's train.seed */
        acf_on_bad on_bad_line;
        int64_t cache; /* bytes for decoded images */
        struct {
            int size;              /* side in pixels; ACF_UNSET: the encoder's */
            acf_numbers mean, std; /* per channel; null: the encoder's, else the data's */
        } image;
        struct {
            int crop_pad;               /* pixels; 0: off */
            double random_resized_crop; /* smallest share of the area; 0: off */
            bool hflip;
            int cutout; /* side in pixels; 0: off */
        } augment;
    } data;

    struct {
        char *encoder; /* absolute path, or a preset's name when encoder_is_preset */
        bool encoder_is_preset;
        struct {
            int size; /* ACF_UNSET: the encoder brings its own */
        } vocab;
        int pooling;    /* acf_pooling; ACF_UNSET: the checkpoint's own, else pooler or gap */
        int label_init; /* acf_cfg_label_init; ACF_UNSET: normal */
        int max_length;
        double dropout; /* NaN: the checkpoint's own */
        int freeze_layers;
        bool freeze_statistics; /* of batch normalization */
    } model;

    struct {
        acf_loss_type type;
        double ce, lambda, tau;
        acf_form form;
        double label_weight;
        struct {
            acf_cor type;
            double weight;
        } cor;
        double label_reg;
        acf_cfg_class_weights class_weights;
        double label_smoothing;
    } loss;

    struct {
        double epochs;
        int64_t steps; /* ACF_UNSET: epochs decide */
        int batch_size;
        int micro_batch; /* ACF_UNSET: auto */
        struct {
            acf_optim_type name;
            double lr, head_lr, weight_decay;
            bool decay_all; /* biases and normalization too */
            double betas[2];
            double eps, momentum;
            bool nesterov;
            double layer_decay;
        } optimizer;
        struct {
            acf_schedule_type name;
            acf_interval warmup; /* FRACTION, STEPS or EPOCHS */
            double gamma;
            acf_interval every;       /* step schedule: null when milestones decide */
            acf_intervals milestones; /* ascending */
        } schedule;
        double clip; /* of the gradient norm; 0: off */
        acf_sampler sampler;
        int64_t seed;
        acf_numbers seeds; /* whole numbers; n = 0: only seed */
        int threads;       /* ACF_UNSET: auto */
    } train;

    struct {
        acf_interval every;
        char *metric; /* "accuracy": one of the schema's choices */
        acf_head head;
        struct {
            int patience; /* evaluations; ACF_UNSET: no early stop */
            double min_delta;
        } early_stop;
    } eval;

    struct {
        char *dir; /* absolute */
        acf_interval every;
        int keep_last;
        bool results_only;
    } save;

    struct {
        acf_interval every;
    } log;

    struct acf_origins *origins;
} acf_config;

/* Read `path` (NULL: defaults only) and the n_sets overrides "key=value".  Wrong configurations
 * give ACF_ERR_USAGE: `problems` then holds every problem as finished lines for the terminal (with
 * "error:", source line and hints, each line ended by a newline) and e counts them; when the file
 * cannot be read at all, problems stays empty and e says why.  On failure *cfg is empty; on success
 * the caller frees it with acf_config_free. */
acf_status acf_config_load(acf_config *cfg, acf_str *problems, const char *path,
                           const char *const *sets, size_t n_sets, acf_error *e) ACF_MUST_USE;

/* The same from a text in memory, called `name` in messages; paths in it are taken as they are. */
acf_status acf_config_load_text(acf_config *cfg, acf_str *problems, const char *text, size_t len,
                                const char *name, const char *const *sets, size_t n_sets,
                                acf_error *e) ACF_MUST_USE;

/*
 * acf_config_load for settings that stand in another file, as those of a sweep do.
 *
 * place      [n_sets] where sets[i] stands in that file; line 0: on the command line
 * elsewhere  the problems of that file: those of a placed setting are added here, with their hints,
 *            unless the same was told before
 * problems   all others, as finished lines
 *
 * ACF_ERR_USAGE whenever there is a problem, also when all went to `elsewhere` or were told before,
 * so that `problems` stays empty and `elsewhere` as it was; e counts all of them.  A file that
 * cannot be read leaves both alone, and e says why.  The rest is as for acf_config_load.
 */
acf_status acf_config_load_placed(acf_config *cfg, acf_str *problems, const char *path,
                                  const char *const *sets, size_t n_sets, const acf_place *place,
                                  acf_problems *elsewhere, acf_error *e) ACF_MUST_USE;

void acf_config_free(acf_config *cfg);

/* The resolved configuration as YAML, with where each value came from as trailing comments when
 * with_origins.  Reading it back gives the same values. */
acf_status acf_config_print(acf_str *out, const acf_config *cfg, bool with_origins,
                            acf_error *e) ACF_MUST_USE;

/* The text of --help-config: every key with type, range, default and meaning. */
acf_status acf_config_help(acf_str *out, acf_error *e) ACF_MUST_USE;

/* One key in which two configurations differ. */
typedef struct acf_difference {
    const char *key; /* "train.optimizer.lr"; points into the schema */
    bool may_differ; /* a resumed run may change it: save.*, eval.every, log.*, train.threads and
                        data.cache; train.seeds of a series; train.epochs and train.steps when
                        larger; model.encoder when the directory has the same name elsewhere */
    bool is_place;   /* data.dir, data.train, data.dev or data.test, given both times: another path,
                        maybe to the same content; may_differ is false */
    char was[80], is[80]; /* values as YAML, cut */
} acf_difference;

/* All keys whose values differ between the run's config and the one given now.  *list is the
 * caller's (acf_free), NULL when *n is 0. */
acf_status acf_config_diff(acf_difference **list, size_t *n, const acf_config *was,
                           const acf_config *is, acf_error *e) ACF_MUST_USE;

/* Are the dev rows taken from the training file? */
bool acf_config_draws_dev(const acf_config *cfg);

/* The task by its name; NULL when that is missing or wrong. */
const acf_task *acf_config_task(const acf_config *cfg);

bool acf_config_is_image(const acf_config *cfg);
bool acf_config_is_regression(const acf_config *cfg);

/* Was model.vocab.size given beside an encoder that brings its vocabulary?  Then it is null. */
bool acf_config_drops_vocab(const acf_config *cfg);

/* Is this the name of an encoder that starts from nothing ("bert-tiny", "resnet20")? */
bool acf_is_encoder_preset(const char *name);

#endif
