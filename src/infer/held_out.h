/*
 * Held-out data for a stored model: which file, which columns, which labels.
 *
 * A model of ours remembers the configuration it was trained with (acf.json), so its dev split is
 * found again, drawn again where dev_fraction or folds drew it: from the very file only, for rows
 * drawn from another would be training rows.  A foreign model needs to be told a task and a file.
 */
#ifndef ACF_INFER_HELD_OUT_H
#define ACF_INFER_HELD_OUT_H

#include "base/str.h"
#include "data/dataset.h"
#include "data/source.h"
#include "model/model.h"

typedef struct acf_held_out_options {
    acf_split_id split;
    const char *data;        /* a file, or a directory with the task's files, to use instead of the
                                run's; NULL: the run's */
    bool ignore_labels;      /* read the rows as unlabelled */
    const char *task;        /* NULL: the run's */
    const char *const *sets; /* "data.KEY=VALUE" */
    size_t n_sets;
    const acf_log *log;
} acf_held_out_options;

/* One file's rows; both NULL where there is none. */
typedef struct acf_held_out_part {
    const acf_split *split; /* in data */
    acf_source *source;
    int n_left_out; /* lines or images, by data.on_bad_line: skip; of drawn rows also those of the
                       file that they are drawn from */
} acf_held_out_part;

typedef struct acf_held_out {
    acf_dataset *data;
    acf_held_out_part part[2]; /* the split, and its second file: MNLI's mismatched one */
    char *task;
    char *metric; /* eval.metric of the run; of a foreign model that of the task */
} acf_held_out;

/* Open the split for m.  When all labels of m are placeholders (LABEL_0 ...) and data.labels is
 * set, or the task has labels of its own, m takes those, by id, saying so.  ACF_ERR_USAGE (with
 * every problem in `problems`) for a wrong --set, data.labels that are not m's among them, a
 * missing task, or labels where the model predicts a number, ACF_ERR_DATA for the data, also when
 * dev is drawn from a training file that has changed since the run; a file of its own that has is
 * told as a warning.  On failure *out is empty. */
acf_status acf_held_out_open(acf_held_out *out, acf_str *problems, acf_model *m,
                             const acf_held_out_options *opt, acf_error *e) ACF_MUST_USE;

/* " (3 left out: malformed lines)", "" when none was: to stand behind a number of rows. */
enum { ACF_LEFT_OUT = 64 };
const char *acf_held_out_left_out(char text[ACF_LEFT_OUT], const acf_held_out_part *part);

void acf_held_out_close(acf_held_out *h);

#endif
