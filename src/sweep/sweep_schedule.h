/*
 * In which order a sweep's runs are done, and how long the rest will take, by the times of those
 * that have ended.
 */
#ifndef ACF_SWEEP_SWEEP_SCHEDULE_H
#define ACF_SWEEP_SWEEP_SCHEDULE_H

#include "sweep/sweep.h"

/* The run of ours that is to begin next, -1 when all open ones have begun.  The first seeds of all
 * cells come first, so that what is there can be compared; of these the tasks that nothing is known
 * of, then those that take longest; then the sweep's order. */
int acf_sweep_next(const acf_sweep *s);

/* Seconds from now_s (acf_clock_s) until our open runs will have ended, n_jobs at a time: their sum
 * in equal shares, but no less than the longest.  A run takes as long as the mean of its task,
 * where none of it has ended as that of all; what it has spent already counts.  -1: no run has
 * ended. */
double acf_sweep_time_left(const acf_sweep *s, int n_jobs, double now_s);

#endif
