/*
 * Label embeddings that begin as the means of their classes.
 *
 *     m_k = mean of h_i over training rows of class k, by the encoder as it is, without dropout
 *     w_k = length (m_k - m) / |m_k - m|,   m the mean of all m_k
 *
 * Centred, because features of a pre-trained encoder share a large common part: uncentred, all
 * label embeddings would point the same way.  length is that of a row as it is drawn, 0.02 sqrt(d),
 * so that cross-entropy begins as usual.  Each label embedding starts at the mean feature of its
 * class, where the loss expects it, as it counts as one more example of that class.  This costs one
 * pass over the rows and adds no parameters (compare imprinted weights, Qi et al. 2018, and
 * prototypes, Snell et al. 2017).  Of a class of more than ACF_LABEL_INIT_ROWS rows that many are
 * taken, spread over all of it: more rows hardly change the mean.
 */
#ifndef ACF_RUN_LABEL_INIT_H
#define ACF_RUN_LABEL_INIT_H

#include "base/poll.h"
#include "data/source.h"
#include "model/model.h"

enum { ACF_LABEL_INIT_ROWS = 2500 };

typedef struct acf_label_init_options {
    int most_rows; /* of a class; 0: ACF_LABEL_INIT_ROWS */
    acf_poll poll;
} acf_label_init_options;

/* Overwrites the rows of W; a class without rows, or at the mean of all, keeps the row it has.
 * *n_rows (may be NULL) is how many training rows were taken.  ACF_ERR_NUMERIC when the features
 * are not finite, ACF_STOPPED, ACF_ERR_RESOURCE; and what reading the source gives.  W is unchanged
 * on failure. */
acf_status acf_label_init_means(int *n_rows, acf_model *m, acf_source *train,
                                const acf_label_init_options *opt, acf_error *e) ACF_MUST_USE;

#endif
