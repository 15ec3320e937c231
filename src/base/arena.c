#include "base/arena.h"

#include "base/assert.h"
#include "base/mem.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ACF_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ACF_ASAN 1
#endif
#endif

#ifdef ACF_ASAN
#include <sanitizer/asan_interface.h>
#define RED_ZONE 64
#else
#define RED_ZONE                          0
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ALIGN ((size_t)64)

size_t acf_arena_cost(size_t count, size_t size)
{
    size_t bytes;
    if (!acf_size_mul(&bytes, count, size) || bytes > SIZE_MAX / 2) return SIZE_MAX / 2;
    return (bytes + ALIGN - 1) / ALIGN * ALIGN + RED_ZONE;
}

acf_status acf_arena_init(acf_arena *a, size_t bytes, const char *what, acf_error *e)
{
    *a = (acf_arena){0};
    if (bytes == 0) bytes = ALIGN;
    /* Untouched pages stay unbacked, so the reservation may be the worst case. */
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot reserve %zu bytes (%zu held)", what, bytes,
                        acf_mem_held());
    a->block = block;
    a->bytes = bytes;
    ASAN_POISON_MEMORY_REGION(a->block, bytes);
    return ACF_OK;
}

void acf_arena_free(acf_arena *a)
{
    if (a->block != NULL) {
        ASAN_UNPOISON_MEMORY_REGION(a->block, a->bytes);
        (void)munmap(a->block, a->bytes);
    }
    *a = (acf_arena){0};
}

void *acf_arena_take(acf_arena *a, size_t count, size_t size)
{
    size_t cost = acf_arena_cost(count, size);
    ACF_ASSERT(cost <= a->bytes - a->used);
    unsigned char *piece = a->block + a->used;
    a->used += cost;
    if (a->used > a->peak) a->peak = a->used;
    ASAN_UNPOISON_MEMORY_REGION(piece, count * size);
#ifdef ACF_DEBUG_FILL
    memset(piece, 0xff, count * size); /* every float and double of it is a NaN */
#endif
    return piece;
}

void acf_arena_rewind(acf_arena *a, size_t mark)
{
    ACF_ASSERT(mark <= a->used);
    ASAN_POISON_MEMORY_REGION(a->block + mark, a->used - mark);
    a->used = mark;
}
