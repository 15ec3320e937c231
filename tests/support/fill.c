#include "support/fill.h"

#include "base/clock.h"
#include "base/rng.h"
#include "support/cm.h"

#include <stdlib.h>

enum { SHIFT = 1 }; /* elements; malloc aligns to 16 bytes */

void fill_normal(real *x, size_t n, uint64_t seed)
{
    acf_rng rng = {.seed = seed, .stream = ACF_STREAM_INIT};
    for (size_t i = 0; i < n; i++)
        x[i] = (real)acf_rng_normal(rng, i);
}

real *new_unaligned(size_t n, uint64_t seed)
{
    real *block = malloc((n + SHIFT) * sizeof *block);
    if (block == NULL) fail_msg("no memory for %zu numbers", n);
    fill_normal(block + SHIFT, n, seed);
    return block + SHIFT;
}

void free_unaligned(real *x)
{
    if (x != NULL) free(x - SHIFT);
}

bool bench_wanted(void)
{
    const char *value = getenv("BENCH");
    return value != NULL && strcmp(value, "1") == 0;
}

double best_time(void (*work)(void *ctx), void *ctx, int repeats)
{
    double best = 1e30;
    for (int i = 0; i < repeats; i++) {
        double begin = acf_clock_s();
        work(ctx);
        double spent = acf_clock_s() - begin;
        if (spent < best) best = spent;
    }
    return best;
}
