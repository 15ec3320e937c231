/* Random test data, and memory that ends where it says it ends. */
#ifndef ACF_TESTS_FILL_H
#define ACF_TESTS_FILL_H

#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* x [n] standard normal, by seed. */
void fill_normal(real *x, size_t n, uint64_t seed);

/* n elements from malloc, offset so that they are aligned to sizeof(real) only; normal by seed.
 * Freed with free_unaligned.  The sanitizer sees any access beyond the end. */
real *new_unaligned(size_t n, uint64_t seed);
void free_unaligned(real *x);

/* Whether the environment asks for times (BENCH=1). */
bool bench_wanted(void);

/* The shortest of `repeats` calls, in seconds. */
double best_time(void (*work)(void *ctx), void *ctx, int repeats);

#endif
