/*
 * ACF_CLONES before a function compiles it for AVX-512, AVX2 and plain x86-64; the loader picks by
 * CPUID.  A region that OpenMP outlines is not cloned with its function: loops over blocks stay in
 * a plain function and call a cloned one.  Empty under sanitizers, whose start-up does not survive
 * the loader's resolvers, and on other processors.
 */
#ifndef ACF_NUM_CLONES_H
#define ACF_NUM_CLONES_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(ACF_NO_CLONES)
#define ACF_CLONES     __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define ACF_HAS_CLONES true
#else
#define ACF_CLONES
#define ACF_HAS_CLONES false
#endif

/* ACF_WIDE, where it is defined, compiles a function for AVX-512 alone: for code that wants 32
 * registers of 64 bytes and has another form without.  To be called when acf_is_wide(). */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(ACF_NO_CLONES)
#define ACF_WIDE __attribute__((target("arch=x86-64-v4")))
#endif

/* A helper of cloned functions: inlined into each, so that it is compiled for each processor. */
#if defined(__GNUC__)
#define ACF_INLINE static inline __attribute__((always_inline))
#else
#define ACF_INLINE static inline
#endif

/* The processor's level of x86-64: 4 with AVX-512, 3 with AVX2, else 1; 0 for other processors. */
static inline int acf_cpu_level(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return 4;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 3 : 1;
#else
    return 0;
#endif
}

static inline bool acf_is_wide(void)
{
#ifdef ACF_WIDE
    return acf_cpu_level() == 4;
#else
    return false;
#endif
}

#endif
