/*
 * What the tasks that have names look like on disk: the GLUE presets and `text`, sets of images and
 * `image`.  Whatever else asks what a task is asks this table.
 *
 * Columns and headers are those of the files as GLUE publishes them (gluebenchmark.com), names of
 * labels in the order in which Hugging Face's GLUE numbers them.  Labels map by name, never by
 * number: a submission holds the label's name.
 */
#ifndef ACF_DATA_TASKS_H
#define ACF_DATA_TASKS_H

#include "data/split.h"

#include <stdbool.h>

enum { ACF_COLUMN_NONE = -1, ACF_COLUMN_LAST = -2, ACF_TASK_METRICS = 4 };

/* One column of a preset: its 0-based place and the name it must have in the header. */
typedef struct acf_task_column {
    int at;           /* ACF_COLUMN_NONE: there is none; ACF_COLUMN_LAST */
    const char *name; /* NULL: the file has no header */
} acf_task_column;

typedef struct acf_task_file {
    bool header;
    acf_task_column text, text2, label;
} acf_task_file;

typedef struct acf_task {
    const char *name;               /* "sst2", as in the config */
    bool preset;                    /* false: columns and labels come from the config (`text`) */
    bool pair;                      /* two texts (presets) */
    bool image;                     /* train and test say nothing then (image_table.h) */
    acf_task_file train;            /* train.tsv and dev.tsv */
    acf_task_file test;             /* test.tsv, unlabelled */
    const char *file[ACF_N_SPLITS]; /* in data.dir; NULL: train.tsv, dev.tsv, test.tsv, no second */
    const char *const *labels;      /* [K], NULL without preset and for a regression */
    int K;
    bool regression;
    double low, high;        /* of a regression's scores */
    const char *answered_by; /* no training data: a model of this task answers; else NULL */
    /* Names as in eval.metric, the default first, NULL after the last. */
    const char *metric[ACF_TASK_METRICS];
    /* Files of a GLUE submission, for test and for its second part: "index\tprediction". */
    const char *submission, *submission_mm;
} acf_task;

/* NULL when there is no task of this name. */
const acf_task *acf_task_find(const char *name);

/* CIFAR-100's labels by data.columns.label (may be NULL): its twenty superclasses for "coarse" and
 * "coarse_label", as Hugging Face's data set calls them, its classes for "fine" and "fine_label".
 */
typedef enum acf_cifar_column {
    ACF_COLUMN_FINE,
    ACF_COLUMN_COARSE,
    ACF_COLUMN_OTHER
} acf_cifar_column;
acf_cifar_column acf_task_cifar_column(const char *column);

/* Label names of a preset, *K of them; NULL without preset.  `column` decides CIFAR-100's. */
const char *const *acf_task_labels(int *K, const acf_task *task, const char *column);

/* The i-th task, NULL after the last. */
const acf_task *acf_task_at(int i);

#endif
