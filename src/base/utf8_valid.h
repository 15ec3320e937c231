/* Is it UTF-8?  Decoding and everything else about characters is the floor above's. */
#ifndef ACF_BASE_UTF8_VALID_H
#define ACF_BASE_UTF8_VALID_H

#include <stddef.h>

/* Bytes from the start that are whole, valid UTF-8 sequences (Unicode 15.0, table 3-7: no overlong
 * forms, no surrogates, nothing above U+10FFFF); len when all are.  NUL is valid. */
size_t acf_utf8_valid(const char *text, size_t len);

#endif
