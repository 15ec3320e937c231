#include "data/table_internal.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "__label__"
enum { PREFIX_LEN = sizeof PREFIX - 1 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static char *skip_blank(char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static char *skip_word(char *at, const char *end)
{
    while (at < end && !is_blank(*at))
        at++;
    return at;
}

static bool is_label(const char *at, const char *end)
{
    return end - at >= PREFIX_LEN && memcmp(at, PREFIX, PREFIX_LEN) == 0;
}

/* Every word with the prefix is a label, wherever it stands. */
static int count_labels(char *at, const char *end)
{
    int n = 0;
    for (at = skip_blank(at, end); at < end; at = skip_blank(skip_word(at, end), end))
        n += is_label(at, end);
    return n;
}

static bool is_bad_line(char reason[ACF_BAD_REASON], char *at, const char *end)
{
    if (acf_table_is_bad_text(reason, at, end)) return true;
    char *first = skip_blank(at, end);
    int n = count_labels(at, end);
    if (n > 1)
        (void)snprintf(reason, ACF_BAD_REASON, "has %d labels (" PREFIX "), expected one", n);
    else if (!is_label(first, end))
        (void)snprintf(reason, ACF_BAD_REASON, "does not begin with " PREFIX "NAME");
    else if (skip_word(first, end) - first == PREFIX_LEN)
        (void)snprintf(reason, ACF_BAD_REASON, "has an empty label");
    else
        return false;
    return true;
}

acf_status acf_table_cut_fasttext(acf_table *t, char *at, char *stop, acf_error *e)
{
    static const char names[] = "label\0text";
    char reason[ACF_BAD_REASON];
    for (int32_t line = 1; at < stop; line++) {
        acf_table_line text = acf_table_next_line(at, stop);
        if (is_bad_line(reason, at, text.end)) {
            ACF_TRY(acf_table_bad(t, line, reason, e));
        } else {
            char *label = skip_blank(at, text.end) + PREFIX_LEN, *cell = at;
            char *label_end = skip_word(label, text.end);
            char *rest = skip_blank(label_end, text.end);
            size_t n = (size_t)(label_end - label);
            memmove(cell, label, n);
            cell[n] = '\0';
            memmove(cell + n + 1, rest, (size_t)(text.end - rest));
            cell[n + 1 + (size_t)(text.end - rest)] = '\0';
            if (t->n_cols == 0) ACF_TRY(acf_table_set_names(t, names, sizeof names, 2, e));
            acf_table_add(t, line, cell, at, text.end);
        }
        at = text.next;
    }
    return ACF_OK;
}
