/* Texts, or images by their paths, answered in batches: what plain lines (predict.c) and tables
 * (predict_table.c) share. */
#ifndef ACF_INFER_PREDICT_INTERNAL_H
#define ACF_INFER_PREDICT_INTERNAL_H

#include "infer/predict.h"

enum { ACF_PREDICT_BATCH = 64 };

/* The answer to one text by the head that the model predicts with. */
typedef struct acf_answer {
    int row;           /* in the batch */
    int64_t number;    /* of the text, from 0 */
    int best;          /* class */
    int nearest;       /* class whose label embedding has the largest cosine */
    const char *name;  /* what the text is called: the best class, or ACF_REJECTED_LABEL */
    const real *score; /* [K] of that head */
    double tau;        /* softmax(score / tau) are the probabilities */
} acf_answer;

/* Texts wait here until a batch is full or the input has nothing more at the moment. */
typedef struct acf_predictor {
    acf_model *m;
    const acf_predict_options *opt;
    /* Appends to out what answers one text. */
    acf_status (*put)(struct acf_predictor *p, const acf_answer *a, acf_error *e);
    const void *payload; /* of put */
    const char *unit;    /* "line", "row": what messages number */

    const char *base; /* of image paths: the directory they start from; NULL: the current one */

    acf_encoding encoding;
    int32_t *ids, *types;
    size_t cap_ids, cap_types;
    real *pixels;    /* [ACF_PREDICT_BATCH, channels, size, size] of images */
    uint8_t *levels; /* [channels, size, size] */
    acf_image_scale scale;
    int32_t start[ACF_PREDICT_BATCH + 1];
    int n;                  /* texts waiting */
    int64_t n_taken;        /* texts taken so far */
    real *features;         /* [ACF_PREDICT_BATCH, d] */
    real *logits, *cosines; /* [ACF_PREDICT_BATCH, K] */
    double *prob;           /* [K] */
    acf_arena arena;
    acf_str out;
    acf_str npy;
} acf_predictor;

/* m, opt, put, payload and unit are set before. */
acf_status acf_predictor_open(acf_predictor *p, acf_error *e) ACF_MUST_USE;

/* One more text, the second NULL for single ones, or the path of an image; a full batch is
 * answered. ACF_ERR_DATA names the line or row of an image that cannot be read. */
acf_status acf_predictor_take(acf_predictor *p, const char *text, size_t len, const char *second,
                              size_t second_len, acf_error *e) ACF_MUST_USE;

/* Answer what waits and emit it. */
acf_status acf_predictor_answer(acf_predictor *p, acf_error *e) ACF_MUST_USE;

/* The input ended, or, with a failure as `st`, could not be read on: what waits is answered, also
 * before a bad line (ACF_ERR_DATA).  Returns `st`, or of ACF_OK how answering went. */
acf_status acf_predictor_end(acf_predictor *p, acf_status st, acf_error *e) ACF_MUST_USE;

/* Write --features, when asked for. */
acf_status acf_predictor_finish(acf_predictor *p, acf_error *e) ACF_MUST_USE;

void acf_predictor_close(acf_predictor *p);

#endif
