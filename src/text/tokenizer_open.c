/* Opening a Hugging Face directory: which files there are, and what tokenizer_config.json says. */
#include "text/tokenizer.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "text/tokenizer_read.h"

#include <string.h>

/* Keys of tokenizer_config.json, by acf_role. */
static const char *const role_key[ACF_N_ROLES] = {"pad_token", "unk_token", "cls_token",
                                                  "sep_token", "mask_token"};

acf_status acf_json_choice(int *out, const cJSON *object, const char *key, const char *name,
                           acf_error *e)
{
    bool value;
    const cJSON *item = acf_get(object, key);
    if (item == NULL) return ACF_OK;
    ACF_TRY(acf_json_bool(&value, object, key, false, name, e));
    *out = cJSON_IsNull(item) ? -1 : value;
    return ACF_OK;
}

/* Each name is a string, or an object with 'content'; null where a tokenizer can do without: it has
 * no such token, whatever its usual name would be. */
acf_status acf_tokenizer_read_names(acf_tokenizer *tok, const cJSON *config, const char *name,
                                    acf_error *e)
{
    for (int r = 0; r < ACF_N_ROLES; r++) {
        const char *text = NULL;
        const cJSON *item = acf_get(config, role_key[r]);
        bool is_needed = r != ACF_MASK && !(r == ACF_UNK && tok->is_bpe);
        if (cJSON_IsNull(item) && !is_needed)
            text = "";
        else if (cJSON_IsObject(item))
            ACF_TRY(acf_json_string(&text, item, "content", NULL, name, e));
        else
            ACF_TRY(acf_json_string(&text, config, role_key[r], NULL, name, e));
        if (text != NULL) ACF_TRY(acf_tokenizer_set_name(tok, (acf_role)r, text, e));
    }
    return ACF_OK;
}

/* The classes that read tokenizer.json as it is; all others make its settings anew of their own
 * arguments, given or default. */
static bool is_plain_class(const char *name)
{
    return strcmp(name, "PreTrainedTokenizerFast") == 0 || strcmp(name, "TokenizersBackend") == 0;
}

static acf_status read_flags(acf_tokenizer *tok, const cJSON *config, const char *name,
                             acf_error *e)
{
    const char *class, *side;
    ACF_TRY(acf_json_string(&side, config, "truncation_side", "right", name, e));
    tok->cuts_left = strcmp(side, "left") == 0;
    if (!tok->cuts_left && strcmp(side, "right") != 0)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: 'truncation_side' is '%.60s', expected right or left", name, side);
    ACF_TRY(acf_json_string(&class, config, "tokenizer_class", "", name, e));
    if (is_plain_class(class)) return ACF_OK;
    if (tok->is_bpe)
        return acf_json_bool(&tok->add_prefix_space, config, "add_prefix_space", false, name, e);
    acf_normalizer *s = &tok->steps;
    ACF_TRY(acf_json_bool(&s->lowercase, config, "do_lower_case", true, name, e));
    ACF_TRY(acf_json_bool(&s->split_chinese, config, "tokenize_chinese_chars", true, name, e));
    tok->strip_accents = -1;
    return acf_json_choice(&tok->strip_accents, config, "strip_accents", name, e);
}

enum { JSON, CONFIG, TXT, VOCAB, MERGES, N_FILES };

static acf_status open_files(acf_tokenizer *tok, const char *dir, char *path[N_FILES], acf_error *e)
{
    static const char *const name[N_FILES] = {"tokenizer.json", "tokenizer_config.json",
                                              "vocab.txt", "vocab.json", "merges.txt"};
    cJSON *config = NULL;
    bool has[N_FILES];
    for (int i = 0; i < N_FILES; i++) {
        path[i] = acf_path_join(dir, name[i], e);
        if (path[i] == NULL) return ACF_ERR_RESOURCE;
        has[i] = acf_path_exists(path[i]);
    }
    if (!acf_path_is_dir(dir))
        return acf_fail(e, ACF_ERR_IO, "%s: is not a directory, expected one with tokenizer.json",
                        dir);
    if (!has[JSON] && !has[TXT] && !(has[VOCAB] && has[MERGES]))
        return acf_fail(e, ACF_ERR_IO,
                        "%s: holds neither tokenizer.json nor vocab.txt nor vocab.json with "
                        "merges.txt",
                        dir);
    acf_status st = ACF_OK;
    if (has[CONFIG]) st = acf_json_read(&config, path[CONFIG], ACF_TOKENIZER_FILE_BYTES, e);
    if (st == ACF_OK && config != NULL && !cJSON_IsObject(config))
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: is not a JSON object", path[CONFIG]);
    if (st != ACF_OK) goto done;

    int main_file = has[JSON] ? JSON : has[TXT] ? TXT : VOCAB;
    if (main_file == JSON)
        st = acf_tokenizer_read_json(tok, path[JSON], config, path[CONFIG], e);
    else if (main_file == TXT)
        st = acf_tokenizer_read_txt(tok, path[TXT], config, path[CONFIG], e);
    else
        st = acf_tokenizer_read_merges(tok, path[VOCAB], path[MERGES], config, path[CONFIG], e);
    if (st == ACF_OK) st = read_flags(tok, config, path[CONFIG], e);
    if (st != ACF_OK) goto done;
    st = acf_context(acf_tokenizer_finish(tok, e), e, "%s", path[main_file]);
done:
    cJSON_Delete(config);
    return st;
}

acf_status acf_tokenizer_open(acf_tokenizer **out, const char *dir, acf_error *e)
{
    *out = NULL;
    char *path[N_FILES] = {NULL};
    acf_tokenizer *tok = acf_tokenizer_new(e);
    if (tok == NULL) return ACF_ERR_RESOURCE;
    acf_status st = open_files(tok, dir, path, e);
    for (int i = 0; i < N_FILES; i++)
        acf_free(path[i]);
    if (st != ACF_OK) {
        acf_tokenizer_close(&tok);
        return acf_reclass(st, ACF_ERR_MODEL, e);
    }
    *out = tok;
    return ACF_OK;
}
