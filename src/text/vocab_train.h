/*
 * A WordPiece vocabulary learnt from texts, for encoders that start from nothing.
 *
 * Words are counted after the tokenizer's own normalization and splitting.  The alphabet is the
 * most frequent characters; then the pair of neighbouring pieces that occurs most often becomes one
 * piece, again and again, until the vocabulary is full or no pair occurs min_frequency times: the
 * procedure of tokenizers' WordPieceTrainer.  Ties go to the pair of lower ids, so the result
 * depends on the texts only, not on their order in memory or on threads.
 */
#ifndef ACF_TEXT_VOCAB_TRAIN_H
#define ACF_TEXT_VOCAB_TRAIN_H

#include "text/tokenizer.h"

/* The texts, one after the other: *text and *len borrowed until the next call; false at the end. */
typedef struct acf_text_stream {
    bool (*next)(void *payload, const char **text, size_t *len);
    void *payload;
} acf_text_stream;

typedef struct acf_vocab_options {
    int32_t size;          /* tokens at most, specials included; default 8000, 100 to 1,000,000 */
    bool lowercase;        /* default true */
    int strip_accents;     /* 0 no, 1 yes, -1 (default) as lowercase */
    int32_t alphabet;      /* different characters kept; default 1000, 1 to 100,000 */
    int32_t min_frequency; /* of a pair that is joined; default 2, at least 1 */
} acf_vocab_options;

acf_vocab_options acf_vocab_options_default(void);

/*
 * *out has [PAD] [UNK] [CLS] [SEP] [MASK] as ids 0-4, the alphabet in code point order (each
 * character that occurs inside words also with "##"), then joined pieces in the order they were
 * learnt.  ACF_ERR_USAGE for options out of range (the alphabet is cut so that it always fits),
 * ACF_ERR_DATA when the texts hold no word, ACF_ERR_RESOURCE for memory; NULL on failure.
 */
acf_status acf_vocab_train(acf_tokenizer **out, acf_text_stream texts,
                           const acf_vocab_options *options, acf_error *e) ACF_MUST_USE;

#endif
