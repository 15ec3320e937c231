/*
 * The line of one run that has ended, for results.jsonl:
 *
 *     {"sweep", "variant", "task", "data": "rte", "seed", "fold", "ended": 0, "metric", "head",
 *      "linear": {METRIC: value}, "label": {...}, "best_epoch", "epochs", "steps", "seconds",
 *      "cpu_seconds", "starts", "version", "commit", "started", "cpu", "threads",
 *      "settings": {KEY: value}}
 *
 * fold is there for a run of folds only.  ended is the exit code: 0, or 5 for a run that diverged,
 * which has no figures.  settings are the keys that differ from their defaults and decide the
 * result; of paths the last part is kept, so that a line can be published and compared.
 */
#ifndef ACF_SWEEP_SWEEP_RESULT_H
#define ACF_SWEEP_SWEEP_RESULT_H

#include "run/run_status.h"
#include "sweep/sweep.h"

/* The caller frees *line with acf_free. */
acf_status acf_sweep_line(char **line, const acf_sweep *s, int run, const acf_run_status *status,
                          acf_error *e) ACF_MUST_USE;

/* results.jsonl: the lines of all runs that have ended, and those that it has already of runs that
 * are not chosen this time (--tasks, --variants, --seeds) and whose directories still stand, or of
 * other sweeps.  Under the lock of dir. */
acf_status acf_sweep_write_lines(const acf_sweep *s, acf_error *e) ACF_MUST_USE;

#endif
