/*
 * Counter-based random numbers: Philox 4x32 with 10 rounds (Salmon, Moraes, Dror, Shaw: "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * A number is a pure function of (seed, stream, step, index).  There is no state, so that dropout,
 * shuffling and augmentation are the same after a resume and for any number of threads.
 */
#ifndef ACF_BASE_RNG_H
#define ACF_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What the numbers are for.  Values are part of the saved runs' meaning: append, never renumber. */
typedef enum acf_stream {
    ACF_STREAM_INIT = 1,      /* initial weights; step = slice */
    ACF_STREAM_SHUFFLE = 2,   /* order of an epoch; step = epoch */
    ACF_STREAM_SPLIT = 3,     /* dev_fraction, folds, max_train_samples, shots */
    ACF_STREAM_SAMPLER = 4,   /* balanced sampling; step = epoch */
    ACF_STREAM_AUGMENT = 5,   /* images; step = epoch */
    ACF_STREAM_BOOTSTRAP = 6, /* confidence intervals */
    ACF_STREAM_DROPOUT = 64   /* + site number; step = update */
} acf_stream;

typedef struct acf_rng {
    uint64_t seed;
    uint32_t stream; /* acf_stream, for dropout plus the number of the site */
    uint64_t step;   /* below 2^32 */
} acf_rng;

/* The four 32-bit words of block `block`: counter = (block low, block high, step, stream), key =
 * seed. */
void acf_rng_block(uint32_t out[4], acf_rng r, uint64_t block);

/* 53 bits, uniform in [0, 1); uses block `index`. */
double acf_rng_uniform(acf_rng r, uint64_t index);

/* Standard normal by Box-Muller; uses block `index`. */
double acf_rng_normal(acf_rng r, uint64_t index);

/* Uniform in 0 .. n-1 (n >= 1) by 64-bit multiplication; bias below n / 2^64. */
uint64_t acf_rng_below(acf_rng r, uint64_t index, uint64_t n);

/* Fisher-Yates: a uniformly random order of item[0 .. n-1]. */
void acf_rng_shuffle(int32_t *item, size_t n, acf_rng r);

#endif
