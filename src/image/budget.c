#include "image/budget.h"

#include "base/mem.h"

#include <string.h>

enum { HEADER = 16 }; /* before each block: its size */

static _Thread_local size_t left;
static _Thread_local bool is_spent;

void acf_image_budget_start(size_t bytes)
{
    left = bytes;
    is_spent = false;
}

bool acf_image_budget_is_spent(void)
{
    return is_spent;
}

static size_t size_of(const unsigned char *block)
{
    size_t bytes;
    memcpy(&bytes, block - HEADER, sizeof bytes);
    return bytes;
}

void *acf_image_budget_take(size_t bytes)
{
    if (bytes > left) {
        is_spent = true;
        return NULL;
    }
    unsigned char *raw = acf_hook_malloc(bytes + HEADER);
    if (raw == NULL) return NULL;
    memcpy(raw, &bytes, sizeof bytes);
    memset(raw + HEADER, 0, bytes);
    left -= bytes;
    return raw + HEADER;
}

void *acf_image_budget_resize(void *block, size_t bytes)
{
    if (block == NULL) return acf_image_budget_take(bytes);
    size_t was = size_of(block);
    if (bytes > was && bytes - was > left) {
        is_spent = true;
        return NULL;
    }
    unsigned char *raw = acf_hook_realloc((unsigned char *)block - HEADER, bytes + HEADER);
    if (raw == NULL) return NULL;
    memcpy(raw, &bytes, sizeof bytes);
    left = left + was - bytes;
    return raw + HEADER;
}

void acf_image_budget_give(void *block)
{
    if (block == NULL) return;
    left += size_of(block);
    acf_hook_free((unsigned char *)block - HEADER);
}
