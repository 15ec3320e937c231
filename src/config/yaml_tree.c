#include "config/yaml_tree.h"

#include "base/mem.h"
#include "text/utf8.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <yaml.h>

enum { MAX_DEPTH = 16 };

/* A container that is being filled. */
typedef struct open_node {
    acf_yaml_node *node;
    acf_yaml_node *key; /* map: the key that waits for its value */
} open_node;

typedef struct builder {
    acf_yaml *tree;
    acf_problems *p;
    const char *set;
    open_node stack[MAX_DEPTH];
    int depth;
    int documents;
    bool over; /* nothing more is to be read */
    acf_error *e;
} builder;

static int clamp_int(size_t v)
{
    return v < INT_MAX ? (int)v : INT_MAX;
}

static acf_place place_of(const builder *b, yaml_mark_t from, yaml_mark_t to)
{
    size_t span = to.line == from.line && to.column > from.column ? to.column - from.column : 1;
    return (acf_place){.set = b->set,
                       .line = clamp_int(from.line + 1),
                       .col = clamp_int(from.column + 1),
                       .span = clamp_int(span)};
}

/* Line and column of a byte, counted as YAML counts. */
static acf_place place_of_byte(const builder *b, const char *text, size_t at)
{
    acf_place where = {.set = b->set, .line = 1, .col = 1, .span = 1};
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n')) {
            where.line++;
            where.col = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80 && text[i] != '\r') {
            where.col++;
        }
    }
    return where;
}

static acf_yaml_node *node_new(builder *b, acf_yaml_kind kind, acf_place at)
{
    acf_yaml_node *v = acf_alloc(1, sizeof *v, "YAML node", b->e);
    if (v == NULL) return NULL;
    v->kind = kind;
    v->at = at;
    v->made_before = b->tree->made;
    b->tree->made = v;
    return v;
}

/* Hang v where the reader stands: root, list item, key, or value of the waiting key. */
static void attach(builder *b, acf_yaml_node *v)
{
    if (b->depth == 0) {
        b->tree->root = v;
        return;
    }
    open_node *top = &b->stack[b->depth - 1];
    if (top->node->kind == ACF_YAML_MAP && top->key != NULL) {
        top->key->value = v;
        top->key = NULL;
        return;
    }
    if (top->node->last != NULL)
        top->node->last->next = v;
    else
        top->node->child = v;
    top->node->last = v;
    if (top->node->kind != ACF_YAML_MAP) return;
    top->key = v;
    if (v->kind != ACF_YAML_SCALAR) {
        v->refused = true;
        acf_problem_add(b->p, v->at, "a key must be a plain word, not a %s",
                        v->kind == ACF_YAML_LIST ? "list" : "map");
    }
}

static acf_status add_scalar(builder *b, const yaml_event_t *ev)
{
    const char *text = (const char *)ev->data.scalar.value;
    size_t len = ev->data.scalar.length;
    acf_yaml_node *v = node_new(b, ACF_YAML_SCALAR, place_of(b, ev->start_mark, ev->end_mark));
    if (v == NULL) return ACF_ERR_RESOURCE;
    v->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    v->text = acf_strndup(text, len, b->e);
    if (v->text == NULL) return ACF_ERR_RESOURCE;
    if (memchr(text, '\0', len) != NULL) {
        v->refused = true;
        acf_problem_add(b->p, v->at, "the text contains a NUL character");
    }
    attach(b, v);
    return ACF_OK;
}

static acf_status open_container(builder *b, const yaml_event_t *ev, acf_yaml_kind kind)
{
    acf_place at = place_of(b, ev->start_mark, ev->end_mark);
    if (b->depth == MAX_DEPTH) {
        acf_problem_add(b->p, at, "nested deeper than %d levels", MAX_DEPTH);
        b->over = true;
        return ACF_OK;
    }
    acf_yaml_node *v = node_new(b, kind, at);
    if (v == NULL) return ACF_ERR_RESOURCE;
    attach(b, v);
    b->stack[b->depth++] = (open_node){.node = v};
    return ACF_OK;
}

/* Anchors and tags change what a value means; a configuration says what it means. */
static void refuse_decoration(builder *b, const yaml_event_t *ev, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    acf_place at = place_of(b, ev->start_mark, ev->end_mark);
    char buf[ACF_SHOWN_MAX];
    if (anchor != NULL)
        acf_problem_add(b->p, at, "anchors are not supported: '&%s'",
                        acf_cut_text(buf, (const char *)anchor));
    if (tag != NULL)
        acf_problem_add(b->p, at, "tags are not supported: '%s'",
                        acf_cut_text(buf, (const char *)tag));
}

static acf_status add_alias(builder *b, const yaml_event_t *ev)
{
    acf_place at = place_of(b, ev->start_mark, ev->end_mark);
    char buf[ACF_SHOWN_MAX];
    acf_problem_add(b->p, at, "aliases are not supported: '*%s'",
                    acf_cut_text(buf, (const char *)ev->data.alias.anchor));
    acf_yaml_node *v = node_new(b, ACF_YAML_SCALAR, at);
    if (v == NULL) return ACF_ERR_RESOURCE;
    v->refused = true;
    v->text = acf_strdup("", b->e);
    if (v->text == NULL) return ACF_ERR_RESOURCE;
    attach(b, v);
    return ACF_OK;
}

static acf_status take_event(builder *b, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++b->documents > 1) {
            acf_problem_add(b->p, place_of(b, ev->start_mark, ev->end_mark),
                            "a second document: one file holds one configuration");
            b->over = true;
        }
        return ACF_OK;
    case YAML_SCALAR_EVENT:
        refuse_decoration(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
        return add_scalar(b, ev);
    case YAML_SEQUENCE_START_EVENT:
        refuse_decoration(b, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag);
        return open_container(b, ev, ACF_YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        refuse_decoration(b, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
        return open_container(b, ev, ACF_YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return ACF_OK;
    case YAML_ALIAS_EVENT:
        return add_alias(b, ev);
    case YAML_STREAM_END_EVENT:
        b->over = true;
        return ACF_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return ACF_OK;
    }
    return ACF_OK;
}

/* What libyaml says, in one line with its place. */
static void tell_syntax(builder *b, const yaml_parser_t *y, const char *text, size_t len)
{
    const char *what = y->problem != NULL ? y->problem : "cannot be read";
    if (y->error == YAML_READER_ERROR) {
        size_t at = y->problem_offset < len ? y->problem_offset : len;
        acf_problem_add(b->p, place_of_byte(b, text, at), "not valid YAML: %s (U+%04X)", what,
                        (unsigned)y->problem_value);
        return;
    }
    acf_place at = place_of(b, y->problem_mark, y->problem_mark);
    if (y->context != NULL && y->context_mark.line != y->problem_mark.line)
        acf_problem_add(b->p, at, "not valid YAML: %s %s that starts in line %zu", what, y->context,
                        y->context_mark.line + 1);
    else
        acf_problem_add(b->p, at, "not valid YAML: %s%s%s", what, y->context != NULL ? " " : "",
                        y->context != NULL ? y->context : "");
    if (strstr(what, "cannot start any token") != NULL)
        acf_problem_hint(b->p, "indent with spaces, not tabs, and put quotes around a text that "
                               "starts with @, ` or %%");
    else if (strstr(what, "mapping values are not allowed") != NULL)
        acf_problem_hint(b->p, "put quotes around a text that contains ': '; keys of one section "
                               "start in the same column");
}

/* Bytes that no YAML text may hold; false when there is one. */
static bool check_bytes(builder *b, const char *text, size_t len)
{
    size_t bad = acf_utf8_valid(text, len);
    const char *nul = memchr(text, '\0', bad);
    if (nul != NULL)
        return acf_problem_add(b->p, place_of_byte(b, text, (size_t)(nul - text)),
                               "a NUL byte: this is not a text file");
    if (bad < len)
        return acf_problem_add(b->p, place_of_byte(b, text, bad), "byte 0x%02x is not valid UTF-8",
                               (unsigned)(unsigned char)text[bad]);
    return true;
}

acf_status acf_yaml_parse(acf_yaml *tree, acf_problems *p, const char *set, const char *text,
                          size_t len, acf_error *e)
{
    *tree = (acf_yaml){0};
    builder b = {.tree = tree, .p = p, .set = set, .e = e};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, len -= 3;
    if (!check_bytes(&b, text, len)) return ACF_OK;

    yaml_parser_t y;
    if (!yaml_parser_initialize(&y))
        return acf_fail(e, ACF_ERR_RESOURCE, "YAML parser: cannot be set up");
    yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&y, (const unsigned char *)text, len);

    acf_status st = ACF_OK;
    size_t problems_before = p->n;
    while (!b.over && st == ACF_OK) {
        yaml_event_t ev;
        if (yaml_parser_parse(&y, &ev)) {
            st = take_event(&b, &ev);
            yaml_event_delete(&ev);
            continue;
        }
        if (y.error == YAML_MEMORY_ERROR)
            st = acf_fail(e, ACF_ERR_RESOURCE, "YAML parser: out of memory");
        else
            tell_syntax(&b, &y, text, len);
        tree->root = NULL; /* half a tree would only give false alarms */
        b.over = true;
    }
    if (b.depth > 0 && p->n > problems_before) tree->root = NULL;
    yaml_parser_delete(&y);
    if (st == ACF_OK && p->failed.status != ACF_OK) {
        acf_error_give(e, &p->failed);
        st = p->failed.status;
    }
    if (st != ACF_OK) acf_yaml_free(tree);
    return st;
}

acf_status acf_yaml_plain(acf_yaml *tree, acf_place at, const char *text, acf_error *e)
{
    *tree = (acf_yaml){0};
    builder b = {.tree = tree, .set = at.set, .e = e};
    acf_yaml_node *v = node_new(&b, ACF_YAML_SCALAR, at);
    if (v == NULL) return ACF_ERR_RESOURCE;
    v->text = acf_strdup(text, e);
    if (v->text == NULL) {
        acf_yaml_free(tree);
        return ACF_ERR_RESOURCE;
    }
    tree->root = v;
    return ACF_OK;
}

void acf_yaml_free(acf_yaml *tree)
{
    while (tree->made != NULL) {
        acf_yaml_node *v = tree->made;
        tree->made = v->made_before;
        acf_free(v->text);
        acf_free(v);
    }
    tree->root = NULL;
}

bool acf_yaml_is_null(const acf_yaml_node *v)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (v == NULL) return true;
    if (v->kind != ACF_YAML_SCALAR || v->quoted) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(v->text, words[i]) == 0) return true;
    return false;
}

bool acf_yaml_want(const acf_yaml_node *v, acf_yaml_kind kind, const char *what,
                   const char *expected, acf_problems *p)
{
    if (v->refused) return false;
    if (v->kind == kind) return true;
    return acf_problem_add(p, v->at, "%s: expected %s", what, expected);
}

static bool is_duplicate(const acf_yaml_node *map, const acf_yaml_node *name, acf_problems *p)
{
    for (const acf_yaml_node *other = map->child; other != name; other = other->next) {
        if (other->text == NULL || strcmp(other->text, name->text) != 0) continue;
        char buf[ACF_SHOWN_MAX];
        acf_problem_add(p, name->at, "duplicate key '%s'", acf_cut_text(buf, name->text));
        if (name->at.set == NULL) acf_problem_hint(p, "it stands first in line %d", other->at.line);
        return true;
    }
    return false;
}

const acf_yaml_node *acf_yaml_next_key(const acf_yaml_node *map, const acf_yaml_node *name,
                                       acf_problems *p)
{
    name = name == NULL ? map->child : name->next;
    while (name != NULL && (name->refused || name->value == NULL || is_duplicate(map, name, p)))
        name = name->next;
    return name;
}
