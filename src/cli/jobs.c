#include "cli/jobs.h"

#include "base/mem.h"
#include "run/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One call of acf_jobs_run. */
typedef struct processes {
    const acf_jobs *jobs;
    pid_t *pid; /* [n] of a task that was started and has not ended; else 0 */
    int n_running;
    int n_started;
} processes;

static acf_status start(processes *p, int task, acf_error *e)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return acf_fail(e, ACF_ERR_RESOURCE, "cannot start a process: %s", strerror(errno));
    if (pid == 0) {
        /* Who is left alone saves and stops, too. */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) (void)raise(SIGTERM);
        int code = p->jobs->run(p->jobs->payload, task);
        (void)fflush(stderr);
        _exit(code); /* standard output is the parent's */
    }
    p->pid[task] = pid;
    p->n_running++;
    p->n_started++;
    return ACF_OK;
}

/* Collect the processes that have ended. */
static acf_status collect(processes *p, acf_error *e)
{
    const acf_jobs *jobs = p->jobs;
    for (int i = 0; i < jobs->n; i++) {
        int status;
        if (p->pid[i] <= 0 || waitpid(p->pid[i], &status, WNOHANG) != p->pid[i]) continue;
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        p->pid[i] = 0;
        p->n_running--;
        ACF_TRY(jobs->ended(jobs->payload, i, code, e));
    }
    return ACF_OK;
}

/* Pass a signal on to the processes that still run. */
static void pass_on(const processes *p, int number)
{
    for (int i = 0; i < p->jobs->n; i++)
        if (p->pid[i] > 0) (void)kill(p->pid[i], number);
}

static int next_task(const processes *p)
{
    if (p->n_started == p->jobs->n) return -1;
    return p->jobs->next != NULL ? p->jobs->next(p->jobs->payload) : p->n_started;
}

static acf_status loop(processes *p, acf_error *e)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    acf_status st = ACF_OK;
    bool is_stopped = false, is_over = false;
    for (;;) {
        acf_status got = collect(p, st == ACF_OK ? e : NULL);
        if (st == ACF_OK) st = got;
        if (!is_stopped && (st != ACF_OK || acf_signals_stop(NULL))) {
            is_stopped = is_over = true;
            pass_on(p, SIGTERM);
        }
        if (acf_signals_take_save()) pass_on(p, SIGUSR1);
        if (p->n_running == 0 && is_over) return st;
        int task = is_over || p->n_running == p->jobs->n_jobs ? -1 : next_task(p);
        if (task >= 0)
            st = start(p, task, e);
        else if (!is_over && p->n_running < p->jobs->n_jobs)
            is_over = true;
        else
            (void)nanosleep(&pause, NULL);
    }
}

acf_status acf_jobs_run(const acf_jobs *jobs, acf_error *e)
{
    struct sigaction action = {0};
    processes p = {.jobs = jobs};
    p.pid = acf_alloc((size_t)jobs->n, sizeof *p.pid, "processes", e);
    if (p.pid == NULL) return ACF_ERR_RESOURCE;
    /* Where SIGCHLD is ignored, which a parent may have left behind, nobody learns how a child
     * ended. */
    action.sa_handler = SIG_DFL;
    (void)sigaction(SIGCHLD, &action, NULL);
    acf_status st = loop(&p, e);
    acf_free(p.pid);
    return st;
}
