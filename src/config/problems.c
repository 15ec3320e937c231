#include "config/problems.h"

#include "base/cstring.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void print_line(char text[ACF_ERROR_TEXT],
                                                             const char *fmt, va_list args)
{
    (void)vsnprintf(text, ACF_ERROR_TEXT, fmt, args);
    acf_make_printable(text);
}

bool acf_problem_add(acf_problems *p, acf_place where, const char *fmt, ...)
{
    if (p->failed.status != ACF_OK) return false;
    acf_problem *grown =
        acf_grow(p->item, &p->cap, p->n + 1, sizeof *p->item, "list of problems", &p->failed);
    if (grown == NULL) return false;
    p->item = grown;

    char text[ACF_ERROR_TEXT];
    va_list args;
    va_start(args, fmt);
    print_line(text, fmt, args);
    va_end(args);
    char *copy = acf_strdup(text, &p->failed);
    if (copy == NULL) return false;
    p->item[p->n++] = (acf_problem){.where = where, .text = copy};
    return false;
}

void acf_problem_hint(acf_problems *p, const char *fmt, ...)
{
    if (p->failed.status != ACF_OK || p->n == 0) return;
    char text[ACF_ERROR_TEXT];
    va_list args;
    va_start(args, fmt);
    print_line(text, fmt, args);
    va_end(args);
    /* A failure is in p->failed, where render looks. */
    acf_status st = acf_str_printf(&p->item[p->n - 1].hints, &p->failed, "%s\n", text);
    (void)st;
}

const char *acf_cut_text(char buf[ACF_SHOWN_MAX], const char *s)
{
    size_t len = strlen(s);
    if (len < ACF_SHOWN_MAX) {
        memcpy(buf, s, len + 1);
        return buf;
    }
    len = ACF_SHOWN_MAX - 4;
    while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
        len--; /* not inside a character */
    memcpy(buf, s, len);
    memcpy(buf + len, "...", 4);
    return buf;
}

/* Bytes of the line break at s, 0 when there is none: those that YAML 1.1 counts. */
static size_t line_break(const char *s, const char *end)
{
    size_t left = (size_t)(end - s);
    if (left >= 2 && memcmp(s, "\r\n", 2) == 0) return 2;
    if (left >= 1 && (*s == '\r' || *s == '\n')) return 1;
    if (left >= 2 && memcmp(s, "\xc2\x85", 2) == 0) return 2;
    if (left >= 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 || memcmp(s, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

/* The source line with its number, and the caret line below. */
static acf_status render_line(acf_str *out, const acf_problems *p, acf_place at, acf_error *e)
{
    enum { WIDEST = 160 };
    if (p->source == NULL || at.line < 1) return ACF_OK;
    const char *s = p->source, *end = p->source + p->source_len;
    for (int line = 1; line < at.line && s < end;) {
        size_t n = line_break(s, end);
        if (n > 0) line++;
        s += n > 0 ? n : 1;
    }
    const char *stop = s;
    while (stop < end && line_break(stop, end) == 0)
        stop++;
    if (s == stop || stop - s > WIDEST) return ACF_OK;

    ACF_TRY(acf_str_printf(out, e, "%5d | ", at.line));
    for (const char *c = s; c < stop; c++) { /* blanks for what a terminal would act on */
        bool plain = (unsigned char)*c >= 0x20 && *c != 0x7f;
        ACF_TRY(acf_str_append(out, plain || *c == '\t' ? c : "?", 1, e));
    }
    ACF_TRY(acf_str_puts(out, "\n      | ", e));
    int col = 1;
    const char *c = s;
    for (; c < stop && col < at.col; c++) {
        if (((unsigned char)*c & 0xc0) == 0x80) continue; /* columns are characters */
        ACF_TRY(acf_str_puts(out, *c == '\t' ? "\t" : " ", e));
        col++;
    }
    ACF_TRY(acf_str_puts(out, "^", e));
    int left = 0;
    for (; c < stop; c++)
        left += ((unsigned char)*c & 0xc0) != 0x80;
    for (int i = 1; i < at.span && i < left; i++)
        ACF_TRY(acf_str_puts(out, "~", e));
    return acf_str_puts(out, "\n", e);
}

static acf_status render_one(acf_str *out, const acf_problems *p, const acf_problem *q,
                             acf_error *e)
{
    acf_place at = q->where;
    if (at.set != NULL) {
        char buf[ACF_SHOWN_MAX];
        const char *shown = acf_cut_text(buf, at.set);
        acf_make_printable(buf);
        ACF_TRY(acf_str_printf(out, e, "--set %s: error: %s\n", shown, q->text));
    } else if (at.line > 0) {
        ACF_TRY(acf_str_printf(out, e, "%s:%d:%d: error: %s\n", p->name, at.line, at.col, q->text));
        ACF_TRY(render_line(out, p, at, e));
    } else {
        ACF_TRY(acf_str_printf(out, e, "%s: error: %s\n", p->name, q->text));
    }
    for (const char *h = q->hints.data; h != NULL && *h != '\0';) {
        size_t len = strcspn(h, "\n");
        ACF_TRY(acf_str_printf(out, e, "      hint: %.*s\n", (int)len, h));
        h += len + 1;
    }
    return ACF_OK;
}

/* Places in the file by line, then the file as a whole, then the command line; ties stay. */
static bool comes_before(acf_place a, acf_place b)
{
    int class_a = a.set != NULL ? 2 : a.line == 0, class_b = b.set != NULL ? 2 : b.line == 0;
    if (class_a != class_b) return class_a < class_b;
    if (class_a != 0) return false;
    return a.line != b.line ? a.line < b.line : a.col < b.col;
}

acf_status acf_problems_render(acf_str *out, acf_problems *p, acf_error *e)
{
    enum { MOST = 50 };
    if (p->failed.status != ACF_OK) {
        acf_error_give(e, &p->failed);
        return p->failed.status;
    }
    for (size_t i = 1; i < p->n; i++) { /* insertion sort: stable, and the list is short */
        acf_problem q = p->item[i];
        size_t j = i;
        for (; j > 0 && comes_before(q.where, p->item[j - 1].where); j--)
            p->item[j] = p->item[j - 1];
        p->item[j] = q;
    }
    for (size_t i = 0; i < p->n && i < MOST; i++)
        ACF_TRY(render_one(out, p, &p->item[i], e));
    if (p->n > MOST)
        ACF_TRY(acf_str_printf(out, e, "%s: error: and %zu more problems\n", p->name, p->n - MOST));
    return ACF_OK;
}

void acf_problems_free(acf_problems *p)
{
    for (size_t i = 0; i < p->n; i++) {
        acf_free(p->item[i].text);
        acf_str_free(&p->item[i].hints);
    }
    acf_free(p->item);
    p->item = NULL;
    p->n = p->cap = 0;
}
