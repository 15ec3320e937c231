/* Writing tokenizer.json, tokenizer_config.json and the older files of vocabularies. */
#include "text/tokenizer.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "text/tokenizer_internal.h"

#include <string.h>

/* cJSON_Add*ToObject return NULL for memory; `ok` collects that over a whole tree. */
static bool put_bool(cJSON *to, const char *key, bool value)
{
    return cJSON_AddBoolToObject(to, key, value) != NULL;
}

static bool put_number(cJSON *to, const char *key, double value)
{
    return cJSON_AddNumberToObject(to, key, value) != NULL;
}

static bool put_string(cJSON *to, const char *key, const char *value)
{
    return cJSON_AddStringToObject(to, key, value) != NULL;
}

static bool put_choice(cJSON *to, const char *key, int value)
{
    if (value < 0) return cJSON_AddNullToObject(to, key) != NULL;
    return put_bool(to, key, value == 1);
}

/* A new object at the end of an array, or NULL. */
static cJSON *push_object(cJSON *array)
{
    cJSON *item = cJSON_CreateObject();
    if (item != NULL && !cJSON_AddItemToArray(array, item)) {
        cJSON_Delete(item);
        item = NULL;
    }
    return item;
}

static bool put_added(cJSON *root, const acf_tokenizer *tok)
{
    cJSON *list = cJSON_AddArrayToObject(root, "added_tokens");
    bool ok = list != NULL;
    int32_t last = -1;
    for (int32_t i = 0; i < tok->added.n && ok; i++) { /* by id: new ids must come in their order */
        const acf_added *next = NULL;
        for (int32_t k = 0; k < tok->added.n; k++) {
            const acf_added *t = tok->added.token + k;
            if (t->id > last && (next == NULL || t->id < next->id)) next = t;
        }
        if (next == NULL) break;
        last = next->id;
        cJSON *item = push_object(list);
        ok = item != NULL && put_number(item, "id", (double)next->id) &&
             put_string(item, "content", next->text) &&
             put_bool(item, "single_word", next->single_word) &&
             put_bool(item, "lstrip", next->lstrip) && put_bool(item, "rstrip", next->rstrip) &&
             put_bool(item, "normalized", next->is_normalized) &&
             put_bool(item, "special", next->is_special);
    }
    return ok;
}

static bool push_template(cJSON *list, const char *kind, const char *id, int type)
{
    cJSON *item = push_object(list);
    cJSON *body = item == NULL ? NULL : cJSON_AddObjectToObject(item, kind);
    return body != NULL && put_string(body, "id", id) && put_number(body, "type_id", (double)type);
}

static bool put_special(cJSON *to, const char *name, int32_t id)
{
    cJSON *item = cJSON_AddObjectToObject(to, name);
    if (item == NULL || !put_string(item, "id", name)) return false;
    cJSON *ids = cJSON_AddArrayToObject(item, "ids"), *number = cJSON_CreateNumber((double)id);
    if (ids == NULL || number == NULL || !cJSON_AddItemToArray(ids, number)) {
        cJSON_Delete(number);
        return false;
    }
    cJSON *tokens = cJSON_AddArrayToObject(item, "tokens"), *text = cJSON_CreateString(name);
    if (tokens == NULL || text == NULL || !cJSON_AddItemToArray(tokens, text)) {
        cJSON_Delete(text);
        return false;
    }
    return true;
}

static bool put_name_and_id(cJSON *to, const char *key, const acf_tokenizer *tok, acf_role role)
{
    cJSON *pair = cJSON_AddArrayToObject(to, key);
    return pair != NULL && cJSON_AddItemToArray(pair, cJSON_CreateString(tok->name[role])) &&
           cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)tok->id[role]));
}

/* [CLS] A [SEP] B [SEP], or [CLS] A [SEP] [SEP] B [SEP]. */
static bool put_template(cJSON *part, const acf_tokenizer *tok)
{
    const char *cls = tok->name[ACF_CLS], *sep = tok->name[ACF_SEP];
    for (int pair = 0; pair < 2; pair++) {
        cJSON *list = cJSON_AddArrayToObject(part, pair ? "pair" : "single");
        bool ok = list != NULL && push_template(list, "SpecialToken", cls, 0) &&
                  push_template(list, "Sequence", "A", 0);
        for (size_t i = 0; ok && i < (pair ? tok->pair_seps : 1); i++)
            ok = push_template(list, "SpecialToken", sep, 0);
        if (ok && pair)
            ok = push_template(list, "Sequence", "B", (int)tok->pair_type) &&
                 push_template(list, "SpecialToken", sep, (int)tok->pair_type);
        if (!ok) return false;
    }
    cJSON *tokens = cJSON_AddObjectToObject(part, "special_tokens");
    return tokens != NULL && put_special(tokens, cls, tok->id[ACF_CLS]) &&
           (strcmp(cls, sep) == 0 || put_special(tokens, sep, tok->id[ACF_SEP]));
}

static bool is_roberta_pair(const acf_tokenizer *tok)
{
    return tok->pair_seps == 2 && tok->pair_type == 0;
}

static bool put_post_processor(cJSON *root, const acf_tokenizer *tok)
{
    cJSON *part = cJSON_AddObjectToObject(root, "post_processor");
    if (part == NULL) return false;
    if (!tok->is_bpe || !is_roberta_pair(tok))
        return put_string(part, "type", "TemplateProcessing") && put_template(part, tok);
    return put_string(part, "type", "RobertaProcessing") &&
           put_name_and_id(part, "sep", tok, ACF_SEP) &&
           put_name_and_id(part, "cls", tok, ACF_CLS) && put_bool(part, "trim_offsets", true) &&
           put_bool(part, "add_prefix_space", tok->add_prefix_space);
}

static bool put_normalizer(cJSON *root, const acf_tokenizer *tok)
{
    cJSON *part = cJSON_AddObjectToObject(root, "normalizer");
    bool ok = part != NULL && put_string(part, "type", "BertNormalizer") &&
              put_bool(part, "clean_text", tok->steps.clean_text) &&
              put_bool(part, "handle_chinese_chars", tok->steps.split_chinese) &&
              put_choice(part, "strip_accents", tok->strip_accents) &&
              put_bool(part, "lowercase", tok->steps.lowercase);
    part = ok ? cJSON_AddObjectToObject(root, "pre_tokenizer") : NULL;
    return part != NULL && put_string(part, "type", "BertPreTokenizer");
}

static bool put_vocab(cJSON *to, const acf_tokenizer *tok)
{
    bool ok = to != NULL;
    for (int32_t id = 0; id < tok->vocab.n && ok; id++)
        ok = put_number(to, acf_vocab_token(&tok->vocab, id), (double)id);
    return ok;
}

static bool put_wordpiece(cJSON *root, const acf_tokenizer *tok)
{
    cJSON *part = cJSON_AddObjectToObject(root, "decoder");
    bool ok = part != NULL && put_string(part, "type", "WordPiece") &&
              put_string(part, "prefix", tok->prefix) && put_bool(part, "cleanup", true);
    part = ok ? cJSON_AddObjectToObject(root, "model") : NULL;
    ok = part != NULL && put_string(part, "type", "WordPiece") &&
         put_string(part, "unk_token", tok->name[ACF_UNK]) &&
         put_string(part, "continuing_subword_prefix", tok->prefix) &&
         put_number(part, "max_input_chars_per_word", (double)tok->max_chars);
    return ok && put_vocab(cJSON_AddObjectToObject(part, "vocab"), tok);
}

static bool put_byte_level(cJSON *root, const char *key, bool add_prefix_space)
{
    cJSON *part = cJSON_AddObjectToObject(root, key);
    return part != NULL && put_string(part, "type", "ByteLevel") &&
           put_bool(part, "add_prefix_space", add_prefix_space) &&
           put_bool(part, "trim_offsets", true) && put_bool(part, "use_regex", true);
}

static bool put_merges(cJSON *to, const acf_tokenizer *tok)
{
    cJSON *list = cJSON_AddArrayToObject(to, "merges");
    bool ok = list != NULL;
    for (int32_t rank = 0; rank < tok->bpe.n && ok; rank++) {
        const acf_merge *m = tok->bpe.merge + rank;
        const char *const half[2] = {acf_vocab_token(&tok->vocab, m->left),
                                     acf_vocab_token(&tok->vocab, m->right)};
        cJSON *pair = cJSON_CreateStringArray(half, 2);
        ok = pair != NULL && cJSON_AddItemToArray(list, pair);
    }
    return ok;
}

static bool put_bpe(cJSON *root, const acf_tokenizer *tok)
{
    cJSON *part =
        put_byte_level(root, "decoder", true) ? cJSON_AddObjectToObject(root, "model") : NULL;
    bool ok = part != NULL && put_string(part, "type", "BPE") &&
              cJSON_AddNullToObject(part, "dropout") != NULL &&
              (tok->bpe.unk < 0
                   ? cJSON_AddNullToObject(part, "unk_token") != NULL
                   : put_string(part, "unk_token", acf_vocab_token(&tok->vocab, tok->bpe.unk))) &&
              put_string(part, "continuing_subword_prefix", "") &&
              put_string(part, "end_of_word_suffix", "") &&
              put_bool(part, "fuse_unk", tok->bpe.fuse_unk) &&
              put_bool(part, "byte_fallback", false) &&
              put_bool(part, "ignore_merges", tok->bpe.ignore_merges);
    return ok && put_vocab(cJSON_AddObjectToObject(part, "vocab"), tok) && put_merges(part, tok);
}

static bool build_tokenizer(cJSON *root, const acf_tokenizer *tok)
{
    bool ok = put_string(root, "version", "1.0") &&
              cJSON_AddNullToObject(root, "truncation") != NULL &&
              cJSON_AddNullToObject(root, "padding") != NULL && put_added(root, tok);
    if (ok && tok->is_bpe)
        ok = cJSON_AddNullToObject(root, "normalizer") != NULL &&
             put_byte_level(root, "pre_tokenizer", tok->add_prefix_space);
    else if (ok)
        ok = put_normalizer(root, tok);
    return ok && put_post_processor(root, tok) &&
           (tok->is_bpe ? put_bpe(root, tok) : put_wordpiece(root, tok));
}

/* The class of transformers.  BertTokenizer and RobertaTokenizer build most parts from arguments of
 * their own and have none for these, so other values need the class that reads tokenizer.json. */
static const char *class_name(const acf_tokenizer *tok)
{
    if (tok->is_bpe && is_roberta_pair(tok) && tok->bpe.unk < 0 && !tok->bpe.ignore_merges)
        return "RobertaTokenizer";
    if (!tok->is_bpe && tok->steps.clean_text && strcmp(tok->prefix, "##") == 0 &&
        tok->max_chars == 100 && tok->pair_seps == 1 && tok->pair_type == 1)
        return "BertTokenizer";
    return "PreTrainedTokenizerFast";
}

static bool put_input_names(cJSON *root, bool has_types)
{
    static const char *const input[3] = {"input_ids", "token_type_ids", "attention_mask"};
    cJSON *list = cJSON_AddArrayToObject(root, "model_input_names");
    bool ok = list != NULL;
    for (int i = 0; i < 3 && ok; i++)
        if (i != 1 || has_types) ok = cJSON_AddItemToArray(list, cJSON_CreateString(input[i]));
    return ok;
}

static bool build_config(cJSON *root, const acf_tokenizer *tok, int model_max_length,
                         bool has_types)
{
    static const char *const key[ACF_N_ROLES] = {"pad_token", "unk_token", "cls_token", "sep_token",
                                                 "mask_token"};
    bool ok = put_string(root, "tokenizer_class", class_name(tok));
    if (ok && tok->is_bpe)
        ok = put_bool(root, "add_prefix_space", tok->add_prefix_space) &&
             put_string(root, "bos_token", tok->name[ACF_CLS]) &&
             put_string(root, "eos_token", tok->name[ACF_SEP]);
    else if (ok)
        ok = put_bool(root, "do_lower_case", tok->steps.lowercase) &&
             put_choice(root, "strip_accents", tok->strip_accents) &&
             put_bool(root, "tokenize_chinese_chars", tok->steps.split_chinese);
    for (int r = 0; r < ACF_N_ROLES && ok; r++)
        ok = tok->id[r] >= 0 ? put_string(root, key[r], tok->name[r])
                             : cJSON_AddNullToObject(root, key[r]) != NULL;
    if (ok && tok->cuts_left) ok = put_string(root, "truncation_side", "left");
    if (ok && model_max_length > 0)
        ok = put_number(root, "model_max_length", (double)model_max_length);
    return ok && put_input_names(root, has_types);
}

static acf_status write_file(const char *dir, const char *name, const char *text, size_t len,
                             acf_error *e)
{
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_write_synced(path, text, len, e);
    acf_free(path);
    return st;
}

static acf_status write_tree(const char *dir, const char *name, const cJSON *tree, bool ok,
                             acf_error *e)
{
    ACF_TRY(acf_json_check(ok ? tree : NULL, e));
    char *text = acf_json_print(tree, true, e);
    if (text == NULL) return ACF_ERR_RESOURCE;
    acf_status st = write_file(dir, name, text, strlen(text), e);
    acf_free(text);
    return st;
}

static acf_status write_vocab_txt(const acf_tokenizer *tok, const char *dir, acf_error *e)
{
    acf_str lines = {0};
    acf_status st = acf_str_append(&lines, tok->vocab.text, tok->vocab.text_len, e);
    for (size_t i = 0; i < lines.len; i++) /* tokens hold no NUL of their own */
        if (lines.data[i] == '\0') lines.data[i] = '\n';
    if (st == ACF_OK) st = write_file(dir, "vocab.txt", lines.data, lines.len, e);
    acf_str_free(&lines);
    return st;
}

static acf_status write_merges_txt(const acf_tokenizer *tok, const char *dir, acf_error *e)
{
    acf_str lines = {0};
    acf_status st = acf_str_puts(&lines, "#version: 0.2\n", e);
    for (int32_t rank = 0; rank < tok->bpe.n && st == ACF_OK; rank++)
        st = acf_str_printf(&lines, e, "%s %s\n",
                            acf_vocab_token(&tok->vocab, tok->bpe.merge[rank].left),
                            acf_vocab_token(&tok->vocab, tok->bpe.merge[rank].right));
    if (st == ACF_OK) st = write_file(dir, "merges.txt", lines.data, lines.len, e);
    acf_str_free(&lines);
    return st;
}

acf_status acf_tokenizer_save(const acf_tokenizer *tok, const char *dir, int model_max_length,
                              bool has_types, acf_error *e)
{
    cJSON *tree = cJSON_CreateObject();
    bool ok = tree != NULL && build_tokenizer(tree, tok);
    acf_status st = write_tree(dir, "tokenizer.json", tree, ok, e);
    cJSON_Delete(tree);
    if (st != ACF_OK) return st;
    tree = cJSON_CreateObject();
    ok = tree != NULL && build_config(tree, tok, model_max_length, has_types);
    st = write_tree(dir, "tokenizer_config.json", tree, ok, e);
    cJSON_Delete(tree);
    if (st != ACF_OK) return st;
    if (!tok->is_bpe) return write_vocab_txt(tok, dir, e);
    tree = cJSON_CreateObject();
    st = write_tree(dir, "vocab.json", tree, put_vocab(tree, tok), e);
    cJSON_Delete(tree);
    return st == ACF_OK ? write_merges_txt(tok, dir, e) : st;
}
