/*
 * Predictions for a stream of texts, one a line, or for the rows of a table; for a model of images
 * the line or cell is the path of one (in a table from its directory on), or paths are given.
 *
 * Lines end at line feeds only; a final CR is dropped, so is a UTF-8 byte order mark before the
 * first; a last line without line feed counts; any other characters but NUL may stand in a text, in
 * valid UTF-8.  What one read of the input brings is answered before the next read, so that a pipe
 * gets its answers at once and a file is still worked on in batches.
 */
#ifndef ACF_INFER_PREDICT_H
#define ACF_INFER_PREDICT_H

#include "base/str.h"
#include "data/dataset.h"
#include "model/model.h"

typedef enum acf_predict_format {
    ACF_PREDICT_LABELS, /* label; of a regression, here and below, the number alone */
    ACF_PREDICT_TSV,    /* label TAB prob, top_k times; TAB and LF in labels, here and above, are
                           blanks */
    ACF_PREDICT_JSONL   /* {"label", "prob", "probs", "logits", "nearest"}; of a regression label, a
                           number, and logits */
} acf_predict_format;

typedef struct acf_predict_options {
    acf_predict_format format;
    int top_k;            /* 1 .. K */
    double reject;        /* answer '?' below this cosine to every label embedding; -1: never */
    bool tokens;          /* jsonl: "input_ids" as the model sees them */
    bool pair;            /* a TAB separates two texts */
    const char *features; /* write h as float32 [n, d] to this .npy file; NULL: not */
    const char *name;     /* of the input, in messages */
    int input;            /* acf_predict: file descriptor to read */

    /* acf_predict_table: the file, and its columns of texts by name or 0-based number. */
    const char *path, *text, *text2; /* text2 NULL: single texts */
    acf_header header;               /* of a .tsv or .csv; AUTO: when a column is given by name */

    /* Takes the answers to what was read; a failure ends the work. */
    acf_status (*emit)(void *payload, const char *bytes, size_t len, acf_error *e);
    void *payload;
} acf_predict_options;

/* Answer all lines of the input; *n_lines counts them.  ACF_ERR_DATA names input and line (a pair
 * without TAB, a text that is not UTF-8 or holds a NUL, an image that cannot be read, reading
 * fails), after the lines before it are answered (so also of a table's rows), or says that the
 * input is gzip data; ACF_ERR_NUMERIC when an output is not finite. */
acf_status acf_predict(int64_t *n_lines, acf_model *m, const acf_predict_options *opt,
                       acf_error *e) ACF_MUST_USE;

/* Is a file, which is open for reading, a picture rather than a list of paths: has it a NUL among
 * its first 16 bytes?  Every format of pictures but those of text has one.  False for a pipe, of
 * which nothing is read. */
bool acf_predict_is_picture(int fd);

/* Answer n images given by their paths; `name` and the image's number stand before the path in
 * messages.  ACF_ERR_DATA, after those before it are answered; ACF_ERR_NUMERIC. */
acf_status acf_predict_images(acf_model *m, const acf_predict_options *opt, const char *const *path,
                              size_t n, acf_error *e) ACF_MUST_USE;

/*
 * Answer all rows of a table (data/table.h: .tsv, .csv or .jsonl, also with .gz), writing each as
 * it stands in the file with "label" and "prob" behind it (of a regression "label" alone).  In a
 * file that has columns of these names the new ones are "predicted_label" and "predicted_prob". The
 * file is held in memory twice.
 *
 * ACF_ERR_DATA names file and line: a bad line (after the rows before it), no such column, another
 * format; ACF_ERR_USAGE: a name where there is no header; ACF_ERR_NUMERIC.
 */
acf_status acf_predict_table(int64_t *n_rows, acf_model *m, const acf_predict_options *opt,
                             acf_error *e) ACF_MUST_USE;

#endif
