#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 64 /* bytes before each block; holds its size, keeps the alignment */

static atomic_size_t held, peak, n_calls, n_failures, fail_at;

static void *try_block(size_t bytes)
{
    size_t call = atomic_fetch_add(&n_calls, 1) + 1;
    size_t fail = atomic_load(&fail_at);
    if (fail != 0 && call == fail) return NULL;

    size_t total;
    if (!acf_size_add(&total, bytes, (size_t)2 * HEADER - 1)) return NULL;
    total -= total % HEADER; /* aligned_alloc wants a multiple */
    unsigned char *raw = aligned_alloc(HEADER, total);
    if (raw == NULL) return NULL;
    memcpy(raw, &bytes, sizeof bytes);

    size_t now = atomic_fetch_add(&held, bytes) + bytes;
    size_t top = atomic_load(&peak);
    while (now > top && !atomic_compare_exchange_weak(&peak, &top, now))
        ;
    return raw + HEADER;
}

static void *block_new(size_t bytes)
{
    void *block = try_block(bytes);
    if (block == NULL) atomic_fetch_add(&n_failures, 1);
    return block;
}

static size_t block_bytes(const void *block)
{
    size_t bytes;
    memcpy(&bytes, (const unsigned char *)block - HEADER, sizeof bytes);
    return bytes;
}

void acf_free(void *block)
{
    if (block == NULL) return;
    atomic_fetch_sub(&held, block_bytes(block));
    free((unsigned char *)block - HEADER);
}

void *acf_alloc(size_t count, size_t size, const char *what, acf_error *e)
{
    size_t bytes;
    if (!acf_size_mul(&bytes, count, size)) {
        (void)acf_fail(e, ACF_ERR_RESOURCE, "%s: %zu x %zu bytes overflow the address space", what,
                       count, size);
        return NULL;
    }
    void *block = block_new(bytes);
    if (block == NULL) {
        (void)acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot allocate %zu bytes (%zu held)", what, bytes,
                       atomic_load(&held));
        return NULL;
    }
    memset(block, 0, bytes);
    return block;
}

void *acf_grow(void *block, size_t *cap, size_t need, size_t size, const char *what, acf_error *e)
{
    if (block != NULL && need <= *cap) return block;
    size_t want = *cap + *cap / 2;
    if (want < need) want = need;
    if (want < 16) want = 16;
    size_t bytes;
    void *moved = acf_size_mul(&bytes, want, size) ? block_new(bytes) : NULL;
    if (moved == NULL) {
        (void)acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot allocate %zu x %zu bytes (%zu held)", what,
                       want, size, atomic_load(&held));
        return NULL;
    }
    if (block != NULL) memcpy(moved, block, *cap * size);
    acf_free(block);
    *cap = want;
    return moved;
}

char *acf_strndup(const char *s, size_t len, acf_error *e)
{
    char *copy = acf_alloc(len + 1, 1, "string", e);
    if (copy != NULL) memcpy(copy, s, len);
    return copy;
}

char *acf_strdup(const char *s, acf_error *e)
{
    return acf_strndup(s, strlen(s), e);
}

size_t acf_mem_held(void)
{
    return atomic_load(&held);
}

size_t acf_mem_peak(void)
{
    return atomic_load(&peak);
}

size_t acf_mem_failures(void)
{
    return atomic_load(&n_failures);
}

size_t acf_mem_fail_at(size_t n)
{
    atomic_store(&fail_at, n);
    return atomic_exchange(&n_calls, 0);
}

void *acf_hook_malloc(size_t bytes)
{
    return block_new(bytes);
}

void *acf_hook_realloc(void *block, size_t bytes)
{
    void *moved = block_new(bytes);
    if (moved == NULL || block == NULL) return moved;
    size_t old = block_bytes(block);
    memcpy(moved, block, old < bytes ? old : bytes);
    acf_free(block);
    return moved;
}

void acf_hook_free(void *block)
{
    acf_free(block);
}
