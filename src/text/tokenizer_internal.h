/* What a tokenizer is made of; for tokenizer*.c and vocab_train.c. */
#ifndef ACF_TEXT_TOKENIZER_INTERNAL_H
#define ACF_TEXT_TOKENIZER_INTERNAL_H

#include "text/added.h"
#include "text/tokenizer.h"
#include "text/vocab.h"

#define ACF_PREFIX_BYTES 32

/* The special tokens by their part. */
typedef enum acf_role { ACF_PAD, ACF_UNK, ACF_CLS, ACF_SEP, ACF_MASK, ACF_N_ROLES } acf_role;

struct acf_tokenizer {
    acf_vocab vocab; /* the model's tokens, found inside words */
    acf_added_list added;
    acf_vocab extra;         /* added tokens with ids vocab.n, vocab.n + 1, ... */
    char *name[ACF_N_ROLES]; /* owned; may be tokens that do not exist */
    int32_t id[ACF_N_ROLES]; /* -1 when there is none: mask, and BPE's unknown */
    size_t pair_seps;        /* separators between the texts of a pair: 1 or 2 */
    int32_t pair_type;       /* token type of the second text: 1 or 0 */
    bool cuts_left;          /* a text that is too long loses its first tokens */

    bool is_bpe; /* else WordPiece */

    /* WordPiece; with BPE no step of the normalizer is taken. */
    acf_normalizer steps;
    int strip_accents;                 /* as the files say it: 0 no, 1 yes, -1 as lowercase */
    char prefix[ACF_PREFIX_BYTES + 1]; /* "##" */
    int64_t max_chars;                 /* of a word */

    /* BPE */
    acf_bpe bpe;
    bool add_prefix_space; /* a text that does not begin with a space is given one */
};

/* An empty tokenizer with BERT's settings, uncased; NULL on failure. */
acf_tokenizer *acf_tokenizer_new(acf_error *e) ACF_MUST_USE;

/* Give an empty tokenizer RoBERTa's settings. */
acf_status acf_tokenizer_make_bpe(acf_tokenizer *tok, acf_error *e) ACF_MUST_USE;

/* Replace the name of a special token. */
acf_status acf_tokenizer_set_name(acf_tokenizer *tok, acf_role role, const char *name,
                                  acf_error *e) ACF_MUST_USE;

/* Give a token an id (its own in the vocabulary, or else the next free one) and find it in texts.
 */
acf_status acf_tokenizer_add(acf_tokenizer *tok, const acf_added *flags, const char *text,
                             acf_error *e) ACF_MUST_USE;

/* After vocabulary, settings, names and added tokens: look up the special tokens and make the
 * added ones searchable.  ACF_ERR_FORMAT when a special token is missing. */
acf_status acf_tokenizer_finish(acf_tokenizer *tok, acf_error *e) ACF_MUST_USE;

#endif
