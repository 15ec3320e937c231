#include "text/codepoint.h"

#include "base/assert.h"
#include "text/codepoint_late.h"

#include <stddef.h>
#include <utf8proc.h>

static bool in_ranges(const acf_code_range *range, size_t n, uint32_t code)
{
    size_t low = 0, high = n; /* the first range that ends at or after code */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (range[mid].last < code)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && range[low].first <= code;
}

#define IN(table, code) in_ranges((table), sizeof(table) / sizeof *(table), (code))

static utf8proc_category_t category(uint32_t code)
{
    return utf8proc_category((utf8proc_int32_t)code);
}

bool acf_code_is_space(uint32_t code)
{
    if (code < 0x80) return code == ' ' || (code >= 0x09 && code <= 0x0D);
    if (code == 0x85) return true;
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

bool acf_code_is_control(uint32_t code)
{
    if (code < 0x80)
        return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0x7F;
    utf8proc_category_t c = category(code);
    if (c == UTF8PROC_CATEGORY_CF) return !IN(late_format, code);
    return c == UTF8PROC_CATEGORY_CC || c == UTF8PROC_CATEGORY_CO;
}

bool acf_code_is_punct(uint32_t code)
{
    if (code < 0x80)
        return (code >= '!' && code <= '/') || (code >= ':' && code <= '@') ||
               (code >= '[' && code <= '`') || (code >= '{' && code <= '~');
    utf8proc_category_t c = category(code);
    if (c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO) return !IN(late_punct, code);
    return IN(extra_punct, code);
}

bool acf_code_is_accent(uint32_t code)
{
    if (code < 0x300) return false;
    if (category(code) == UTF8PROC_CATEGORY_MN) return !IN(late_mark, code);
    return IN(extra_mark, code);
}

bool acf_code_is_chinese(uint32_t code)
{
    if (code < 0x3400) return false;
    return (code >= 0x4E00 && code <= 0x9FFF) || code <= 0x4DBF ||
           (code >= 0xF900 && code <= 0xFAFF) || (code >= 0x20000 && code <= 0x2A6DF) ||
           (code >= 0x2A700 && code <= 0x2B81F) || (code >= 0x2B920 && code <= 0x2CEAF) ||
           (code >= 0x2F800 && code <= 0x2FA1F);
}

bool acf_code_is_word(uint32_t code)
{
    utf8proc_category_t c = category(code);
    if ((c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_ND) || c == UTF8PROC_CATEGORY_NL ||
        c == UTF8PROC_CATEGORY_PC)
        return true; /* letters, marks and decimal digits stand together in the enum */
    if (code == 0x200C || code == 0x200D) return true;
    return (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
           (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189);
}

bool acf_code_is_letter(uint32_t code)
{
    utf8proc_category_t c = category(code);
    if (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) return true;
    return c == UTF8PROC_CATEGORY_CN && IN(late_letter, code);
}

bool acf_code_is_number(uint32_t code)
{
    utf8proc_category_t c = category(code);
    if (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO) return true;
    return c == UTF8PROC_CATEGORY_CN && IN(late_number, code);
}

int acf_code_combining(uint32_t code)
{
    if (code < 0x300) return 0;
    int class = utf8proc_get_property((utf8proc_int32_t)code)->combining_class;
    return class != 0 && IN(late_class, code) ? 0 : class;
}

int acf_code_decompose(uint32_t out[4], uint32_t code)
{
    out[0] = code;
    if (code < 0xC0 || IN(late_whole, code)) return 1;
    utf8proc_int32_t part[8];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(
        (utf8proc_int32_t)code, part, 8, (utf8proc_option_t)(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE),
        &boundary);
    ACF_ASSERT(n >= 1 && n <= 4); /* four is the most that Unicode guarantees it will ever need */
    for (utf8proc_ssize_t i = 0; i < n; i++)
        out[i] = (uint32_t)part[i];
    return (int)n;
}

int acf_code_lower(uint32_t out[2], uint32_t code)
{
    if (code == 0x130) { /* the only character whose lower case is two */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    out[0] = (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
    for (size_t i = 0; i < sizeof late_lower / sizeof *late_lower; i++)
        if (code >= late_lower[i].first && code <= late_lower[i].last)
            out[0] = (uint32_t)((int32_t)code + late_lower[i].add);
    return 1;
}
