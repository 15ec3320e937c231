/*
 * A vocabulary: tokens by id, and ids by token through two tables that are made for longest-match
 * search: one of whole tokens, one of the tokens that continue a word, without their prefix.
 *
 * Fill with acf_vocab_add, then acf_vocab_index once; afterwards it does not change.
 */
#ifndef ACF_TEXT_VOCAB_H
#define ACF_TEXT_VOCAB_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define ACF_TOKEN_BYTES 1024    /* the longest token, in bytes */
#define ACF_VOCAB_MAX   4000000 /* the most tokens */

typedef struct acf_vocab_slot {
    uint32_t hash; /* acf_vocab_hash of the key */
    int32_t id;    /* -1: free */
} acf_vocab_slot;

typedef struct acf_vocab_table {
    acf_vocab_slot *slot; /* [mask + 1], open addressing, at most half full */
    uint32_t mask;
    size_t skip;    /* bytes of the prefix that keys lack */
    size_t longest; /* key in bytes */
} acf_vocab_table;

typedef struct acf_vocab {
    char *text; /* tokens one after the other, each with a NUL */
    size_t text_len, text_cap;
    uint32_t *at; /* [n + 1] where each starts */
    size_t at_cap;
    int32_t n;
    acf_vocab_table whole, cont;
} acf_vocab;

/* Append a token as id n.  Refuses (ACF_ERR_FORMAT, the text begins with the token or its id) empty
 * and over-long tokens, invalid UTF-8, NUL and line breaks; ACF_ERR_RESOURCE for memory. */
acf_status acf_vocab_add(acf_vocab *v, const char *token, size_t len, acf_error *e) ACF_MUST_USE;

/* Build the tables, that of continuing tokens unless prefix is NULL; ACF_ERR_FORMAT when a token
 * occurs twice. */
acf_status acf_vocab_index(acf_vocab *v, const char *prefix, acf_error *e) ACF_MUST_USE;

void acf_vocab_free(acf_vocab *v);

/* The token of an id in range. */
const char *acf_vocab_token(const acf_vocab *v, int32_t id);

/* FNV-1a, continued byte by byte: the hash of a prefix is on the way to that of the whole. */
#define ACF_VOCAB_HASH 2166136261u
static inline uint32_t acf_vocab_hash(uint32_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * 16777619u;
}

/* The id of a key whose hash is known, or -1. */
int32_t acf_vocab_probe(const acf_vocab *v, const acf_vocab_table *table, const char *key,
                        size_t len, uint32_t hash);

/* The id of a token, or -1. */
int32_t acf_vocab_find(const acf_vocab *v, const char *token, size_t len);

#endif
