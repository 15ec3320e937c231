#include "data/table_internal.h"

#include <string.h>

static int count_columns(const char *at, const char *end)
{
    int n = 1;
    while ((at = memchr(at, '\t', (size_t)(end - at))) != NULL) {
        n++;
        at++;
    }
    return n;
}

acf_status acf_table_cut_tsv(acf_table *t, char *at, char *stop, acf_error *e)
{
    char reason[ACF_BAD_REASON];
    for (int32_t line = 1; at < stop; line++) {
        acf_table_line text = acf_table_next_line(at, stop);
        int n = count_columns(at, text.end);
        if (acf_table_is_bad_text(reason, at, text.end) || acf_table_is_bad_width(reason, n, t)) {
            ACF_TRY(acf_table_bad(t, line, reason, e));
        } else {
            if (t->n_cols == 0) t->n_cols = n;
            acf_table_add(t, line, at, at, text.end);
            for (char *tab = at; (tab = memchr(tab, '\t', (size_t)(text.end - tab))) != NULL; tab++)
                *tab = '\0';
            *text.end = '\0';
        }
        at = text.next;
    }
    return ACF_OK;
}
