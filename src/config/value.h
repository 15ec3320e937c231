/* One typed value of the configuration: YAML to memory and back. */
#ifndef ACF_CONFIG_VALUE_H
#define ACF_CONFIG_VALUE_H

#include "base/status.h"
#include "base/str.h"
#include "config/config.h"
#include "config/schema.h"
#include "config/yaml_tree.h"

#include <stdbool.h>

/* Read v into the key's place in cfg, freeing what was there; paths are resolved against `base`.
 * False, with the problem in p and cfg as it was, when v is no such value. */
bool acf_value_read(acf_config *cfg, const acf_key *k, const acf_yaml_node *v, const char *base,
                    acf_problems *p);

/* The key's value as YAML on one line, so that reading it gives the same value. */
acf_status acf_value_print(acf_str *out, const acf_config *cfg, const acf_key *k,
                           acf_error *e) ACF_MUST_USE;

/* True when the key holds no value (null, auto). */
bool acf_value_is_unset(const acf_config *cfg, const acf_key *k);

/* Free what the key owns; its place is then zero. */
void acf_value_free(acf_config *cfg, const acf_key *k);

/* s as a YAML scalar that reads back as exactly this text: plain where that is safe.  ACF_ERR_USAGE
 * when s is not valid UTF-8, which YAML cannot hold. */
acf_status acf_yaml_quote(acf_str *out, const char *s, acf_error *e) ACF_MUST_USE;

#endif
