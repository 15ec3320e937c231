/* Reading tokenizer.json. */
#include "text/tokenizer_read.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

/* A member that must be an object. */
static acf_status get_object(const cJSON **out, const cJSON *object, const char *key,
                             const char *name, acf_error *e)
{
    *out = acf_get(object, key);
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

/* The tokens may come in any order: place by id, then append. */
acf_status acf_tokenizer_read_vocab(acf_tokenizer *tok, const cJSON *vocab, const char *name,
                                    acf_error *e)
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
    if (st == ACF_OK) {
        for (size_t i = 0; i < n && st == ACF_OK; i++) /* n ids, all different: none is missing */
            st = acf_vocab_add(&tok->vocab, by_id[i], strlen(by_id[i]), e);
        if (st == ACF_OK) st = acf_vocab_index(&tok->vocab, tok->is_bpe ? NULL : tok->prefix, e);
        (void)acf_context(st, e, "%s", name);
    }
    acf_free(by_id);
    return st;
}

static acf_status read_wordpiece(acf_tokenizer *tok, const cJSON *model, const char *name,
                                 acf_error *e)
{
    const cJSON *vocab;
    const char *unk, *prefix;
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
    return acf_tokenizer_read_vocab(tok, vocab, name, e);
}

/* Settings of BPE that would give other tokens. */
static acf_status refuse_unsupported_bpe(const cJSON *model, const char *name, acf_error *e)
{
    static const char *const text_key[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    double dropout;
    bool falls_back;
    const char *text;
    for (int k = 0; k < 2; k++) {
        ACF_TRY(acf_json_string(&text, model, text_key[k], "", name, e));
        if (text[0] != '\0')
            return acf_fail(e, ACF_ERR_FORMAT, "%s: BPE with '%s' '%.60s' is not supported", name,
                            text_key[k], text);
    }
    ACF_TRY(acf_json_number(&dropout, model, "dropout", 0, 1, 0, name, e));
    if (dropout > 0)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: BPE with 'dropout' %g is not supported", name,
                        dropout);
    ACF_TRY(acf_json_bool(&falls_back, model, "byte_fallback", false, name, e));
    if (falls_back)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: BPE with 'byte_fallback' is not supported", name);
    return ACF_OK;
}

/* ["a", "b"], or "a b" as it was before tokenizers 0.20. */
static acf_status read_merge(acf_tokenizer *tok, const cJSON *item, acf_error *e)
{
    char left[ACF_TOKEN_BYTES + 1];
    const cJSON *first = cJSON_GetArrayItem(item, 0), *second = cJSON_GetArrayItem(item, 1);
    if (cJSON_IsString(item)) {
        size_t n = strcspn(item->valuestring, " ");
        if (n < sizeof left && item->valuestring[n] == ' ') {
            memcpy(left, item->valuestring, n);
            left[n] = '\0';
            return acf_bpe_add(&tok->bpe, &tok->vocab, left, item->valuestring + n + 1, e);
        }
    } else if (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2 && cJSON_IsString(first) &&
               cJSON_IsString(second)) {
        return acf_bpe_add(&tok->bpe, &tok->vocab, first->valuestring, second->valuestring, e);
    }
    return acf_fail(e, ACF_ERR_FORMAT, "merge %d is not a pair of tokens", (int)tok->bpe.n + 1);
}

static acf_status read_bpe(acf_tokenizer *tok, const cJSON *model, const char *name, acf_error *e)
{
    const cJSON *vocab, *merges = acf_get(model, "merges");
    const char *unk;
    ACF_TRY(refuse_unsupported_bpe(model, name, e));
    ACF_TRY(acf_json_string(&unk, model, "unk_token", NULL, name, e));
    ACF_TRY(acf_json_bool(&tok->bpe.fuse_unk, model, "fuse_unk", false, name, e));
    ACF_TRY(acf_json_bool(&tok->bpe.ignore_merges, model, "ignore_merges", false, name, e));
    ACF_TRY(get_object(&vocab, model, "vocab", name, e));
    ACF_TRY(acf_tokenizer_read_vocab(tok, vocab, name, e));
    if (unk != NULL) {
        tok->bpe.unk = acf_vocab_find(&tok->vocab, unk, strlen(unk));
        if (tok->bpe.unk < 0)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: unk_token '%.100s' is not in the vocabulary",
                            name, unk);
    }
    if (!cJSON_IsArray(merges))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: 'merges' is missing or not an array", name);
    for (const cJSON *item = merges->child; item != NULL; item = item->next)
        ACF_TRY(acf_context(read_merge(tok, item, e), e, "%s", name));
    return ACF_OK;
}

/* Files of tokenizers before 0.9 do not name the type. */
static acf_status model_type(const char **type, const cJSON *model, const char *name, acf_error *e)
{
    const char *looks = acf_get(model, "merges") != NULL                     ? "BPE"
                        : acf_get(model, "max_input_chars_per_word") != NULL ? "WordPiece"
                                                                             : "unnamed";
    ACF_TRY(acf_json_string(type, model, "type", looks, name, e));
    if (strcmp(*type, "WordPiece") == 0 || strcmp(*type, "BPE") == 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: tokenizer model '%.60s' is not supported; WordPiece is, as BERT, MiniLM, "
                    "DistilBERT and ELECTRA use it, and byte-level BPE, as RoBERTa uses it",
                    name, *type);
}

static acf_status read_bert_steps(acf_tokenizer *tok, const cJSON *root, const char *name,
                                  acf_error *e)
{
    const cJSON *part;
    ACF_TRY(get_object(&part, root, "normalizer", name, e));
    ACF_TRY(check_type(part, "normalizer", "BertNormalizer", name, e));
    ACF_TRY(acf_json_bool(&tok->steps.clean_text, part, "clean_text", true, name, e));
    ACF_TRY(acf_json_bool(&tok->steps.split_chinese, part, "handle_chinese_chars", true, name, e));
    ACF_TRY(acf_json_bool(&tok->steps.lowercase, part, "lowercase", true, name, e));
    ACF_TRY(acf_json_choice(&tok->strip_accents, part, "strip_accents", name, e));
    ACF_TRY(get_object(&part, root, "pre_tokenizer", name, e));
    return check_type(part, "pre_tokenizer", "BertPreTokenizer", name, e);
}

static acf_status read_byte_level(acf_tokenizer *tok, const cJSON *root, const char *name,
                                  acf_error *e)
{
    const cJSON *part = acf_get(root, "normalizer");
    bool cuts;
    if (part != NULL && !cJSON_IsNull(part)) {
        const char *type;
        ACF_TRY(acf_json_string(&type, part, "type", "", name, e));
        return acf_fail(e, ACF_ERR_FORMAT, "%s: normalizer '%.60s' before a BPE is not supported",
                        name, type);
    }
    ACF_TRY(get_object(&part, root, "pre_tokenizer", name, e));
    ACF_TRY(check_type(part, "pre_tokenizer", "ByteLevel", name, e));
    ACF_TRY(acf_json_bool(&tok->add_prefix_space, part, "add_prefix_space", true, name, e));
    ACF_TRY(acf_json_bool(&cuts, part, "use_regex", true, name, e));
    if (!cuts)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: pre_tokenizer ByteLevel without 'use_regex' is not supported", name);
    return ACF_OK;
}

acf_status acf_tokenizer_read_added(acf_tokenizer *tok, const cJSON *item, double want_id,
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
    ACF_TRY(acf_context(acf_tokenizer_add(tok, &token, text, e), e, "%s", name));
    int32_t id = acf_tokenizer_id(tok, text);
    if (want_id != (double)id)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: added token '%.100s' has id %g, expected %d", name,
                        text, want_id, (int)id);
    return ACF_OK;
}

static acf_status read_added_list(acf_tokenizer *tok, const cJSON *root, const char *name,
                                  acf_error *e)
{
    const cJSON *list = acf_get(root, "added_tokens");
    if (list == NULL || cJSON_IsNull(list)) return ACF_OK;
    if (!cJSON_IsArray(list))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: 'added_tokens' is not an array", name);
    int n = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        const cJSON *id = acf_get(item, "id");
        if (id == NULL || !cJSON_IsNumber(id))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: an added token has no 'id'", name);
        if (++n > ACF_MAX_ADDED)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: more than %d added tokens", name,
                            ACF_MAX_ADDED);
        ACF_TRY(acf_tokenizer_read_added(tok, item, id->valuedouble, name, e));
    }
    return ACF_OK;
}

/* The id of a special token as the post-processor says it must be that of its name. */
static acf_status set_special(acf_tokenizer *tok, acf_role role, const char *text, const cJSON *id,
                              const char *name, acf_error *e)
{
    if (text == NULL || id == NULL || !cJSON_IsNumber(id) ||
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
    const cJSON *body = acf_get(item, kind);
    const cJSON *id = acf_get(body, "id"), *type_id = acf_get(body, "type_id");
    if (!cJSON_IsString(id) || !cJSON_IsNumber(type_id) || type_id->valuedouble != (double)type)
        return NULL;
    return id->valuestring;
}

/* [CLS] A [SEP], types 0; *cls and *sep borrowed. */
static bool is_single(const cJSON *list, const char **cls, const char **sep)
{
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != 3) return false;
    const cJSON *first = list->child;
    const char *a = template_item(first->next, "Sequence", 0);
    *cls = template_item(first, "SpecialToken", 0);
    *sep = template_item(first->next->next, "SpecialToken", 0);
    return *cls != NULL && *sep != NULL && a != NULL && strcmp(a, "A") == 0;
}

static bool is_special(const cJSON *item, int type, const char *want)
{
    const char *id = template_item(item, "SpecialToken", type);
    return id != NULL && strcmp(id, want) == 0;
}

/* [CLS] A [SEP] B [SEP] with types 0 0 0 t t for t = 0 or 1, or [CLS] A [SEP] [SEP] B [SEP] with
 * types 0; *seps and *type describe it. */
static bool is_pair(const cJSON *list, const char *cls, const char *sep, size_t *seps,
                    int32_t *type)
{
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (n != 5 && n != 6) return false;
    const cJSON *item[6] = {NULL};
    n = 0;
    for (const cJSON *at = list->child; at != NULL; at = at->next)
        item[n++] = at;
    const cJSON *b = item[n - 2];
    const char *a_id = template_item(item[1], "Sequence", 0), *b_id = NULL;
    for (*type = 0; *type < 2 && b_id == NULL; (*type)++)
        b_id = template_item(b, "Sequence", (int)*type);
    (*type)--;
    *seps = (size_t)n - 4;
    return b_id != NULL && a_id != NULL && strcmp(a_id, "A") == 0 && strcmp(b_id, "B") == 0 &&
           is_special(item[0], 0, cls) && is_special(item[2], 0, sep) &&
           (n == 5 || (*type == 0 && is_special(item[3], 0, sep))) &&
           is_special(item[n - 1], (int)*type, sep);
}

static acf_status read_template(acf_tokenizer *tok, const cJSON *part, const char *name,
                                acf_error *e)
{
    const char *cls, *sep;
    if (!is_single(acf_get(part, "single"), &cls, &sep) ||
        !is_pair(acf_get(part, "pair"), cls, sep, &tok->pair_seps, &tok->pair_type))
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: post_processor is not of the form [CLS] A [SEP] B [SEP] with token "
                        "types 0 and 1, nor [CLS] A [SEP] [SEP] B [SEP] with types 0",
                        name);
    const cJSON *tokens = acf_get(part, "special_tokens");
    const cJSON *cls_ids = acf_get(acf_get(tokens, cls), "ids");
    const cJSON *sep_ids = acf_get(acf_get(tokens, sep), "ids");
    bool one_each = cJSON_IsArray(cls_ids) && cJSON_GetArraySize(cls_ids) == 1 &&
                    cJSON_IsArray(sep_ids) && cJSON_GetArraySize(sep_ids) == 1;
    ACF_TRY(set_special(tok, ACF_CLS, cls, one_each ? cls_ids->child : NULL, name, e));
    return set_special(tok, ACF_SEP, sep, one_each ? sep_ids->child : NULL, name, e);
}

static acf_status read_post_processor(acf_tokenizer *tok, const cJSON *root, const char *name,
                                      acf_error *e)
{
    const cJSON *part = acf_get(root, "post_processor");
    const char *type;
    if (part == NULL || cJSON_IsNull(part)) return ACF_OK; /* the names in the config hold */
    ACF_TRY(acf_json_string(&type, part, "type", "", name, e));
    if (strcmp(type, "TemplateProcessing") == 0) return read_template(tok, part, name, e);
    bool as_roberta = strcmp(type, "RobertaProcessing") == 0;
    if (!as_roberta && strcmp(type, "BertProcessing") != 0)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: post_processor '%.60s' is not supported, expected TemplateProcessing, "
                        "BertProcessing or RobertaProcessing",
                        name, type);
    tok->pair_seps = as_roberta ? 2 : 1;
    tok->pair_type = as_roberta ? 0 : 1;
    const cJSON *pair[2] = {acf_get(part, "cls"), acf_get(part, "sep")};
    for (int i = 0; i < 2; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(pair[i], 0));
        ACF_TRY(set_special(tok, i == 0 ? ACF_CLS : ACF_SEP, text, cJSON_GetArrayItem(pair[i], 1),
                            name, e));
    }
    return ACF_OK;
}

static acf_status read_parts(acf_tokenizer *tok, const cJSON *root, const char *path,
                             const cJSON *config, const char *config_path, acf_error *e)
{
    const cJSON *model;
    const char *type;
    ACF_TRY(get_object(&model, root, "model", path, e));
    ACF_TRY(model_type(&type, model, path, e));
    if (strcmp(type, "BPE") == 0) ACF_TRY(acf_tokenizer_make_bpe(tok, e));
    ACF_TRY(acf_tokenizer_read_names(tok, config, config_path, e));
    if (tok->is_bpe) {
        ACF_TRY(read_bpe(tok, model, path, e));
        ACF_TRY(read_byte_level(tok, root, path, e));
    } else {
        ACF_TRY(read_wordpiece(tok, model, path, e));
        ACF_TRY(read_bert_steps(tok, root, path, e));
    }
    ACF_TRY(read_added_list(tok, root, path, e));
    return read_post_processor(tok, root, path, e);
}

acf_status acf_tokenizer_read_json(acf_tokenizer *tok, const char *path, const cJSON *config,
                                   const char *config_path, acf_error *e)
{
    cJSON *root;
    ACF_TRY(acf_json_read(&root, path, ACF_TOKENIZER_FILE_BYTES, e));
    acf_status st = read_parts(tok, root, path, config, config_path, e);
    cJSON_Delete(root);
    return st;
}
