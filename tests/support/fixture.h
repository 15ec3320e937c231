/* Golden files in JSON: loading one and taking numbers out, failing the test when they are not
 * there.
 */
#ifndef ACF_TESTS_FIXTURE_H
#define ACF_TESTS_FIXTURE_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* SRC/tests/golden/name, SRC from the environment or the current directory; NULL on failure. */
cJSON *fixture_load(const char *name);

double fixture_number(const cJSON *object, const char *key);

/* Length of the array `key`. */
size_t fixture_length(const cJSON *object, const char *key);

/* The array `key` of exactly n numbers, as double or as ids; the caller frees. */
double *fixture_numbers(const cJSON *object, const char *key, size_t n);
int32_t *fixture_ids(const cJSON *object, const char *key, size_t n);

#endif
