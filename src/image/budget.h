/*
 * Memory for the decoding library, counted for each thread: what a file makes it take stays below
 * what the file's dimensions allow.
 */
#ifndef ACF_IMAGE_BUDGET_H
#define ACF_IMAGE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/* This thread may hold so many bytes from here on. */
void acf_image_budget_start(size_t bytes);

/* Whether a request since then was refused because of the budget. */
bool acf_image_budget_is_spent(void);

/* malloc, realloc and free within the budget; blocks are aligned to 16 bytes and given back by the
 * thread that took them.  A new block is zero: the decoder leaves what a damaged file does not tell
 * as it was, and an image must be a function of its file alone.  What resizing adds is not zero:
 * the decoder grows only what it fills before it reads. */
void *acf_image_budget_take(size_t bytes);
void *acf_image_budget_resize(void *block, size_t bytes);
void acf_image_budget_give(void *block);

#endif
