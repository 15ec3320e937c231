/*
 * Rows that come twice: within training, and between training and dev.
 *
 * Rows are the same when their texts are, byte for byte (both texts of a pair, in this order):
 * nothing is normalized.  Labels take no part in that; where the label (the score of a regression)
 * differs from that of the first training row with the text, the rows contradict each other.
 */
#ifndef ACF_DATA_OVERLAP_H
#define ACF_DATA_OVERLAP_H

#include "base/status.h"
#include "data/split.h"

typedef struct acf_overlap {
    int n;       /* rows whose text an earlier training row has */
    int n_other; /* those of them with another label than the first such row */
} acf_overlap;

/* In *within the rows of `train` that repeat an earlier one; in out[i] the rows of other[i], i
 * below n_other, that repeat one of train.  Unlabelled rows have no other label.  ACF_ERR_RESOURCE.
 */
acf_status acf_overlap_count(acf_overlap *within, acf_overlap *out, const acf_split *train,
                             const acf_split *const *other, int n_other, acf_error *e) ACF_MUST_USE;

#endif
