#include "base/status.h"

#include "base/cstring.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

acf_status acf_fail(acf_error *e, acf_status status, const char *fmt, ...)
{
    if (e == NULL) return status;
    e->status = status;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
    if (n < 0) e->text[0] = '\0';
    acf_make_printable(e->text);
    return status;
}

acf_status acf_context(acf_status st, acf_error *e, const char *fmt, ...)
{
    if (st == ACF_OK || e == NULL) return st;
    char text[ACF_ERROR_TEXT];
    memcpy(text, e->text, sizeof text);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
    if (n < 0) {
        n = 0;
        e->text[0] = '\0';
    }
    acf_make_printable(e->text);
    if ((size_t)n < sizeof e->text - 3) { /* what is too long is cut at the end */
        size_t room = sizeof e->text - (size_t)n - 3;
        size_t len = strnlen(text, room);
        memcpy(e->text + n, ": ", 2);
        memcpy(e->text + n + 2, text, len);
        e->text[(size_t)n + 2 + len] = '\0';
    }
    return st;
}

acf_status acf_error_give(acf_error *to, const acf_error *from)
{
    if (to != NULL) *to = *from;
    return from->status;
}

acf_status acf_reclass(acf_status st, acf_status as, acf_error *e)
{
    if (st != ACF_ERR_IO && st != ACF_ERR_FORMAT) return st;
    if (e != NULL) e->status = as;
    return as;
}

int acf_exit_code(acf_status st)
{
    switch (st) {
    case ACF_OK:
        return 0;
    case ACF_ERR_USAGE:
    case ACF_ERR_BUSY:
        return 2;
    case ACF_ERR_DATA:
        return 3;
    case ACF_ERR_MODEL:
        return 4;
    case ACF_ERR_NUMERIC:
        return 5;
    case ACF_ERR_RESOURCE:
        return 6;
    case ACF_STOPPED:
        return 75;
    case ACF_ERR_FAIL:
    case ACF_ERR_IO:
    case ACF_ERR_FORMAT:
        return 1;
    }
    return 1;
}

acf_status acf_status_of_exit(int code)
{
    for (int st = ACF_OK; st <= ACF_STOPPED; st++)
        if (acf_exit_code((acf_status)st) == code) return (acf_status)st;
    return ACF_ERR_FAIL;
}
