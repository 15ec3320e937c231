/* Optimizers and schedules against tests/golden/optim.json (scripts/golden_optim.py), for the float
 * and the double build. */
#ifndef ACF_TESTS_GOLDEN_OPTIM_H
#define ACF_TESTS_GOLDEN_OPTIM_H

/* cmocka assertions; tol is absolute, for values of size 1. */
void check_golden_optimizers(double tol);
void check_golden_schedules(void);

#endif
