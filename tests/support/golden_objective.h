/*
 * Golden vectors of the objective (float64, agreed by independent implementations), checked in the
 * float and in the double build.  Each function is a set of cmocka assertions at absolute tolerance
 * tol.
 */
#ifndef ACF_TESTS_GOLDEN_OBJECTIVE_H
#define ACF_TESTS_GOLDEN_OBJECTIVE_H

#include "loss/objective.h"

/* Four instances of width 3 in two of three classes, three label embeddings, zero bias. */
enum { GOLDEN_N = 4, GOLDEN_K = 3, GOLDEN_D = 3 };
extern const real golden_h[GOLDEN_N * GOLDEN_D];
extern const real golden_w[GOLDEN_K * GOLDEN_D];
extern const real golden_b[GOLDEN_K];
extern const int32_t golden_y[GOLDEN_N];

/* Room for the results of one evaluation of any small batch. */
enum { EVAL_MAX = 4096 };
typedef struct eval {
    acf_loss loss;
    real logits[EVAL_MAX], d_h[EVAL_MAX], d_W[EVAL_MAX], d_b[EVAL_MAX];
} eval;

/* acf_objective_evaluate after acf_objective_check, gradients from 0; asserts that both are fine.
 */
void evaluate(eval *out, const real *h, const real *keep, const int32_t *y, const real *W,
              const real *b, int N, int K, int d, const acf_objective *o);

/* x [n] standard normal, another set for each step. */
void fill_objective(real *x, size_t n, uint64_t step);

bool all_finite(const real *x, size_t n);
bool all_zero(const real *x, size_t n);

/* Loss, parts, excess (also >= 0) and gradients. */
void assert_finite(const eval *r, int N, int K, int d);

/* Only the contrastive term (weight 1) of a type, nothing else. */
acf_objective only_contrast(acf_loss_type type, acf_form form, double tau);

void check_golden_values(double tol);
void check_golden_per_anchor(double tol);
void check_golden_gradient(double tol);
void check_golden_cor(double tol);
void check_golden_label_terms(double tol);

#endif
