#include "base/utf8_valid.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the sequence at s, of which `left` are there; 0 when it is not valid. */
static size_t sequence(const unsigned char *s, size_t left)
{
    unsigned char lead = s[0];
    if (lead < 0x80) return 1;
    size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < len) return 0;

    /* The second byte's range keeps out overlong forms, surrogates and what lies above U+10FFFF. */
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < low || s[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if (s[i] < 0x80 || s[i] > 0xBF) return 0;
    return len;
}

size_t acf_utf8_valid(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (at < len) {
        uint64_t word; /* eight ASCII bytes at a time: most texts are nothing else */
        while (len - at >= sizeof word) {
            memcpy(&word, s + at, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) != 0) break;
            at += sizeof word;
        }
        if (at == len) break;
        size_t step = sequence(s + at, len - at);
        if (step == 0) break;
        at += step;
    }
    return at;
}
