/* Clipping by the global norm, as torch.nn.utils.clip_grad_norm_. */
#ifndef ACF_OPTIM_CLIP_H
#define ACF_OPTIM_CLIP_H

#include "nn/params.h"

/* 2-norm of the gradients of all trained slices (neither STATE nor FROZEN), squares summed in
 * double; NaN or infinite when an element is.  The same bits for any number of threads. */
double acf_grad_norm(const acf_params *p);

/* Factor for the gradients: min(1, max_norm / (norm + 1e-6)); 1 when max_norm is 0 (no clipping).
 * The norm must be finite: the caller stops before updating with one that is not. */
double acf_clip_scale(double norm, double max_norm);

#endif
