/*
 * Added tokens: strings that are found in the text itself, before or after its normalization, and
 * never cut.  The special tokens are among them.
 */
#ifndef ACF_TEXT_ADDED_H
#define ACF_TEXT_ADDED_H

#include "text/normalize.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct acf_added {
    char *text;    /* owned */
    char *pattern; /* owned: what is looked for, the text or its normalized form */
    size_t pattern_len;
    int32_t id;
    bool is_special;
    bool is_normalized; /* looked for in the normalized text */
    bool single_word;   /* only between characters that are not of words */
    bool lstrip;        /* takes the white space before it along */
    bool rstrip;        /* and after it */
} acf_added;

/* The patterns of one stage. */
typedef struct acf_added_index {
    int32_t *order; /* [n] places in the list, longest pattern first */
    int32_t n;
    bool begins[256]; /* by first byte */
} acf_added_index;

typedef struct acf_added_list {
    acf_added *token; /* [n] */
    int32_t n;
    size_t cap;
    acf_added_index raw, normalized;
} acf_added_list;

/* Append a copy of the token (its pattern is filled in by acf_added_index_all). */
acf_status acf_added_add(acf_added_list *list, const acf_added *token, const char *text,
                         acf_error *e) ACF_MUST_USE;

/* Make the list searchable; ACF_ERR_FORMAT for a token that is empty after normalization. */
acf_status acf_added_index_all(acf_added_list *list, const acf_normalizer *steps,
                               acf_error *e) ACF_MUST_USE;

void acf_added_free(acf_added_list *list);

/* A search through one text; zero-initialise. */
typedef struct acf_added_search {
    size_t from; /* where the next search starts */
    size_t done; /* end of what was handed out */
    size_t begin, end;
    int32_t id;
} acf_added_search;

/*
 * The next token in the text: leftmost, there longest.  True with id and text[begin, end) of the
 * match, white space that it takes included; text[s->done, begin) before the call is the plain text
 * before it (none when begin is not after it).  The caller sets s->done = s->end before the next
 * call.  Source: tokenizers' AddedVocabulary::find_matches.
 */
bool acf_added_next(acf_added_search *s, const acf_added_list *list, const acf_added_index *index,
                    const char *text, size_t len);

#endif
