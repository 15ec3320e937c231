/* Plain C strings: what needs no memory and cannot fail. */
#ifndef ACF_BASE_CSTRING_H
#define ACF_BASE_CSTRING_H

#include <stdbool.h>
#include <stddef.h>

/* Control characters (C0, DEL, and C1 in UTF-8) become '?', in place: what came from a file stays
 * on its line and cannot drive a terminal. */
void acf_make_printable(char *s);

/* The number that a text holds, whole and finite, without blanks, hexadecimals or words; false when
 * it holds none. */
bool acf_number_parse(double *out, const char *text);

bool acf_ends_with(const char *text, const char *end);

/* Are the first len bytes of name a word of the list "a,b,c"? */
bool acf_list_has(const char *list, const char *name, size_t len);

/* The first word of the list that is none of the n names, of *len letters; NULL: there is none. The
 * empty list has one word, which is empty. */
const char *acf_list_unknown(size_t *len, const char *list, const char *const *name, size_t n);

/* Levenshtein distance with transposition, for "did you mean"; both at most 64 bytes are compared,
 * longer ones give 64. */
int acf_edit_distance(const char *a, const char *b);

#endif
