/* Figures of a feature space from all rows at once. */
#ifndef ACF_TESTS_SUPPORT_SPACE_FIGURES_H
#define ACF_TESTS_SUPPORT_SPACE_FIGURES_H

#include "metrics/space.h"

/* gold, linear, label [n]: ids in 0 .. K-1 of the labels and of both heads' predictions;
 * features [n, d]; W [K, d].  Fails as acf_space_open and acf_space_add do. */
acf_status space_figures(acf_space *s, const int32_t *gold, const int32_t *linear,
                         const int32_t *label, const real *features, const real *W, size_t n, int d,
                         int K, acf_error *e) ACF_MUST_USE;

#endif
