/*
 * Keys of a configuration with their values, as the file of a sweep gives them to its runs.
 */
#ifndef ACF_SWEEP_SWEEP_SETTINGS_H
#define ACF_SWEEP_SWEEP_SETTINGS_H

#include "config/config.h"
#include "config/problems.h"
#include "config/yaml_tree.h"

/* One key of a sweep with its value: "loss.tau=0.1". */
typedef struct acf_setting {
    char *text;
    int key;         /* index into acf_keys */
    acf_place where; /* in the sweep file; line 0: of the command line */
} acf_setting;

typedef struct acf_settings {
    acf_setting *item;
    size_t n, cap;
} acf_settings;

/* Append a copy of a setting. */
acf_status acf_settings_add(acf_settings *s, const char *text, int key, acf_place where,
                            acf_error *e) ACF_MUST_USE;
acf_status acf_settings_append(acf_settings *to, const acf_settings *from,
                               acf_error *e) ACF_MUST_USE;
void acf_settings_free(acf_settings *s);

/* What reading needs. */
typedef struct acf_settings_reader {
    acf_problems *p;    /* wrong keys and values are told here and left out */
    const char *base;   /* what relative paths are relative to */
    acf_config scratch; /* where values are read to; freed with acf_config_free */
    acf_error *e;
} acf_settings_reader;

/* Append the keys of a map, with dots or one below the other; null is an empty map.  `what` names
 * it in messages.  The status tells of memory only. */
acf_status acf_settings_read(acf_settings *to, acf_settings_reader *r, const char *what,
                             const acf_yaml_node *v) ACF_MUST_USE;

/* Append one setting for each value of a key with a list: "loss.tau: [0.05, 0.1]". */
acf_status acf_settings_read_axis(acf_settings *to, acf_settings_reader *r,
                                  const acf_yaml_node *name) ACF_MUST_USE;

#endif
