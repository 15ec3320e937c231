/*
 * exp, tanh and the normal distribution for loops that the compiler vectorizes: no branches, no
 * tables, no library calls.
 *
 * In float the polynomials are our own minimax fits (errors below are of the whole function,
 * against double, over all finite arguments; tests/ref/test_act.c holds them).  In the double build
 * libm does it.  NaN in gives NaN out.
 */
#ifndef ACF_NUM_ELEMENTARY_H
#define ACF_NUM_ELEMENTARY_H

#include "num/clones.h"
#include "num/real.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define SQRT_HALF      0.707106781186547524401
#define INV_SQRT_TWOPI 0.398942280401432677940

#ifdef ACF_REAL_DOUBLE

ACF_INLINE real acf_exp(real x)
{
    return exp(x);
}

ACF_INLINE real acf_tanh(real x)
{
    return tanh(x);
}

ACF_INLINE void acf_normal(real *cdf, real *pdf, real x)
{
    *cdf = 0.5 * erfc(-x * SQRT_HALF);
    *pdf = INV_SQRT_TWOPI * exp(-0.5 * x * x);
}

#else

/* x = n ln 2 + r, |r| <= ln 2 / 2, for |x| < 89: returns exp(r) - 1, and 2^n in *scale. */
ACF_INLINE float acf_expm1_reduced(float *scale, float x)
{
    const float shifter = 0x1.8p23f; /* adding it rounds to an integer, kept in the low bits */
    float shifted = x * 1.44269504f + shifter;
    float n = shifted - shifter;
    float r = x - n * 0.693359375f; /* ln 2 in two parts, the first with 9 bits */
    r = r + n * 2.12194440e-4f;

    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + 0x3F800000u; /* the exponent of 2^n */
    memcpy(scale, &bits, sizeof bits);

    float q = 0.00138825190f;
    q = q * r + 0.00836653446f;
    q = q * r + 0.0416672003f;
    q = q * r + 0.166665435f;
    q = q * r + 0.499999982f;
    return r + r * r * q;
}

/* e^x within 1 ulp; 0 below -87.3, infinite above 88.3. */
ACF_INLINE float acf_exp(float x)
{
    float scale, y = x > 88.3f ? 88.3f : x;
    y = y < -87.3f ? -87.3f : y;
    float e = acf_expm1_reduced(&scale, y);
    e = e * scale + scale;
    e = x > 88.3f ? INFINITY : e;
    return x < -87.3f ? 0.0f : e;
}

/* Within 2 ulp, small arguments included: tanh |x| = e / (e + 2), e = exp(2 |x|) - 1. */
ACF_INLINE float acf_tanh(float x)
{
    float scale, a = fabsf(x);
    a = a > 9.1f ? 9.1f : a; /* 1 - tanh(9.1) < 2^-25 */
    float e = acf_expm1_reduced(&scale, 2.0f * a);
    e = e * scale + (scale - 1.0f);
    return copysignf(e / (e + 2.0f), x);
}

/*
 * Distribution and density of the standard normal, with small relative error in the lower tail too:
 * Phi(-a) = exp(-a^2 / 2) R(a), R a polynomial in t = 1 / (1 + 0.3 a).  Relative error of cdf and
 * pdf at most (6 + x^2 / 2) 2^-24; both 0 below x = -13.2.
 */
ACF_INLINE void acf_normal(float *cdf, float *pdf, float x)
{
    float a = fabsf(x);
    float h = acf_exp(-0.5f * a * a);
    float t = 1.0f / (1.0f + 0.3f * a);
    float R = 0.0383115221f;
    R = R * t - 0.168841171f;
    R = R * t + 0.227987895f;
    R = R * t - 0.0757364827f;
    R = R * t + 0.142002736f;
    R = R * t + 0.0949109357f;
    R = R * t + 0.121862019f;
    R = R * t + 0.119495887f;
    R = R * t + 6.68616862e-6f;
    float tail = h * R;
    *cdf = x < 0.0f ? tail : 1.0f - tail;
    *pdf = (float)INV_SQRT_TWOPI * h;
}

#endif

ACF_INLINE real acf_sigmoid(real x)
{
    return 1 / (1 + acf_exp(-x));
}

#endif
