/* The two ways to predict from features and label embeddings. */
#ifndef ACF_LOSS_HEAD_H
#define ACF_LOSS_HEAD_H

#include "num/real.h"

#include <stdbool.h>

typedef enum acf_head {
    ACF_HEAD_LINEAR, /* argmax W h + b */
    ACF_HEAD_LABEL   /* argmax cosine to the label embeddings, the rows of W */
} acf_head;

/* "linear", "label"; parse leaves *out alone and returns false for anything else. */
const char *acf_head_name(acf_head head);
bool acf_head_parse(acf_head *out, const char *name);

/* cos[i, k] = h_i . w_k / (|h_i| |w_k|), 0 where a norm is <= 1e-12; sums in double, same bits for
 * any number of threads.  cos [N, K], h [N, d], W [K, d]. */
void acf_label_cosines(real *cos, const real *h, const real *W, int N, int K, int d);

#endif
