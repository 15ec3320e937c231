#include "num/dropout.h"

#include "base/rng.h"
#include "num/clones.h"

#include <omp.h>
#include <stdbool.h>
#include <string.h>

enum {
    LANES = 16,          /* Philox blocks drawn at once */
    WORDS = 4 * LANES,   /* 32-bit words of them */
    CHUNK = 2 * WORDS,   /* elements that they decide */
    BLOCK = 128 * CHUNK, /* elements of a task */
};

#define MULT0 0xD2511F53u
#define MULT1 0xCD9E8D57u
#define WEYL0 0x9E3779B9u
#define WEYL1 0xBB67AE85u

/* What is the same for all elements. */
typedef struct draw {
    uint32_t key0, key1, step, stream;
    uint32_t threshold; /* fields below it are zeroed */
    real scale;
} draw;

static draw make_draw(acf_dropout drop)
{
    double fields = drop.p * 65536.0 + 0.5;
    uint32_t threshold = fields < 65535.0 ? (uint32_t)fields : 65535u;
    return (draw){.key0 = (uint32_t)drop.seed,
                  .key1 = (uint32_t)(drop.seed >> 32),
                  .step = (uint32_t)drop.step,
                  .stream = (uint32_t)ACF_STREAM_DROPOUT + drop.site,
                  .threshold = threshold,
                  .scale = (real)(65536.0 / (65536.0 - (double)threshold))};
}

/* acf_rng_block for LANES consecutive blocks, words in order: word[4 k ..] are those of
 * block + k. */
ACF_INLINE void philox(uint32_t word[WORDS], const draw *d, uint64_t block)
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = d->key0, k1 = d->key1;
    uint32_t low = (uint32_t)block, high = (uint32_t)(block >> 32);
#pragma omp simd
    for (unsigned k = 0; k < LANES; k++) {
        c0[k] = low + k;
        c1[k] = c0[k] < low ? high + 1 : high; /* carry */
        c2[k] = d->step;
        c3[k] = d->stream;
    }
    for (int round = 0; round < 10; round++) {
#pragma omp simd
        for (unsigned k = 0; k < LANES; k++) {
            uint64_t p0 = (uint64_t)MULT0 * c0[k], p1 = (uint64_t)MULT1 * c2[k];
            c0[k] = (uint32_t)(p1 >> 32) ^ c1[k] ^ k0;
            c1[k] = (uint32_t)p1;
            c2[k] = (uint32_t)(p0 >> 32) ^ c3[k] ^ k1;
            c3[k] = (uint32_t)p0;
        }
        k0 += WEYL0;
        k1 += WEYL1;
    }
#pragma omp simd
    for (unsigned k = 0; k < LANES; k++) {
        word[4 * k] = c0[k];
        word[4 * k + 1] = c1[k];
        word[4 * k + 2] = c2[k];
        word[4 * k + 3] = c3[k];
    }
}

/* Factors of elements CHUNK * chunk ... */
ACF_INLINE void chunk_factors(real keep[CHUNK], const draw *d, uint64_t chunk)
{
    uint32_t word[WORDS], field[CHUNK], threshold = d->threshold;
    real scale = d->scale;
    philox(word, d, chunk * LANES);
#pragma omp simd
    for (unsigned k = 0; k < WORDS; k++) {
        field[2 * k] = word[k] & 0xFFFFu;
        field[2 * k + 1] = word[k] >> 16;
    }
#pragma omp simd
    for (unsigned k = 0; k < CHUNK; k++)
        keep[k] = field[k] < threshold ? 0 : scale;
}

/* y = x keep for elements first ... of the batch. */
ACF_CLONES static void apply_part(real *y, const real *x, size_t n, uint64_t first, const draw *d)
{
    real keep[CHUNK];
    for (size_t i = 0; i < n;) {
        size_t skip = (size_t)((first + i) % CHUNK);
        size_t count = CHUNK - skip < n - i ? CHUNK - skip : n - i;
        chunk_factors(keep, d, (first + i) / CHUNK);
        if (count == CHUNK) {
#pragma omp simd
            for (size_t k = 0; k < CHUNK; k++)
                y[i + k] = x[i + k] * keep[k];
        } else {
            for (size_t k = 0; k < count; k++)
                y[i + k] = x[i + k] * keep[skip + k];
        }
        i += count;
    }
}

void acf_dropout_apply(real *y, const real *x, size_t n, uint64_t first, acf_dropout drop)
{
    draw d = make_draw(drop);
    bool copy = d.threshold == 0;
    if (copy && y == x) return;
    size_t n_blocks = n / BLOCK + (n % BLOCK != 0);

#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++) {
        size_t at = b * BLOCK, count = n - at < BLOCK ? n - at : BLOCK;
        if (copy)
            memcpy(y + at, x + at, count * sizeof *y);
        else
            apply_part(y + at, x + at, count, first + at, &d);
    }
}

ACF_CLONES static void mask_part(real *keep, size_t n, uint64_t first, const draw *d)
{
    real part[CHUNK];
    for (size_t i = 0; i < n;) {
        size_t skip = (size_t)((first + i) % CHUNK);
        size_t count = CHUNK - skip < n - i ? CHUNK - skip : n - i;
        if (count == CHUNK) {
            chunk_factors(keep + i, d, (first + i) / CHUNK);
        } else {
            chunk_factors(part, d, (first + i) / CHUNK);
            for (size_t k = 0; k < count; k++)
                keep[i + k] = part[skip + k];
        }
        i += count;
    }
}

void acf_dropout_mask(real *keep, size_t n, uint64_t first, acf_dropout drop)
{
    draw d = make_draw(drop);
    mask_part(keep, n, first, &d);
}
