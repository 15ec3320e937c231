/* Files for GLUE's evaluation server: "index<TAB>prediction", one for each test file of a task. */
#ifndef ACF_INFER_SUBMISSION_H
#define ACF_INFER_SUBMISSION_H

#include "base/str.h"
#include "data/dataset.h"
#include "infer/evaluate.h"

/*
 * DIR/NAME, NAME being task->submission (second: task->submission_mm), the directory made where
 * there is none: the header, then every row of the test file numbered from 0, with the name of its
 * label, or the number of a regression cut to the task's range.  A line about it is appended to
 * `told`.
 *
 * ACF_ERR_USAGE: a task without submission, or a model with other labels than the task's;
 * ACF_ERR_DATA: lines of the test file were skipped; ACF_ERR_RESOURCE.
 */
acf_status acf_submission_write(acf_str *told, const char *dir, const acf_task *task, bool second,
                                const acf_evaluation *ev, const acf_split *split,
                                const acf_model *m, acf_head head, acf_error *e) ACF_MUST_USE;

#endif
