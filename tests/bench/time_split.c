#include "bench/time_split.h"

#include "base/clock.h"
#include "loss/objective.h"
#include "num/act.h"
#include "num/attn.h"
#include "num/batchnorm.h"
#include "num/conv.h"
#include "num/dropout.h"
#include "num/embed.h"
#include "num/gemm.h"
#include "num/norm.h"
#include "num/pool2d.h"
#include "optim/clip.h"
#include "optim/optimizer.h"

#include <omp.h>
#include <string.h>

const char *const split_name[SPLIT_KINDS] = {
    "other",     "gemm",        "attention", "norm",    "activation", "dropout",   "bias",
    "embedding", "convolution", "batchnorm", "pooling", "objective",  "optimizer",
};

static struct {
    double seconds[SPLIT_KINDS];
    double since;
    split_kind kind; /* whose time runs */
} split;

/* Time goes to `kind` from now on; returns whose it was. */
static split_kind turn(split_kind kind)
{
    double now = acf_clock_s();
    split_kind before = split.kind;
    split.seconds[before] += now - split.since;
    split.since = now;
    split.kind = kind;
    return before;
}

void split_reset(void)
{
    memset(&split, 0, sizeof split);
    split.since = acf_clock_s();
}

void split_read(double seconds[SPLIT_KINDS])
{
    (void)turn(split.kind);
    memcpy(seconds, split.seconds, sizeof split.seconds);
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that ld asks for. */

/* __wrap_NAME as ld's --wrap wants it: called instead of NAME, which is then __real_NAME. */
#define TIMED(kind, name, parameters, arguments)                                                   \
    extern __typeof__(name) __real_##name, __wrap_##name;                                          \
    void __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (omp_in_parallel()) {                                                                   \
            __real_##name arguments;                                                               \
            return;                                                                                \
        }                                                                                          \
        split_kind before = turn(kind);                                                            \
        __real_##name arguments;                                                                   \
        (void)turn(before);                                                                        \
    }

TIMED(SPLIT_GEMM, acf_gemm,
      (real * c, int ldc, const real *a, int lda, bool trans_a, const real *b, int ldb,
       bool trans_b, int m, int n, int k, real alpha, real beta),
      (c, ldc, a, lda, trans_a, b, ldb, trans_b, m, n, k, alpha, beta))

TIMED(SPLIT_ATTENTION, acf_attn_forward,
      (real * out, real *prob, const real *q, const real *k, const real *v,
       const acf_attn_shape *shape, acf_dropout drop, void *scratch),
      (out, prob, q, k, v, shape, drop, scratch))
TIMED(SPLIT_ATTENTION, acf_attn_backward,
      (real * d_q, real *d_k, real *d_v, const real *d_out, const real *prob, const real *q,
       const real *k, const real *v, const acf_attn_shape *shape, acf_dropout drop, void *scratch),
      (d_q, d_k, d_v, d_out, prob, q, k, v, shape, drop, scratch))

TIMED(SPLIT_NORM, acf_layernorm_forward,
      (real * y, real *xhat, real *rstd, const real *x, const real *residual, const real *gamma,
       const real *beta, double eps, size_t rows, int C),
      (y, xhat, rstd, x, residual, gamma, beta, eps, rows, C))
TIMED(SPLIT_NORM, acf_layernorm_backward,
      (real * d_x, real *d_gamma, real *d_beta, const real *d_y, const real *xhat, const real *rstd,
       const real *gamma, size_t rows, int C),
      (d_x, d_gamma, d_beta, d_y, xhat, rstd, gamma, rows, C))

TIMED(SPLIT_ACTIVATION, acf_act_forward,
      (real * y, real *x, const real *bias, size_t rows, int n, acf_act act),
      (y, x, bias, rows, n, act))
TIMED(SPLIT_ACTIVATION, acf_act_backward,
      (real * d_x, const real *d_y, const real *x, size_t rows, int n, acf_act act),
      (d_x, d_y, x, rows, n, act))

TIMED(SPLIT_DROPOUT, acf_dropout_apply,
      (real * y, const real *x, size_t n, uint64_t first, acf_dropout drop), (y, x, n, first, drop))
TIMED(SPLIT_BIAS, acf_bias_add, (real * y, const real *b, size_t rows, int n), (y, b, rows, n))
TIMED(SPLIT_BIAS, acf_bias_backward, (real * d_b, const real *d_y, size_t rows, int n),
      (d_b, d_y, rows, n))

TIMED(SPLIT_EMBEDDING, acf_embed_forward,
      (real * y, const real *table, const int32_t *id, int T, int C, int add),
      (y, table, id, T, C, add))
TIMED(SPLIT_EMBEDDING, acf_embed_backward,
      (real * d_table, const real *d_y, const int32_t *id, int T, int C), (d_table, d_y, id, T, C))

TIMED(SPLIT_CONVOLUTION, acf_conv_forward,
      (real * y, acf_plane_stats *stats, acf_conv_input in, const real *w, const acf_conv_shape *s,
       void *scratch),
      (y, stats, in, w, s, scratch))
TIMED(SPLIT_CONVOLUTION, acf_conv_backward,
      (real * d_w, acf_conv_d_input to, acf_conv_d_output from, acf_conv_input in, const real *w,
       const acf_conv_shape *s, void *scratch),
      (d_w, to, from, in, w, s, scratch))
TIMED(SPLIT_BATCHNORM, acf_batchnorm_merge,
      (acf_moments * moments, const acf_plane_stats *stats, int N, int C, size_t pixels),
      (moments, stats, N, C, pixels))
TIMED(SPLIT_BATCHNORM, acf_batchnorm_backward,
      (real * a, real *b, real *c, real *d_gamma, real *d_beta, const acf_plane_sums *sums,
       const real *mean, const real *rstd, const real *gamma, int N, int C, size_t n,
       bool constant),
      (a, b, c, d_gamma, d_beta, sums, mean, rstd, gamma, N, C, n, constant))
TIMED(SPLIT_BATCHNORM, acf_batchnorm_join,
      (real * out, const real *y, const real *scale, const real *shift, const real *r,
       const real *r_scale, const real *r_shift, int N, int C, size_t pixels),
      (out, y, scale, shift, r, r_scale, r_shift, N, C, pixels))
TIMED(SPLIT_BATCHNORM, acf_conv_finish_batch,
      (acf_conv_d_input to, acf_conv_input in, int N, int C, int H, int W), (to, in, N, C, H, W))
TIMED(SPLIT_POOLING, acf_pool_global_forward,
      (real * features, const real *x, int N, int C, size_t pixels), (features, x, N, C, pixels))
TIMED(SPLIT_POOLING, acf_pool_global_backward,
      (real * d_x, const real *d_features, int N, int C, size_t pixels),
      (d_x, d_features, N, C, pixels))
TIMED(SPLIT_POOLING, acf_subsample_forward,
      (real * y, const real *x, int N, int Ci, int Co, int H, int W), (y, x, N, Ci, Co, H, W))
TIMED(SPLIT_POOLING, acf_subsample_backward,
      (real * d_x, const real *d_y, int N, int Ci, int Co, int H, int W),
      (d_x, d_y, N, Ci, Co, H, W))

TIMED(SPLIT_OBJECTIVE, acf_objective_evaluate,
      (acf_loss * out, real *logits, const acf_objective_gradient *gradient,
       const acf_objective_batch *in, const acf_objective *o, void *scratch),
      (out, logits, gradient, in, o, scratch))
TIMED(SPLIT_OPTIMIZER, acf_optimizer_begin,
      (acf_optimizer * o, acf_params *p, const int32_t *id, int n), (o, p, id, n))
TIMED(SPLIT_OPTIMIZER, acf_optimizer_step,
      (acf_optimizer * o, acf_params *p, double lr_factor, double grad_scale),
      (o, p, lr_factor, grad_scale))
TIMED(SPLIT_OPTIMIZER, acf_params_zero_grad, (acf_params * p), (p))

extern __typeof__(acf_grad_norm) __real_acf_grad_norm, __wrap_acf_grad_norm;
double __wrap_acf_grad_norm(const acf_params *p)
{
    split_kind before = turn(SPLIT_OPTIMIZER);
    double norm = __real_acf_grad_norm(p);
    (void)turn(before);
    return norm;
}

/* NOLINTEND(bugprone-reserved-identifier) */
