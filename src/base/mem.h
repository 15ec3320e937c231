/*
 * The only place that calls malloc.  Blocks are 64-byte aligned (a cache line, an AVX-512 vector),
 * zero-filled and counted; sizes that come from files are multiplied with overflow checks.
 */
#ifndef ACF_BASE_MEM_H
#define ACF_BASE_MEM_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* count * size zeroed bytes, aligned to 64; count 0 gives a block that may only be freed.  NULL on
 * failure, with ACF_ERR_RESOURCE and `what` in e ("token ids: cannot allocate 12 bytes").  The
 * caller frees with acf_free. */
void *acf_alloc(size_t count, size_t size, const char *what, acf_error *e) ACF_MUST_USE;

/* Make room for at least `need` elements in a growing array of *cap; returns the block (moved or
 * not, new part not zeroed) and updates *cap; on failure returns NULL and the old block stays the
 * caller's.  Grows by half. */
void *acf_grow(void *block, size_t *cap, size_t need, size_t size, const char *what,
               acf_error *e) ACF_MUST_USE;

/* NULL is allowed. */
void acf_free(void *block);

/* Copies of a string; NULL on failure as acf_alloc.  The caller frees with acf_free. */
char *acf_strdup(const char *s, acf_error *e) ACF_MUST_USE;
char *acf_strndup(const char *s, size_t len, acf_error *e) ACF_MUST_USE;

/* a * b and a + b; false on overflow. */
static inline bool acf_size_mul(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool acf_size_add(size_t *out, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

/* Bytes held now and at most since the start (headers of 64 bytes a block not counted). */
size_t acf_mem_held(void);
size_t acf_mem_peak(void);

/* Allocations that failed since the start: tells why a library that takes hooks gave up. */
size_t acf_mem_failures(void);

/* For tests: the n-th allocation from now fails (n = 1: the next one); 0 switches it off.  Returns
 * how many allocations were made since the last call. */
size_t acf_mem_fail_at(size_t n);

/* malloc and free of the above for libraries that take hooks (cJSON, uthash); no zeroing contract.
 */
void *acf_hook_malloc(size_t bytes);
void *acf_hook_realloc(void *block, size_t bytes);
void acf_hook_free(void *block);

#endif
