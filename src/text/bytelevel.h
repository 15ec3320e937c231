/*
 * Byte-level text, as GPT-2 and RoBERTa cut it: pieces of letters, digits, other characters and
 * white space, and bytes written as printable characters, in which vocabularies are spelt.
 */
#ifndef ACF_TEXT_BYTELEVEL_H
#define ACF_TEXT_BYTELEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The next piece of a valid UTF-8 text from *at on; together the pieces are the text.  False at the
 * end; else *piece and *piece_len, and *at is behind it.  The pieces are the leftmost matches of
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * with the first alternative that matches.  Source: Radford et al. 2019, encoder.py; tokenizers'
 * ByteLevel.
 */
bool acf_next_piece(const char **piece, size_t *piece_len, const char *text, size_t len,
                    size_t *at);

/* The character that stands for a byte: itself for the printable ones of Latin-1 (space excluded),
 * else U+0100 and on, in their order. */
uint32_t acf_byte_char(unsigned char byte);

/* The byte that a character stands for, -1 when there is none. */
int acf_char_byte(uint32_t code);

#endif
