#include "base/str.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

acf_status acf_str_append(acf_str *s, const char *data, size_t len, acf_error *e)
{
    char *grown = acf_grow(s->data, &s->cap, s->len + len + 1, 1, "string", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    s->data = grown;
    if (len > 0) memcpy(s->data + s->len, data, len);
    s->len += len;
    s->data[s->len] = '\0';
    return ACF_OK;
}

acf_status acf_str_puts(acf_str *s, const char *text, acf_error *e)
{
    return acf_str_append(s, text, strlen(text), e);
}

acf_status acf_str_put_cell(acf_str *s, const char *text, acf_error *e)
{
    size_t at = s->len;
    ACF_TRY(acf_str_puts(s, text, e));
    for (char *c = s->data + at; *c != '\0'; c++)
        if (*c == '\t' || *c == '\r' || *c == '\n') *c = ' ';
    return ACF_OK;
}

acf_status acf_str_put_word(acf_str *s, const char *text, acf_error *e)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    if (*text != '\0' && text[strspn(text, plain)] == '\0') return acf_str_puts(s, text, e);
    ACF_TRY(acf_str_puts(s, "'", e));
    for (const char *c = text; *c != '\0'; c++)
        ACF_TRY(acf_str_append(s, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1, e));
    return acf_str_puts(s, "'", e);
}

acf_status acf_str_printf(acf_str *s, acf_error *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    acf_status st = ACF_ERR_FAIL;
    if (n >= 0) {
        char *grown = acf_grow(s->data, &s->cap, s->len + (size_t)n + 1, 1, "string", e);
        if (grown == NULL) {
            st = ACF_ERR_RESOURCE;
        } else {
            s->data = grown;
            (void)vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
            s->len += (size_t)n;
            st = ACF_OK;
        }
    } else {
        st = acf_fail(e, ACF_ERR_FAIL, "format '%s': cannot be printed", fmt);
    }
    va_end(again);
    return st;
}

void acf_str_cut(acf_str *s, size_t len)
{
    s->len = len;
    if (s->data != NULL) s->data[len] = '\0';
}

void acf_str_clear(acf_str *s)
{
    acf_str_cut(s, 0);
}

void acf_str_free(acf_str *s)
{
    acf_free(s->data);
    *s = (acf_str){0};
}
