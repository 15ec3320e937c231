/* acf-train --sweep: the runs of a sweep, several at a time in processes of their own. */
#ifndef ACF_CLI_TRAIN_SWEEP_H
#define ACF_CLI_TRAIN_SWEEP_H

#include "base/str.h"
#include "cli/console.h"
#include "sweep/sweep.h"

/*
 * Do all runs that have not ended and give the table in Markdown; one line of progress on the
 * console for each run.  opt: command, dry_run (the list of runs instead) and max_time_s, for all
 * runs together.  What is wrong with the files is told on standard error, line by line, with
 * ACF_ERR_USAGE.  ACF_STOPPED when runs are left that were stopped, not begun or belong to another
 * process; else the status of the first run that failed, last of all ACF_ERR_NUMERIC for runs that
 * diverged.
 */
acf_status acf_train_sweep(acf_str *text, acf_console *console, const char *path,
                           const acf_sweep_options *sweep, const acf_train_options *opt,
                           acf_error *e) ACF_MUST_USE;

#endif
