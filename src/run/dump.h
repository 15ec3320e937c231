/*
 * One update's inputs, outputs and gradients as a safetensors file, to compare with another
 * implementation: of texts input_ids, token_type_ids and start, of images pixel_values; row,
 * labels, features, logits, loss, loss_ce, loss_contrast, loss_cor, excess, and the gradient of
 * every parameter under its own name.
 */
#ifndef ACF_RUN_DUMP_H
#define ACF_RUN_DUMP_H

#include "base/str.h"
#include "run/step.h"

/* Which updates to write, counted from 1; path holds %d where several are written. */
typedef struct acf_dump {
    int64_t first, last; /* 0: none */
    const char *path;
} acf_dump;

/* Where update number `update` goes: path with %d replaced by the number. */
acf_status acf_dump_path(acf_str *out, const acf_dump *dump, int64_t update,
                         acf_error *e) ACF_MUST_USE;

/* Write the state after acf_step_gradients of update number `update` (from 1) when it is asked for.
 */
acf_status acf_dump_step(const acf_dump *dump, const acf_step *s, const acf_batch *batch,
                         const acf_loss *loss, int64_t update, acf_error *e) ACF_MUST_USE;

#endif
