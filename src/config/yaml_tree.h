/*
 * A YAML text as a tree whose nodes know their line and column.  Reads the part of YAML that a
 * configuration needs: one document, scalars, lists and maps with plain keys; anchors, aliases,
 * tags, further documents and deep nesting are problems, not features.
 */
#ifndef ACF_CONFIG_YAML_TREE_H
#define ACF_CONFIG_YAML_TREE_H

#include "base/status.h"
#include "config/problems.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum acf_yaml_kind { ACF_YAML_SCALAR, ACF_YAML_LIST, ACF_YAML_MAP } acf_yaml_kind;

typedef struct acf_yaml_node acf_yaml_node;
struct acf_yaml_node {
    acf_yaml_kind kind;
    acf_place at;
    bool quoted;                 /* scalars: written with quotes, so always a string */
    bool refused;                /* a problem with this node was already told */
    char *text;                  /* scalars */
    acf_yaml_node *child, *last; /* list: items; map: keys */
    acf_yaml_node *next;         /* sibling */
    acf_yaml_node *value;        /* of a key */
    acf_yaml_node *made_before;  /* the tree's list of all nodes */
};

typedef struct acf_yaml {
    acf_yaml_node *root; /* NULL: empty or malformed */
    acf_yaml_node *made; /* all nodes, newest first */
} acf_yaml;

/* Read `len` bytes.  What is wrong goes to p (with the place's set, when the text is an override);
 * the status tells of memory only, and the tree is then empty.  Malformed text gives root NULL and
 * at least one problem; empty text gives root NULL and none. */
acf_status acf_yaml_parse(acf_yaml *tree, acf_problems *p, const char *set, const char *text,
                          size_t len, acf_error *e) ACF_MUST_USE;

/* A tree of one plain scalar with this text, taken as it is. */
acf_status acf_yaml_plain(acf_yaml *tree, acf_place at, const char *text,
                          acf_error *e) ACF_MUST_USE;

void acf_yaml_free(acf_yaml *tree);

/* A plain null, ~ or nothing. */
bool acf_yaml_is_null(const acf_yaml_node *v);

/* Is v of this kind?  If not, "WHAT: expected EXPECTED" goes to p, unless v was refused before. */
bool acf_yaml_want(const acf_yaml_node *v, acf_yaml_kind kind, const char *what,
                   const char *expected, acf_problems *p);

/* The key of a map that comes after `name` (NULL: its first); NULL behind the last.  Passes over
 * keys that were refused, and over those that repeat an earlier one, which is told. */
const acf_yaml_node *acf_yaml_next_key(const acf_yaml_node *map, const acf_yaml_node *name,
                                       acf_problems *p);

#endif
