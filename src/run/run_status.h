/*
 * status.json of a run directory: how its last start ended, and what all starts took together.
 *
 *     {"ended": 0, "step": 290, "epochs": 10, "starts": 2, "seconds": 84.1, "cpu_seconds": 160.2}
 *
 * ended is the exit code of acf-train, null while a process works on the run or after one that was
 * killed, whose time is then missing from the sums.  It is set to null before the directory's
 * config.yaml may change, so that ended = 0 is about the configuration that stands there.
 */
#ifndef ACF_RUN_RUN_STATUS_H
#define ACF_RUN_RUN_STATUS_H

#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

enum { ACF_RUN_OPEN = -1 }; /* null, or no file */

typedef struct acf_run_status {
    int ended;    /* exit code or ACF_RUN_OPEN */
    int64_t step; /* updates done */
    double epochs;
    int starts;
    double seconds, cpu_seconds;
} acf_run_status;

/* Without the file, or with one that is not ours, all is 0 and ended ACF_RUN_OPEN.
 * ACF_ERR_RESOURCE: memory. */
acf_status acf_run_status_read(acf_run_status *out, const char *run_dir, acf_error *e) ACF_MUST_USE;

acf_status acf_run_status_write(const acf_run_status *s, const char *run_dir,
                                acf_error *e) ACF_MUST_USE;

/* All keys in which cfg differs from the configuration kept in cfg->save.dir.  Places of data are
 * left out when the run there, or one of the series, knows the content of its data
 * (acf_data_record_is_kept): it goes on with them wherever they lie, and with no others.  *list is
 * the caller's (acf_free).  Fails as acf_config_load; *list is NULL then. */
acf_status acf_run_differences(acf_difference **list, size_t *n, const acf_config *cfg,
                               acf_error *e) ACF_MUST_USE;

/* The first of them that decides what a run does: all but save.*, log.*, train.threads, data.cache,
 * and the place of an encoder.  d->key is NULL when there is none.  Fails as acf_config_load. */
acf_status acf_run_difference(acf_difference *d, const acf_config *cfg, acf_error *e) ACF_MUST_USE;

/* acf_run_status_read of cfg->save.dir, with ended ACF_RUN_OPEN also when there is such a
 * difference. */
acf_status acf_run_status_of(acf_run_status *out, const acf_config *cfg, acf_error *e) ACF_MUST_USE;

/* Can a run of cfg go on from what lies in cfg->save.dir?  ACF_ERR_USAGE when the run there has
 * ended without leaving a checkpoint, and cfg asks for more than it did. */
acf_status acf_run_check_left(const acf_config *cfg, acf_error *e) ACF_MUST_USE;

#endif
