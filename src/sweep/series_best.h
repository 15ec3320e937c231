/* Which run of a series its directory stands for where a model is wanted: that of the best link. */
#ifndef ACF_SWEEP_SERIES_BEST_H
#define ACF_SWEEP_SERIES_BEST_H

#include "base/status.h"

typedef struct acf_series_best {
    char name[32]; /* "seed-4"; "": dir is no series that has finished */
    int n;         /* the best of so many runs */
} acf_series_best;

/* As summary.json tells (sweep/series.h); ACF_ERR_MODEL when that is malformed. */
acf_status acf_series_best_read(acf_series_best *best, const char *dir, acf_error *e) ACF_MUST_USE;

#endif
