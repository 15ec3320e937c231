/* Reading a Hugging Face directory: tokenizer.json, or vocab.txt, with tokenizer_config.json. */
#include "text/tokenizer.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "text/tokenizer_internal.h"

#include <string.h>

#define FILE_BYTES ((size_t)256 << 20) /* a vocabulary of millions of tokens fits */
#define MAX_ADDED  100000

/* Keys of tokenizer_config.json, by acf_role. */
static const char *const role_key[ACF_N_ROLES] = {"pad_token", "unk_token", "cls_token",
                                                  "sep_token", "mask_token"};

static const cJSON *get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A member that must be an object. */
static acf_status get_object(const cJSON **out, const cJSON *object, const char *key,
                             const char *name, acf_error *e)
{
    *out = get(object, key);
    if (*out == NULL || cJSON_IsNull(*out))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is missing", name, key);
    if (!cJSON_IsObject(*out))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is not an object", name, key);
    return ACF_OK;
}

/* The member 'type' of a part must be what we do. */
static acf_status check_type(const cJSON *part, const char *key, const char *want, const char *name,
                             acf_error *e)
{
    const char *type;
    ACF_TRY(acf_json_string(&type, part, "type", "", name, e));
    if (strcmp(type, want) == 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT, "%s: %s '%.60s' is not supported, expected %s", name, key,
                    type, want);
}

/* A member that is true, false or null; -1 for null, and *out stays when it is missing. */
static acf_status get_choice(int *out, const cJSON *object, const char *key, const char *name,
                             acf_error *e)
{
    bool value;
    const cJSON *item = get(object, key);
    if (item == NULL) return ACF_OK;
    ACF_TRY(acf_json_bool(&value, object, key, false, name, e));
    *out = cJSON_IsNull(item) ? -1 : value;
    return ACF_OK;
}

/* The vocabulary may come in any order: place by id, then append. */
static acf_status read_vocab(acf_tokenizer *tok, const cJSON *vocab, const char *name, acf_error *e)
{
    size_t n = 0;
    for (const cJSON *item = vocab->child; item != NULL; item = item->next)
        n++;
    if (n == 0 || n > ACF_VOCAB_MAX)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: vocabulary of %zu tokens, expected 1 to %d", name,
                        n, ACF_VOCAB_MAX);
    const char **by_id = acf_alloc(n, sizeof *by_id, "vocabulary", e);
    if (by_id == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    for (const cJSON *item = vocab->child; item != NULL && st == ACF_OK; item = item->next) {
        double id = item->valuedouble;
        if (!cJSON_IsNumber(item) || !(id >= 0.0 && id < (double)n) || id != (double)(int32_t)id)
            st = acf_fail(e, ACF_ERR_FORMAT,
                          "%s: token '%.100s' has no id from 0 to %zu (a gap in the ids?)", name,
                          item->string, n - 1);
        else if (by_id[(int32_t)id] != NULL)
            st = acf_fail(e, ACF_ERR_FORMAT, "%s: tokens '%.100s' and '%.100s' have the same id %d",
                          name, by_id[(int32_t)id], item->string, (int)id);
        else
            by_id[(int32_t)id] = item->string;
    }
    for (size_t i = 0; i < n && st == ACF_OK; i++) { /* n ids, all different: none is missing */
        st = acf_vocab_add(&tok->vocab, by_id[i], strlen(by_id[i]), e);
        if (st != ACF_OK) (void)acf_context(e, "%s", name);
    }
    acf_free(by_id);
    return st;
}

static acf_status index_vocab(acf_tokenizer *tok, const char *name, acf_error *e)
{
    acf_status st = acf_vocab_index(&tok->vocab, tok->prefix, e);
    if (st != ACF_OK) (void)acf_context(e, "%s", name);
    return st;
}

static acf_status read_model(acf_tokenizer *tok, const cJSON *root, const char *name, acf_error *e)
{
    const cJSON *model, *vocab;
    const char *type, *unk, *prefix;
    ACF_TRY(get_object(&model, root, "model", name, e));
    /* Files of tokenizers before 0.9 do not name the type. */
    bool looks_right = get(model, "max_input_chars_per_word") != NULL;
    ACF_TRY(acf_json_string(&type, model, "type", looks_right ? "WordPiece" : "unnamed", name, e));
    if (strcmp(type, "WordPiece") != 0)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: tokenizer model '%.60s' is not supported; only WordPiece is, as BERT, "
                        "MiniLM, DistilBERT and ELECTRA use it",
                        name, type);
    ACF_TRY(acf_json_string(&unk, model, "unk_token", "[UNK]", name, e));
    ACF_TRY(acf_tokenizer_set_name(tok, ACF_UNK, unk, e));
    ACF_TRY(
        acf_json_int(&tok->max_chars, model, "max_input_chars_per_word", 1, 1000000, 100, name, e));
    ACF_TRY(acf_json_string(&prefix, model, "continuing_subword_prefix", "##", name, e));
    if (strlen(prefix) > ACF_PREFIX_BYTES)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: 'continuing_subword_prefix' has %zu bytes, more than %d", name,
                        strlen(prefix), ACF_PREFIX_BYTES);
    memcpy(tok->prefix, prefix, strlen(prefix) + 1);
    ACF_TRY(get_object(&vocab, model, "vocab", name, e));
    ACF_TRY(read_vocab(tok, vocab, name, e));
    return index_vocab(tok, name, e);
}

static acf_status read_normalizer(acf_tokenizer *tok, const cJSON *root, const char *name,
                                  acf_error *e)
{
    const cJSON *part;
    ACF_TRY(get_object(&part, root, "normalizer", name, e));
    ACF_TRY(check_type(part, "normalizer", "BertNormalizer", name, e));
    ACF_TRY(acf_json_bool(&tok->steps.clean_text, part, "clean_text", true, name, e));
    ACF_TRY(acf_json_bool(&tok->steps.split_chinese, part, "handle_chinese_chars", true, name, e));
    ACF_TRY(acf_json_bool(&tok->steps.lowercase, part, "lowercase", true, name, e));
    ACF_TRY(get_choice(&tok->strip_accents, part, "strip_accents", name, e));
    ACF_TRY(get_object(&part, root, "pre_tokenizer", name, e));
    return check_type(part, "pre_tokenizer", "BertPreTokenizer", name, e);
}

/* One added token: {content, special, lstrip, ...}. */
static acf_status read_added(acf_tokenizer *tok, const cJSON *item, double want_id,
                             const char *name, acf_error *e)
{
    acf_added token = {0};
    const char *text;
    ACF_TRY(acf_json_string(&text, item, "content", NULL, name, e));
    if (text == NULL || text[0] == '\0')
        return acf_fail(e, ACF_ERR_FORMAT, "%s: an added token has no 'content'", name);
    ACF_TRY(acf_json_bool(&token.is_special, item, "special", false, name, e));
    ACF_TRY(acf_json_bool(&token.is_normalized, item, "normalized", !token.is_special, name, e));
    ACF_TRY(acf_json_bool(&token.single_word, item, "single_word", false, name, e));
    ACF_TRY(acf_json_bool(&token.lstrip, item, "lstrip", false, name, e));
    ACF_TRY(acf_json_bool(&token.rstrip, item, "rstrip", false, name, e));
    if (acf_tokenizer_add(tok, &token, text, e) != ACF_OK) return acf_context(e, "%s", name);
    int32_t id = acf_tokenizer_id(tok, text);
    if (want_id != (double)id)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: added token '%.100s' has id %g, expected %d", name,
                        text, want_id, (int)id);
    return ACF_OK;
}

static acf_status read_added_list(acf_tokenizer *tok, const cJSON *root, const char *name,
                                  acf_error *e)
{
    const cJSON *list = get(root, "added_tokens");
    if (list == NULL || cJSON_IsNull(list)) return ACF_OK;
    if (!cJSON_IsArray(list))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: 'added_tokens' is not an array", name);
    int n = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        const cJSON *id = get(item, "id");
        if (!cJSON_IsNumber(id))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: an added token has no 'id'", name);
        if (++n > MAX_ADDED)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: more than %d added tokens", name, MAX_ADDED);
        ACF_TRY(read_added(tok, item, id->valuedouble, name, e));
    }
    return ACF_OK;
}

/* The id of a special token as the post-processor says it must be that of its name. */
static acf_status set_special(acf_tokenizer *tok, acf_role role, const char *text, const cJSON *id,
                              const char *name, acf_error *e)
{
    if (text == NULL || !cJSON_IsNumber(id) ||
        id->valuedouble != (double)acf_tokenizer_id(tok, text))
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: post_processor: token '%.100s' and its id do not agree with the "
                        "vocabulary",
                        name, text == NULL ? "" : text);
    return acf_tokenizer_set_name(tok, role, text, e);
}

/* {"SpecialToken": {"id": "[CLS]", "type_id": 0}} or {"Sequence": {"id": "A", "type_id": 0}}: its
 * id when kind and type are as wanted, else NULL. */
static const char *template_item(const cJSON *item, const char *kind, int type)
{
    const cJSON *body = get(item, kind);
    const cJSON *id = get(body, "id"), *type_id = get(body, "type_id");
    if (!cJSON_IsString(id) || !cJSON_IsNumber(type_id) || type_id->valuedouble != (double)type)
        return NULL;
    return id->valuestring;
}

/* [CLS] A [SEP] (B [SEP]) with types 0 0 0 (1 1); *cls and *sep borrowed. */
static bool is_bert_template(const cJSON *list, bool pair, const char **cls, const char **sep)
{
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != (pair ? 5 : 3)) return false;
    const cJSON *item[5] = {NULL};
    int n = 0;
    for (const cJSON *at = list->child; at != NULL; at = at->next)
        item[n++] = at;
    const char *a = template_item(item[1], "Sequence", 0);
    *cls = template_item(item[0], "SpecialToken", 0);
    *sep = template_item(item[2], "SpecialToken", 0);
    if (*cls == NULL || *sep == NULL || a == NULL || strcmp(a, "A") != 0) return false;
    if (!pair) return true;
    const char *b = template_item(item[3], "Sequence", 1);
    const char *end = template_item(item[4], "SpecialToken", 1);
    return b != NULL && end != NULL && strcmp(b, "B") == 0 && strcmp(end, *sep) == 0;
}

static acf_status read_template(acf_tokenizer *tok, const cJSON *part, const char *name,
                                acf_error *e)
{
    const char *cls, *sep, *cls2, *sep2;
    if (!is_bert_template(get(part, "single"), false, &cls, &sep) ||
        !is_bert_template(get(part, "pair"), true, &cls2, &sep2) || strcmp(cls, cls2) != 0 ||
        strcmp(sep, sep2) != 0)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: post_processor is not of the form [CLS] A [SEP] B [SEP] with token "
                        "types 0 and 1",
                        name);
    const cJSON *tokens = get(part, "special_tokens");
    const cJSON *cls_ids = get(get(tokens, cls), "ids"), *sep_ids = get(get(tokens, sep), "ids");
    bool one_each = cJSON_IsArray(cls_ids) && cJSON_GetArraySize(cls_ids) == 1 &&
                    cJSON_IsArray(sep_ids) && cJSON_GetArraySize(sep_ids) == 1;
    ACF_TRY(set_special(tok, ACF_CLS, cls, one_each ? cls_ids->child : NULL, name, e));
    return set_special(tok, ACF_SEP, sep, one_each ? sep_ids->child : NULL, name, e);
}

static acf_status read_post_processor(acf_tokenizer *tok, const cJSON *root, const char *name,
                                      acf_error *e)
{
    const cJSON *part = get(root, "post_processor");
    const char *type;
    if (part == NULL || cJSON_IsNull(part)) return ACF_OK; /* the names in the config hold */
    ACF_TRY(acf_json_string(&type, part, "type", "", name, e));
    if (strcmp(type, "TemplateProcessing") == 0) return read_template(tok, part, name, e);
    if (strcmp(type, "BertProcessing") != 0)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: post_processor '%.60s' is not supported, expected TemplateProcessing "
                        "or BertProcessing",
                        name, type);
    const cJSON *pair[2] = {get(part, "cls"), get(part, "sep")};
    for (int i = 0; i < 2; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(pair[i], 0));
        ACF_TRY(set_special(tok, i == 0 ? ACF_CLS : ACF_SEP, text, cJSON_GetArrayItem(pair[i], 1),
                            name, e));
    }
    return ACF_OK;
}

/* tokenizer_config.json's names of special tokens: a string, or an object with 'content'. */
static acf_status read_names(acf_tokenizer *tok, const cJSON *config, const char *name,
                             acf_error *e)
{
    for (int r = 0; r < ACF_N_ROLES; r++) {
        const char *text = NULL;
        const cJSON *item = get(config, role_key[r]);
        if (cJSON_IsObject(item))
            ACF_TRY(acf_json_string(&text, item, "content", NULL, name, e));
        else
            ACF_TRY(acf_json_string(&text, config, role_key[r], NULL, name, e));
        if (text != NULL) ACF_TRY(acf_tokenizer_set_name(tok, (acf_role)r, text, e));
    }
    return ACF_OK;
}

/* The classes that read tokenizer.json as it is, without arguments of their own. */
static bool is_plain_class(const char *name)
{
    return strcmp(name, "PreTrainedTokenizerFast") == 0 || strcmp(name, "TokenizersBackend") == 0;
}

static acf_status read_flags(acf_tokenizer *tok, const cJSON *config, const char *name,
                             acf_error *e)
{
    const char *class;
    ACF_TRY(acf_json_string(&class, config, "tokenizer_class", "", name, e));
    if (is_plain_class(class)) return ACF_OK;
    acf_normalizer *s = &tok->steps;
    ACF_TRY(acf_json_bool(&s->lowercase, config, "do_lower_case", s->lowercase, name, e));
    ACF_TRY(acf_json_bool(&s->split_chinese, config, "tokenize_chinese_chars", s->split_chinese,
                          name, e));
    return get_choice(&tok->strip_accents, config, "strip_accents", name, e);
}

static acf_status read_tokenizer_json(acf_tokenizer *tok, const char *path, const cJSON *config,
                                      const char *config_path, acf_error *e)
{
    cJSON *root;
    ACF_TRY(acf_json_read(&root, path, FILE_BYTES, e));
    acf_status st = read_names(tok, config, config_path, e);
    if (st == ACF_OK) st = read_model(tok, root, path, e);
    if (st == ACF_OK) st = read_normalizer(tok, root, path, e);
    if (st == ACF_OK) st = read_added_list(tok, root, path, e);
    if (st == ACF_OK) st = read_post_processor(tok, root, path, e);
    cJSON_Delete(root);
    return st;
}

/* One token a line; white space at the end of a line is no part of it, as in tokenizers. */
static acf_status read_vocab_txt(acf_tokenizer *tok, const char *path, acf_error *e)
{
    char *text;
    size_t len;
    ACF_TRY(acf_read_file(&text, &len, path, FILE_BYTES, e));
    acf_status st = ACF_OK;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: begins with a byte order mark; remove it", path);
    else if (len == 0)
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: is empty, expected one token a line", path);
    for (size_t at = 0; at < len && st == ACF_OK;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', len - at);
        size_t n = end == NULL ? len - at : (size_t)(end - line);
        at += n + 1;
        while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
            n--;
        st = acf_vocab_add(&tok->vocab, line, n, e);
        if (st != ACF_OK) (void)acf_context(e, "%s:%d", path, (int)tok->vocab.n + 1);
    }
    acf_free(text);
    return st == ACF_OK ? index_vocab(tok, path, e) : st;
}

/* Tokens that were added to a vocab.txt stand in the config as {"30522": {"content": ...}}. */
static acf_status read_added_decoder(acf_tokenizer *tok, const cJSON *config, const char *name,
                                     acf_error *e)
{
    const cJSON *tokens = get(config, "added_tokens_decoder");
    int n = 0;
    if (!cJSON_IsObject(tokens)) return ACF_OK;
    for (const cJSON *item = tokens->child; item != NULL; item = item->next) {
        double id = 0.0;
        size_t digits = strspn(item->string, "0123456789");
        if (digits == 0 || digits > 9 || item->string[digits] != '\0' || ++n > MAX_ADDED)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: added_tokens_decoder: '%.60s' is not an id",
                            name, item->string);
        for (const char *c = item->string; *c != '\0'; c++)
            id = 10.0 * id + (double)(*c - '0');
        ACF_TRY(read_added(tok, item, id, name, e));
    }
    return ACF_OK;
}

static acf_status open_files(acf_tokenizer *tok, const char *dir, char *path[3], acf_error *e)
{
    static const char *const name[3] = {"tokenizer.json", "vocab.txt", "tokenizer_config.json"};
    cJSON *config = NULL;
    for (int i = 0; i < 3; i++) {
        path[i] = acf_path_join(dir, name[i], e);
        if (path[i] == NULL) return ACF_ERR_RESOURCE;
    }
    if (!acf_path_is_dir(dir))
        return acf_fail(e, ACF_ERR_IO, "%s: is not a directory, expected one with tokenizer.json",
                        dir);
    bool has_json = acf_path_exists(path[0]);
    if (!has_json && !acf_path_exists(path[1]))
        return acf_fail(e, ACF_ERR_IO, "%s: holds neither tokenizer.json nor vocab.txt", dir);
    acf_status st = ACF_OK;
    if (acf_path_exists(path[2])) st = acf_json_read(&config, path[2], FILE_BYTES, e);
    if (st == ACF_OK && config != NULL && !cJSON_IsObject(config))
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: is not a JSON object", path[2]);
    if (st != ACF_OK) goto done;

    const char *main_path = has_json ? path[0] : path[1];
    if (has_json) {
        st = read_tokenizer_json(tok, path[0], config, path[2], e);
    } else {
        st = read_names(tok, config, path[2], e);
        if (st == ACF_OK) st = read_vocab_txt(tok, path[1], e);
        if (st == ACF_OK) st = read_added_decoder(tok, config, path[2], e);
    }
    if (st == ACF_OK) st = read_flags(tok, config, path[2], e);
    if (st != ACF_OK) goto done;
    st = acf_tokenizer_finish(tok, e);
    if (st != ACF_OK) (void)acf_context(e, "%s", main_path);
done:
    cJSON_Delete(config);
    return st;
}

acf_status acf_tokenizer_open(acf_tokenizer **out, const char *dir, acf_error *e)
{
    *out = NULL;
    char *path[3] = {NULL, NULL, NULL};
    acf_tokenizer *tok = acf_tokenizer_new(e);
    if (tok == NULL) return ACF_ERR_RESOURCE;
    acf_status st = open_files(tok, dir, path, e);
    for (int i = 0; i < 3; i++)
        acf_free(path[i]);
    if (st != ACF_OK) {
        acf_tokenizer_close(&tok);
        return acf_reclass(st, ACF_ERR_MODEL, e);
    }
    *out = tok;
    return ACF_OK;
}
