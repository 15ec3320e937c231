/*
 * JSON files through cJSON: reading that trusts nothing and getters that name file and key.
 *
 * Trees are cJSON's own; what is read here is freed with cJSON_Delete.  Messages read
 * "FILE: 'key' ...".  Failures are ACF_ERR_FORMAT or ACF_ERR_IO for the caller to class, or
 * ACF_ERR_RESOURCE (memory).
 */
#ifndef ACF_BASE_JSON_H
#define ACF_BASE_JSON_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Route cJSON's memory through base/mem; once, before any other use. */
void acf_json_start(void);

/* Parse a whole text; `name` stands for the file in messages, which give line and column of an
 * error.  A NUL byte, trailing text and nesting over 64 levels are refused. */
acf_status acf_json_parse(cJSON **out, const char *text, size_t len, const char *name,
                          acf_error *e) ACF_MUST_USE;
acf_status acf_json_read(cJSON **out, const char *path, size_t max_bytes,
                         acf_error *e) ACF_MUST_USE;

/* acf_json_read of DIR/name; without that file *out is NULL and the status ACF_OK. */
acf_status acf_json_read_in(cJSON **out, const char *dir, const char *name, size_t max_bytes,
                            acf_error *e) ACF_MUST_USE;

/* Members of an object.  A missing (or null) member gives `fallback`; a wrong type or a number out
 * of range fails.  Strings are borrowed from the tree. */
acf_status acf_json_int(int64_t *out, const cJSON *object, const char *key, int64_t min,
                        int64_t max, int64_t fallback, const char *name, acf_error *e) ACF_MUST_USE;
acf_status acf_json_number(double *out, const cJSON *object, const char *key, double min,
                           double max, double fallback, const char *name,
                           acf_error *e) ACF_MUST_USE;
acf_status acf_json_bool(bool *out, const cJSON *object, const char *key, bool fallback,
                         const char *name, acf_error *e) ACF_MUST_USE;
acf_status acf_json_string(const char **out, const cJSON *object, const char *key,
                           const char *fallback, const char *name, acf_error *e) ACF_MUST_USE;

/* The tree as text: indented with newline at the end for files, or on one line without.  The caller
 * frees with acf_free; NULL on failure (memory). */
char *acf_json_print(const cJSON *tree, bool indented, acf_error *e) ACF_MUST_USE;

/* item becomes the member `key` of object; where that fails (memory, or item is NULL) it is
 * deleted: cJSON itself would leave it to the caller. */
bool acf_json_put(cJSON *object, const char *key, cJSON *item) ACF_MUST_USE;

/* A number, or [first, second], as a member; none, which is fine, for NaN.  False: no memory. */
bool acf_json_put_number(cJSON *object, const char *key, double value) ACF_MUST_USE;
bool acf_json_put_pair(cJSON *object, const char *key, double first, double second) ACF_MUST_USE;

/* The same with null for NaN: for keys that are to be there whether they are defined or not. */
bool acf_json_put_number_or_null(cJSON *object, const char *key, double value) ACF_MUST_USE;
bool acf_json_put_pair_or_null(cJSON *object, const char *key, double first,
                               double second) ACF_MUST_USE;

/* An empty object at the end of the list, which owns it; NULL: no memory. */
cJSON *acf_json_append(cJSON *list) ACF_MUST_USE;

/* Add members, reporting memory failure once at the end: cJSON's adders return NULL on failure. */
acf_status acf_json_check(const void *added, acf_error *e) ACF_MUST_USE;

#endif
