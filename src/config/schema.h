/*
 * The schema: one table of all configuration keys.  Reading, checking, did-you-mean, --help-config,
 * --print-config and the defaults are loops over it, so that they cannot differ.
 */
#ifndef ACF_CONFIG_SCHEMA_H
#define ACF_CONFIG_SCHEMA_H

#include "base/status.h"
#include "base/str.h"
#include "config/problems.h"

#include <stdbool.h>
#include <stddef.h>

/* What a value may be, and how acf_config stores it. */
typedef enum acf_type {
    ACF_TYPE_INT,      /* int                 whole number */
    ACF_TYPE_LONG,     /* int64_t             whole number */
    ACF_TYPE_REAL,     /* double */
    ACF_TYPE_BOOL,     /* bool                yes | no | true | false */
    ACF_TYPE_CHOICE,   /* int or an enum      one of choices, stored as its value */
    ACF_TYPE_WORD,     /* char *              one of choices */
    ACF_TYPE_PATH,     /* char *              resolved against the file's directory */
    ACF_TYPE_OUTPUT,   /* char *              path, resolved against the current directory */
    ACF_TYPE_ENCODER,  /* char *              one of choices, else a path */
    ACF_TYPE_INTERVAL, /* acf_interval        "N steps", "N epochs", N */
    ACF_TYPE_WARMUP,   /* acf_interval        the same, or a fraction below 1 */
    ACF_TYPE_BYTES,    /* int64_t             "2 GiB" */
    ACF_TYPE_COLUMN,   /* acf_column          name or 0-based number */
    ACF_TYPE_STRINGS,  /* acf_strings         list of texts, all different */
    ACF_TYPE_CHANNELS, /* acf_numbers         list of 1 or 3 numbers */
    ACF_TYPE_WHOLES,   /* acf_numbers         list of whole numbers, all different */
    ACF_TYPE_PAIR,     /* double[2]           list of 2 numbers */
    ACF_TYPE_INTERVALS /* acf_intervals       list of rising intervals */
} acf_type;

typedef struct acf_choice {
    const char *name; /* NULL after the last */
    int value;
} acf_choice;

typedef struct acf_key {
    const char *path; /* "train.optimizer.lr" */
    acf_type type;
    size_t at;                 /* where in acf_config */
    const char *range;         /* "(0, 10]": of each number; NULL: none */
    const acf_choice *choices; /* CHOICE, WORD, ENCODER */
    const char *unset;         /* the word for no value: "null", "auto"; NULL: a value is needed */
    const char *fallback;      /* the default as YAML; NULL: the key is required */
    const char *meaning;
} acf_key;

typedef struct acf_section {
    const char *path;      /* "train.optimizer"; "" is the whole file */
    const char *shorthand; /* the key that a bare value was probably meant for; NULL: none */
    bool may_be_null;      /* null leaves all its keys at their defaults */
    const char *meaning;
} acf_section;

enum { ACF_N_KEYS = 79, ACF_N_SECTIONS = 16 };

extern const acf_key acf_keys[ACF_N_KEYS]; /* a section's keys stand together, as in the file */
extern const acf_section acf_sections[ACF_N_SECTIONS];

/* Index into acf_keys or acf_sections, -1 when there is none. */
int acf_key_find(const char *path);
int acf_section_find(const char *path);

/* The part after the last dot. */
const char *acf_key_leaf(const char *path);

/* Is `path` directly in section `parent` ("" for the top)? */
bool acf_key_is_in(const char *path, const char *parent);

/* True when v lies in a range such as "(0, 10]"; NULL: always. */
bool acf_in_range(const char *range, double v);

/* "whole number in [1, 64] or auto". */
acf_status acf_key_type_text(acf_str *out, const acf_key *k, acf_error *e) ACF_MUST_USE;

/* Nearest of `names` (NULL after the last) when it is near enough to be meant, else NULL. */
const char *acf_nearest(const char *word, const char *const *names);

/* Report that section `parent` has no key `name`: with the name that was probably meant, where else
 * the key belongs, or which keys there are. */
void acf_schema_unknown(acf_problems *p, acf_place at, const char *parent, const char *name);

#endif
