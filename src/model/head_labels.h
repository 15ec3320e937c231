/*
 * The labels that a model directory's classifier answers with (id2label of its config.json), and
 * how they compare with those of data.
 */
#ifndef ACF_MODEL_HEAD_LABELS_H
#define ACF_MODEL_HEAD_LABELS_H

#include "base/status.h"
#include "base/str.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

typedef struct acf_head_label {
    const char *name;
    int id;
} acf_head_label;

/* Zero-initialise; free with acf_head_labels_free. */
typedef struct acf_head_labels {
    char **name;            /* [n] by id */
    int n;                  /* 0: config.json names none */
    acf_head_label *sorted; /* [n] by name */
} acf_head_labels;

/* id2label of config, the file at `path`: ids 0 .. n-1, each once, with different names.
 * ACF_ERR_MODEL. */
acf_status acf_head_labels_read(acf_head_labels *l, const cJSON *config, const char *path,
                                acf_error *e) ACF_MUST_USE;

void acf_head_labels_free(acf_head_labels *l);

/* The id of a name, -1 when there is none. */
int acf_head_labels_find(const acf_head_labels *l, const char *name);

/* Whether these are the K different names of `labels`, in any order. */
bool acf_head_labels_are(const acf_head_labels *l, char *const *labels, int K);

/* Appends how they differ: "3 and 2; 'neutral' only in the model". */
acf_status acf_head_labels_put_difference(acf_str *out, const acf_head_labels *l,
                                          char *const *labels, int K, acf_error *e) ACF_MUST_USE;

/* True when all names are the placeholders LABEL_0, LABEL_1 ... that transformers writes. */
bool acf_labels_are_generic(char *const *labels, int K);

#endif
