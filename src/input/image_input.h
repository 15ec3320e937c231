/* Images of a run: how they are prepared, and the sources that give them. */
#ifndef ACF_INPUT_IMAGE_INPUT_H
#define ACF_INPUT_IMAGE_INPUT_H

#include "base/log.h"
#include "base/poll.h"
#include "base/str.h"
#include "config/config.h"
#include "data/dataset.h"
#include "data/source.h"
#include "model/model.h"

/* What an encoder that starts from nothing is made for: data.image.size, else the side of an
 * array's images, else 32, or 224 for resnet18, resnet34 and resnet50; an array's channels, else 3.
 */
void acf_image_input_preset(int *channels, int *size, const acf_config *cfg,
                            const acf_split *train);

typedef struct acf_image_input {
    const acf_config *cfg;
    acf_poll poll;
    const acf_log *log;
} acf_image_input;

/*
 * Sources of training and dev images (source [ACF_N_SPLITS]), for a model whose prep holds what its
 * directory says: data.image goes first, then the directory, then the encoder's size and the
 * training images' own mean and standard deviation.  m->prep and m->enc->image_size are complete
 * afterwards.  Fails as acf_image_source_open.
 */
acf_status acf_image_input_train(acf_source **source, acf_dataset *data, acf_model *m,
                                 const acf_image_input *opt, acf_error *e) ACF_MUST_USE;

/* The source of one split for a stored model.  ACF_ERR_MODEL when nothing says by which mean and
 * standard deviation to normalize. */
acf_status acf_image_input_held_out(acf_source **source, acf_split *split, acf_model *m,
                                    const acf_image_input *opt, acf_error *e) ACF_MUST_USE;

/* Appends "32 x 32 pixels, 3 channels, mean 0.4914 0.4822 0.4465, std 0.2470 0.2435 0.2616". */
acf_status acf_image_input_describe(acf_str *out, const acf_image_prep *prep,
                                    acf_error *e) ACF_MUST_USE;

#endif
