#include "input/inputs.h"

#include "base/mem.h"
#include "base/path.h"
#include "input/data_options.h"
#include "model/model_dir.h"

acf_status acf_inputs_find_data(const acf_config *cfg, acf_error *e)
{
    acf_data_keys keys;
    acf_data_keys_of(&keys, cfg);
    return acf_data_find(&keys.options, e);
}

acf_status acf_inputs_read_data(const acf_config *cfg, acf_error *e)
{
    acf_data_keys keys;
    acf_dataset *d;
    acf_data_keys_of(&keys, cfg);
    keys.options.every_fold = true;
    acf_status st = acf_data_open(&d, &keys.options, NULL, e);
    acf_data_close(&d);
    return st;
}

acf_status acf_inputs_find_encoder(const acf_config *cfg, acf_error *e)
{
    char *dir;
    if (cfg->model.encoder_is_preset) return ACF_OK;
    if (!acf_path_exists(cfg->model.encoder))
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: there is no such model directory; one of Hugging Face is fetched "
                        "first: scripts/get-model.sh --list",
                        cfg->model.encoder);
    acf_status st = acf_model_resolve(&dir, cfg->model.encoder, e);
    acf_free(dir);
    return st;
}
