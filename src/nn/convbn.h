/*
 * A convolution without bias and the batch normalization after it, bound to slices.
 *
 *     y = conv(x', W),   z = (y - mean) rstd gamma + beta
 *
 * z is never stored: the layer hands on y with scale and shift (num/conv.h), and whoever reads it
 * applies them.  In training mean and variance are the batch's and the running statistics follow
 * them, in the backward pass, so that an update that is refused leaves them alone; otherwise they
 * are the running statistics.  A layer whose gamma is frozen keeps to its running statistics.
 */
#ifndef ACF_NN_CONVBN_H
#define ACF_NN_CONVBN_H

#include "base/arena.h"
#include "nn/params.h"
#include "num/batchnorm.h"

#define ACF_BATCHNORM_EPS      1e-5 /* torch.nn.BatchNorm2d's */
#define ACF_BATCHNORM_MOMENTUM 0.1

typedef struct acf_convbn {
    int weight, gamma, beta, running_mean, running_var; /* slice ids */
    int Ci, Co, k, stride, pad;
    bool planar; /* reads images as they come */
} acf_convbn;

/* Names of a layer's two modules: "layer1.0.conv1" and "layer1.0.bn1". */
typedef struct acf_convbn_names {
    const char *conv, *norm;
} acf_convbn_names;

/* Declares CONV.weight [Co, Ci, k, k] (normal, He's deviation by fan-out), NORM.weight (1),
 * NORM.bias (0), NORM.running_mean (0) and NORM.running_var (1) [Co].  Sizes in *c are the
 * caller's. */
acf_status acf_convbn_plan(acf_convbn *c, acf_params *p, acf_convbn_names names, int layer,
                           acf_error *e) ACF_MUST_USE;

/* One pass over a batch; the arena's pieces, in the order taken. */
typedef struct acf_convbn_act {
    acf_conv_shape shape;
    int Ho, Wo;
    acf_conv_input in;
    real *y;                           /* blocked [N, Co / L, Ho, Wo, L] */
    real *scale, *shift, *mean, *rstd; /* over channels */
    acf_moments *moments;              /* [Co] of the batch; NULL: running statistics were used */
} acf_convbn_act;

/* relu(z) as input of another layer. */
static inline acf_conv_input acf_convbn_output(const acf_convbn_act *a)
{
    return (acf_conv_input){.x = a->y, .scale = a->scale, .shift = a->shift};
}

/* Values of a channel in a batch. */
static inline size_t acf_convbn_count(const acf_convbn_act *a)
{
    return (size_t)a->shape.N * (size_t)a->Ho * (size_t)a->Wo;
}

/* Arena bytes of what a pass keeps, and of what it needs for a moment besides (the larger of both
 * directions when `backward`). */
size_t acf_convbn_bytes(const acf_convbn *c, int N, int H, int W);
size_t acf_convbn_scratch(const acf_convbn *c, int N, int H, int W, bool backward);

/* `batch`: statistics of this batch, else the running ones. */
void acf_convbn_forward(acf_convbn_act *a, acf_conv_input in, const acf_params *p,
                        const acf_convbn *c, int N, int H, int W, bool batch, acf_arena *arena);

/*
 * From d_z [as y] and its sums over N and channels (num/conv.h: of d_z and d_z (y - mean)): the
 * gradients of W, gamma and beta, and that of x' to `to`; moves the running statistics.
 */
void acf_convbn_backward(acf_conv_d_input to, acf_params *p, const real *d_z,
                         const acf_plane_sums *sums, const acf_convbn_act *a, const acf_convbn *c,
                         acf_arena *arena);

#endif
