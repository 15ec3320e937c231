/*
 * Inverted dropout whose mask is a pure function of (seed, step, site, element): nothing is stored,
 * the backward pass and a re-encoding draw the same mask again.
 *
 * Element i uses 16 bits: of word w = i / 2, which is word w % 4 of block w / 4 of acf_rng_block
 * for {seed, ACF_STREAM_DROPOUT + site, step}, the low half when i is even, the high half when i is
 * odd.  It is zeroed when they are below p 2^16, rounded; else multiplied by 1 / (1 - p), p as
 * rounded.
 */
#ifndef ACF_NUM_DROPOUT_H
#define ACF_NUM_DROPOUT_H

#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_dropout {
    double p;      /* of zeroing, [0, 1); rounded to a multiple of 2^-16, at most 1 - 2^-16 */
    uint64_t seed; /* the run's */
    uint64_t step; /* the update's */
    uint32_t site; /* which dropout of the network */
} acf_dropout;

/* y[i] = x[i] m(first + i) / (1 - p), m = 1 with probability 1 - p; the same call with d_y gives
 * d_x.  y may be x.  `first` places the piece in the whole batch, so that micro batches draw what
 * the whole batch draws.  p = 0 copies. */
void acf_dropout_apply(real *y, const real *x, size_t n, uint64_t first, acf_dropout drop);

/* The factors themselves: keep[i] = m(first + i) / (1 - p), serially; for kernels that fuse. */
void acf_dropout_mask(real *keep, size_t n, uint64_t first, acf_dropout drop);

#endif
