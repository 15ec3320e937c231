#include "text/bytelevel.h"

#include "text/codepoint.h"
#include "text/utf8.h"

#include <string.h>

typedef enum kind { OTHER, SPACE, LETTER, NUMBER } kind;

/* Of ASCII: a digit for each character, in the order of the enum. */
static const char ascii_kind[129] =
    "0000000001111100000000000000000010000000000000003333333333000000"
    "0222222222222222222222222220000002222222222222222222222222200000";

static kind kind_of(const char *s, size_t len, size_t *bytes)
{
    unsigned char first = (unsigned char)*s;
    if (first < 0x80) {
        *bytes = 1;
        return (kind)(ascii_kind[first] - '0');
    }
    uint32_t code;
    *bytes = acf_utf8_get(&code, s, len);
    if (acf_code_is_letter(code)) return LETTER;
    if (acf_code_is_number(code)) return NUMBER;
    return acf_code_is_space(code) ? SPACE : OTHER;
}

/* Bytes of the contraction ("'s", "'re" ...) at the start of s, 0 when there is none. */
static size_t contraction(const char *s, size_t len)
{
    if (len < 2 || s[0] != '\'') return 0;
    if (memchr("stmd", s[1], 4) != NULL) return 2;
    static const char two[3][2] = {{'r', 'e'}, {'v', 'e'}, {'l', 'l'}};
    for (int k = 0; len >= 3 && k < 3; k++)
        if (s[1] == two[k][0] && s[2] == two[k][1]) return 3;
    return 0;
}

/* End of the run of one kind that begins at `at`; *last is where its last character begins. */
static size_t run_end(size_t *last, const char *text, size_t len, size_t at, kind of)
{
    size_t bytes;
    *last = at;
    while (at < len && kind_of(text + at, len - at, &bytes) == of) {
        *last = at;
        at += bytes;
    }
    return at;
}

bool acf_next_piece(const char **piece, size_t *piece_len, const char *text, size_t len, size_t *at)
{
    size_t begin = *at, end, bytes, last;
    if (begin >= len) return false;
    end = begin + contraction(text + begin, len - begin);
    if (end == begin) {
        size_t from = begin; /* behind the one space that goes with what follows */
        kind first = kind_of(text + begin, len - begin, &bytes);
        if (text[begin] == ' ' && begin + 1 < len) {
            kind next = kind_of(text + begin + 1, len - begin - 1, &bytes);
            if (next != SPACE) {
                first = next;
                from = begin + 1;
            }
        }
        end = run_end(&last, text, len, from, first);
        /* White space leaves its last character to the text behind it, but for a lone one. */
        if (first == SPACE && end < len && last > begin) end = last;
    }
    *piece = text + begin;
    *piece_len = end - begin;
    *at = end;
    return true;
}

static bool is_itself(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
}

uint32_t acf_byte_char(unsigned char byte)
{
    if (is_itself(byte)) return byte;
    if (byte <= 0x20) return 0x100u + byte;
    if (byte <= 0xA0) return 0x121u + (byte - 0x7Fu);
    return 0x143;
}

int acf_char_byte(uint32_t code)
{
    if (code < 0x100) return is_itself(code) ? (int)code : -1;
    if (code <= 0x120) return (int)(code - 0x100);
    if (code <= 0x142) return (int)(code - 0x121 + 0x7F);
    return code == 0x143 ? 0xAD : -1;
}
