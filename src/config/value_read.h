/* The readers of single types: YAML to a value that is not in its place yet. */
#ifndef ACF_CONFIG_VALUE_READ_H
#define ACF_CONFIG_VALUE_READ_H

#include "config/value.h"
#include "config/value_internal.h"

/* What they are given. */
typedef struct acf_cfg_reader {
    const acf_key *key;
    const char *base; /* of paths that are not absolute */
    acf_problems *p;
} acf_cfg_reader;

/* A whole number in decimal digits, clipped to int64_t; false: s is none. */
bool acf_cfg_parse_whole(int64_t *out, const char *s);

/* "a list", "a map" or "one value". */
const char *acf_cfg_kind_name(const acf_yaml_node *v);

/* Is v the scalar, `what`, that the key wants?  Else it is a problem. */
bool acf_cfg_want_scalar(const acf_cfg_reader *r, const acf_yaml_node *v, const char *what);

/* Each reads v; false, with the problem in r->p, when it is no such value.  What *out owns is the
 * caller's, after a problem too. */
bool acf_cfg_read_whole(const acf_cfg_reader *r, int64_t *out, const acf_yaml_node *v);
bool acf_cfg_read_real(const acf_cfg_reader *r, double *out, const acf_yaml_node *v);
bool acf_cfg_read_bool(const acf_cfg_reader *r, bool *out, const acf_yaml_node *v);
bool acf_cfg_read_choice(const acf_cfg_reader *r, const acf_choice **out, const acf_yaml_node *v);
bool acf_cfg_read_path(const acf_cfg_reader *r, char **out, const acf_yaml_node *v);
bool acf_cfg_read_encoder(const acf_cfg_reader *r, char **out, const acf_yaml_node *v);
bool acf_cfg_read_interval(const acf_cfg_reader *r, acf_interval *out, const acf_yaml_node *v);
bool acf_cfg_read_bytes(const acf_cfg_reader *r, int64_t *out, const acf_yaml_node *v);
bool acf_cfg_read_column(const acf_cfg_reader *r, acf_column *out, const acf_yaml_node *v);
bool acf_cfg_read_strings(const acf_cfg_reader *r, acf_strings *out, const acf_yaml_node *v);
bool acf_cfg_read_numbers(const acf_cfg_reader *r, acf_numbers *out, const acf_yaml_node *v);
bool acf_cfg_read_intervals(const acf_cfg_reader *r, acf_intervals *out, const acf_yaml_node *v);

#endif
