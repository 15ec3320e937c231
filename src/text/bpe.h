/*
 * Byte-pair encoding (Sennrich et al. 2016) of byte-level pieces: a piece's bytes are joined pair
 * by pair, always the pair whose merge was learnt first, leftmost among equals, until none is left.
 *
 * Fill with acf_bpe_add, then acf_bpe_finish once; afterwards it does not change.  The tokens are a
 * vocabulary's (vocab.h), spelt in the characters of acf_byte_char.
 */
#ifndef ACF_TEXT_BPE_H
#define ACF_TEXT_BPE_H

#include "base/str.h"
#include "text/vocab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct acf_merge {
    int32_t left, right; /* ids */
    int32_t id;          /* of both together */
} acf_merge;

typedef struct acf_bpe {
    acf_merge *merge; /* [n] by rank */
    int32_t n;
    size_t cap;
    int32_t *slot; /* [mask + 1] ranks by hash of (left, right), -1: free */
    uint32_t mask;
    int32_t byte_id[256]; /* the token of one byte; -1: there is none */
    bool *is_whole;       /* [vocabulary] the token is what its own bytes are joined to */
    int32_t unk;          /* for bytes without a token; -1: they are dropped */
    bool fuse_unk;        /* neighbouring ones are one */
    bool ignore_merges;   /* a piece that is a token is that token, whatever the merges give */
} acf_bpe;

/* Working space; zero-initialise, reuse, free. */
typedef struct acf_bpe_work {
    struct acf_bpe_symbol *symbol;
    struct acf_bpe_pair *heap;
    size_t cap_symbol, cap_heap;
    acf_str spelt; /* the piece in the characters of the vocabulary */
} acf_bpe_work;

void acf_bpe_work_free(acf_bpe_work *work);

/* Append the merge of two tokens of an indexed vocabulary.  ACF_ERR_FORMAT when one of them, or
 * both together, is no token. */
acf_status acf_bpe_add(acf_bpe *bpe, const acf_vocab *vocab, const char *left, const char *right,
                       acf_error *e) ACF_MUST_USE;

/* Build the tables; a pair that was added twice has its later rank, as in tokenizers. */
acf_status acf_bpe_finish(acf_bpe *bpe, const acf_vocab *vocab, acf_error *e) ACF_MUST_USE;

void acf_bpe_free(acf_bpe *bpe);

/*
 * Write the tokens of one piece to ids, which has room for len; *n is how many.  Fails only for
 * memory.  Source: tokenizers' BPE::merge_word and Word::merge_all.
 */
acf_status acf_bpe_encode(int32_t *ids, size_t *n, const acf_bpe *bpe, const acf_vocab *vocab,
                          const char *piece, size_t len, acf_bpe_work *work,
                          acf_error *e) ACF_MUST_USE;

#endif
