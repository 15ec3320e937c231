/*
 * How a model's images are prepared, on disk: preprocessor_config.json, in the form that
 * transformers' CLIPImageProcessor reads (resize the shorter side, cut out the middle, scale,
 * normalize), and the same numbers under "image" in acf.json.
 */
#ifndef ACF_MODEL_PREPROCESSOR_H
#define ACF_MODEL_PREPROCESSOR_H

#include "base/status.h"
#include "config/config.h"
#include "data/image_prep.h"

#include <cjson/cJSON.h>

/* What a model directory says: acf.json (card, may be NULL), else preprocessor_config.json (size,
 * crop_size, crop_pct, resample, do_resize, do_rescale, do_normalize, image_mean and image_std as
 * transformers writes them; with the usual crop_pct and resample of ConvNextImageProcessor where it
 * names that one), else nothing.  A processor that squeezes images to a square is read as one that
 * cuts it out of their middle.  prep->channels is set before and decides how many numbers are
 * wanted (one is taken for all).  What is not said stays 0.  ACF_ERR_MODEL, also for what cannot be
 * done alike. */
acf_status acf_preprocessor_read(acf_image_prep *prep, const cJSON *card, const char *card_path,
                                 const char *dir, acf_error *e) ACF_MUST_USE;

/* The configuration's data.image over it; `size` is what is used when neither says. */
acf_status acf_preprocessor_set(acf_image_prep *prep, const acf_config *cfg, int size,
                                acf_error *e) ACF_MUST_USE;

/* preprocessor_config.json (without do_normalize, mean and std where they are not known), and the
 * member "image" of acf.json; the caller's.  ACF_ERR_RESOURCE. */
acf_status acf_preprocessor_make(cJSON **out, const acf_image_prep *prep,
                                 acf_error *e) ACF_MUST_USE;
acf_status acf_preprocessor_card(cJSON **out, const acf_image_prep *prep,
                                 acf_error *e) ACF_MUST_USE;

#endif
