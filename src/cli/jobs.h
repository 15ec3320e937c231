/* Tasks in processes of their own, several at a time. */
#ifndef ACF_CLI_JOBS_H
#define ACF_CLI_JOBS_H

#include "base/status.h"

/* What a process does; returns its exit code. */
typedef int (*acf_task_run)(void *payload, int task);

/*
 * Run tasks 0 .. n-1, at most n_jobs >= 1 at a time, in order.  A task that fails does not keep the
 * others from running; a request to save (run/signals.h) is passed on to all that run, and so is
 * one to stop, after which no more are started.  code [n]: exit codes, -1 where a task was not
 * started, 128 + signal where one ended a task.  To be called before the process has threads.
 * ACF_ERR_RESOURCE: a process cannot be started.
 */
acf_status acf_jobs_run(int *code, int n, int n_jobs, acf_task_run run, void *payload,
                        acf_error *e) ACF_MUST_USE;

#endif
