/*
 * Terms over pairs of different label embeddings, c_kl = cos(e_k, e_l):
 *
 *     Cor-Reg `label`   mean over k != l of c_kl^2
 *     LER               mean over k != l of exp(1 + c_kl) - 1          (LaCon, label regularizer)
 */
#ifndef ACF_LOSS_LABEL_TERMS_H
#define ACF_LOSS_LABEL_TERMS_H

#include "base/arena.h"
#include "loss/points.h"

#include <stddef.h>

typedef enum acf_label_term { ACF_LABEL_SQUARE, ACF_LABEL_LER } acf_label_term;

/* Arena bytes of acf_label_term_add. */
size_t acf_label_term_bytes(int K);

/* The value; d_u [M, d] += weight d value / d u in the label rows (NULL: value only).  0 for K = 1.
 * The arena is rewound. */
double acf_label_term_add(double *d_u, const acf_points *p, acf_label_term term, double weight,
                          acf_arena *arena);

#endif
