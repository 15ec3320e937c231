/*
 * real: the number type of parameters, activations and gradients.
 *
 * float for use; double in the second build of the whole tree (-DACF_REAL_DOUBLE), which exists for
 * gradient checks.  No program links both.
 */
#ifndef ACF_NUM_REAL_H
#define ACF_NUM_REAL_H

#ifdef ACF_REAL_DOUBLE
typedef double real;
#define ACF_REAL_NAME "double"
#else
typedef float real;
#define ACF_REAL_NAME "float"
#endif

#endif
