/* Predictions of an evaluated split as a TSV file, one row a line of the split, in its order. */
#ifndef ACF_INFER_PREDICTIONS_H
#define ACF_INFER_PREDICTIONS_H

#include "data/dataset.h"
#include "infer/evaluate.h"

/* Header and rows: index, gold, pred, prob, correct, text [, text2] or image (its path as
 * the split has it, or its number in the array), linear_pred, label_pred; labels by name, gold and
 * correct empty without a label; a TAB, CR or LF inside a cell is written as a blank.  pred is the
 * answer of `head`, the last two columns are those of both heads, so that either can be compared
 * afterwards.  With only_wrong, the rows whose prediction is wrong, most confident first.  Of a
 * regression gold and pred are numbers, prob and correct are empty, the last two columns are not
 * there, and with only_wrong all labelled rows come, the largest error first.  Read again by
 * compare/answers.h.  ACF_ERR_RESOURCE. */
acf_status acf_predictions_write(const char *path, const acf_evaluation *ev, const acf_split *split,
                                 const acf_model *m, acf_head head, bool only_wrong,
                                 acf_error *e) ACF_MUST_USE;

#endif
