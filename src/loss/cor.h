/*
 * Correlation regularization against anisotropic features (Zhang et al., NAACL 2022, arXiv
 * 2205.07208), by the N x N Gram matrix instead of the d x d correlation matrix.
 *
 * feature  |Sigma - I|_F, Sigma the Pearson correlation of the feature columns over the batch:
 *          with Xhat [N, d] the centred columns of length 1,
 *              |Sigma - I|_F^2 = |Xhat Xhat^T|_F^2 - (columns kept);
 *          a column is left out as constant when |x_j - mean| <= 1e-6 |x_j|.
 * within   the same on residuals from the class means.
 * label    mean squared cosine between different label embeddings (loss/label_terms.h).
 */
#ifndef ACF_LOSS_COR_H
#define ACF_LOSS_COR_H

#include "base/arena.h"
#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum acf_cor { ACF_COR_NONE, ACF_COR_FEATURE, ACF_COR_WITHIN, ACF_COR_LABEL } acf_cor;
enum { ACF_N_CORS = ACF_COR_LABEL + 1 };

/* Arena bytes of acf_cor_term. */
size_t acf_cor_bytes(int N, int K, int d);

/*
 * Value of `feature` (within = false) or `within`, into *value; d_h [N, d] += weight d value / d h
 * (NULL: value only).  h [N, d]; y [N] in 0 .. K-1 is read by `within` only.
 * False, value 0 and no gradient, when the batch is too small: N < 3, or within and N - (classes
 * present) < 2.  A square of at most 1e-10 (columns kept) counts as 0, with gradient 0.
 * The arena is rewound.
 */
bool acf_cor_term(double *value, double *d_h, const real *h, const int32_t *y, bool within, int N,
                  int K, int d, double weight, acf_arena *arena);

#endif
