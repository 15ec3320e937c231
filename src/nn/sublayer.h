/*
 * The two sublayers of a post-norm transformer layer (Vaswani et al. 2017; HF BertAttention and
 * BertIntermediate + BertOutput), on packed tokens:
 *
 *     attention:  y = LayerNorm(dropout(Attn(x Wqkv^T + bqkv) Wo^T + bo) + x)
 *     ffn:        y = LayerNorm(dropout(act(x W1^T + b1) W2^T + b2) + x)
 *
 * R rows are computed: all T tokens, or only the first of each of the N sequences, which is all
 * that the last layer needs when the pooling looks nowhere else.  Activations are named pieces of
 * the step's arena, taken in forward order and read by name in backward.
 */
#ifndef ACF_NN_SUBLAYER_H
#define ACF_NN_SUBLAYER_H

#include "base/arena.h"
#include "nn/linear.h"
#include "num/act.h"
#include "num/attn.h"
#include "num/dropout.h"

typedef struct acf_norm {
    int gamma, beta; /* slice ids, "NAME.weight" and "NAME.bias" */
    int C;
    double eps;
} acf_norm;

acf_status acf_norm_plan(acf_norm *norm, acf_params *p, const char *name, int C, double eps,
                         acf_param_place place, acf_error *e) ACF_MUST_USE;

/* What dropout and attention need to know of the rows at hand. */
typedef struct acf_rows {
    acf_attn_shape shape; /* first_only: R = N instead of T; ld is set by the sublayer */
    size_t T;             /* tokens */
    bool train;           /* dropout on */
    bool keep;            /* a backward pass follows */
    uint64_t row0;        /* rows of the whole batch before this piece */
    uint64_t seed, step;  /* dropout keys */
} acf_rows;

static inline size_t acf_rows_count(const acf_rows *r)
{
    return r->shape.first_only ? (size_t)r->shape.N : r->T;
}

/* What both sublayers end in: y = LayerNorm(dropout(o) + residual). */
typedef struct acf_residual_act {
    real *xhat; /* [R, C] NULL without keep */
    real *rstd; /* [R] */
    real *y;    /* [R, C] */
} acf_residual_act;

typedef struct acf_attention {
    acf_linear qkv, out;
    acf_norm norm;
    int A, D;             /* heads and their width; C = A D */
    double p_prob, p_out; /* dropout of probabilities and of the output */
    uint32_t site;        /* first of two dropout sites */
} acf_attention;

typedef struct acf_attention_act {
    const real *x; /* [T, C] the layer's input, borrowed */
    real *x_first; /* [N, C] its first tokens (first_only) */
    real *q, *kv;  /* first_only: [N, C] and [T, 2C]; else columns of one [T, 3C] */
    real *prob;    /* attention probabilities, NULL without keep */
    real *ctx;     /* [R, C] */
    void *scratch;
    acf_residual_act res;
} acf_attention_act;

typedef struct acf_ffn {
    acf_linear in, out;
    acf_norm norm;
    acf_act act;
    double p_out;
    uint32_t site;
} acf_ffn;

typedef struct acf_ffn_act {
    const real *x; /* [R, C] borrowed */
    real *pre;     /* [R, F] before the activation */
    real *hidden;  /* [R, F] after it */
    acf_residual_act res;
} acf_ffn_act;

/* Upper bounds of the arena bytes of one forward call: what stays, and what is used for a moment
 * there or in the backward call. */
typedef struct acf_sublayer_bytes {
    size_t kept, moment;
} acf_sublayer_bytes;
acf_sublayer_bytes acf_attention_bytes(const acf_attention *att, const acf_rows *rows, size_t pairs,
                                       size_t scratch);
acf_sublayer_bytes acf_ffn_bytes(const acf_ffn *ffn, const acf_rows *rows);

/* act->res.y [R, C] from x [T, C]. */
void acf_attention_forward(acf_attention_act *act, const real *x, const acf_params *p,
                           const acf_attention *att, const acf_rows *rows, acf_arena *arena);
/* act->res.y [R, C] from x [R, C]. */
void acf_ffn_forward(acf_ffn_act *act, const real *x, const acf_params *p, const acf_ffn *ffn,
                     const acf_rows *rows, acf_arena *arena);

/* d_x [T, C] from d_y [R, C], which is overwritten (R = T: d_x may be d_y); parameter gradients are
 * added. */
void acf_attention_backward(real *d_x, acf_params *p, real *d_y, const acf_attention_act *act,
                            const acf_attention *att, const acf_rows *rows, acf_arena *arena);
/* d_x [R, C] from d_y [R, C], which is overwritten. */
void acf_ffn_backward(real *d_x, acf_params *p, real *d_y, const acf_ffn_act *act,
                      const acf_ffn *ffn, const acf_rows *rows, acf_arena *arena);

#endif
