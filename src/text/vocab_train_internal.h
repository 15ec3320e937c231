/* What learning a vocabulary shares: words, alphabet and pieces (vocab_train.c), and the joining of
 * pairs (vocab_join.c). */
#ifndef ACF_TEXT_VOCAB_TRAIN_INTERNAL_H
#define ACF_TEXT_VOCAB_TRAIN_INTERNAL_H

#include "base/mem.h"
#include "text/tokenizer_internal.h"
#include "text/vocab_train.h"

#include <stdint.h>

#define uthash_malloc(bytes)      acf_hook_malloc(bytes)
#define uthash_free(block, bytes) acf_hook_free(block)
#define HASH_NONFATAL_OOM         1
#include <uthash.h>

typedef struct acf_vocab_word {
    UT_hash_handle hh; /* by text */
    int64_t count;
    int32_t *piece; /* [n] ids, in the trainer's pool */
    int32_t n;      /* pieces now; characters at first; 0: holds a character outside the alphabet */
    char text[];
} acf_vocab_word;

typedef struct acf_vocab_trainer {
    acf_tokenizer *tok;
    acf_vocab_word *words; /* by text */
    acf_vocab_word **list; /* [n_words] the same in the order of their first occurrence */
    int32_t n_words;
    int64_t *code_count; /* [N_CODES] how often each character occurs; 0: not in the alphabet */
    int32_t *pool;
    struct acf_vocab_piece *pieces;
} acf_vocab_trainer;

/* The id of a piece; new ones are appended to the vocabulary. */
acf_status acf_vocab_piece_id(int32_t *id, acf_vocab_trainer *t, const char *text,
                              acf_error *e) ACF_MUST_USE;

/* ACF_ERR_RESOURCE for a table that uthash could not grow. */
acf_status acf_vocab_no_memory(acf_error *e);

/* Join the most frequent pair of neighbouring pieces, again and again, until the vocabulary has
 * `size` tokens or no pair occurs min_frequency times.  Needs the words split into characters. */
acf_status acf_vocab_join_pairs(acf_vocab_trainer *t, int32_t size, int32_t min_frequency,
                                acf_error *e) ACF_MUST_USE;

#endif
