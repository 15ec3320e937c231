/*
 * What a trainer needs besides the weights to go on as if nothing had happened: named numbers in
 * trainer_state.json and blocks of optimizer state in optimizer.safetensors.  Everything comes back
 * bit for bit.
 */
#ifndef ACF_STORE_STATE_H
#define ACF_STORE_STATE_H

#include "base/digest.h"
#include "base/status.h"
#include "nn/params.h"

#include <stddef.h>
#include <stdint.h>

/* A flat JSON object.  Integers beyond 2^53 are stored as strings, doubles with 17 digits, NaN and
 * infinities as "NaN", "Infinity", "-Infinity". */
typedef struct acf_state acf_state;

/* An empty state; NULL on failure (memory). */
acf_state *acf_state_new(acf_error *e) ACF_MUST_USE;
void acf_state_close(acf_state **s);

/* Set a value; the key must be new. */
acf_status acf_state_set_int(acf_state *s, const char *key, int64_t value,
                             acf_error *e) ACF_MUST_USE;
acf_status acf_state_set_number(acf_state *s, const char *key, double value,
                                acf_error *e) ACF_MUST_USE;

/* Get a value.  A missing key, another type or a value out of range is ACF_ERR_FORMAT naming file
 * and key.  Numbers: NaN passes only where min and max are the infinities. */
acf_status acf_state_get_int(int64_t *out, const acf_state *s, const char *key, int64_t min,
                             int64_t max, acf_error *e) ACF_MUST_USE;
acf_status acf_state_get_number(double *out, const acf_state *s, const char *key, double min,
                                double max, acf_error *e) ACF_MUST_USE;

/* hex may be NULL: the digest of the file. */
acf_status acf_state_save(const acf_state *s, const char *path, char hex[ACF_DIGEST_HEX + 1],
                          acf_error *e) ACF_MUST_USE;
/* *out is NULL on failure (ACF_ERR_IO, ACF_ERR_FORMAT). */
acf_status acf_state_load(acf_state **out, const char *path, acf_error *e) ACF_MUST_USE;

/* n blocks laid out as p->value, under "BLOCK.SLICE" ("exp_avg.classifier.weight"), trainable
 * slices only.  hex may be NULL. */
acf_status acf_state_save_blocks(const char *path, const acf_params *p, const char *const *name,
                                 const real *const *block, size_t n, char hex[ACF_DIGEST_HEX + 1],
                                 acf_error *e) ACF_MUST_USE;

/* The other way.  The file must hold exactly these tensors, with the shapes of the slices, in the
 * dtype of real, all finite: else ACF_ERR_FORMAT. */
acf_status acf_state_load_blocks(const char *path, const acf_params *p, const char *const *name,
                                 real *const *block, size_t n, acf_error *e) ACF_MUST_USE;

/* Bytes that acf_state_save_blocks will take at most. */
uint64_t acf_state_blocks_bytes(const acf_params *p, size_t n);

#endif
