#include "text/normalize.h"

#include "base/mem.h"
#include "text/codepoint.h"
#include "text/utf8.h"

#include <string.h>

void acf_codes_free(acf_codes *codes)
{
    acf_free(codes->at);
    *codes = (acf_codes){0};
}

static acf_status reserve(acf_codes *codes, size_t more, acf_error *e)
{
    uint32_t *grown = acf_grow(codes->at, &codes->cap, codes->n + more, sizeof *grown, "text", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    codes->at = grown;
    return ACF_OK;
}

/* Cleaning and the spaces around ideographs, while decoding. */
static acf_status decode(const acf_normalizer *steps, acf_codes *codes, const char *text,
                         size_t len, acf_error *e)
{
    codes->n = 0;
    ACF_TRY(reserve(codes, len + 16, e));
    for (size_t at = 0; at < len;) {
        uint32_t code;
        at += acf_utf8_get(&code, text + at, len - at);
        if (steps->clean_text) {
            if (code == ACF_UTF8_BAD || acf_code_is_control(code)) continue;
            if (acf_code_is_space(code)) code = ' ';
        }
        /* Three bytes of an ideograph at least pay for its three code points. */
        bool apart = steps->split_chinese && acf_code_is_chinese(code);
        if (apart) codes->at[codes->n++] = ' ';
        codes->at[codes->n++] = code;
        if (apart) codes->at[codes->n++] = ' ';
    }
    return ACF_OK;
}

/*
 * Canonical ordering of a run of combining characters: by class, equal classes as they came.  Long
 * runs (only hostile text has them) are counted into the spare space of n elements instead.
 */
static void order_run(uint32_t *run, size_t n, uint32_t *spare)
{
    if (n > 32) {
        size_t start[257] = {0};
        for (size_t i = 0; i < n; i++)
            start[acf_code_combining(run[i]) + 1]++;
        for (size_t k = 1; k < 257; k++)
            start[k] += start[k - 1];
        for (size_t i = 0; i < n; i++)
            spare[start[acf_code_combining(run[i])]++] = run[i];
        memcpy(run, spare, n * sizeof *run);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        uint32_t code = run[i];
        int class = acf_code_combining(code);
        size_t j = i;
        for (; j > 0 && acf_code_combining(run[j - 1]) > class; j--)
            run[j] = run[j - 1];
        run[j] = code;
    }
}

/* NFD without the accents, in place: codes [n] are first moved to the end of the block. */
static acf_status strip_accents(acf_codes *codes, acf_error *e)
{
    size_t n = codes->n;
    ACF_TRY(reserve(codes, 7 * n + 16, e)); /* result 4 n, source n, and 3 n + 16 to spare */
    uint32_t *to = codes->at, *from = codes->at + 4 * n;
    memmove(from, to, n * sizeof *to);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (from[i] < 0xC0)
            to[len++] = from[i];
        else
            len += (size_t)acf_code_decompose(to + len, from[i]);
    }
    size_t kept = 0;
    for (size_t i = 0; i < len;) {
        size_t end = i;
        while (end < len && acf_code_combining(to[end]) != 0)
            end++;
        if (end - i > 1) order_run(to + i, end - i, to + len);
        if (end == i) end++; /* a starter */
        for (; i < end; i++)
            if (!acf_code_is_accent(to[i])) to[kept++] = to[i];
    }
    codes->n = kept;
    return ACF_OK;
}

static acf_status encode(const acf_normalizer *steps, acf_str *out, const acf_codes *codes,
                         acf_error *e)
{
    size_t most = 8 * codes->n + 1; /* lower case of two characters, four bytes each */
    char *grown = acf_grow(out->data, &out->cap, most, 1, "text", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    out->data = grown;
    size_t len = 0;
    for (size_t i = 0; i < codes->n; i++) {
        uint32_t low[2] = {codes->at[i], 0};
        int n = steps->lowercase ? acf_code_lower(low, codes->at[i]) : 1;
        for (int k = 0; k < n; k++)
            len += acf_utf8_put(out->data + len, low[k]);
    }
    out->len = len;
    out->data[len] = '\0';
    return ACF_OK;
}

/* ASCII needs no tables: accents and ideographs do not occur. */
static acf_status normalize_ascii(const acf_normalizer *steps, acf_str *out, const char *text,
                                  size_t len, acf_error *e)
{
    char *grown = acf_grow(out->data, &out->cap, len + 1, 1, "text", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    out->data = grown;
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (steps->clean_text && (c < 0x20 || c == 0x7F)) {
            if (c != '\t' && c != '\n' && c != '\r') continue;
            c = ' ';
        }
        if (steps->lowercase && c >= 'A' && c <= 'Z') c = (unsigned char)(c + ('a' - 'A'));
        grown[kept++] = (char)c;
    }
    out->len = kept;
    grown[kept] = '\0';
    return ACF_OK;
}

acf_status acf_normalize(const acf_normalizer *steps, acf_str *out, acf_codes *work,
                         const char *text, size_t len, acf_error *e)
{
    if (acf_utf8_is_ascii(text, len)) return normalize_ascii(steps, out, text, len, e);
    ACF_TRY(decode(steps, work, text, len, e));
    if (steps->strip_accents) ACF_TRY(strip_accents(work, e));
    return encode(steps, out, work, e);
}

enum { WORD, SPACE, PUNCT };

/* Of ASCII: a digit for each character, space 1, punctuation 2. */
static const char ascii_kind[129] =
    "0000000001111100000000000000000012222222222222220000000000222222"
    "2000000000000000000000000002222220000000000000000000000000022220";

static int kind_of(const char *s, size_t len, size_t *bytes)
{
    unsigned char first = (unsigned char)*s;
    if (first < 0x80) {
        *bytes = 1;
        return ascii_kind[first] - '0';
    }
    uint32_t code;
    *bytes = acf_utf8_get(&code, s, len);
    if (acf_code_is_space(code)) return SPACE;
    return acf_code_is_punct(code) ? PUNCT : WORD;
}

bool acf_next_word(const char **word, size_t *word_len, const char *text, size_t len, size_t *at)
{
    size_t begin = *at, bytes = 0;
    int kind = SPACE;
    while (begin < len && (kind = kind_of(text + begin, len - begin, &bytes)) == SPACE)
        begin += bytes;
    if (begin >= len) {
        *at = len;
        return false;
    }
    size_t end = begin + bytes;
    if (kind == WORD)
        while (end < len && kind_of(text + end, len - end, &bytes) == WORD)
            end += bytes;
    *word = text + begin;
    *word_len = end - begin;
    *at = end;
    return true;
}
