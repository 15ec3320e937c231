/*
 * AdamW for a table of which a batch touches few rows: the same numbers as updating all of it, for
 * a fraction of the traffic.
 *
 * A row without gradient still moves in AdamW: its moments fade and it decays.  Here such updates
 * wait.  Each row remembers how many of the latest updates it has had, and the factors of these
 * updates are kept; before a row is read again (its token is in a batch, the model is evaluated or
 * saved) the updates that it missed are replayed one by one.  A replay does the same operations in
 * the same order however it is split up, so when rows are brought up to date has no influence on
 * their bits.
 *
 * It departs from the dense update in one thing: in an update without gradient a first moment whose
 * step has become smaller than 2^-23 of the learning rate is set to 0, and the row from then on
 * only decays.  Over 1,000 updates that is far below 1e-6 (tests/unit/test_lazy_rows.c).
 */
#ifndef ACF_OPTIM_LAZY_ROWS_H
#define ACF_OPTIM_LAZY_ROWS_H

#include "base/status.h"
#include "nn/params.h"
#include "optim/adamw.h"

/* Updates that may wait; then all rows are brought up to date. */
enum { ACF_LAZY_WINDOW = 1024 };

typedef struct acf_lazy_rows {
    int slice;               /* of the parameter block; -1: none is lazy */
    size_t V, C;             /* rows of C elements */
    acf_adamw_factors *past; /* [ACF_LAZY_WINDOW] of the updates that may wait */
    int n_past;
    int32_t *had;     /* [V] how many of the n_past updates each row has had */
    uint32_t *stamp;  /* [V] number of the latest step that touched it */
    uint32_t step;    /* steps begun */
    int32_t *touched; /* [V] rows of the running step, in order of their first token */
    int n_touched;
} acf_lazy_rows;

/* For the trained slice of p flagged ROWS; r->slice is -1 when there is none.  On failure
 * (ACF_ERR_RESOURCE) *r is empty. */
acf_status acf_lazy_rows_open(acf_lazy_rows *r, const acf_params *p, acf_error *e) ACF_MUST_USE;
void acf_lazy_rows_close(acf_lazy_rows *r);

/* A step begins that reads the rows id [n] (repeats allowed): gradients of the step before are
 * cleared, these rows are brought up to date, and p->touched names them.  m, v: the moments, as
 * long as the block. */
void acf_lazy_rows_begin(acf_lazy_rows *r, acf_params *p, real *m, real *v, const int32_t *id,
                         int n);

/* The update of the rows that the step touched. */
void acf_lazy_rows_update(acf_lazy_rows *r, acf_params *p, real *m, real *v, acf_adamw_factors f,
                          real grad_scale);

/* Bring all rows up to date: before they are evaluated or saved. */
void acf_lazy_rows_settle(acf_lazy_rows *r, acf_params *p, real *m, real *v);

#endif
