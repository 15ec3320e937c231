#include "config/interval.h"

#include <math.h>

static double in_updates(const acf_interval *interval, int64_t per_epoch)
{
    return interval->unit == ACF_UNIT_EPOCHS ? interval->value * (double)per_epoch
                                             : interval->value;
}

/* Whole intervals in `update` updates.  0.07 epochs of 100 updates is 7.000000000000001 in binary:
 * a quotient that is this close below a whole number is meant to be it. */
static double passed(int64_t update, double updates)
{
    return floor((double)update / updates * (1 + 1e-12));
}

int64_t acf_interval_updates(const acf_interval *interval, int64_t per_epoch)
{
    double updates = in_updates(interval, per_epoch);
    if (!(updates > 0)) return 0;
    int64_t rounded = (int64_t)llround(updates);
    return rounded < 1 ? 1 : rounded;
}

bool acf_interval_due(const acf_interval *interval, int64_t update, int64_t per_epoch)
{
    double updates = in_updates(interval, per_epoch);
    if (!(updates > 0) || update < 1) return false;
    return passed(update, updates) > passed(update - 1, updates);
}

int64_t acf_interval_count(const acf_interval *interval, int64_t updates, int64_t per_epoch)
{
    double each = in_updates(interval, per_epoch);
    if (!(each > 0) || updates < 1) return 0;
    double n = passed(updates, each);
    return n < (double)updates ? (int64_t)n : updates; /* several may pass in one update */
}
