/*
 * New classes for a trained model from a few examples, without training: the normalized mean of
 * their features becomes a label embedding.
 *
 *     w_new = r m / |m|,   m = mean of h over the examples,   r = mean norm of the rows of W
 *     b_new = mean of b
 *
 * Afterwards the label head answers (acf.json: head "label"): cosines to a class mean mean what
 * they meant before, while W h + b was never weighed against the new row.
 */
#ifndef ACF_INFER_ADD_CLASS_H
#define ACF_INFER_ADD_CLASS_H

#include "base/str.h"
#include "infer/held_out.h"
#include "model/model.h"

typedef struct acf_new_class {
    char *name;       /* acf_free */
    const char *file; /* points into the argument */
} acf_new_class;

/* "NAME=FILE", split at the first '='.  ACF_ERR_USAGE. */
acf_status acf_new_class_parse(acf_new_class *c, const char *text, acf_error *e) ACF_MUST_USE;

/* Add n classes, in order, to m, and tell about each in *out.  Files are read as acf-eval --data
 * reads them, with the options given here but without looking at labels.  ACF_ERR_USAGE: a name
 * that m has, or what is in `problems`, as of acf_held_out_open; ACF_ERR_DATA: the files;
 * ACF_ERR_NUMERIC: a mean of zero.  After a failure m is
 * good for acf_model_free only.
 */
acf_status acf_model_add_classes(acf_model *m, const acf_new_class *classes, size_t n,
                                 const acf_held_out_options *opt, acf_str *out, acf_str *problems,
                                 acf_error *e) ACF_MUST_USE;

/* Can a model be written to dir?  ACF_ERR_USAGE when something is there already, ACF_ERR_RESOURCE
 * when nothing may be written there. */
acf_status acf_model_export_check(const char *dir, acf_error *e) ACF_MUST_USE;

/* Write m as a model directory of its own, which must not be there yet; the bytes are on the disk
 * and summed as those of a checkpoint. */
acf_status acf_model_export(const acf_model *m, const char *dir, acf_error *e) ACF_MUST_USE;

#endif
