/*
 * One step's memory: pieces are taken from one block in order and given back all at once.
 *
 * The block is reserved once for the largest step that was planned; pages that no step touches cost
 * nothing.  Pieces are 64-byte aligned and not zeroed.  Under AddressSanitizer a red zone follows
 * each piece and everything is poisoned on reset; with ACF_DEBUG_FILL (make asan) pieces start as
 * NaN.
 */
#ifndef ACF_BASE_ARENA_H
#define ACF_BASE_ARENA_H

#include "base/status.h"

#include <stddef.h>

typedef struct acf_arena {
    unsigned char *block; /* NULL when closed */
    size_t bytes;         /* reserved */
    size_t used;
    size_t peak; /* the most that was used since the start */
} acf_arena;

/* Bytes that a piece of count * size takes from an arena: what planning adds up. */
size_t acf_arena_cost(size_t count, size_t size);

/* Reserve `bytes`; ACF_ERR_RESOURCE with both numbers when that fails. */
acf_status acf_arena_init(acf_arena *a, size_t bytes, const char *what, acf_error *e) ACF_MUST_USE;
void acf_arena_free(acf_arena *a);

/* A piece of count * size bytes, valid until the arena is rewound before it.  Asking for more than
 * was planned is a bug (asserted), not an error. */
void *acf_arena_take(acf_arena *a, size_t count, size_t size);

/* All pieces taken since `mark` (an earlier value of a->used; 0: all) are given back. */
void acf_arena_rewind(acf_arena *a, size_t mark);

#endif
