#include "num/attn.h"

#include "num/attn_head.h"

#include <math.h>
#include <omp.h>
#include <stdbool.h>

enum {
    HEADS_TASK = 4, /* heads that a thread takes at a time */
    CACHE_LINE = 64
};

/* One call, forward (out) or backward (d_q). */
typedef struct call {
    const acf_attn_shape *shape;
    real *out, *prob;
    const real *q, *k, *v;
    real *d_q, *d_k, *d_v;
    const real *d_out, *prob_kept;
    acf_dropout drop;
    const uint64_t *pairs; /* [N] sum of A L^2 over the sequences before each, in scratch */
    real *scratch;         /* [threads, stride] */
    size_t stride;
} call;

static size_t longest(const acf_attn_shape *shape)
{
    size_t L = 1;
    for (int s = 0; s < shape->N; s++) {
        size_t L_s = (size_t)(shape->start[s + 1] - shape->start[s]);
        if (L_s > L) L = L_s;
    }
    return L;
}

static size_t header_bytes(const acf_attn_shape *shape)
{
    size_t bytes = (size_t)shape->N * sizeof(uint64_t);
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

size_t acf_attn_pairs(const acf_attn_shape *shape)
{
    size_t pairs = 0;
    for (int s = 0; s < shape->N; s++) {
        size_t L = (size_t)(shape->start[s + 1] - shape->start[s]);
        pairs += (size_t)shape->A * (shape->first_only ? L : L * L);
    }
    return pairs;
}

size_t acf_attn_scratch(const acf_attn_shape *shape, int n_threads)
{
    size_t bytes = acf_attn_head_scratch(longest(shape), (size_t)shape->D) * sizeof(real);
    return header_bytes(shape) + (size_t)n_threads * bytes;
}

/* Where head a of sequence s lies. */
static acf_attn_head head_of(const call *c, int s, int a)
{
    const acf_attn_shape *shape = c->shape;
    size_t row = (size_t)shape->start[s], L = (size_t)shape->start[s + 1] - row;
    size_t D = (size_t)shape->D, width = (size_t)shape->A * D, ld = (size_t)shape->ld;
    size_t column = (size_t)a * D, at = row * ld + column;
    bool first = shape->first_only;
    size_t ld_q = first ? width : ld;
    size_t at_out = (first ? (size_t)s : row) * width + column;
    size_t at_q = first ? at_out : at;
    uint64_t pair = c->pairs[s] + (size_t)a * L * L;
    size_t at_prob = first ? (size_t)shape->A * row + (size_t)a * L : (size_t)pair;

    acf_attn_head h = {.L = L,
                       .D = D,
                       .n_rows = first ? 1 : L,
                       .ld = ld,
                       .ld_q = ld_q,
                       .ld_out = width,
                       .q = c->q + at_q,
                       .k = c->k + at,
                       .v = c->v + at,
                       .scale = (real)(1.0 / sqrt((double)D)),
                       .element = shape->pair0 + pair,
                       .drop = c->drop.p > 0.0 ? &c->drop : NULL,
                       .scratch = c->scratch + (size_t)omp_get_thread_num() * c->stride};
    if (c->out != NULL) {
        h.out = c->out + at_out;
        h.prob = c->prob != NULL ? c->prob + at_prob : NULL;
    } else {
        h.d_q = c->d_q + at_q;
        h.d_k = c->d_k + at;
        h.d_v = c->d_v + at;
        h.d_out = c->d_out + at_out;
        h.prob_kept = c->prob_kept + at_prob;
    }
    return h;
}

/* All heads of all sequences, each by one thread. */
static void run(call *c, void *scratch)
{
    const acf_attn_shape *shape = c->shape;
    uint64_t *pairs = scratch, sum = 0;
    for (int s = 0; s < shape->N; s++) {
        uint64_t L = (uint64_t)(shape->start[s + 1] - shape->start[s]);
        pairs[s] = sum;
        sum += (uint64_t)shape->A * L * L;
    }
    c->pairs = pairs;
    c->scratch = (real *)(void *)((char *)scratch + header_bytes(shape));
    c->stride = acf_attn_head_scratch(longest(shape), (size_t)shape->D);

    int n_tasks = shape->N * shape->A;
#pragma omp parallel for schedule(dynamic, HEADS_TASK) if (n_tasks > 1 && !omp_in_parallel())
    for (int task = 0; task < n_tasks; task++) {
        acf_attn_head h = head_of(c, task / shape->A, task % shape->A);
        if (c->out != NULL)
            acf_attn_head_forward(&h);
        else
            acf_attn_head_backward(&h);
    }
}

void acf_attn_forward(real *out, real *prob, const real *q, const real *k, const real *v,
                      const acf_attn_shape *shape, acf_dropout drop, void *scratch)
{
    call c = {.shape = shape, .out = out, .prob = prob, .q = q, .k = k, .v = v, .drop = drop};
    run(&c, scratch);
}

void acf_attn_backward(real *d_q, real *d_k, real *d_v, const real *d_out, const real *prob,
                       const real *q, const real *k, const real *v, const acf_attn_shape *shape,
                       acf_dropout drop, void *scratch)
{
    call c = {.shape = shape,
              .d_q = d_q,
              .d_k = d_k,
              .d_v = d_v,
              .d_out = d_out,
              .prob_kept = prob,
              .q = q,
              .k = k,
              .v = v,
              .drop = drop};
    run(&c, scratch);
}
