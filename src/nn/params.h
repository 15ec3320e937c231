/*
 * The parameter block: all values of a model end to end, their gradients likewise, and a table that
 * names the slices.
 *
 * A network declares its slices while planning; acf_params_alloc then takes the memory; each slice
 * is 64-byte aligned (unless JOINED to the one before it), padding kept at zero.  Names are those
 * of the Hugging Face checkpoint, so loading, saving, freezing, weight decay and the optimizer are
 * loops over one table.
 */
#ifndef ACF_NN_PARAMS_H
#define ACF_NN_PARAMS_H

#include "base/status.h"
#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACF_MAX_RANK = 4, ACF_PARAM_NAME_MAX = 128 };

typedef enum acf_group { ACF_GROUP_ENCODER, ACF_GROUP_HEAD } acf_group;

enum acf_param_flag {
    ACF_PARAM_NO_DECAY = 1, /* biases and normalization weights */
    ACF_PARAM_STATE = 2,    /* saved, not trained: running statistics */
    ACF_PARAM_FROZEN = 4,   /* not trained in this run */
    ACF_PARAM_ROWS = 8,     /* a batch touches few of its rows: word embeddings */
    ACF_PARAM_JOINED = 16   /* begins where the slice before it ends: one matrix for one product */
};

/* How a slice starts when no checkpoint gives it. */
typedef enum acf_init {
    ACF_INIT_ZERO,
    ACF_INIT_ONE,
    ACF_INIT_NORMAL,    /* standard deviation init_std */
    ACF_INIT_HE_FAN_OUT /* normal, sqrt(2 / (Co kh kw)): He et al. 2015, convolutions */
} acf_init;

typedef struct acf_param {
    char name[ACF_PARAM_NAME_MAX];
    size_t at;  /* first element in value and grad */
    size_t len; /* product of dim */
    int rank;
    int32_t dim[ACF_MAX_RANK];
    acf_group group;
    unsigned flags; /* acf_param_flag */
    int layer;      /* 0 = embeddings, 1 .. n_layers, n_layers + 1 = pooler and head */
    acf_init init;
    double init_std;
} acf_param;

typedef struct acf_params {
    real *value; /* [len] */
    real *grad;  /* [len]; NULL for a model that only predicts */
    size_t len;
    acf_param *slice;
    size_t n, cap;

    /* Rows of the slice flagged ROWS that the running step touches: its gradient is zero in all
     * others.  NULL: nobody keeps account of them.  Borrowed. */
    const int32_t *touched;
    int n_touched;
} acf_params;

/* Declares one slice at the end of the table; *id is its place there.  `s` gives name, rank, dim,
 * group, flags, layer, init, init_std; the rest is filled in.  ACF_ERR_MODEL for a dimension below
 * 1 or a shape too large, ACF_ERR_RESOURCE for memory. */
acf_status acf_params_add(int *id, acf_params *p, acf_param s, acf_error *e) ACF_MUST_USE;

/* The same under the name "module.suffix"; s.name is not read.  ACF_ERR_FAIL for a longer one than
 * there is room for. */
acf_status acf_params_add_named(int *id, acf_params *p, const char *module, const char *suffix,
                                acf_param s, acf_error *e) ACF_MUST_USE;

/* Take memory for all slices, zeroed; gradients only when with_grad. */
acf_status acf_params_alloc(acf_params *p, bool with_grad, acf_error *e) ACF_MUST_USE;

/* Set all gradients to zero; where account is kept of touched rows, whoever does so has cleared the
 * ROWS slice. */
void acf_params_zero_grad(acf_params *p);

/* The block can only predict from now on. */
void acf_params_free_grad(acf_params *p);

void acf_params_free(acf_params *p);

/* Elements that acf_params_alloc places so far, padding included. */
size_t acf_params_planned(const acf_params *p);

/* Draw slice `id` as its init says, by (seed, INIT stream, step = id). */
void acf_params_init_slice(acf_params *p, int id, uint64_t seed);

/* Slice id by name, -1 when there is none. */
int acf_params_find(const acf_params *p, const char *name);

/* Number of elements in slices, without padding; trainable: without STATE and FROZEN. */
size_t acf_params_count(const acf_params *p, bool trainable);

static inline real *acf_value(const acf_params *p, int id)
{
    return p->value + p->slice[id].at;
}
static inline real *acf_grad(const acf_params *p, int id)
{
    return p->grad + p->slice[id].at;
}

/* True when training changes the slice. */
static inline bool acf_param_trains(const acf_param *s)
{
    return (s->flags & (ACF_PARAM_STATE | ACF_PARAM_FROZEN)) == 0;
}
static inline bool acf_trains(const acf_params *p, int id)
{
    return acf_param_trains(&p->slice[id]);
}

#endif
