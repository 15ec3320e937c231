/*
 * Fully connected layer: binds a weight and a bias slice to the matrix product.
 *
 * y [rows, out] = x [rows, in] W^T + b,  W [out, in] as torch.nn.Linear stores it.  Slices that are
 * JOINED in the block act as one taller W, so that query, key and value are one product.
 */
#ifndef ACF_NN_LINEAR_H
#define ACF_NN_LINEAR_H

#include "nn/params.h"

/* Where a layer's slices belong. */
typedef struct acf_param_place {
    acf_group group;
    int layer;       /* acf_param.layer */
    double init_std; /* of weights that no checkpoint gives */
} acf_param_place;

typedef struct acf_linear {
    int weight, bias; /* slice ids */
    int in, out;
} acf_linear;

/* Declares "NAME.weight" [out, in] and "NAME.bias" [out]. */
acf_status acf_linear_plan(acf_linear *lin, acf_params *p, const char *name, int in, int out,
                           acf_param_place place, acf_error *e) ACF_MUST_USE;

/* Declares n_parts layers in -> out_each whose weights lie joined and whose biases lie joined: *lin
 * is the one product [n_parts * out_each, in] over all of them. */
acf_status acf_linear_plan_joined(acf_linear *lin, acf_params *p, const char *const *names,
                                  int n_parts, int in, int out_each, acf_param_place place,
                                  acf_error *e) ACF_MUST_USE;

/* Parts first .. first + n - 1 of a joined layer as a layer of its own. */
acf_linear acf_linear_part(const acf_linear *joined, int n_parts, int first, int n);

/* y = x W^T + b; without the bias when bias is false (a following kernel adds it). */
void acf_linear_forward(real *y, const real *x, size_t rows, bool bias, const acf_params *p,
                        const acf_linear *lin);

/* d_W += d_y^T x, d_b += column sums of d_y (frozen slices: not computed), and, unless d_x is NULL,
 * d_x = d_y W + keep d_x with keep 0 or 1.  Forward line: y = x W^T + b. */
void acf_linear_backward(real *d_x, real keep, acf_params *p, const real *d_y, const real *x,
                         size_t rows, const acf_linear *lin);

#endif
