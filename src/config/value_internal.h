/* A configuration value out of its place: what reading and printing share. */
#ifndef ACF_CONFIG_VALUE_INTERNAL_H
#define ACF_CONFIG_VALUE_INTERNAL_H

#include "config/config.h"
#include "config/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value of any type, before it is put in its place. */
typedef union acf_cfg_value {
    int i;
    int64_t l;
    double r;
    bool b;
    char *s;
    acf_interval interval;
    acf_column column;
    acf_strings strings;
    acf_numbers numbers;
    acf_intervals intervals;
    double pair[2];
} acf_cfg_value;

/* Bytes that a value of this type takes in acf_config. */
size_t acf_type_bytes(acf_type type);

/* The key's value; what it points to stays the configuration's. */
acf_cfg_value acf_value_load(const acf_config *cfg, const acf_key *k);

/* What a type holds for null or auto. */
acf_cfg_value acf_cfg_value_unset(acf_type type);

/* Free what v points to. */
void acf_cfg_value_free(acf_cfg_value *v, acf_type type);

#endif
