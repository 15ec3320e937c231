/*
 * Models on disk: Hugging Face model directories, with acf.json beside for what transformers has no
 * key for.
 *
 *     config.json             the network, id2label and label2id
 *     model.safetensors       all slices under their Hugging Face names
 *     tokenizer.json tokenizer_config.json and the older files (text/tokenizer.h): texts
 *     preprocessor_config.json                             images
 *     acf.json                format, labels, pooling, max_length, pair, tau, head, task, config,
 *                             data (input/data_record.h)
 */
#ifndef ACF_MODEL_MODEL_DIR_H
#define ACF_MODEL_MODEL_DIR_H

#include "model/model.h"
#include "store/checkpoint.h"

/* The model directory that a path means: itself when it holds a config.json, else its `best` (a run
 * directory), which may be a link, but not to a place outside.  The caller frees *out;
 * ACF_ERR_MODEL says what was looked for. */
acf_status acf_model_resolve(char **out, const char *path, acf_error *e) ACF_MUST_USE;

/* Whether writing `path` would change the model in dir: it is one of the files that acf_model_open
 * reads, however it is spelled, or has the place of one.  Other files may lie there.
 * ACF_ERR_MODEL: dir cannot be listed; ACF_ERR_RESOURCE. */
acf_status acf_model_reads(bool *reads, const char *dir, const char *path,
                           acf_error *e) ACF_MUST_USE;

typedef struct acf_model_load {
    int pooling;    /* acf_pooling, -1: acf.json's, else the family's usual one */
    double dropout; /* >= 0 replaces the config's, -1 keeps them */
    int max_length; /* 0: acf.json's, else what the network allows */
    bool with_grad;
    uint64_t seed;       /* of what the files do not give */
    char *const *labels; /* training: the data's label names; NULL: the model's own */
    int K;
    bool labels_must_match; /* a classifier of other labels is an error, not dropped */
    const acf_log *log;
} acf_model_load;

/*
 * Read a model directory, verifying its checksums when it has them.  With `labels` the classifier
 * is kept when its label names are these in any order (rows are mapped by name), else dropped,
 * saying so, or ACF_ERR_USAGE with labels_must_match; without, a directory that has no classifier
 * is refused.  On failure (ACF_ERR_MODEL) *m is empty; on success the caller frees it with
 * acf_model_free.
 */
acf_status acf_model_open(acf_model *m, const char *dir, const acf_model_load *opt,
                          acf_error *e) ACF_MUST_USE;

/* Write config.json, model.safetensors, the tokenizer and acf.json (m->card) into a checkpoint that
 * has begun. */
acf_status acf_model_save(const acf_model *m, acf_checkpoint *ck, acf_error *e) ACF_MUST_USE;

/* True when transformers has a class for encoder and head together (acf_encoder_names.model_class):
 * for texts, when the model was trained on the pooler's output. */
bool acf_model_is_transformers_class(const acf_model *m);

#endif
