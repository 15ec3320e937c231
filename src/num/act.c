#include "num/act.h"

#include "num/clones.h"
#include "num/elementary.h"

#include <omp.h>

#define SQRT_2_OVER_PI 0.797884560802865355880
#define GELU_CUBIC     0.044715

enum { BLOCK = 8192 }; /* elements of a task, about: 32 kB of x and of y */

/* Value and derivative of one element. */
ACF_INLINE real gelu(real x)
{
    real cdf, pdf;
    acf_normal(&cdf, &pdf, x);
    return x * cdf;
}

ACF_INLINE real d_gelu(real x)
{
    real cdf, pdf;
    acf_normal(&cdf, &pdf, x);
    return cdf + x * pdf; /* infinite x give NaN; the forward pass gave infinity or NaN there */
}

ACF_INLINE real gelu_tanh(real x)
{
    real u = (real)SQRT_2_OVER_PI * (x + (real)GELU_CUBIC * x * x * x);
    return x * acf_sigmoid(2 * u); /* (1 + tanh u) / 2 = sigmoid(2 u), without cancellation */
}

ACF_INLINE real d_gelu_tanh(real x)
{
    real c = x > 20 ? 20 : x; /* beyond, the result is 0 or 1; no infinity times 0 */
    c = c < -20 ? -20 : c;
    real u = (real)SQRT_2_OVER_PI * (c + (real)GELU_CUBIC * c * c * c);
    real d_u = (real)SQRT_2_OVER_PI * (1 + (real)(3 * GELU_CUBIC) * c * c);
    real e = acf_exp(u > 0 ? -2 * u : 2 * u), large = 1 / (1 + e), small = e * large;
    return (u > 0 ? large : small) + 2 * c * d_u * large * small; /* no 1 - s, which cancels */
}

ACF_INLINE real relu(real x)
{
    return x < 0 ? 0 : x; /* a NaN stays */
}

ACF_INLINE real d_relu(real x)
{
    return x > 0 ? 1 : x <= 0 ? 0 : x;
}

ACF_INLINE real d_tanh(real x)
{
    real y = acf_tanh(x);
    return (1 - y) * (1 + y);
}

ACF_INLINE real silu(real x)
{
    return x * acf_sigmoid(x);
}

ACF_INLINE real d_silu(real x)
{
    real e = acf_exp(x > 0 ? -x : x), large = 1 / (1 + e), small = e * large;
    return (x > 0 ? large : small) + (e > 0 ? x * large * small : e);
}

#define FORWARD(name, expr)                                                                        \
    ACF_CLONES static void name##_forward(real *restrict y, const real *restrict x, size_t n)      \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            y[i] = expr(x[i]);                                                                     \
    }
/* d_x may be d_y, so no restrict: each element is read before it is written. */
#define BACKWARD(name, expr)                                                                       \
    ACF_CLONES static void name##_backward(real *d_x, const real *d_y, const real *restrict x,     \
                                           size_t n)                                               \
    {                                                                                              \
        _Pragma("omp simd") for (size_t i = 0; i < n; i++) d_x[i] = d_y[i] * expr(x[i]);           \
    }

FORWARD(gelu, gelu)
BACKWARD(gelu, d_gelu)
FORWARD(gelu_tanh, gelu_tanh)
BACKWARD(gelu_tanh, d_gelu_tanh)
FORWARD(relu, relu)
BACKWARD(relu, d_relu)
FORWARD(tanh, acf_tanh)
BACKWARD(tanh, d_tanh)
FORWARD(silu, silu)
BACKWARD(silu, d_silu)

ACF_CLONES static void add_bias(real *restrict x, const real *restrict bias, size_t rows, int n)
{
    for (size_t t = 0; t < rows; t++)
        for (int c = 0; c < n; c++)
            x[t * (size_t)n + (size_t)c] += bias[c];
}

static void forward_piece(real *y, const real *x, size_t n, acf_act act)
{
    switch (act) {
    case ACF_ACT_GELU:
        gelu_forward(y, x, n);
        break;
    case ACF_ACT_GELU_TANH:
        gelu_tanh_forward(y, x, n);
        break;
    case ACF_ACT_RELU:
        relu_forward(y, x, n);
        break;
    case ACF_ACT_TANH:
        tanh_forward(y, x, n);
        break;
    case ACF_ACT_SILU:
        silu_forward(y, x, n);
        break;
    }
}

static void backward_piece(real *d_x, const real *d_y, const real *x, size_t n, acf_act act)
{
    switch (act) {
    case ACF_ACT_GELU:
        gelu_backward(d_x, d_y, x, n);
        break;
    case ACF_ACT_GELU_TANH:
        gelu_tanh_backward(d_x, d_y, x, n);
        break;
    case ACF_ACT_RELU:
        relu_backward(d_x, d_y, x, n);
        break;
    case ACF_ACT_TANH:
        tanh_backward(d_x, d_y, x, n);
        break;
    case ACF_ACT_SILU:
        silu_backward(d_x, d_y, x, n);
        break;
    }
}

void acf_act_forward(real *y, real *x, const real *bias, size_t rows, int n, acf_act act)
{
    if (rows == 0 || n == 0) return;
    size_t rows_block = BLOCK / (size_t)n > 0 ? BLOCK / (size_t)n : 1;
    size_t n_blocks = (rows + rows_block - 1) / rows_block;

#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++) {
        size_t first = b * rows_block;
        size_t count = rows - first < rows_block ? rows - first : rows_block;
        real *x_b = x + first * (size_t)n;
        if (bias != NULL) add_bias(x_b, bias, count, n);
        forward_piece(y + first * (size_t)n, x_b, count * (size_t)n, act);
    }
}

void acf_act_backward(real *d_x, const real *d_y, const real *x, size_t rows, int n, acf_act act)
{
    size_t len = rows * (size_t)n;
    size_t n_blocks = (len + BLOCK - 1) / BLOCK;

#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++) {
        size_t first = b * BLOCK;
        size_t count = len - first < BLOCK ? len - first : BLOCK;
        backward_piece(d_x + first, d_y + first, x + first, count, act);
    }
}
