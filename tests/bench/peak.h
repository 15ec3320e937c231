/* What this machine can do at most, measured. */
#ifndef ACF_TESTS_PEAK_H
#define ACF_TESTS_PEAK_H

/* Multiply-adds of `real` that all threads together do in a second when nothing but registers is
 * touched, the best of several attempts, times 2: FLOP/s. */
double peak_flops(void);

#endif
