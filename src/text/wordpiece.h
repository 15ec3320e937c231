/* WordPiece: a word as the longest vocabulary entries from left to right. */
#ifndef ACF_TEXT_WORDPIECE_H
#define ACF_TEXT_WORDPIECE_H

#include "text/vocab.h"

/*
 * Write the pieces of one word (valid UTF-8, len >= 1) to ids, which has room for len; returns how
 * many.  The first piece is a whole token, the others continue it.  A word of more than max_chars
 * characters, or one with a part that no entry begins, is the single id `unk`.
 * Source: tokenizers' WordPiece::tokenize; Schuster and Nakajima 2012.
 */
size_t acf_wordpiece(int32_t *ids, const char *word, size_t len, const acf_vocab *vocab,
                     int32_t unk, size_t max_chars);

#endif
