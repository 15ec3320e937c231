#include "config/value.h"

#include "base/assert.h"
#include "base/path.h"
#include "base/mem.h"
#include "config/value_internal.h"
#include "text/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the readers of single types are given. */
typedef struct reader {
    const acf_key *key;
    const char *base;
    acf_problems *p;
} reader;

/* Decimal numbers as people write them: digits, a point, an exponent; no hex, no "inf". */
static bool parse_number(double *out, const char *s, const char **rest)
{
    const char *c = s;
    if (*c == '+' || *c == '-') c++;
    size_t digits = strspn(c, "0123456789");
    c += digits;
    if (*c == '.') {
        size_t more = strspn(c + 1, "0123456789");
        digits += more;
        c += more + 1;
    }
    if (digits == 0) return false;
    if (*c == 'e' || *c == 'E') {
        const char *x = c + 1;
        if (*x == '+' || *x == '-') x++;
        size_t more = strspn(x, "0123456789");
        if (more == 0) return false;
        c = x + more;
    }
    *out = strtod(s, NULL);
    *rest = c;
    return true;
}

static bool parse_whole(int64_t *out, const char *s)
{
    const char *c = s;
    if (*c == '+' || *c == '-') c++;
    if (*c == '\0' || c[strspn(c, "0123456789")] != '\0') return false;
    errno = 0;
    long long v = strtoll(s, NULL, 10);
    *out = errno == ERANGE ? (*s == '-' ? INT64_MIN : INT64_MAX) : (int64_t)v;
    return true;
}

static const char *kind_name(const acf_yaml_node *v)
{
    return v->kind == ACF_YAML_LIST ? "a list" : v->kind == ACF_YAML_MAP ? "a map" : "one value";
}

/* The scalar that this type wants, or a problem. */
static bool want_scalar(const reader *r, const acf_yaml_node *v, const char *what)
{
    if (v->refused) return false;
    if (v->kind == ACF_YAML_SCALAR) return true;
    return acf_problem_add(r->p, v->at, "%s: expected %s, got %s", r->key->path, what,
                           kind_name(v));
}

static bool not_a(const reader *r, const acf_yaml_node *v, const char *what)
{
    char buf[ACF_SHOWN_MAX];
    if (v->quoted) {
        acf_problem_add(r->p, v->at, "%s = \"%s\" is a text, not %s", r->key->path,
                        acf_cut_text(buf, v->text), what);
        double number;
        const char *rest;
        if (parse_number(&number, v->text, &rest)) acf_problem_hint(r->p, "drop the quotes");
        return false;
    }
    return acf_problem_add(r->p, v->at, "%s = %s is not %s", r->key->path,
                           acf_cut_text(buf, v->text), what);
}

static bool out_of_range(const reader *r, const acf_yaml_node *v, const char *range)
{
    char buf[ACF_SHOWN_MAX];
    return acf_problem_add(r->p, v->at, "%s = %s is out of range %s", r->key->path,
                           acf_cut_text(buf, v->text), range);
}

static bool read_whole(const reader *r, int64_t *out, const acf_yaml_node *v)
{
    if (!want_scalar(r, v, "a whole number")) return false;
    if (v->quoted || !parse_whole(out, v->text)) return not_a(r, v, "a whole number");
    if (!acf_in_range(r->key->range, (double)*out)) return out_of_range(r, v, r->key->range);
    if (r->key->type == ACF_TYPE_INT && (*out < INT_MIN || *out > INT_MAX))
        return out_of_range(r, v, "of whole numbers");
    return true;
}

static bool read_real(const reader *r, double *out, const acf_yaml_node *v)
{
    const char *rest = "";
    if (!want_scalar(r, v, "a number")) return false;
    if (v->quoted || !parse_number(out, v->text, &rest) || *rest != '\0')
        return not_a(r, v, "a number");
    if (!isfinite(*out) || !acf_in_range(r->key->range, *out))
        return out_of_range(r, v, r->key->range);
    return true;
}

static bool read_bool(const reader *r, bool *out, const acf_yaml_node *v)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    if (!want_scalar(r, v, "yes or no")) return false;
    for (int i = 0; i < 6; i++) {
        if (v->quoted || strcasecmp(v->text, words[i]) != 0) continue;
        *out = i % 2 == 1;
        return true;
    }
    return not_a(r, v, "yes or no");
}

static const acf_choice *find_choice(const acf_choice *c, const char *name)
{
    for (; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

/* "a, b, c" and the nearest of them. */
static bool no_choice(const reader *r, const acf_yaml_node *v)
{
    enum { MOST = 32 };
    const char *names[MOST];
    char list[ACF_ERROR_TEXT / 2] = "", buf[ACF_SHOWN_MAX];
    int n = 0;
    for (const acf_choice *c = r->key->choices; c->name != NULL && n < MOST - 1; c++) {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", n > 0 ? ", " : "", c->name);
        names[n++] = c->name;
    }
    names[n] = NULL;
    acf_problem_add(r->p, v->at, "%s = %s is none of %s", r->key->path, acf_cut_text(buf, v->text),
                    list);
    const char *meant = acf_nearest(v->text, names);
    if (meant != NULL) acf_problem_hint(r->p, "did you mean '%s'?", meant);
    return false;
}

static bool read_choice(const reader *r, const acf_choice **out, const acf_yaml_node *v)
{
    if (!want_scalar(r, v, "a name")) return false;
    *out = find_choice(r->key->choices, v->text);
    return *out != NULL || no_choice(r, v);
}

static bool read_path(const reader *r, char **out, const acf_yaml_node *v)
{
    if (!want_scalar(r, v, "a path")) return false;
    if (*v->text == '\0') return acf_problem_add(r->p, v->at, "%s: an empty path", r->key->path);
    char *joined = acf_path_join(r->base, v->text, &r->p->failed);
    if (joined == NULL) return false;
    *out = acf_path_absolute(joined, &r->p->failed);
    acf_free(joined);
    if (*out == NULL) return false;
    if (acf_utf8_valid(*out, strlen(*out)) == strlen(*out)) return true;
    acf_free(*out);
    *out = NULL;
    return acf_problem_add(r->p, v->at, "%s: the path is not valid UTF-8", r->key->path);
}

/* A preset's name stays as it is; one letter wrong is no path. */
static bool read_encoder(const reader *r, char **out, const acf_yaml_node *v)
{
    enum { MOST = 32 };
    if (!want_scalar(r, v, "a path or a preset's name")) return false;
    if (acf_is_encoder_preset(v->text)) {
        *out = acf_strdup(v->text, &r->p->failed);
        return *out != NULL;
    }
    if (!read_path(r, out, v)) return false;
    const char *names[MOST];
    int n = 0;
    for (const acf_choice *c = r->key->choices; c->name != NULL && n < MOST - 1; c++)
        names[n++] = c->name;
    names[n] = NULL;
    const char *meant = strchr(v->text, '/') == NULL ? acf_nearest(v->text, names) : NULL;
    if (meant == NULL || acf_path_exists(*out)) return true;
    acf_free(*out);
    *out = NULL;
    acf_problem_add(r->p, v->at, "%s = %s is neither a preset nor a directory", r->key->path,
                    v->text);
    acf_problem_hint(r->p, "did you mean '%s'?", meant);
    return false;
}

/* The unit behind a number: steps when there is none. */
static bool parse_unit(acf_unit *out, const char *s)
{
    s += strspn(s, " ");
    *out = strncmp(s, "epoch", 5) == 0 ? ACF_UNIT_EPOCHS : ACF_UNIT_STEPS;
    return *s == '\0' || strcmp(s, "steps") == 0 || strcmp(s, "step") == 0 ||
           strcmp(s, "epochs") == 0 || strcmp(s, "epoch") == 0;
}

static bool read_interval(const reader *r, acf_interval *out, const acf_yaml_node *v)
{
    bool warmup = r->key->type == ACF_TYPE_WARMUP;
    const char *what = warmup ? "N steps, N epochs or a fraction below 1" : "N steps or N epochs";
    const char *rest = "";
    acf_interval got = {0.0, ACF_UNIT_STEPS};
    if (!want_scalar(r, v, what)) return false;
    if (!parse_number(&got.value, v->text, &rest) || !parse_unit(&got.unit, rest) ||
        (v->quoted && *rest == '\0'))
        return not_a(r, v, what);
    if (warmup && *rest == '\0' && got.value >= 0.0 && got.value < 1.0)
        got.unit = ACF_UNIT_FRACTION;
    if (got.unit == ACF_UNIT_STEPS && floor(got.value) != got.value) {
        char buf[ACF_SHOWN_MAX];
        return acf_problem_add(r->p, v->at, "%s = %s: steps are whole; fractions go with 'epochs'",
                               r->key->path, acf_cut_text(buf, v->text));
    }
    bool least = warmup                       ? got.value >= 0.0
                 : got.unit == ACF_UNIT_STEPS ? got.value >= 1.0
                                              : got.value > 0.0;
    if (!least || !(got.value <= 1e9))
        return out_of_range(r, v,
                            warmup                       ? "[0, 1e9]"
                            : got.unit == ACF_UNIT_STEPS ? "[1, 1e9]"
                                                         : "(0, 1e9]");
    *out = got;
    return true;
}

static bool read_bytes(const reader *r, int64_t *out, const acf_yaml_node *v)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"", 1.0},   {"B", 1.0},      {"kB", 1e3},        {"MB", 1e6},
                 {"GB", 1e9}, {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
    const char *rest = "";
    double number;
    if (!want_scalar(r, v, "a size")) return false;
    if (!parse_number(&number, v->text, &rest)) return not_a(r, v, "a size such as 512 MiB");
    rest += strspn(rest, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcasecmp(rest, units[i].name) != 0) continue;
        number *= units[i].factor;
        if (!acf_in_range(r->key->range, number)) return out_of_range(r, v, r->key->range);
        *out = (int64_t)number;
        return true;
    }
    return not_a(r, v, "a size such as 512 MiB");
}

static bool read_column(const reader *r, acf_column *out, const acf_yaml_node *v)
{
    int64_t number;
    if (!want_scalar(r, v, "a column's name or number")) return false;
    if (*v->text == '\0') return acf_problem_add(r->p, v->at, "%s: an empty name", r->key->path);
    if (!v->quoted && parse_whole(&number, v->text)) {
        if (number < 0 || number > 9999) return out_of_range(r, v, "[0, 9999]");
        *out = (acf_column){NULL, (int)number};
        return true;
    }
    *out = (acf_column){acf_strdup(v->text, &r->p->failed), ACF_UNSET};
    return out->name != NULL;
}

/* Number of items of the list that this type wants, 0 with a problem. */
static size_t want_list(const reader *r, const acf_yaml_node *v, const char *what)
{
    size_t n = 0;
    if (v->refused) return 0;
    if (v->kind != ACF_YAML_LIST) {
        char buf[ACF_SHOWN_MAX];
        acf_problem_add(r->p, v->at, "%s: expected a list of %s, got %s", r->key->path, what,
                        kind_name(v));
        if (v->kind == ACF_YAML_SCALAR)
            acf_problem_hint(r->p, "write [%s]", acf_cut_text(buf, v->text));
        return 0;
    }
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next)
        n++;
    if (n == 0) acf_problem_add(r->p, v->at, "%s: an empty list", r->key->path);
    return n;
}

static bool has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return true;
    return false;
}

/* Label names: every scalar is a text, whatever YAML would make of it. */
static bool read_strings(const reader *r, acf_strings *out, const acf_yaml_node *v)
{
    enum { MOST = 100000 };
    char buf[ACF_SHOWN_MAX];
    size_t n = want_list(r, v, "texts");
    if (n == 0) return false;
    if (n < 2 || n > MOST)
        return acf_problem_add(r->p, v->at, "%s: %zu names, expected 2 to %d", r->key->path, n,
                               MOST);
    out->item = acf_alloc(n, sizeof *out->item, "labels", &r->p->failed);
    if (out->item == NULL) return false;
    bool good = true;
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next) {
        if (!want_scalar(r, item, "a text")) {
            good = false;
            continue;
        }
        if (*item->text == '\0' || has_control(item->text))
            good = acf_problem_add(r->p, item->at,
                                   "%s: a name that is empty or has tabs or line "
                                   "breaks in it",
                                   r->key->path);
        for (size_t i = 0; i < out->n && n <= 2000; i++)
            if (strcmp(out->item[i], item->text) == 0)
                good = acf_problem_add(r->p, item->at, "%s: '%s' stands twice in the list",
                                       r->key->path, acf_cut_text(buf, item->text));
        out->item[out->n] = acf_strdup(item->text, &r->p->failed);
        if (out->item[out->n] == NULL) return false;
        out->n++;
    }
    return good;
}

/* "1..5": all whole numbers from the first to the last. */
static bool read_range(const reader *r, acf_numbers *out, const acf_yaml_node *v)
{
    enum { MOST = 1000 };
    char buf[ACF_SHOWN_MAX], first[24];
    int64_t low, high;
    size_t len = (size_t)(strstr(v->text, "..") - v->text);
    (void)snprintf(first, sizeof first, "%.*s", len < sizeof first ? (int)len : 0, v->text);
    if (!parse_whole(&low, first) || !parse_whole(&high, v->text + len + 2) || high < low ||
        high - low >= MOST)
        return acf_problem_add(r->p, v->at,
                               "%s: '%s': expected a list like [1, 2, 3] or a range like 1..5 of "
                               "at most %d numbers",
                               r->key->path, acf_cut_text(buf, v->text), MOST);
    if (!acf_in_range(r->key->range, (double)low) || !acf_in_range(r->key->range, (double)high))
        return acf_problem_add(r->p, v->at, "%s: %s is out of range %s", r->key->path,
                               acf_cut_text(buf, v->text), r->key->range);
    out->item = acf_alloc((size_t)(high - low) + 1, sizeof *out->item, "numbers", &r->p->failed);
    if (out->item == NULL) return false;
    for (int64_t i = low; i <= high; i++)
        out->item[out->n++] = (double)i;
    return true;
}

static bool read_numbers(const reader *r, acf_numbers *out, const acf_yaml_node *v)
{
    bool wholes = r->key->type == ACF_TYPE_WHOLES, pair = r->key->type == ACF_TYPE_PAIR;
    if (wholes && v->kind == ACF_YAML_SCALAR && !v->quoted && strstr(v->text, "..") != NULL)
        return read_range(r, out, v);
    size_t n = want_list(r, v, wholes ? "whole numbers" : "numbers");
    if (n == 0) return false;
    if ((pair && n != 2) || (!pair && !wholes && n != 1 && n != 3) || n > 1000)
        return acf_problem_add(r->p, v->at, "%s: %zu numbers, expected %s", r->key->path, n,
                               pair     ? "2"
                               : wholes ? "at most 1000"
                                        : "1 or 3");
    out->item = acf_alloc(n, sizeof *out->item, "numbers", &r->p->failed);
    if (out->item == NULL) return false;
    bool good = true;
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next) {
        int64_t whole = 0;
        double number = 0.0;
        bool read = wholes ? read_whole(r, &whole, item) : read_real(r, &number, item);
        good = good && read;
        if (wholes) number = (double)whole;
        for (size_t i = 0; i < out->n && wholes && read; i++)
            if (out->item[i] == number)
                good = acf_problem_add(r->p, item->at, "%s: %s stands twice in the list",
                                       r->key->path, item->text);
        out->item[out->n++] = number;
    }
    return good;
}

static bool read_intervals(const reader *r, acf_intervals *out, const acf_yaml_node *v)
{
    size_t n = want_list(r, v, "intervals");
    if (n == 0) return false;
    out->item = acf_alloc(n, sizeof *out->item, "intervals", &r->p->failed);
    if (out->item == NULL) return false;
    bool good = true;
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next) {
        if (!read_interval(r, &out->item[out->n], item)) {
            good = false;
            continue;
        }
        if (out->n > 0 && (out->item[out->n].unit != out->item[out->n - 1].unit ||
                           !(out->item[out->n].value > out->item[out->n - 1].value)))
            good = acf_problem_add(r->p, item->at, "%s: must rise, all in steps or all in epochs",
                                   r->key->path);
        out->n++;
    }
    return good;
}

static bool read_value(const reader *r, acf_cfg_value *out, const acf_yaml_node *v)
{
    const acf_choice *choice = NULL;
    acf_numbers pair = {0};
    bool good = false;
    switch (r->key->type) {
    case ACF_TYPE_INT: {
        int64_t whole = 0;
        good = read_whole(r, &whole, v);
        if (good) out->i = (int)whole;
        return good;
    }
    case ACF_TYPE_LONG:
        return read_whole(r, &out->l, v);
    case ACF_TYPE_REAL:
        return read_real(r, &out->r, v);
    case ACF_TYPE_BOOL:
        return read_bool(r, &out->b, v);
    case ACF_TYPE_CHOICE:
        good = read_choice(r, &choice, v);
        if (good) out->i = choice->value;
        return good;
    case ACF_TYPE_WORD:
        if (!read_choice(r, &choice, v)) return false;
        out->s = acf_strdup(choice->name, &r->p->failed);
        return out->s != NULL;
    case ACF_TYPE_PATH:
    case ACF_TYPE_OUTPUT:
        return read_path(r, &out->s, v);
    case ACF_TYPE_ENCODER:
        return read_encoder(r, &out->s, v);
    case ACF_TYPE_INTERVAL:
    case ACF_TYPE_WARMUP:
        return read_interval(r, &out->interval, v);
    case ACF_TYPE_BYTES:
        return read_bytes(r, &out->l, v);
    case ACF_TYPE_COLUMN:
        return read_column(r, &out->column, v);
    case ACF_TYPE_STRINGS:
        return read_strings(r, &out->strings, v);
    case ACF_TYPE_CHANNELS:
    case ACF_TYPE_WHOLES:
        return read_numbers(r, &out->numbers, v);
    case ACF_TYPE_PAIR:
        good = read_numbers(r, &pair, v);
        if (good && pair.item != NULL) memcpy(out->pair, pair.item, sizeof out->pair);
        acf_free(pair.item);
        return good;
    case ACF_TYPE_INTERVALS:
        return read_intervals(r, &out->intervals, v);
    }
    return false;
}

bool acf_value_read(acf_config *cfg, const acf_key *k, const acf_yaml_node *v, const char *base,
                    acf_problems *p)
{
    reader r = {.key = k, .base = base, .p = p};
    acf_cfg_value got = {.pair = {0.0, 0.0}};
    bool no_value = acf_yaml_is_null(v) && !v->refused;
    bool unset_word = k->unset != NULL && v->kind == ACF_YAML_SCALAR && !v->quoted &&
                      strcmp(v->text, k->unset) == 0;
    if (k->unset != NULL && (no_value || unset_word)) {
        got = acf_cfg_value_unset(k->type);
    } else if (no_value) {
        return acf_problem_add(p, v->at, "%s: needs a value%s", k->path,
                               *v->text == '\0' ? "" : ", not null");
    } else if (!read_value(&r, &got, v)) {
        acf_cfg_value_free(&got, k->type);
        return false;
    }
    acf_value_free(cfg, k);
    memcpy((char *)cfg + k->at, &got, acf_type_bytes(k->type));
    return true;
}
