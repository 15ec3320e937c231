/* Writing model directories. */
#include "model/model_dir.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/preprocessor.h"
#include "store/weights.h"

#include <stdio.h>
#include <string.h>

bool acf_model_is_transformers_class(const acf_model *m)
{
    return m->enc->names.model_class != NULL;
}

static acf_status write_json(acf_checkpoint *ck, const char *name, const cJSON *tree, acf_error *e)
{
    char *path = acf_checkpoint_file(ck, name, e);
    char *text = path != NULL ? acf_json_print(tree, true, e) : NULL;
    acf_status st = text != NULL ? acf_write_synced(path, text, strlen(text), e) : ACF_ERR_RESOURCE;
    acf_free(text);
    acf_free(path);
    return st;
}

static acf_status describe(cJSON **out, const acf_model *m, acf_error *e)
{
    cJSON *c = m->enc->ops->describe(m->enc, e);
    *out = c;
    if (c == NULL) return ACF_ERR_RESOURCE;
    const acf_encoder_names *names = &m->enc->names;
    const char *class_name = names->model_class != NULL ? names->model_class : names->body_class;
    cJSON *architectures = class_name == NULL ? NULL : cJSON_AddArrayToObject(c, "architectures");
    cJSON *id2label = cJSON_AddObjectToObject(c, "id2label");
    cJSON *label2id = cJSON_AddObjectToObject(c, "label2id");
    bool ok = id2label != NULL && label2id != NULL;
    if (ok && class_name != NULL)
        ok = architectures != NULL &&
             cJSON_AddItemToArray(architectures, cJSON_CreateString(class_name));
    for (int k = 0; ok && k < m->K; k++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%d", k);
        ok = cJSON_AddStringToObject(id2label, id, m->labels[k]) != NULL &&
             cJSON_AddNumberToObject(label2id, m->labels[k], k) != NULL;
    }
    ok = ok &&
         cJSON_AddStringToObject(
             c, "problem_type", m->K == 1 ? "regression" : "single_label_classification") != NULL &&
         cJSON_AddStringToObject(c, "dtype", sizeof(real) == 4 ? "float32" : "float64") != NULL;
    if (ok) return ACF_OK;
    cJSON_Delete(c);
    *out = NULL;
    return acf_fail(e, ACF_ERR_RESOURCE, "config.json: not enough memory to build");
}

/* What open_input of model_dir.c reads. */
static acf_status save_input(const acf_model *m, acf_checkpoint *ck, acf_error *e)
{
    if (m->tok == NULL) {
        cJSON *prep;
        ACF_TRY(acf_preprocessor_make(&prep, &m->prep, e));
        acf_status st = write_json(ck, "preprocessor_config.json", prep, e);
        cJSON_Delete(prep);
        return st;
    }
    return acf_tokenizer_save(m->tok, acf_checkpoint_dir(ck), m->max_length, m->enc->n_types > 1,
                              e);
}

acf_status acf_model_save(const acf_model *m, acf_checkpoint *ck, acf_error *e)
{
    cJSON *config;
    char digest[ACF_DIGEST_HEX + 1];
    ACF_TRY(describe(&config, m, e));
    acf_status st = write_json(ck, "config.json", config, e);
    cJSON_Delete(config);
    ACF_TRY(st);
    if (m->card != NULL) ACF_TRY(write_json(ck, "acf.json", m->card, e));
    ACF_TRY(save_input(m, ck, e));
    char *path = acf_checkpoint_file(ck, "model.safetensors", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    st = acf_weights_save(&m->params, path, digest, e);
    acf_free(path);
    ACF_TRY(st);
    return acf_checkpoint_note_digest(ck, "model.safetensors", digest, e);
}
