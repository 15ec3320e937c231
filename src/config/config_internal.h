/* What the parts of the configuration share: where each value came from, filling and checking. */
#ifndef ACF_CONFIG_CONFIG_INTERNAL_H
#define ACF_CONFIG_CONFIG_INTERNAL_H

#include "config/config.h"
#include "config/problems.h"
#include "config/schema.h"

typedef enum acf_source_kind {
    ACF_FROM_DEFAULT,
    ACF_FROM_FILE,
    ACF_FROM_SET,
    ACF_FROM_RULE /* a preset, the task, the encoder: `rule` says which */
} acf_source_kind;

typedef struct acf_origin {
    acf_source_kind kind;
    acf_place where; /* of FILE and SET; where.set only while loading */
    bool bad;        /* given, but wrong: the value is the default's */
    char rule[40];   /* "preset lacon" */
} acf_origin;

struct acf_origins {
    acf_origin item[ACF_N_KEYS];
};

/* The key's origin; `path` must be in the schema. */
acf_origin *acf_config_origin(const acf_config *cfg, const char *path);

/* The defaults of all keys, nothing filled in: what every configuration starts from.  Freed with
 * acf_config_free. */
acf_status acf_config_defaults(acf_config *cfg, acf_error *e) ACF_MUST_USE;

/* Values that follow from others: loss preset, task, encoder. */
acf_status acf_config_fill(acf_config *cfg, acf_error *e) ACF_MUST_USE;

/* What no key says alone: values that are missing, exclude each other or do not suit the task. */
void acf_config_check(const acf_config *cfg, acf_problems *p);

#endif
