/*
 * A task's files as splits of labelled rows: which files, which columns, which labels, which rows.
 *
 * A regression is a data set with one label, which has a placeholder's name, and a target beside it
 * on every labelled row.
 *
 * Everything that is drawn (dev_fraction, folds, max_train_samples, shots) is a pure function of
 * (seed, stream SPLIT) and the file: threads and earlier draws have no part in it.
 */
#ifndef ACF_DATA_DATASET_H
#define ACF_DATA_DATASET_H

#include "base/log.h"
#include "base/status.h"
#include "data/label_set.h"
#include "data/pixels.h"
#include "data/split.h"
#include "data/table.h"
#include "data/tasks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum acf_header { ACF_HEADER_AUTO, ACF_HEADER_YES, ACF_HEADER_NO } acf_header;

typedef enum acf_on_bad { ACF_BAD_ERROR, ACF_BAD_SKIP } acf_on_bad;

/* Strings are borrowed for the call only. */
typedef struct acf_data_options {
    const char *task; /* acf_task name, required */
    const char *dir;  /* holds the task's files, such as train.tsv, dev.tsv and test.tsv, or the
                         same with .gz, or images as image_table.h has them; NULL: only `path` */

    /* Given files; each overrides the one in dir (and then there is no second dev or test).  What
     * is given must exist; of dir's files only train.tsv must. */
    const char *path[ACF_N_SPLITS];

    /* Columns by name or 0-based number ("3"); NULL: the preset's, else "text" (or "sentence") and
     * "label" (images: "path" and "label"); text2 NULL: single texts. */
    const char *text, *text2, *label;

    /* AUTO: the preset's; else line 1 is a header when a column is given by name, or when its label
     * looks like the name of a column (columns.h). */
    acf_header header;

    bool regression; /* the label column holds numbers (the presets know that themselves) */
    const char *const
        *labels; /* [n_labels] order = ids; NULL: the preset's, else sorted by bytes */
    int n_labels;
    bool labels_of_model; /* they are a model's, not the user's: for messages */

    double dev_fraction; /* 0: none; below 1: this part of train becomes dev */
    int folds, fold;     /* folds 0: none; else part `fold` of 1 .. folds of train becomes dev */
    bool every_fold;     /* refuse folds unless each of them leaves two labels to train on */
    uint64_t seed;       /* of everything drawn here */
    int64_t max_train_samples; /* 0: all */
    int shots;                 /* 0: all; else at most this many rows of each class */
    acf_on_bad on_bad;

    /* Bit 1 << acf_split_id: which splits are wanted; 0: all that there are.  Without TRAIN, labels
     * must be known beforehand (`labels` or the preset's): how acf-eval opens one file. */
    unsigned splits;
    bool label_optional; /* a dev file without label column is unlabelled, not an error */
    bool ignore_labels;  /* rows are unlabelled, whatever their label column holds */
} acf_data_options;

acf_data_options acf_data_default(void);

typedef struct acf_dataset {
    const acf_task *task;
    bool pair, regression;
    int K;
    char **labels;           /* [K] names by id */
    acf_label_name *by_name; /* [K] the same sorted by name: acf_label_find */
    acf_split split[ACF_N_SPLITS];
    acf_table table[ACF_N_SPLITS];   /* what the splits' texts point into */
    acf_pixels pixels[ACF_N_SPLITS]; /* and their arrays of images */
    char *base[ACF_N_SPLITS];        /* and where their paths start */
} acf_dataset;

/*
 * Read and check.  *out is the caller's (acf_data_close), NULL on failure.  ACF_ERR_DATA names the
 * file and, where there is one, the line; ACF_ERR_USAGE for options that exclude each other;
 * ACF_ERR_RESOURCE.
 *
 * Drawing, always class by class, rows of a class in an order shuffled by (seed, SPLIT), the result
 * in file order: a total of m rows is shared out in proportion to the classes' sizes by the method
 * of largest remainders (ties: the lower class id).  First dev_fraction (m = f n rounded; no class
 * loses its last training row) or one of the folds (draw.h), then max_train_samples or shots from
 * what is left.
 */
acf_status acf_data_open(acf_dataset **out, const acf_data_options *opt, const acf_log *log,
                         acf_error *e) ACF_MUST_USE;
void acf_data_close(acf_dataset **d);

/* Are the files there that acf_data_open would read, and can they be opened?  Reads none.  Fails as
 * acf_data_open, naming the first that is not. */
acf_status acf_data_find(const acf_data_options *opt, acf_error *e) ACF_MUST_USE;

#endif
