/* All encoder families in one place: from a config.json to the network that computes it. */
#ifndef ACF_ENCODER_FAMILIES_H
#define ACF_ENCODER_FAMILIES_H

#include "encoder/encoder.h"

/* Open the encoder that `config` (a Hugging Face config.json) describes by its model_type; an
 * unknown one is ACF_ERR_MODEL naming those that are known.  dropout: see acf_bert_open. */
acf_status acf_encoder_open(acf_encoder **out, const cJSON *config, acf_pooling pooling,
                            double dropout, const char *name, acf_error *e) ACF_MUST_USE;

/* The config.json of a preset that starts from random weights: see acf_bert_preset. */
acf_status acf_encoder_preset(cJSON **out, const char *preset, int vocab_size,
                              acf_error *e) ACF_MUST_USE;

void acf_encoder_close(acf_encoder **enc);

/* "pooler", "cls", "mean", "gap" */
const char *acf_pooling_name(acf_pooling pooling);

#endif
