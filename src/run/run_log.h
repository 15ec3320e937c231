/*
 * What a run writes down as it goes: train.log (lines for people), metrics.jsonl (one event a line)
 * and metrics.csv (the same events as a table).
 *
 * A resumed run first drops the events after the checkpoint that it goes on from, so that the files
 * end as those of a run that was never interrupted (times aside).
 */
#ifndef ACF_RUN_RUN_LOG_H
#define ACF_RUN_RUN_LOG_H

#include "base/log.h"
#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdint.h>

typedef struct acf_run_log acf_run_log;

/* Open the three files in run_dir, dropping events of steps after last_step (-1: all of them) and
 * "eval" events of steps after last_eval (a run that was stopped before the evaluation of its last
 * step does it again).  ACF_ERR_RESOURCE; *out is NULL on failure. */
acf_status acf_run_log_open(acf_run_log **out, const char *run_dir, int64_t last_step,
                            int64_t last_eval, acf_error *e) ACF_MUST_USE;

/* Append an event, an object with "event" and "step" first. */
acf_status acf_run_log_event(acf_run_log *log, const cJSON *event, acf_error *e) ACF_MUST_USE;

/* Append a line with the time in front to train.log; failing to is not worth a run. */
void acf_run_log_line(acf_run_log *log, acf_log_level level, const char *line);

/* All that was written is on the disk. */
acf_status acf_run_log_sync(acf_run_log *log, acf_error *e) ACF_MUST_USE;

void acf_run_log_close(acf_run_log **log);

#endif
