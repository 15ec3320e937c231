/*
 * Everything that is wrong with a configuration, collected and shown together: place, message, the
 * source line with a caret, hints.
 */
#ifndef ACF_CONFIG_PROBLEMS_H
#define ACF_CONFIG_PROBLEMS_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a problem is: in the file (line 0: nowhere in particular) or in an override of the command
 * line. */
typedef struct acf_place {
    const char *set; /* "train.epochs=x" of --set train.epochs=x; NULL: the file */
    int line, col;   /* from 1 */
    int span;        /* characters to underline */
} acf_place;

typedef struct acf_problem {
    acf_place where;
    char *text;
    acf_str hints; /* lines, each ended by a newline */
} acf_problem;

typedef struct acf_problems {
    const char *name;   /* the file, as the user wrote it */
    const char *source; /* its text, for showing lines; NULL: none */
    size_t source_len;
    acf_problem *item;
    size_t n, cap;
    acf_error failed; /* status ACF_OK until memory ran out */
} acf_problems;

/* Append a problem; control characters in the text are shown as '?'.  Running out of memory is
 * remembered in p->failed.  Always returns false, so that a reader's failing line is one statement.
 */
bool acf_problem_add(acf_problems *p, acf_place where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A hint line for the problem that was added last. */
void acf_problem_hint(acf_problems *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All problems as text for the terminal, in the order of their places: those of the file by line,
 * those of the file as a whole, those of the command line. */
acf_status acf_problems_render(acf_str *out, acf_problems *p, acf_error *e) ACF_MUST_USE;

void acf_problems_free(acf_problems *p);

enum { ACF_SHOWN_MAX = 72 };

/* s for use in a message: whole, or cut at a character's end with "..." after it.  Returns buf. */
const char *acf_cut_text(char buf[ACF_SHOWN_MAX], const char *s);

#endif
