#include "base/cstring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void acf_make_printable(char *s)
{
    for (unsigned char *c = (unsigned char *)s; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f) *c = '?';
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) c[0] = c[1] = '?';
    }
}

bool acf_number_parse(double *out, const char *text)
{
    char *end;
    if (text[strspn(text, "+-.0123456789eE")] != '\0') return false; /* no blanks, hex, nan */
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

bool acf_ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);
    return len >= n && strcmp(text + len - n, end) == 0;
}

/* The word of a list at *at, of *len letters; *at moves behind it and its comma. */
static const char *next_word(size_t *len, const char **at)
{
    const char *word = *at;
    *len = strcspn(word, ",");
    *at = word + *len + (word[*len] == ',');
    return word;
}

bool acf_list_has(const char *list, const char *name, size_t len)
{
    for (const char *at = list; *at != '\0';) {
        size_t n;
        const char *word = next_word(&n, &at);
        if (n == len && strncmp(word, name, len) == 0) return true;
    }
    return false;
}

const char *acf_list_unknown(size_t *len, const char *list, const char *const *name, size_t n)
{
    const char *at = list;
    do {
        size_t i = 0;
        const char *word = next_word(len, &at);
        while (i < n && (strlen(name[i]) != *len || strncmp(name[i], word, *len) != 0))
            i++;
        if (i == n) return word;
    } while (*at != '\0');
    return NULL;
}

int acf_edit_distance(const char *a, const char *b)
{
    enum { LIMIT = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n > LIMIT || m > LIMIT) return LIMIT;
    int row[3][LIMIT + 1]; /* rows i-2, i-1, i of the distance table */
    for (size_t j = 0; j <= m; j++)
        row[0][j] = row[1][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *now = row[2];
        now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = row[1][j - 1] + (a[i - 1] != b[j - 1]);
            if (row[1][j] + 1 < best) best = row[1][j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                row[0][j - 2] + 1 < best)
                best = row[0][j - 2] + 1;
            now[j] = best;
        }
        memcpy(row[0], row[1], sizeof row[0]);
        memcpy(row[1], row[2], sizeof row[1]);
    }
    return row[1][m];
}
