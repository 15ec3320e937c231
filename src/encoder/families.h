/* All encoder families in one place: from a config.json to the network that computes it. */
#ifndef ACF_ENCODER_FAMILIES_H
#define ACF_ENCODER_FAMILIES_H

#include "encoder/encoder.h"

/* Open the encoder that `config` (a Hugging Face config.json) describes by its model_type; an
 * unknown one is ACF_ERR_MODEL naming those that are known.  pooling: an acf_pooling, or -1 for the
 * family's usual one.  dropout: see acf_bert_open, acf_resnet_open. */
acf_status acf_encoder_open(acf_encoder **out, const cJSON *config, int pooling, double dropout,
                            const char *name, acf_error *e) ACF_MUST_USE;

/* What a preset's size depends on. */
typedef struct acf_preset_input {
    int vocab_size;           /* of texts */
    int channels, image_size; /* of images */
} acf_preset_input;

/* The config.json of a preset that starts from random weights: see acf_bert_preset,
 * acf_resnet_preset. */
acf_status acf_encoder_preset(cJSON **out, const char *preset, const acf_preset_input *input,
                              acf_error *e) ACF_MUST_USE;

/* What is known of a preset before anything is read. */
typedef struct acf_preset_facts {
    bool is_image;  /* encodes images, else texts */
    int side;       /* of images that are files, in pixels */
    int vocab_size; /* of texts: word pieces that it usually learns */
} acf_preset_facts;

/* False, and *out empty, when there is no such preset. */
bool acf_encoder_preset_facts(acf_preset_facts *out, const char *preset);

void acf_encoder_close(acf_encoder **enc);

/* "pooler", "cls", "mean", "gap"; parse leaves *out alone and returns false for anything else. */
const char *acf_pooling_name(acf_pooling pooling);
bool acf_pooling_parse(acf_pooling *out, const char *name);

#endif
