/* Tasks in processes of their own, several at a time. */
#ifndef ACF_CLI_JOBS_H
#define ACF_CLI_JOBS_H

#include "base/status.h"

typedef struct acf_jobs {
    int n;      /* tasks 0 .. n-1 */
    int n_jobs; /* at most so many at a time, >= 1 */

    /* What the process of a task does; returns its exit code. */
    int (*run)(void *payload, int task);

    /* In the parent: the task to start next, none that was given before; -1: no further one is to
     * be started.  NULL: in order. */
    int (*next)(void *payload);

    /* In the parent, after a task has ended: its exit code, 128 + signal where one ended it.
     * Failing, it stops all others. */
    acf_status (*ended)(void *payload, int task, int code, acf_error *e);
    void *payload;
} acf_jobs;

/*
 * Run the tasks.  One that fails does not keep the others from running; a request to save
 * (run/signals.h) is passed on to all that run, and so is one to stop, after which no more are
 * started; the end of this process asks them, too.  To be called before the process has threads.
 * ACF_ERR_RESOURCE: a process cannot be started.
 */
acf_status acf_jobs_run(const acf_jobs *jobs, acf_error *e) ACF_MUST_USE;

#endif
