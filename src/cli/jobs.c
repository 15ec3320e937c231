#include "cli/jobs.h"

#include "base/mem.h"
#include "run/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static acf_status start(pid_t *pid, int task, acf_task_run run, void *payload, acf_error *e)
{
    *pid = fork();
    if (*pid < 0)
        return acf_fail(e, ACF_ERR_RESOURCE, "cannot start a process: %s", strerror(errno));
    if (*pid > 0) return ACF_OK;
    int code = run(payload, task);
    (void)fflush(stderr);
    _exit(code); /* standard output is the parent's */
}

/* Collect the processes that have ended; returns how many still run. */
static int collect(int *code, const pid_t *pid, int n)
{
    int running = 0;
    for (int i = 0; i < n; i++) {
        int status;
        if (pid[i] <= 0 || code[i] >= 0) continue;
        if (waitpid(pid[i], &status, WNOHANG) == pid[i])
            code[i] = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        else
            running++;
    }
    return running;
}

/* Pass a signal on to the processes that still run. */
static void pass_on(const int *code, const pid_t *pid, int n, int number)
{
    for (int i = 0; i < n; i++)
        if (code[i] < 0) (void)kill(pid[i], number);
}

acf_status acf_jobs_run(int *code, int n, int n_jobs, acf_task_run run, void *payload, acf_error *e)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    struct sigaction action = {0};
    acf_status st = ACF_OK;
    bool is_stopped = false;
    int started = 0;
    pid_t *pid = acf_alloc((size_t)n, sizeof *pid, "processes", e);
    if (pid == NULL) return ACF_ERR_RESOURCE;
    for (int i = 0; i < n; i++)
        code[i] = -1;
    /* Where SIGCHLD is ignored, which a parent may have left behind, nobody learns how a child
     * ended. */
    action.sa_handler = SIG_DFL;
    (void)sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        int running = collect(code, pid, n);
        if (!is_stopped && (st != ACF_OK || acf_signals_stop(NULL))) {
            is_stopped = true;
            pass_on(code, pid, started, SIGTERM);
        }
        if (acf_signals_take_save()) pass_on(code, pid, started, SIGUSR1);
        if (running == 0 && (is_stopped || started == n)) break;
        if (!is_stopped && running < n_jobs && started < n) {
            st = start(&pid[started], started, run, payload, e);
            if (st == ACF_OK) started++;
        } else {
            (void)nanosleep(&pause, NULL);
        }
    }
    acf_free(pid);
    return st;
}
