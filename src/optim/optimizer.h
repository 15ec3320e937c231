/*
 * What updates the parameter block: AdamW or SGD behind one interface.
 *
 * The table of slices says what is trained (neither STATE nor FROZEN), which learning rate a slice
 * has (encoder or head, times layer_decay^(n_layers + 1 - layer)) and whether it decays (not with
 * NO_DECAY).  The state is blocks as long as the parameter block, each with a name for the
 * checkpoint, and the number of updates done.
 */
#ifndef ACF_OPTIM_OPTIMIZER_H
#define ACF_OPTIM_OPTIMIZER_H

#include "base/status.h"
#include "nn/params.h"
#include "num/real.h"
#include "optim/lazy_rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum acf_optim_type { ACF_OPTIM_ADAMW, ACF_OPTIM_SGD } acf_optim_type;

typedef struct acf_optim_options {
    acf_optim_type type;
    double lr;           /* >= 0: the encoder's */
    double head_lr;      /* >= 0: the head's */
    double weight_decay; /* >= 0; adamw: decoupled, sgd: added to the gradient */
    bool decay_all;      /* slices flagged NO_DECAY decay as well */
    double beta1, beta2; /* adamw: [0, 1) */
    double eps;          /* adamw: > 0 */
    double momentum;     /* sgd: [0, 1) */
    bool nesterov;       /* sgd: needs momentum > 0 */
    double layer_decay;  /* (0, 1]; 1: none */
    int n_layers;        /* of the encoder, for layer_decay */
} acf_optim_options;

/* adamw, lr 2e-5, head_lr 1e-3, weight_decay 0.01, betas 0.9 and 0.999, eps 1e-8; for sgd momentum
 * 0.9 without nesterov; layer_decay 1. */
acf_optim_options acf_optim_default(acf_optim_type type);

/* ACF_ERR_USAGE naming the key ("train.optimizer.eps ...") of the first value out of range. */
acf_status acf_optim_check(const acf_optim_options *o, acf_error *e) ACF_MUST_USE;

/* State to save and load: x has params.len elements. */
typedef struct acf_optim_block {
    const char *name; /* "exp_avg", "exp_avg_sq", "momentum" */
    real *x;
} acf_optim_block;

enum { ACF_OPTIM_MAX_BLOCKS = 2 };

/* A run of elements of one slice that one thread updates. */
typedef struct acf_optim_piece {
    size_t at, len;
    double lr;    /* before the schedule's factor */
    double decay; /* weight decay */
} acf_optim_piece;

typedef struct acf_optimizer {
    acf_optim_options options;
    acf_optim_block block[ACF_OPTIM_MAX_BLOCKS];
    int n_blocks;   /* adamw 2, sgd 1, or 0 without momentum */
    int64_t n_done; /* updates done; saved and restored by the caller */
    size_t len;     /* elements of each block */

    acf_optim_piece *piece; /* work in pieces of fixed size */
    size_t n_pieces;

    acf_lazy_rows rows;    /* adamw: the table of which a batch touches few rows */
    acf_optim_piece table; /* all of it: its learning rate and decay */
} acf_optimizer;

/* For a block that was placed by acf_params_alloc with gradients, and whose flags will not change.
 * State starts at zero.  On failure *out is NULL.  Closed with acf_optimizer_close. */
acf_status acf_optimizer_open(acf_optimizer **out, const acf_optim_options *o, const acf_params *p,
                              acf_error *e) ACF_MUST_USE;

/* A step begins that reads the rows id [n] of the slice flagged ROWS, if there is one (token ids of
 * the batch).  From the first call on such a slice is updated row by row (lazy_rows.h), p->touched
 * is set, and acf_optimizer_settle must come before its values are used otherwise than by the next
 * step.  Without any call, and with sgd, every update is dense. */
void acf_optimizer_begin(acf_optimizer *o, acf_params *p, const int32_t *id, int n);

/* All values are as if every update had been dense. */
void acf_optimizer_settle(acf_optimizer *o, acf_params *p);

/* One update of p->value from p->grad times grad_scale (of clipping; 1: none), at learning rates
 * times lr_factor (of the schedule).  Gradients are left as they are.  The same bits for any number
 * of threads. */
void acf_optimizer_step(acf_optimizer *o, acf_params *p, double lr_factor, double grad_scale);

/* *o becomes NULL; NULL is allowed. */
void acf_optimizer_close(acf_optimizer **o);

#endif
