#include "data/table_internal.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/label_set.h"

#include <stdio.h>
#include <string.h>

enum { MOST_KEYS = 1000 }; /* of a line: keys are looked for one by one */

/* One member of a line's object: places of NUL-terminated texts. */
typedef struct member {
    size_t key, value;
} member;

/* A line being read. */
typedef struct jsonl {
    acf_table *t;
    const char *line, *at, *end;
    int32_t first;               /* line that gave the names */
    char reason[ACF_BAD_REASON]; /* not empty: the line is bad */
    acf_str text;                /* its keys and values */
    member *item;                /* [n] */
    size_t n, cap;
} jsonl;

static const char *text_of(const jsonl *j, size_t place)
{
    return j->text.data + place;
}

static void skip_blank(jsonl *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r'))
        j->at++;
}

static bool take(jsonl *j, char c)
{
    skip_blank(j);
    if (j->at == j->end || *j->at != c) return false;
    j->at++;
    return true;
}

static void malformed(jsonl *j)
{
    (void)snprintf(j->reason, sizeof j->reason, "is malformed JSON (at byte %zu)",
                   (size_t)(j->at - j->line) + 1);
}

/* A string's characters to the end of j->text, its NUL included.  j->at is at its opening mark. */
static acf_status take_string(jsonl *j, acf_error *e)
{
    const char *begin = j->at, *c = begin + 1;
    bool has_escape = false;
    for (; c < j->end && *c != '"'; c++) {
        if ((unsigned char)*c < 0x20) break;
        if (*c != '\\') continue;
        has_escape = true;
        if (++c == j->end) break;
    }
    if (c == j->end || *c != '"') {
        malformed(j);
        return ACF_OK;
    }
    size_t len = (size_t)(c + 1 - begin);
    if (!has_escape) {
        j->at = c + 1;
        ACF_TRY(acf_str_append(&j->text, begin + 1, len - 2, e));
        return acf_str_append(&j->text, "", 1, e);
    }
    cJSON *tree;
    acf_error bad;
    acf_status st = acf_json_parse(&tree, begin, len, j->t->path, &bad);
    if (st == ACF_ERR_RESOURCE) return acf_error_give(e, &bad);
    if (st != ACF_OK) { /* a wrong escape, or one that means NUL */
        malformed(j);
        return ACF_OK;
    }
    j->at = c + 1;
    st = acf_str_append(&j->text, tree->valuestring, strlen(tree->valuestring) + 1, e);
    cJSON_Delete(tree);
    return st;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* The end of the number at at, NULL when there is none: RFC 8259, section 6. */
static const char *number_end(const char *at, const char *end)
{
    if (at < end && *at == '-') at++;
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at > digits + 1)) return NULL;
    if (at < end && *at == '.') {
        digits = at + 1;
        at = skip_digits(digits, end);
        if (at == digits) return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        digits = at;
        at = skip_digits(digits, end);
        if (at == digits) return NULL;
    }
    return at;
}

/* The length of a word or number at j->at, 0 when it is neither. */
static size_t scalar_length(const jsonl *j)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t left = (size_t)(j->end - j->at);
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if (left >= n && memcmp(j->at, words[i], n) == 0) return n;
    }
    const char *end = number_end(j->at, j->end);
    return end != NULL ? (size_t)(end - j->at) : 0;
}

static acf_status take_value(jsonl *j, size_t key, acf_error *e)
{
    skip_blank(j);
    char c = '\0';
    if (j->at < j->end) c = *j->at;
    if (c == '"') return take_string(j, e);
    if (c == '{' || c == '[') {
        const char *name = text_of(j, key);
        (void)snprintf(j->reason, sizeof j->reason,
                       "holds %s under '%.*s', expected a text or a number",
                       c == '{' ? "an object" : "a list", acf_shown(name), name);
        return ACF_OK;
    }
    size_t n = scalar_length(j);
    if (n == 0) {
        malformed(j);
        return ACF_OK;
    }
    if (c != 'n') ACF_TRY(acf_str_append(&j->text, j->at, n, e)); /* null: an empty cell */
    j->at += n;
    return acf_str_append(&j->text, "", 1, e);
}

static acf_status take_member(jsonl *j, acf_error *e)
{
    member m = {.key = j->text.len};
    skip_blank(j);
    if (j->at == j->end || *j->at != '"') {
        malformed(j);
        return ACF_OK;
    }
    ACF_TRY(take_string(j, e));
    if (j->reason[0] != '\0') return ACF_OK;
    if (!take(j, ':')) {
        malformed(j);
        return ACF_OK;
    }
    m.value = j->text.len;
    ACF_TRY(take_value(j, m.key, e));
    member *grown = acf_grow(j->item, &j->cap, j->n + 1, sizeof *j->item, j->t->path, e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    j->item = grown;
    j->item[j->n++] = m;
    if (j->n > MOST_KEYS)
        (void)snprintf(j->reason, sizeof j->reason, "has more than %d keys", MOST_KEYS);
    return ACF_OK;
}

/* Members of the object that the line must be, or what is wrong with it. */
static acf_status read_object(jsonl *j, acf_error *e)
{
    j->n = 0;
    acf_str_clear(&j->text);
    j->reason[0] = '\0';
    if (acf_table_is_bad_text(j->reason, j->line, j->end)) return ACF_OK;
    if (!take(j, '{')) {
        (void)snprintf(j->reason, sizeof j->reason, "is not a JSON object");
        return ACF_OK;
    }
    bool is_over = take(j, '}');
    if (is_over) (void)snprintf(j->reason, sizeof j->reason, "is an empty object");
    while (!is_over && j->reason[0] == '\0') {
        ACF_TRY(take_member(j, e));
        if (j->reason[0] != '\0') break;
        is_over = take(j, '}');
        if (!is_over && !take(j, ',')) malformed(j);
    }
    skip_blank(j);
    if (j->reason[0] == '\0' && j->at < j->end) malformed(j);
    return ACF_OK;
}

/* The member with this key at or after place `from`, going round; j->n when there is none. */
static size_t find_member(const jsonl *j, const char *key, size_t from)
{
    for (size_t i = 0; i < j->n; i++) {
        size_t at = (from + i) % j->n;
        if (strcmp(text_of(j, j->item[at].key), key) == 0) return at;
    }
    return j->n;
}

/* "has no key 'label', which line 1 has": the first good line names the keys of all. */
static void about_key(jsonl *j, const char *what, const char *key, const char *other)
{
    (void)snprintf(j->reason, sizeof j->reason, "has %s '%.*s', which line %d %s", what,
                   acf_shown(key), key, (int)j->first, other);
}

/* A key that comes twice makes the line bad. */
static void check_keys(jsonl *j)
{
    for (size_t i = 0; i < j->n && j->reason[0] == '\0'; i++) {
        const char *key = text_of(j, j->item[i].key);
        if (find_member(j, key, i + 1) != i)
            (void)snprintf(j->reason, sizeof j->reason, "has twice the key '%.*s'", acf_shown(key),
                           key);
    }
}

static acf_status take_names(jsonl *j, int32_t line, acf_error *e)
{
    j->first = line;
    acf_str names = {0};
    acf_status st = ACF_OK;
    for (size_t i = 0; i < j->n && st == ACF_OK; i++) {
        const char *key = text_of(j, j->item[i].key);
        st = acf_str_append(&names, key, strlen(key) + 1, e);
    }
    if (st == ACF_OK) st = acf_table_set_names(j->t, names.data, names.len, (int)j->n, e);
    acf_str_free(&names);
    return st;
}

/* Values in the order of the columns into the line's own bytes, which hold the keys as well.  False
 * when the keys are not those of the first line. */
static bool put_cells(jsonl *j, char *to)
{
    const char *name = j->t->names;
    for (int c = 0; c < j->t->n_cols; c++, name += strlen(name) + 1)
        if (find_member(j, name, (size_t)c % j->n) == j->n) {
            about_key(j, "no key", name, "has");
            return false;
        }
    for (size_t i = 0; i < j->n && j->n != (size_t)j->t->n_cols; i++) {
        const char *key = text_of(j, j->item[i].key);
        if (acf_table_find(j->t, key) >= 0) continue;
        about_key(j, "a key", key, "has not");
        return false;
    }
    name = j->t->names;
    for (int c = 0; c < j->t->n_cols; c++, name += strlen(name) + 1) {
        const char *value = text_of(j, j->item[find_member(j, name, (size_t)c % j->n)].value);
        size_t len = strlen(value) + 1;
        memcpy(to, value, len);
        to += len;
    }
    return true;
}

static acf_status cut_line(jsonl *j, int32_t line, char *at, const char *end, acf_error *e)
{
    acf_table *t = j->t;
    j->line = j->at = at;
    j->end = end;
    ACF_TRY(read_object(j, e));
    if (j->reason[0] == '\0') check_keys(j);
    if (j->reason[0] == '\0' && t->n_cols == 0) ACF_TRY(take_names(j, line, e));
    if (j->reason[0] != '\0' || !put_cells(j, at)) return acf_table_bad(t, line, j->reason, e);
    acf_table_add(t, line, at, at, end);
    return ACF_OK;
}

acf_status acf_table_cut_jsonl(acf_table *t, char *at, char *stop, acf_error *e)
{
    jsonl j = {.t = t};
    acf_status st = ACF_OK;
    for (int32_t line = 1; at < stop && st == ACF_OK; line++) {
        acf_table_line text = acf_table_next_line(at, stop);
        st = cut_line(&j, line, at, text.end, e);
        at = text.next;
    }
    acf_str_free(&j.text);
    acf_free(j.item);
    return st;
}
