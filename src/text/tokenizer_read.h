/* What the readers of tokenizer files share: tokenizer_open.c, tokenizer_json.c (tokenizer.json)
 * and tokenizer_vocab.c (the older files). */
#ifndef ACF_TEXT_TOKENIZER_READ_H
#define ACF_TEXT_TOKENIZER_READ_H

#include "text/tokenizer_internal.h"

#include <cjson/cJSON.h>

#define ACF_TOKENIZER_FILE_BYTES ((size_t)256 << 20) /* a vocabulary of millions of tokens fits */
#define ACF_MAX_ADDED            100000

/* A member of an object, NULL when there is none. */
static inline const cJSON *acf_get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* *out = a member that is true (1), false (0) or null (-1); it stays when it is missing. */
acf_status acf_json_choice(int *out, const cJSON *object, const char *key, const char *name,
                           acf_error *e) ACF_MUST_USE;

/* The names of special tokens in tokenizer_config.json (`config`, NULL: none). */
acf_status acf_tokenizer_read_names(acf_tokenizer *tok, const cJSON *config, const char *name,
                                    acf_error *e) ACF_MUST_USE;

/* {"TOKEN": ID, ...} as the empty vocabulary of tok, and its tables. */
acf_status acf_tokenizer_read_vocab(acf_tokenizer *tok, const cJSON *vocab, const char *name,
                                    acf_error *e) ACF_MUST_USE;

/* One added token, {"content", "special", "lstrip" ...}, which must have this id. */
acf_status acf_tokenizer_read_added(acf_tokenizer *tok, const cJSON *item, double want_id,
                                    const char *name, acf_error *e) ACF_MUST_USE;

/* tokenizer.json; config may be NULL. */
acf_status acf_tokenizer_read_json(acf_tokenizer *tok, const char *path, const cJSON *config,
                                   const char *config_path, acf_error *e) ACF_MUST_USE;

/* vocab.txt of a WordPiece. */
acf_status acf_tokenizer_read_txt(acf_tokenizer *tok, const char *path, const cJSON *config,
                                  const char *config_path, acf_error *e) ACF_MUST_USE;

/* vocab.json and merges.txt of a BPE. */
acf_status acf_tokenizer_read_merges(acf_tokenizer *tok, const char *vocab, const char *merges,
                                     const cJSON *config, const char *config_path,
                                     acf_error *e) ACF_MUST_USE;

#endif
