#include "input/image_input.h"

#include "data/image_source.h"
#include "encoder/families.h"
#include "model/preprocessor.h"

void acf_image_input_preset(int *channels, int *size, const acf_config *cfg, const acf_split *train)
{
    acf_preset_facts preset;
    (void)acf_encoder_preset_facts(&preset, cfg->model.encoder);
    const acf_pixels *p = train->pixels;
    *channels = p != NULL ? p->channels : 3;
    *size = preset.side;
    if (p != NULL) *size = p->height < p->width ? p->height : p->width;
    if (cfg->data.image.size > 0) *size = cfg->data.image.size;
}

static acf_image_options source_options(const acf_model *m, const acf_image_input *opt,
                                        int64_t cache)
{
    const acf_config *cfg = opt->cfg;
    return (acf_image_options){
        .prep = m->prep,
        .augment = {.crop_pad = cfg->data.augment.crop_pad,
                    .random_resized_crop = cfg->data.augment.random_resized_crop,
                    .hflip = cfg->data.augment.hflip,
                    .cutout = cfg->data.augment.cutout},
        .cache = cache,
        .on_bad = cfg->data.on_bad_line,
        .poll = opt->poll,
        .log = opt->log};
}

/* Size, and mean and standard deviation as far as they are known. */
static acf_status complete_prep(acf_model *m, const acf_config *cfg, acf_error *e)
{
    m->prep.channels = m->enc->channels;
    ACF_TRY(acf_preprocessor_set(&m->prep, cfg, m->enc->image_size, e));
    m->enc->image_size = m->prep.size;
    return ACF_OK;
}

acf_status acf_image_input_train(acf_source **source, acf_dataset *data, acf_model *m,
                                 const acf_image_input *opt, acf_error *e)
{
    int64_t cache = opt->cfg->data.cache;
    ACF_TRY(complete_prep(m, opt->cfg, e));
    acf_image_options o = source_options(m, opt, cache);
    ACF_TRY(acf_image_source_open(&source[ACF_TRAIN], &data->split[ACF_TRAIN], &o, e));
    if (!(m->prep.std[0] > 0)) {
        acf_image_source_moments(m->prep.mean, m->prep.std, source[ACF_TRAIN]);
        acf_image_source_scale(source[ACF_TRAIN], m->prep.mean, m->prep.std);
    }
    if (data->split[ACF_DEV].n == 0) return ACF_OK;
    o = source_options(m, opt, cache - acf_image_source_cached(source[ACF_TRAIN]));
    return acf_image_source_open(&source[ACF_DEV], &data->split[ACF_DEV], &o, e);
}

acf_status acf_image_input_held_out(acf_source **source, acf_split *split, acf_model *m,
                                    const acf_image_input *opt, acf_error *e)
{
    ACF_TRY(complete_prep(m, opt->cfg, e));
    if (!(m->prep.std[0] > 0))
        return acf_fail(e, ACF_ERR_MODEL,
                        "the model's directory does not say by which mean and standard deviation "
                        "images are normalized: give those of its training, --set "
                        "'data.image.mean=[...]' and --set 'data.image.std=[...]'");
    const acf_image_options o = source_options(m, opt, opt->cfg->data.cache);
    return acf_image_source_open(source, split, &o, e);
}

static acf_status put_channels(acf_str *out, const char *what, const double *x, int n, acf_error *e)
{
    ACF_TRY(acf_str_printf(out, e, ", %s", what));
    for (int c = 0; c < n; c++)
        ACF_TRY(acf_str_printf(out, e, " %.4f", x[c]));
    return ACF_OK;
}

acf_status acf_image_input_describe(acf_str *out, const acf_image_prep *prep, acf_error *e)
{
    ACF_TRY(acf_str_printf(out, e, "%d x %d pixels, %d channel%s", prep->size, prep->size,
                           prep->channels, prep->channels == 1 ? "" : "s"));
    ACF_TRY(put_channels(out, "mean", prep->mean, prep->channels, e));
    return put_channels(out, "std", prep->std, prep->channels, e);
}
