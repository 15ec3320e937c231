/*
 * Learning-rate schedules, as factors of the base rate, for updates numbered from 0.
 *
 * While update < warmup every kind gives update / warmup (so that the first update has rate 0), as
 * transformers' get_*_schedule_with_warmup; after it
 *
 *     constant   1
 *     linear     (total - update) / (total - warmup), at least 0
 *     cosine     (1 + cos(pi (update - warmup) / (total - warmup))) / 2
 *     step       gamma^n, n the milestones <= update           torch MultiStepLR
 *                or, without milestones, update / every        torch StepLR
 */
#ifndef ACF_OPTIM_SCHEDULE_H
#define ACF_OPTIM_SCHEDULE_H

#include "base/status.h"

#include <stdint.h>

typedef enum acf_schedule_type {
    ACF_SCHEDULE_LINEAR,
    ACF_SCHEDULE_COSINE,
    ACF_SCHEDULE_CONSTANT,
    ACF_SCHEDULE_STEP
} acf_schedule_type;

typedef struct acf_schedule {
    acf_schedule_type type;
    int64_t warmup;           /* updates */
    const int64_t *milestone; /* step: [n_milestones] update numbers, rising; borrowed */
    int n_milestones;
    int64_t every; /* step without milestones: updates between drops, >= 1 */
    double gamma;  /* step: factor of a drop */
} acf_schedule;

/* Factor of the learning rate for `update` in 0 .. total - 1. */
double acf_schedule_factor(const acf_schedule *s, int64_t update, int64_t total);

#endif
