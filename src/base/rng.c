#include "base/rng.h"

#include <math.h>

#define MULT0 0xD2511F53u
#define MULT1 0xCD9E8D57u
#define WEYL0 0x9E3779B9u
#define WEYL1 0xBB67AE85u

__extension__ typedef unsigned __int128 uint128;

#define TWO_PI 6.283185307179586476925

void acf_rng_block(uint32_t out[4], acf_rng r, uint64_t block)
{
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)r.step, c3 = r.stream;
    uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)MULT0 * c0;
        uint64_t p1 = (uint64_t)MULT1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += WEYL0;
        k1 += WEYL1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static double unit(uint32_t high, uint32_t low)
{
    uint64_t bits = ((uint64_t)high << 32 | low) >> 11;
    return (double)bits * 0x1p-53;
}

double acf_rng_uniform(acf_rng r, uint64_t index)
{
    uint32_t w[4];
    acf_rng_block(w, r, index);
    return unit(w[0], w[1]);
}

double acf_rng_normal(acf_rng r, uint64_t index)
{
    uint32_t w[4];
    acf_rng_block(w, r, index);
    double u = 1.0 - unit(w[0], w[1]); /* (0, 1]: the logarithm is finite */
    return sqrt(-2.0 * log(u)) * cos(TWO_PI * unit(w[2], w[3]));
}

uint64_t acf_rng_below(acf_rng r, uint64_t index, uint64_t n)
{
    uint32_t w[4];
    acf_rng_block(w, r, index);
    uint64_t bits = (uint64_t)w[0] << 32 | w[1];
    return (uint64_t)(((uint128)bits * n) >> 64);
}

void acf_rng_shuffle(int32_t *item, size_t n, acf_rng r)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)acf_rng_below(r, i, i);
        int32_t held = item[i - 1];
        item[i - 1] = item[j];
        item[j] = held;
    }
}
