/*
 * BERT's normalization of text and its cutting into words, as tokenizers' BertNormalizer and
 * BertPreTokenizer do them.
 */
#ifndef ACF_TEXT_NORMALIZE_H
#define ACF_TEXT_NORMALIZE_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The steps in the order they are done, each over the whole text. */
typedef struct acf_normalizer {
    bool clean_text;    /* remove control characters, NUL and U+FFFD; all white space becomes ' ' */
    bool split_chinese; /* a space before and after each CJK ideograph */
    bool strip_accents; /* canonical decomposition (NFD), then category Mn removed */
    bool lowercase;     /* full lower case, character by character */
} acf_normalizer;

/* Working space: code points of one text.  Zero-initialise, reuse, free. */
typedef struct acf_codes {
    uint32_t *at;
    size_t n;
    size_t cap;
} acf_codes;

void acf_codes_free(acf_codes *codes);

/* out = the normalized text as valid UTF-8; invalid parts of text read as U+FFFD (utf8.h).  Fails
 * only for memory. */
acf_status acf_normalize(const acf_normalizer *steps, acf_str *out, acf_codes *work,
                         const char *text, size_t len, acf_error *e) ACF_MUST_USE;

/* The next word of a normalized text from *at on: runs between white space, each punctuation
 * character a word of its own.  False at the end; else *word and *word_len, and *at is behind it.
 */
bool acf_next_word(const char **word, size_t *word_len, const char *text, size_t len, size_t *at);

#endif
