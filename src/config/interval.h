/* "every 50 steps", "every 0.5 epochs" in numbers of updates. */
#ifndef ACF_CONFIG_INTERVAL_H
#define ACF_CONFIG_INTERVAL_H

#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

/* The interval in updates, rounded, at least 1 (0 for an interval of 0). */
int64_t acf_interval_updates(const acf_interval *interval, int64_t per_epoch);

/* Is something that happens every `interval` due after `update` updates?  Exact for fractions of
 * epochs: true when update / interval passes a whole number.  A null interval is never due. */
bool acf_interval_due(const acf_interval *interval, int64_t update, int64_t per_epoch);

/* After how many of the first `updates` updates it is due. */
int64_t acf_interval_count(const acf_interval *interval, int64_t updates, int64_t per_epoch);

#endif
