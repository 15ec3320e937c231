/*
 * safetensors files: named arrays behind a JSON header.
 *
 *     u64 little-endian H | H bytes of JSON | data
 *     JSON: {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [BEGIN, END]}, ...,
 *            "__metadata__": {"KEY": "VALUE", ...}}        offsets count from the start of data
 *
 * The reader believes nothing: before a pointer exists, every tensor's bytes are known to lie in
 * the file, to be as many as shape and dtype say, and to follow each other without gap, overlap or
 * remainder.  The writer gives the same bytes for the same tensors in any order: sorted by size of
 * the dtype, largest first, then by name, as the format's own library does.
 *
 * Failures to read are ACF_ERR_IO or ACF_ERR_FORMAT (the caller classes them), to write
 * ACF_ERR_RESOURCE; messages name file and tensor.
 */
#ifndef ACF_STORE_SAFETENSORS_H
#define ACF_STORE_SAFETENSORS_H

#include "base/digest.h"
#include "base/status.h"
#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

enum { ACF_ST_MAX_RANK = 8 };

typedef enum acf_dtype {
    ACF_F64,
    ACF_F32,
    ACF_F16,
    ACF_BF16,
    ACF_I64,
    ACF_I32,
    ACF_I16,
    ACF_I8,
    ACF_U8,
    ACF_BOOL
} acf_dtype;

#ifdef ACF_REAL_DOUBLE
#define ACF_DTYPE_REAL ACF_F64
#else
#define ACF_DTYPE_REAL ACF_F32
#endif

const char *acf_dtype_name(acf_dtype dtype); /* as files spell it: "F32" */
size_t acf_dtype_bytes(acf_dtype dtype);

/* One tensor of an open file; all pointers live as long as the file is open. */
typedef struct acf_st_entry {
    const char *name;
    acf_dtype dtype;
    int rank;
    uint64_t dim[ACF_ST_MAX_RANK];
    uint64_t begin, end;       /* in the data part */
    uint64_t len;              /* elements */
    const unsigned char *data; /* end - begin bytes, little-endian, of any alignment */
} acf_st_entry;

typedef struct acf_safetensors acf_safetensors;

/* Map and check a file.  Another process that cuts the file while it is open makes reading it end
 * in SIGBUS, as with every mapping.  *out is NULL on failure. */
acf_status acf_st_open(acf_safetensors **out, const char *path, acf_error *e) ACF_MUST_USE;
void acf_st_close(acf_safetensors **st);

size_t acf_st_count(const acf_safetensors *st);
const acf_st_entry *acf_st_entry_at(const acf_safetensors *st, size_t i);     /* in file order */
const acf_st_entry *acf_st_find(const acf_safetensors *st, const char *name); /* or NULL */
const char *acf_st_path(const acf_safetensors *st);

/* Copy a tensor of `len` elements out.  read_real takes F64, F32, F16 and BF16 (rounded to nearest
 * where real is narrower), read_i64 all integer types and BOOL; another dtype or number of elements
 * is ACF_ERR_FORMAT; check_real finds what read_real would refuse, and reads nothing. */
acf_status acf_st_check_real(size_t len, const acf_safetensors *st, const acf_st_entry *t,
                             acf_error *e) ACF_MUST_USE;
acf_status acf_st_read_real(real *out, size_t len, const acf_safetensors *st, const acf_st_entry *t,
                            acf_error *e) ACF_MUST_USE;
acf_status acf_st_read_i64(int64_t *out, size_t len, const acf_safetensors *st,
                           const acf_st_entry *t, acf_error *e) ACF_MUST_USE;

/* "[2, 3]", cut with "..." when it does not fit. */
void acf_st_shape_text(char text[96], const uint64_t *dim, int rank);

/* One tensor to write; data holds product(dim) elements of dtype in this machine's order. */
typedef struct acf_st_item {
    const char *name;
    acf_dtype dtype;
    int rank;
    uint64_t dim[ACF_ST_MAX_RANK];
    const void *data;
} acf_st_item;

/* Write n tensors and the metadata {"format": "pt"}; the file is on the disk on return, and gone on
 * failure.  Names must be unique UTF-8.  hex may be NULL: the digest of the file. */
acf_status acf_st_write(const char *path, const acf_st_item *item, size_t n,
                        char hex[ACF_DIGEST_HEX + 1], acf_error *e) ACF_MUST_USE;

/* Bytes that acf_st_write will take at most. */
uint64_t acf_st_bytes(const acf_st_item *item, size_t n);

#endif
