/* A growing string, always NUL-terminated; zero-initialise, append, free. */
#ifndef ACF_BASE_STR_H
#define ACF_BASE_STR_H

#include "base/status.h"

#include <stddef.h>

typedef struct acf_str {
    char *data; /* NULL until the first append */
    size_t len; /* without the final NUL */
    size_t cap;
} acf_str;

acf_status acf_str_append(acf_str *s, const char *data, size_t len, acf_error *e) ACF_MUST_USE;
acf_status acf_str_puts(acf_str *s, const char *text, acf_error *e) ACF_MUST_USE;
acf_status acf_str_printf(acf_str *s, acf_error *e, const char *fmt, ...) ACF_MUST_USE
    __attribute__((format(printf, 3, 4)));

/* Text as a cell of a TSV file, which has no quoting: TAB, CR and LF become blanks. */
acf_status acf_str_put_cell(acf_str *s, const char *text, acf_error *e) ACF_MUST_USE;

/* Text as one word for a shell: in single quotes unless it is plain. */
acf_status acf_str_put_word(acf_str *s, const char *text, acf_error *e) ACF_MUST_USE;

/* Only the first `len` bytes stay (len <= s->len), or none; the memory is kept. */
void acf_str_cut(acf_str *s, size_t len);
void acf_str_clear(acf_str *s);
void acf_str_free(acf_str *s);

#endif
