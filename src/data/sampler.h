/* The order of an epoch: a pure function of (seed, epoch), so that a resumed run goes on exactly.
 */
#ifndef ACF_DATA_SAMPLER_H
#define ACF_DATA_SAMPLER_H

#include "base/status.h"

#include <stdint.h>

typedef enum acf_sampler {
    ACF_SAMPLER_RANDOM,  /* a permutation, stream SHUFFLE */
    ACF_SAMPLER_BALANCED /* each place draws its class uniformly among those that have rows,
                            then a row of it uniformly, stream SAMPLER */
} acf_sampler;

/* order[n]: the rows of epoch `epoch` (below 2^32).  label [n] in 0 .. K-1 is read for BALANCED
 * only and may be NULL otherwise.  ACF_ERR_RESOURCE. */
acf_status acf_sampler_order(int32_t *order, int n, acf_sampler kind, const int32_t *label, int K,
                             uint64_t seed, uint64_t epoch, acf_error *e) ACF_MUST_USE;

#endif
