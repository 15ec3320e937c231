/* Values as YAML. */
#include "config/value.h"

#include "base/assert.h"
#include "config/value_internal.h"
#include "text/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest decimal that reads back as v, its exponent without ballast: 2e-5. */
static void format_number(char out[32], double v)
{
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(out, 32, "%.*g", digits, v);
        if (strtod(out, NULL) == v) break;
    }
    char *e = strchr(out, 'e');
    if (e == NULL) return;
    char *from = e + 1, *to = e + 1;
    if (*from == '-') to++;
    from++;
    while (*from == '0' && from[1] != '\0')
        from++;
    memmove(to, from, strlen(from) + 1);
}

static acf_status print_number(acf_str *out, double v, acf_error *e)
{
    char text[32];
    if (floor(v) == v && fabs(v) < 9007199254740992.0)
        (void)snprintf(text, sizeof text, "%.0f", v);
    else
        format_number(text, v);
    return acf_str_puts(out, text, e);
}

static acf_status print_interval(acf_str *out, acf_interval v, acf_error *e)
{
    ACF_TRY(print_number(out, v.value, e));
    if (v.unit == ACF_UNIT_FRACTION) return ACF_OK;
    return acf_str_puts(out, v.unit == ACF_UNIT_EPOCHS ? " epochs" : " steps", e);
}

/* Words and paths that no YAML reader takes for anything but a text. */
static bool is_plain(const char *s)
{
    static const char *const special[] = {"null", "true", "false", "yes", "no",  "on",
                                          "off",  "y",    "n",     "nan", "inf", "auto"};
    if (!isalpha((unsigned char)*s) && *s != '/') return false;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcasecmp(s, special[i]) == 0) return false;
    for (const char *c = s; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._/-", *c) == NULL) return false;
    return true;
}

/* Characters that YAML wants escaped between double quotes, and those that would hide. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           code == 0xfeff || code == 0xfffe || code == 0xffff || code > 0xffff;
}

acf_status acf_yaml_quote(acf_str *out, const char *s, acf_error *e)
{
    size_t len = strlen(s), bad = acf_utf8_valid(s, len);
    if (bad < len)
        return acf_fail(e, ACF_ERR_USAGE, "%s: byte 0x%02x is not valid UTF-8", s,
                        (unsigned)(unsigned char)s[bad]);
    if (is_plain(s)) return acf_str_puts(out, s, e);
    ACF_TRY(acf_str_puts(out, "\"", e));
    for (const char *c = s; *c != '\0';) {
        uint32_t code;
        size_t n = acf_utf8_get(&code, c, (size_t)(s + len - c));
        if (code == '"' || code == '\\')
            ACF_TRY(acf_str_printf(out, e, "\\%c", (int)code));
        else if (needs_escape(code))
            ACF_TRY(acf_str_printf(out, e, code > 0xffff ? "\\U%08X" : "\\u%04X", code));
        else
            ACF_TRY(acf_str_append(out, c, n, e));
        c += n;
    }
    return acf_str_puts(out, "\"", e);
}

static acf_status print_list(acf_str *out, const acf_cfg_value *v, const acf_key *k, acf_error *e)
{
    size_t n = k->type == ACF_TYPE_PAIR        ? 2
               : k->type == ACF_TYPE_STRINGS   ? v->strings.n
               : k->type == ACF_TYPE_INTERVALS ? v->intervals.n
                                               : v->numbers.n;
    ACF_TRY(acf_str_puts(out, "[", e));
    for (size_t i = 0; i < n; i++) {
        if (i > 0) ACF_TRY(acf_str_puts(out, ", ", e));
        if (k->type == ACF_TYPE_PAIR)
            ACF_TRY(print_number(out, v->pair[i], e));
        else if (k->type == ACF_TYPE_STRINGS)
            ACF_TRY(acf_yaml_quote(out, v->strings.item[i], e));
        else if (k->type == ACF_TYPE_INTERVALS)
            ACF_TRY(print_interval(out, v->intervals.item[i], e));
        else
            ACF_TRY(print_number(out, v->numbers.item[i], e));
    }
    return acf_str_puts(out, "]", e);
}

acf_status acf_value_print(acf_str *out, const acf_config *cfg, const acf_key *k, acf_error *e)
{
    if (acf_value_is_unset(cfg, k)) return acf_str_puts(out, k->unset ? k->unset : "null", e);
    acf_cfg_value v = acf_value_load(cfg, k);
    switch (k->type) {
    case ACF_TYPE_INT:
        return acf_str_printf(out, e, "%d", v.i);
    case ACF_TYPE_LONG:
    case ACF_TYPE_BYTES:
        return acf_str_printf(out, e, "%lld", (long long)v.l);
    case ACF_TYPE_REAL:
        return print_number(out, v.r, e);
    case ACF_TYPE_BOOL:
        return acf_str_puts(out, v.b ? "yes" : "no", e);
    case ACF_TYPE_CHOICE:
        for (const acf_choice *c = k->choices; c->name != NULL; c++)
            if (c->value == v.i) return acf_str_puts(out, c->name, e);
        ACF_ASSERT(!"a choice of the table");
        return acf_fail(e, ACF_ERR_FAIL, "%s: no such choice: %d", k->path, v.i);
    case ACF_TYPE_WORD:
    case ACF_TYPE_PATH:
    case ACF_TYPE_OUTPUT:
    case ACF_TYPE_ENCODER:
        return acf_yaml_quote(out, v.s, e);
    case ACF_TYPE_INTERVAL:
    case ACF_TYPE_WARMUP:
        return print_interval(out, v.interval, e);
    case ACF_TYPE_COLUMN:
        if (v.column.name == NULL) return acf_str_printf(out, e, "%d", v.column.index);
        return acf_yaml_quote(out, v.column.name, e);
    case ACF_TYPE_STRINGS:
    case ACF_TYPE_CHANNELS:
    case ACF_TYPE_WHOLES:
    case ACF_TYPE_PAIR:
    case ACF_TYPE_INTERVALS:
        return print_list(out, &v, k, e);
    }
    return ACF_OK;
}
