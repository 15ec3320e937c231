/*
 * The parameter block <-> the weight file of a Hugging Face model directory.
 *
 * Slices are found by name.  A family's rules (nn/names.h) say which other names mean the same
 * slice, which tensors of a file are not wanted and which slices a file may lack.
 */
#ifndef ACF_STORE_WEIGHTS_H
#define ACF_STORE_WEIGHTS_H

#include "base/digest.h"
#include "base/status.h"
#include "nn/names.h"
#include "nn/params.h"
#include "store/safetensors.h"

#include <stddef.h>
#include <stdint.h>

/* What loading found.  Zero-initialise; free with acf_weights_report_free. */
typedef struct acf_weights_report {
    char **missing; /* optional slices that the file lacks: untouched */
    size_t n_missing, cap_missing;
    char **unexpected; /* tensors that are no slice and not ignored, as the file names them */
    size_t n_unexpected, cap_unexpected;
    char **ignored; /* tensors that the rules leave aside, as we would name them */
    size_t n_ignored, cap_ignored;
    size_t n_loaded; /* slices */
    size_t n_files;
} acf_weights_report;

void acf_weights_report_free(acf_weights_report *report);

/* Fill all slices of p from dir/model.safetensors, or from the shards that
 * dir/model.safetensors.index.json names.  Any float dtype is taken.  A slice that is neither found
 * nor optional, one found twice, another shape, a value that is not finite, and a directory without
 * such a file are ACF_ERR_MODEL; p may then be filled in part. */
acf_status acf_weights_load(acf_params *p, const char *dir, const acf_name_rules *rules,
                            acf_weights_report *report, acf_error *e) ACF_MUST_USE;

/* The same without reading a value, for slices that are only declared: whether the files hold what
 * they ask for.  Before acf_params_alloc, so that no memory is taken on the word of a config.json.
 */
acf_status acf_weights_check(const acf_params *p, const char *dir, const acf_name_rules *rules,
                             acf_error *e) ACF_MUST_USE;

/* Write all slices as a safetensors file in the dtype of real.  hex may be NULL.
 * ACF_ERR_RESOURCE; no file is left then. */
acf_status acf_weights_save(const acf_params *p, const char *path, char hex[ACF_DIGEST_HEX + 1],
                            acf_error *e) ACF_MUST_USE;

/* Slice s as a tensor to write, under its own name; data [s->len], NULL when nothing is written. */
acf_st_item acf_weights_item(const acf_param *s, const real *data);

/* Has t, a tensor of the open file st, the shape of slice s?  ACF_ERR_FORMAT names both. */
acf_status acf_weights_check_shape(const acf_param *s, const acf_safetensors *st,
                                   const acf_st_entry *t, acf_error *e) ACF_MUST_USE;

/* Bytes that acf_weights_save will take at most; 0 when memory gives out. */
uint64_t acf_weights_bytes(const acf_params *p);

#endif
