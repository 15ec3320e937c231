/*
 * From a configuration to everything a run works with: data, model, sources, objective.
 */
#ifndef ACF_RUN_SETUP_H
#define ACF_RUN_SETUP_H

#include "base/log.h"
#include "base/poll.h"
#include "config/config.h"
#include "data/dataset.h"
#include "data/source.h"
#include "model/model.h"

typedef struct acf_setup {
    acf_dataset *data;
    acf_model model;
    acf_source *source[ACF_N_SPLITS]; /* NULL where there is no such split or it is not wanted */
    acf_objective objective;
    double *class_weight; /* [K] that the objective borrows, or NULL */
} acf_setup;

typedef struct acf_setup_options {
    const char *checkpoint;   /* resume: this model directory instead of model.encoder; else NULL */
    const char *same_data_as; /* a run directory whose training and dev files must be these, or
                                 ACF_ERR_USAGE; NULL: none */
    const struct acf_token_share *tokens; /* of this configuration's files; NULL: none */
    const acf_log *log;
    acf_poll poll; /* of learning a vocabulary, tokenizing and reading images */
} acf_setup_options;

/*
 * Open everything for training: data, model with gradients, train and dev sources, and acf.json's
 * text in model.card.  What the parts found goes out as it is and decides the exit code:
 *
 *   ACF_ERR_USAGE     keys that do not suit each other, the data or the network: labels, pooling,
 *                     lengths, freezing, images with an encoder of texts
 *   ACF_ERR_DATA      data files, named with the line where there is one
 *   ACF_ERR_MODEL     the directory of model.encoder, or opt->checkpoint
 *   ACF_STOPPED       poll said so
 *   ACF_ERR_RESOURCE  memory
 *
 * On failure *out is empty; else the caller frees it with acf_setup_close.
 */
acf_status acf_setup_open(acf_setup *out, const acf_config *cfg, const acf_setup_options *opt,
                          acf_error *e) ACF_MUST_USE;

void acf_setup_close(acf_setup *s);

#endif
