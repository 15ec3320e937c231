/*
 * One register of numbers, and what is done to it.  To be inlined into functions marked ACF_CLONES.
 */
#ifndef ACF_NUM_LANES_H
#define ACF_NUM_LANES_H

#include "num/clones.h"
#include "num/real.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One AVX-512 register; where registers are shorter the compiler uses several. */
typedef real acf_lanes __attribute__((vector_size(64)));
enum { ACF_LANES = (int)(sizeof(acf_lanes) / sizeof(real)) };

#ifdef ACF_REAL_DOUBLE
typedef int64_t acf_lane_mask __attribute__((vector_size(64)));
#else
typedef int32_t acf_lane_mask __attribute__((vector_size(64)));
#endif

/* n rounded up to whole lanes. */
ACF_INLINE size_t acf_lanes_up(size_t n)
{
    return (n + ACF_LANES - 1) / ACF_LANES * ACF_LANES;
}

ACF_INLINE acf_lanes acf_lanes_load(const real *x)
{
    acf_lanes v;
    memcpy(&v, x, sizeof v);
    return v;
}

ACF_INLINE void acf_lanes_store(real *x, acf_lanes v)
{
    memcpy(x, &v, sizeof v);
}

/* v where x > 0, else 0; a NaN in x gives 0. */
ACF_INLINE acf_lanes acf_lanes_where_positive(acf_lanes v, acf_lanes x)
{
    return (acf_lanes)((acf_lane_mask)(x > 0) & (acf_lane_mask)v);
}

/* max(v, 0); a NaN stays. */
ACF_INLINE acf_lanes acf_lanes_relu(acf_lanes v)
{
    return (acf_lanes)(~(acf_lane_mask)(v < 0) & (acf_lane_mask)v);
}

#endif
