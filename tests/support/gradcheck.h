/*
 * Analytic gradients against central differences, judged as the project judges gradients: step
 * 1e-5 max(1, |x|), and per tensor
 *
 *     max |a - n| <= 1e-7 max(max |n|, s),   s = 1e-3 of the largest |n| of the whole function.
 *
 * For the double build (tests/grad); in float the differences are rounding noise.
 */
#ifndef ACF_TESTS_GRADCHECK_H
#define ACF_TESTS_GRADCHECK_H

#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>

/* The scalar, computed from the current values of the tensors. */
typedef double (*grad_function)(void *ctx);

/* One input or parameter.  The arrays are the caller's; value is changed during the check and
 * restored. */
typedef struct grad_tensor {
    const char *name;
    real *value;      /* [n], read by the function */
    const real *grad; /* [n], analytic; must not change when the function is called */
    size_t n;
    bool is_zero; /* identically zero gradient: |a| and |n| at most 1e-7 of the largest |n| */
    size_t limit; /* check only about this many elements, evenly spread; 0: all */
} grad_tensor;

typedef struct grad_report {
    double excess;     /* largest |a - n| / tolerance: at most 1 passes */
    const char *worst; /* tensor of that element; the function's name when nothing was checked */
    size_t at;         /* its index */
    double a, n;       /* analytic and numeric there */
    size_t n_checked;
} grad_report;

/* True when at least one element was checked, all numbers are finite, some gradient is not 0 and
 * every tensor is within its tolerance. */
bool grad_ok(grad_function f, void *ctx, const grad_tensor *tensor, size_t n_tensors,
             grad_report *r);

/* cmocka failure with file, line, tensor, index and both numbers. */
void check_gradients(grad_function f, void *ctx, const grad_tensor *tensor, size_t n_tensors,
                     const char *file, int line);

#define assert_gradients(f, ctx, tensor, n_tensors)                                                \
    check_gradients((f), (ctx), (tensor), (n_tensors), __FILE__, __LINE__)

#endif
