/*
 * Predictions for a stream of texts, one a line.
 *
 * Lines end at line feeds only; a final CR is dropped; a last line without line feed counts; any
 * bytes may stand in a line.  What one read of the input brings is answered before the next read,
 * so that a pipe gets its answers at once and a file is still worked on in batches.
 */
#ifndef ACF_RUN_PREDICT_H
#define ACF_RUN_PREDICT_H

#include "base/str.h"
#include "run/model.h"

typedef enum acf_predict_format {
    ACF_PREDICT_LABELS, /* label */
    ACF_PREDICT_TSV,    /* label TAB prob, top_k times */
    ACF_PREDICT_JSONL   /* {"label", "prob", "probs", "logits", "nearest"} */
} acf_predict_format;

typedef struct acf_predict_options {
    acf_predict_format format;
    int top_k;            /* 1 .. K */
    double reject;        /* answer '?' below this cosine to every label embedding; -1: never */
    bool tokens;          /* jsonl: "input_ids" as the model sees them */
    bool pair;            /* a TAB separates two texts */
    const char *features; /* write h as float32 [n, d] to this .npy file; NULL: not */
    const char *name;     /* of the input, in messages */
    int input;            /* file descriptor to read */

    /* Takes the answers to what was read; a failure ends the work. */
    acf_status (*emit)(void *payload, const char *bytes, size_t len, acf_error *e);
    void *payload;
} acf_predict_options;

/* Answer all lines of the input; *n_lines counts them.  ACF_ERR_DATA names input and line (a pair
 * without TAB, reading fails), ACF_ERR_NUMERIC when an output is not finite. */
acf_status acf_predict(int64_t *n_lines, acf_model *m, const acf_predict_options *opt,
                       acf_error *e) ACF_MUST_USE;

#endif
