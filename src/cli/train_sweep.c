#include "cli/train_sweep.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/jobs.h"
#include "input/token_share.h"
#include "num/threads.h"
#include "run/signals.h"
#include "sweep/sweep_inputs.h"
#include "sweep/sweep_schedule.h"
#include "sweep/sweep_table.h"

#include <stdio.h>
#include <time.h>

/* How a run's process says that another works on the run: no exit code of a status. */
enum { BUSY = 76 };

/* The lock is tried every 50 ms for a minute. */
enum { LOCK_WAIT_MS = 50, LOCK_TRIES = 60 * 1000 / LOCK_WAIT_MS };

typedef struct work {
    acf_sweep *s;
    acf_console *console;
    const acf_train_options *opt;
    int n_jobs;
    double begin_s;
    acf_token_share **tokens; /* [n_tasks] of runs that are left; NULL: none */
    bool *has_tried;          /* [n_tasks] to make tokens */
    int *code;                /* [n_runs] of those that have ended */
    int n_todo, n_done;
} work;

/* The lock of the sweep's directory, which nobody holds for long: waited for even when the sweep is
 * to stop, for others may be told to at the same moment. */
static acf_status take_lock(acf_lock **lock, const char *dir, acf_error *e)
{
    const struct timespec pause = {.tv_nsec = LOCK_WAIT_MS * 1000000L};
    acf_status st = acf_lock_take(lock, dir, e);
    for (int i = 0; i < LOCK_TRIES && st == ACF_ERR_BUSY; i++) {
        (void)nanosleep(&pause, NULL);
        st = acf_lock_take(lock, dir, e);
    }
    return st;
}

static double time_left(const work *w)
{
    return w->opt->max_time_s > 0 ? w->opt->max_time_s - (acf_clock_s() - w->begin_s) : 1;
}

static bool is_over(void *payload)
{
    return acf_signals_stop(NULL) || !(time_left(payload) > 0);
}

static int count_open(const acf_sweep *s, int task)
{
    int n = 0;
    for (int i = 0; i < s->n_runs; i++)
        n += s->run[i].is_ours && s->run[i].state == ACF_SWEEP_OPEN &&
             s->cell[s->run[i].cell].task == task;
    return n;
}

/* Before the first run of a task: tokenize once what all its runs read, on one thread, for others
 * do not survive a fork.  Without memory for it each run tokenizes for itself. */
static void share_tokens(work *w, int run)
{
    int task = w->s->cell[w->s->run[run].cell].task, n_left = count_open(w->s, task);
    if (w->has_tried[task] || n_left < 2) return;
    w->has_tried[task] = true;
    acf_threads_set(1);
    acf_status st = acf_token_share_open(&w->tokens[task], acf_sweep_config(w->s, run), n_left,
                                         (acf_poll){is_over, w}, NULL, NULL);
    (void)st;
}

/* One run in a process of its own.  Its lines go to its train.log. */
static int run_job(void *payload, int i)
{
    const work *w = payload;
    const acf_sweep_run *r = &w->s->run[i];
    const acf_sweep_cell *c = &w->s->cell[r->cell];
    char name[ACF_SWEEP_RUN_NAME];
    acf_error e = {0};
    acf_str summary = {0};
    acf_train_options opt = {.mode = ACF_RUN_RESUME,
                             .command = w->opt->command,
                             .commit = w->opt->commit,
                             .max_time_s = w->opt->max_time_s > 0 ? time_left(w) : 0};
    const acf_token_share *tokens = w->tokens[c->task];
    if (tokens != NULL && acf_token_share_fits(tokens, acf_sweep_config(w->s, i)))
        opt.tokens = tokens;
    (void)snprintf(name, sizeof name, "%s/%s", w->s->file.variant[c->variant].name,
                   w->s->file.task[c->task].name); /* the series says which run */
    if (w->opt->max_time_s > 0 && !(opt.max_time_s > 0)) return acf_exit_code(ACF_STOPPED);
    acf_status st = acf_series_train(&summary, &c->series, r->index, &opt, &e);
    if (st == ACF_ERR_BUSY) return BUSY;
    if (st != ACF_OK && st != ACF_STOPPED) {
        acf_console console = {.name = name};
        acf_console_error(&console, &e);
    }
    acf_str_free(&summary);
    return acf_exit_code(st);
}

static int next_run(void *payload)
{
    work *w = payload;
    int run = time_left(w) > 0 ? acf_sweep_next(w->s) : -1;
    if (run < 0) return run;
    share_tokens(w, run);
    w->s->run[run].begun_s = acf_clock_s();
    return run;
}

/* ", eta 1h 02m"; empty when nothing is known. */
static void tell_eta(char text[48], const work *w)
{
    char duration[32];
    double left = acf_sweep_time_left(w->s, w->n_jobs, acf_clock_s());
    text[0] = '\0';
    if (w->n_done == w->n_todo || left < 0) return;
    acf_clock_duration(duration, left);
    (void)snprintf(text, 48, ", eta %s", duration);
}

/* "accuracy linear 0.6354, label 0.6210". */
static void tell_figures(char text[120], const acf_sweep *s, int run)
{
    const acf_sweep_run *r = &s->run[run];
    const char *metric = acf_sweep_config(s, run)->eval.metric;
    int at = snprintf(text, 120, "%s", r->results != NULL ? metric : "no figures");
    for (int h = ACF_HEAD_LINEAR; h <= ACF_HEAD_LABEL; h++) {
        const char *name = acf_head_name((acf_head)h);
        const cJSON *head = cJSON_GetObjectItemCaseSensitive(r->results, name);
        const cJSON *v = cJSON_GetObjectItemCaseSensitive(head, metric);
        if (cJSON_IsNumber(v) && at > 0 && at < 120)
            at += snprintf(text + at, 120 - (size_t)at, "%s %s %.4f", h > 0 ? "," : "", name,
                           v->valuedouble);
    }
}

static void tell_run(const work *w, int i, int code)
{
    const acf_sweep_run *r = &w->s->run[i];
    char name[ACF_SWEEP_RUN_NAME], figures[120], duration[32], eta[48];
    acf_sweep_run_name(name, w->s, i);
    acf_clock_duration(duration, acf_clock_s() - r->begun_s);
    tell_eta(eta, w);
    if (r->state == ACF_SWEEP_FINISHED)
        tell_figures(figures, w->s, i);
    else if (r->state == ACF_SWEEP_DIVERGED)
        (void)snprintf(figures, sizeof figures, "diverged");
    else if (r->state == ACF_SWEEP_BUSY)
        (void)snprintf(figures, sizeof figures, "another process works on it");
    else if (code == acf_exit_code(ACF_STOPPED))
        (void)snprintf(figures, sizeof figures, "stopped, saved");
    else if (code > 128)
        (void)snprintf(figures, sizeof figures, "ended by signal %d", code - 128);
    else
        (void)snprintf(figures, sizeof figures, "failed with exit code %d", code);
    acf_console_say(w->console, "[%d/%d] %s: %s  (%s%s)", w->n_done, w->n_todo, name, figures,
                    duration, eta);
}

static acf_status look_at_all(acf_sweep *s, acf_error *e)
{
    for (int i = 0; i < s->n_runs; i++)
        ACF_TRY(acf_sweep_look(s, i, e));
    return ACF_OK;
}

/* Figures and files after a run has ended. */
static acf_status run_ended(void *payload, int i, int code, acf_error *e)
{
    work *w = payload;
    acf_lock *lock;
    acf_sweep_run *r = &w->s->run[i];
    ACF_TRY(take_lock(&lock, w->s->dir, e));
    acf_status st = look_at_all(w->s, e); /* what is written now others have not seen */
    if (r->state == ACF_SWEEP_OPEN && code == BUSY)
        r->state = ACF_SWEEP_BUSY;
    else if (r->state == ACF_SWEEP_OPEN && code != acf_exit_code(ACF_STOPPED))
        r->state = ACF_SWEEP_FAILED;
    if (st == ACF_OK) st = acf_sweep_summarize(w->s, r->cell, e);
    if (st == ACF_OK) st = acf_sweep_write(w->s, e);
    acf_lock_release(&lock);
    w->code[i] = code;
    if (code != acf_exit_code(ACF_STOPPED) && r->state != ACF_SWEEP_BUSY) w->n_done++;
    tell_run(w, i, code); /* who reads it may be slow: not under the lock */
    int task = w->s->cell[r->cell].task;
    if (count_open(w->s, task) == 0) acf_token_share_close(&w->tokens[task]);
    return st;
}

/* The runs that another process works on, until one of them is free, which is ours again: false
 * when there are none, or this process is to stop. */
static bool wait_for_others(work *w)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    for (bool is_told = false;; is_told = true) {
        int n_busy = 0, n_free = 0;
        for (int i = 0; i < w->s->n_runs; i++) {
            acf_sweep_run *r = &w->s->run[i];
            acf_lock *lock;
            acf_error e = {0};
            if (!r->is_ours || r->state != ACF_SWEEP_BUSY) continue;
            acf_status st = acf_lock_take(&lock, acf_sweep_config(w->s, i)->save.dir, &e);
            acf_lock_release(&lock);
            n_busy++;
            if (st == ACF_ERR_BUSY && !is_told)
                acf_console_say(w->console, "%s: waiting for its end", e.text);
            if (st == ACF_ERR_BUSY) continue;
            n_free++;
            r->state = ACF_SWEEP_OPEN;
            r->begun_s = 0;
        }
        if (n_free > 0) return true;
        if (n_busy == 0 || is_over(w)) return false;
        (void)nanosleep(&pause, NULL);
    }
}

static acf_status list_runs(acf_str *text, const acf_sweep *s, acf_error *e)
{
    char name[ACF_SWEEP_RUN_NAME];
    for (int i = 0; i < s->n_runs; i++) {
        const acf_sweep_run *r = &s->run[i];
        if (!r->is_ours) continue;
        acf_sweep_run_name(name, s, i);
        ACF_TRY(acf_str_printf(text, e, "%s%s\n", name,
                               r->state == ACF_SWEEP_FINISHED   ? "  finished"
                               : r->state == ACF_SWEEP_DIVERGED ? "  diverged"
                                                                : ""));
    }
    return ACF_OK;
}

static const char *plural(int n)
{
    return n > 1 ? "s" : "";
}

/* "2 threads", or "1 to 2 threads" where train.threads is not everywhere the same. */
static void print_threads(char out[48], const acf_sweep *s)
{
    int least = 0, most = 0;
    for (int i = 0; i < s->n_runs; i++) {
        int given = (int)acf_sweep_config(s, i)->train.threads;
        int n = given > 0 ? given : acf_threads_available();
        if (!s->run[i].is_ours) continue;
        if (least == 0 || n < least) least = n;
        if (n > most) most = n;
    }
    if (least < most)
        (void)snprintf(out, 48, "%d to %d threads", least, most);
    else
        (void)snprintf(out, 48, "%d thread%s", most, plural(most));
}

static void tell_plan(work *w)
{
    const acf_sweep *s = w->s;
    char threads[48];
    int n_ended = 0, n_ours = 0;
    for (int i = 0; i < s->n_runs; i++) {
        n_ours += s->run[i].is_ours;
        n_ended += s->run[i].is_ours && s->run[i].state != ACF_SWEEP_OPEN;
    }
    print_threads(threads, s);
    w->n_todo = n_ours - n_ended;
    acf_console_say(
        w->console,
        "sweep %s: %zu variant%s x %zu task%s, %d run%s%s, %d ended before; %d at a time, "
        "%s each; %s",
        s->name, s->file.n_variants, plural((int)s->file.n_variants), s->file.n_tasks,
        plural((int)s->file.n_tasks), n_ours, plural(n_ours),
        n_ours < s->n_runs ? " of this shard" : "", n_ended, w->n_jobs, threads, s->dir);
}

/* All summaries and the table, with what other processes have done meanwhile. */
static acf_status write_all(const work *w, acf_error *e)
{
    acf_lock *lock;
    ACF_TRY(take_lock(&lock, w->s->dir, e));
    acf_status st = look_at_all(w->s, e);
    for (int i = 0; i < w->s->n_cells && st == ACF_OK; i++)
        st = acf_sweep_summarize(w->s, i, e);
    if (st == ACF_OK) st = acf_sweep_write(w->s, e);
    acf_lock_release(&lock);
    return st;
}

/* The status of the whole, by what became of our runs. */
static acf_status conclude(const work *w, acf_error *e)
{
    const acf_sweep *s = w->s;
    char name[ACF_SWEEP_RUN_NAME];
    int n_left = 0, n_diverged = 0, n_failed = 0, failed = -1;
    for (int i = 0; i < s->n_runs; i++) {
        if (!s->run[i].is_ours) continue;
        acf_sweep_state state = s->run[i].state;
        n_left += state == ACF_SWEEP_OPEN || state == ACF_SWEEP_BUSY;
        n_diverged += state == ACF_SWEEP_DIVERGED;
        n_failed += state == ACF_SWEEP_FAILED;
        if (state == ACF_SWEEP_FAILED && failed < 0) failed = i;
    }
    if (n_left > 0)
        return acf_fail(e, ACF_STOPPED, "%s: stopped with %d run%s left; the same command goes on",
                        s->dir, n_left, plural(n_left));
    if (failed >= 0) {
        acf_sweep_run_name(name, s, failed);
        return acf_fail(e, acf_status_of_exit(w->code[failed]),
                        "%s: %d of %d runs failed, the first: %s, with exit code %d", s->dir,
                        n_failed, w->n_todo, name, w->code[failed]);
    }
    if (n_diverged > 0)
        return acf_fail(
            e, ACF_ERR_NUMERIC,
            "%s: %d run%s diverged, left out of the means; to run one again, remove its "
            "directory",
            s->dir, n_diverged, plural(n_diverged));
    return ACF_OK;
}

static acf_status begin(const work *w, acf_error *e)
{
    acf_lock *lock;
    ACF_TRY(acf_make_dirs(w->s->dir, e));
    ACF_TRY(take_lock(&lock, w->s->dir, e));
    acf_status st = acf_sweep_begin(w->s, w->opt->command, e);
    acf_lock_release(&lock);
    return st;
}

static acf_status do_runs(acf_str *text, work *w, acf_error *e)
{
    acf_sweep *s = w->s;
    const acf_jobs jobs = {.n = s->n_runs,
                           .n_jobs = w->n_jobs,
                           .run = run_job,
                           .next = next_run,
                           .ended = run_ended,
                           .payload = w};
    w->code = acf_alloc((size_t)s->n_runs, sizeof *w->code, "exit codes", e);
    w->tokens = acf_alloc(s->file.n_tasks, sizeof(acf_token_share *), "shared tokens", e);
    w->has_tried = acf_alloc(s->file.n_tasks, sizeof *w->has_tried, "shared tokens", e);
    bool ok = w->code != NULL && w->tokens != NULL && w->has_tried != NULL;
    acf_status st = ok ? begin(w, e) : ACF_ERR_RESOURCE;
    if (st == ACF_OK) {
        tell_plan(w);
        do
            st = acf_jobs_run(&jobs, e);
        while (st == ACF_OK && wait_for_others(w));
    }
    if (st == ACF_OK) st = write_all(w, e);
    if (st == ACF_OK) st = acf_sweep_markdown(text, s, e);
    if (st == ACF_OK) st = conclude(w, e);
    acf_free(w->code);
    for (size_t t = 0; w->tokens != NULL && t < s->file.n_tasks; t++)
        acf_token_share_close(&w->tokens[t]);
    acf_free(w->tokens);
    acf_free(w->has_tried);
    return st;
}

acf_status acf_train_sweep(acf_str *text, acf_console *console, const char *path,
                           const acf_sweep_options *sweep, const acf_train_options *opt,
                           acf_error *e)
{
    acf_sweep s;
    work w = {.s = &s,
              .console = console,
              .opt = opt,
              .n_jobs = sweep->n_jobs > 1 ? sweep->n_jobs : 1,
              .begin_s = acf_clock_s()};
    acf_str problems = {0};
    acf_status st = acf_sweep_open(&s, &problems, path, sweep, e);
    if (st == ACF_OK) st = look_at_all(&s, e);
    if (st == ACF_OK) st = acf_sweep_check(&s, e); /* before as much as a lock is made */
    if (st == ACF_OK && opt->dry_run) st = list_runs(text, &s, e);
    if (st == ACF_OK) st = acf_sweep_check_inputs(&s, &problems, path, e);
    if (problems.len > 0) (void)fputs(problems.data, stderr);
    acf_str_free(&problems);
    if (st == ACF_OK && !opt->dry_run) st = do_runs(text, &w, e);
    acf_sweep_close(&s);
    return st;
}
