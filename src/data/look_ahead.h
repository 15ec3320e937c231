/*
 * Worker threads that make items before they are asked for: a fixed number of slots, filled in the
 * announced order.  What an item is depends on its number alone, so that threads decide when it is
 * there, never what it holds.
 */
#ifndef ACF_DATA_LOOK_AHEAD_H
#define ACF_DATA_LOOK_AHEAD_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_look_ahead acf_look_ahead;

/* Makes item `row` into out [bytes]; called from several threads at once. */
typedef acf_status (*acf_make_item)(void *payload, uint8_t *out, int32_t row, acf_error *e);

/* `slots` items of `bytes` bytes, `workers` threads (at least one of each).  Where the system gives
 * fewer threads, or none, items are made when they are asked for.  *out is the caller's.
 * ACF_ERR_RESOURCE. */
acf_status acf_look_ahead_open(acf_look_ahead **out, size_t bytes, int slots, int workers,
                               acf_make_item make, void *payload, acf_error *e) ACF_MUST_USE;

/* Items rows[0 .. n-1] (copied) come next, in this order; an earlier order is forgotten.
 * ACF_ERR_RESOURCE: then there is no order. */
acf_status acf_look_ahead_order(acf_look_ahead *a, const int32_t *rows, int n,
                                acf_error *e) ACF_MUST_USE;

/* Item `row` into out: waits for it when it is the next of the order, else makes it here.  Fails as
 * `make` did. */
acf_status acf_look_ahead_take(acf_look_ahead *a, uint8_t *out, int32_t row,
                               acf_error *e) ACF_MUST_USE;

/* Ends the threads, waiting for the items under way.  NULL inside is allowed. */
void acf_look_ahead_close(acf_look_ahead **a);

#endif
