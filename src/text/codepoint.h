/*
 * What tokenizers' Rust crates know about a character: utf8proc's tables, corrected where the two
 * differ (codepoint_late.h).  The only file that includes utf8proc.
 */
#ifndef ACF_TEXT_CODEPOINT_H
#define ACF_TEXT_CODEPOINT_H

#include <stdbool.h>
#include <stdint.h>

/* Unicode White_Space. */
bool acf_code_is_space(uint32_t code);

/* Removed by cleaning: categories Cc, Cf and Co, except tab, line feed and carriage return; not
 * unassigned code points. */
bool acf_code_is_control(uint32_t code);

/* ASCII that is neither letter, digit, space nor control; categories P beyond. */
bool acf_code_is_punct(uint32_t code);

/* Category Mn. */
bool acf_code_is_accent(uint32_t code);

/* The blocks of CJK ideographs that BERT sets apart. */
bool acf_code_is_chinese(uint32_t code);

/* A character of words in regular expressions: Alphabetic, M, Nd, Pc, Join_Control. */
bool acf_code_is_word(uint32_t code);

/* Categories L and N. */
bool acf_code_is_letter(uint32_t code);
bool acf_code_is_number(uint32_t code);

/* Canonical combining class, 0 to 254. */
int acf_code_combining(uint32_t code);

/* Full canonical decomposition, without reordering; returns how many, 1 to 4. */
int acf_code_decompose(uint32_t out[4], uint32_t code);

/* Full lower case without context; returns how many, 1 or 2. */
int acf_code_lower(uint32_t out[2], uint32_t code);

#endif
