#include "cli/train_series.h"

#include "base/clock.h"
#include "cli/console.h"
#include "cli/jobs.h"
#include "num/threads.h"
#include "run/signals.h"

typedef struct series_job {
    const acf_series *series;
    const acf_train_options *opt;
    double begin_s; /* of the series */
    int n_ended;    /* at several at a time: runs that were begun and have ended, */
    int worst;      /* the one of them that decides about the series, */
    int code;       /* and its exit code */
} series_job;

/* Run i, with what is left of the time that the series has. */
static acf_status train_one(acf_str *summary, const series_job *job, int i,
                            const acf_train_options *given, acf_error *e)
{
    acf_train_options opt = *given;
    bool ended = false;
    if (opt.max_time_s > 0 && opt.mode == ACF_RUN_RESUME)
        ACF_TRY(acf_series_has_ended(&ended, job->series, i, e));
    if (opt.max_time_s > 0 && !ended) {
        opt.max_time_s -= acf_clock_s() - job->begin_s;
        if (!(opt.max_time_s > 0))
            return acf_fail(e, ACF_STOPPED, "%s: stopped before %s; --resume goes on from there",
                            job->series->cfg->save.dir, job->series->name[i]);
    }
    return acf_series_train(summary, job->series, i, &opt, e);
}

/* One run of a series in a process of its own. */
static int train_job(void *payload, int i)
{
    const series_job *job = payload;
    acf_error e = {0};
    acf_str summary = {0};
    acf_console console = {.name = job->series->name[i]};
    acf_train_options opt = *job->opt;
    opt.log = acf_console_log(&console);
    opt.payload = &console;
    acf_status st = train_one(&summary, job, i, &opt, &e);
    if (st != ACF_OK) acf_console_error(&console, &e);
    acf_str_free(&summary);
    return acf_exit_code(st);
}

/* How a run ended, by how much it says of its series: one that diverged is over, a failure is
 * something to mend, and one that was stopped, or never begun, can go on. */
typedef enum ending { FINISHED, DIVERGED, FAILED, STOPPED } ending;

static ending ending_of(int code)
{
    if (code == acf_exit_code(ACF_OK)) return FINISHED;
    if (code == acf_exit_code(ACF_ERR_NUMERIC)) return DIVERGED;
    return code == acf_exit_code(ACF_STOPPED) ? STOPPED : FAILED;
}

static acf_status run_ended(void *payload, int i, int code, acf_error *e)
{
    series_job *job = payload;
    ending is = ending_of(code), was = ending_of(job->code);
    (void)e;
    if (job->n_ended == 0 || is > was || (is == was && i < job->worst)) {
        job->worst = i;
        job->code = code;
    }
    job->n_ended++;
    return ACF_OK;
}

/* All runs at n_jobs a time; of those that did not finish the one that says most decides. */
static acf_status train_parallel(series_job *job, int n_jobs, acf_error *e)
{
    const acf_series *s = job->series;
    const acf_jobs jobs = {
        .n = s->n, .n_jobs = n_jobs, .run = train_job, .ended = run_ended, .payload = job};
    ACF_TRY(acf_jobs_run(&jobs, e));
    if (job->n_ended < s->n || ending_of(job->code) == STOPPED)
        return acf_fail(e, ACF_STOPPED, "%s: stopped, saved; --resume goes on from there",
                        s->cfg->save.dir);
    if (job->code == 0) return ACF_OK;
    return acf_fail(e, acf_status_of_exit(job->code), "%s: ended with exit code %d",
                    s->name[job->worst], job->code);
}

/* One after another.  A run that diverges keeps none of the others from being trained. */
static acf_status train_in_turn(acf_str *text, const series_job *job, acf_error *e)
{
    const acf_series *s = job->series;
    acf_error diverged = {0}, why = {0};
    for (int i = 0; i < s->n; i++) {
        acf_log_info(&job->opt->log, "%s, %d of %d", s->name[i], i + 1, s->n);
        acf_status st = train_one(text, job, i, job->opt, &why);
        acf_str_clear(text);
        if (st == ACF_ERR_NUMERIC && diverged.status == ACF_OK) {
            diverged = why;
            acf_log_warn(&job->opt->log, "%s", why.text);
        } else if (st != ACF_OK && st != ACF_ERR_NUMERIC) {
            return acf_error_give(e, &why);
        }
    }
    return diverged.status == ACF_OK ? ACF_OK : acf_error_give(e, &diverged);
}

static bool is_over(void *payload)
{
    const series_job *job = payload;
    return acf_signals_stop(NULL) ||
           (job->opt->max_time_s > 0 && acf_clock_s() - job->begin_s >= job->opt->max_time_s);
}

/* Tokenize once what the runs that are left have in common: on one thread where processes follow,
 * which threads do not survive. */
static acf_status share_tokens(acf_token_share **tokens, series_job *job, int n_jobs, acf_error *e)
{
    const acf_series *s = job->series;
    int n_left = 0;
    for (int i = 0; i < s->n; i++) {
        bool ended;
        ACF_TRY(acf_series_has_ended(&ended, s, i, e));
        n_left += !ended;
    }
    if (n_left < 2) return ACF_OK;
    acf_threads_set(n_jobs > 1 ? 1 : acf_threads_available());
    acf_status st =
        acf_token_share_open(tokens, s->cfg, n_left, (acf_poll){is_over, job}, &job->opt->log, e);
    if (st == ACF_STOPPED)
        st = acf_fail(e, st, "%s: stopped before the first run; --resume goes on from there",
                      s->cfg->save.dir);
    return st;
}

acf_status acf_train_series(acf_str *text, const acf_config *cfg, int n_jobs,
                            const acf_train_options *opt, acf_error *e)
{
    acf_series s;
    series_job job = {.series = &s, .opt = opt, .begin_s = acf_clock_s()};
    acf_token_share *tokens = NULL;
    if (opt->dump.path != NULL)
        return acf_fail(e, ACF_ERR_USAGE, "--dump-step: is for one run, not for a series");
    acf_status st = acf_series_open(&s, cfg, n_jobs, e);
    if (st == ACF_OK && opt->dry_run) {
        acf_log_info(&opt->log, "series of %d runs; the first:", s.n);
        st = acf_series_check(&s, opt->mode, e);
        if (st == ACF_OK) st = acf_series_train(text, &s, 0, opt, e);
    } else {
        acf_train_options shared = *opt;
        if (st == ACF_OK) st = acf_series_check_inputs(&s, opt->mode, e);
        if (st == ACF_OK) st = acf_series_begin(&s, opt, e);
        if (st == ACF_OK) st = share_tokens(&tokens, &job, n_jobs, e);
        shared.tokens = tokens;
        job.opt = &shared;
        if (st == ACF_OK)
            st = n_jobs > 1 ? train_parallel(&job, n_jobs, e) : train_in_turn(text, &job, e);
        if (st == ACF_OK || st == ACF_ERR_NUMERIC) { /* what diverged is over, too */
            acf_status summed = acf_series_finish(text, &s, e);
            if (summed != ACF_OK) st = summed;
        }
    }
    acf_token_share_close(&tokens);
    acf_series_close(&s);
    return st;
}
