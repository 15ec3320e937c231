#include "text/utf8.h"

#include <string.h>

size_t acf_utf8_get(uint32_t *code, const char *s, size_t len)
{
    const unsigned char *b = (const unsigned char *)s;
    *code = ACF_UTF8_BAD;
    if (b[0] < 0x80) {
        *code = b[0];
        return 1;
    }
    if (b[0] < 0xC2 || b[0] > 0xF4) return 1;
    size_t need = b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    /* The second byte's range excludes overlong forms, surrogates and values over U+10FFFF. */
    unsigned low = b[0] == 0xE0 ? 0xA0 : b[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = b[0] == 0xED ? 0x9F : b[0] == 0xF4 ? 0x8F : 0xBF;
    uint32_t value = b[0] & (0xFFu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if (i >= len || b[i] < low || b[i] > high) return i;
        value = value << 6 | (b[i] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    *code = value;
    return need;
}

uint32_t acf_utf8_before(const char *s, size_t at)
{
    for (size_t back = 1; back <= 4 && back <= at; back++) {
        uint32_t code;
        if (((unsigned char)s[at - back] & 0xC0) == 0x80) continue;
        return acf_utf8_get(&code, s + at - back, back) == back ? code : ACF_UTF8_BAD;
    }
    return ACF_UTF8_BAD;
}

size_t acf_utf8_put(char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

size_t acf_utf8_valid(const char *s, size_t len)
{
    static const char bad[] = "\xEF\xBF\xBD"; /* U+FFFD itself is valid */
    for (size_t at = 0; at < len;) {
        uint32_t code;
        size_t n = acf_utf8_get(&code, s + at, len - at);
        if (code == ACF_UTF8_BAD && (n != 3 || memcmp(s + at, bad, 3) != 0)) return at;
        at += n;
    }
    return len;
}

bool acf_utf8_is_valid(const char *s, size_t len)
{
    return acf_utf8_valid(s, len) == len;
}

bool acf_utf8_is_ascii(const char *s, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, s + i, sizeof word);
        if (word & 0x8080808080808080u) return false;
    }
    for (; i < len; i++)
        if ((unsigned char)s[i] & 0x80) return false;
    return true;
}
