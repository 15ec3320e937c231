/*
 * UTF-8 to code points and back.  Decoding never fails: each maximal invalid part (Unicode 15.0,
 * section 3.9, table 3-8) reads as one U+FFFD, as Python's errors="replace" does.
 */
#ifndef ACF_TEXT_UTF8_H
#define ACF_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACF_UTF8_BAD 0xFFFDu

/* The code point at s, of which len >= 1 bytes are left; returns the bytes it takes, 1 to 4. */
size_t acf_utf8_get(uint32_t *code, const char *s, size_t len);

/* The code point that ends just before s + at, at >= 1. */
uint32_t acf_utf8_before(const char *s, size_t at);

/* Write a code point (no surrogate) as 1 to 4 bytes; returns how many. */
size_t acf_utf8_put(char out[4], uint32_t code);

/* Bytes from the start that are whole, valid UTF-8 sequences: len when all are, else the place of
 * the first bad one.  NUL is valid. */
size_t acf_utf8_valid(const char *s, size_t len);

/* Whether the bytes are valid UTF-8. */
bool acf_utf8_is_valid(const char *s, size_t len);

/* True when no byte is above 0x7F. */
bool acf_utf8_is_ascii(const char *s, size_t len);

#endif
