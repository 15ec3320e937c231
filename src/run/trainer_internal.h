/* The trainer's state, shared by its files: loop (trainer.c), begin (train_begin.c), plan
 * (train_plan.c), evaluations (train_evaluate.c), memory (train_memory.c), checkpoints
 * (train_state.c) and the end of a run (train_report.c). */
#ifndef ACF_RUN_TRAINER_INTERNAL_H
#define ACF_RUN_TRAINER_INTERNAL_H

#include "infer/evaluate.h"
#include "run/run_log.h"
#include "run/run_status.h"
#include "run/setup.h"
#include "run/step.h"
#include "run/trainer.h"
#include "store/lock.h"

/* Sums over the updates since the last train event; all of it is in a checkpoint. */
typedef struct acf_train_sums {
    int64_t updates;
    double total, ce, contrast, cor, excess, grad_norm;
    int64_t n_excess; /* updates in which excess was defined */
    int64_t n_no_anchor;
} acf_train_sums;

/* What those of these updates took that this process made: times of another start, whose checkpoint
 * must not depend on them, are not known. */
typedef struct acf_train_speed {
    int64_t examples, tokens;
    double seconds;
} acf_train_speed;

typedef struct acf_trainer {
    const acf_config *cfg;
    const acf_train_options *opt;
    acf_log log; /* the caller's and train.log */
    acf_run_log *run_log;
    acf_lock *lock;
    acf_setup setup;
    acf_batch_bound bound;
    acf_step step;
    acf_batch batch;
    int64_t *milestones;
    int32_t *order; /* [n] rows of the epoch `ordered` */
    int64_t ordered;
    int64_t per_epoch;      /* updates */
    double begin_s, loop_s; /* when the run and its first update here began */
    double begin_cpu_s;
    acf_run_status before; /* what earlier starts left */
    int64_t loop_update;   /* updates done before */
    acf_train_speed speed;
    int64_t saved; /* the last update that was saved as it is now, -1: none */

    /* What the run goes on from. */
    bool is_resumed;  /* one was begun in save.dir */
    bool is_empty;    /* that has ended, and its checkpoints are gone: nothing to do */
    int64_t restored; /* update of the checkpoint, -1: none */
    char *checkpoint; /* its directory; NULL: from the beginning */

    /* What a checkpoint keeps. */
    int64_t update;    /* updates done */
    int64_t evaluated; /* the last update that was evaluated, -1: none */
    int64_t best;      /* the update of the best evaluation, -1: none */
    double best_value;
    int64_t bad_evaluations; /* in a row, for early stop */
    bool is_over;            /* total reached or stopped early */
    bool is_best_lost;       /* what was restored is to be evaluated again, and the best then */
    acf_train_sums sums;

    /* Dev and its second file, if any, by the best weights, with intervals: of the last evaluation
     * when that was the best; else empty before the run's end. */
    acf_evaluation best_dev[2];
} acf_trainer;

/* All that comes before the first update: look at save.dir and what the run goes on from, set up,
 * restore, take the directory; but for is_empty, which ends it early, and a dry run, of which only
 * the plan is printed. */
acf_status acf_train_begin(acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* Updates per epoch, total, intervals, bounds, arena, optimizer; after setup. */
acf_status acf_train_plan(acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* Peak of the process's memory in this run; before its first update, with all that is open then and
 * `touched` bytes of the step's arena in memory already. */
acf_status acf_train_memory(size_t *bytes, acf_trainer *t, size_t touched,
                            acf_error *e) ACF_MUST_USE;

/* The start-up lines: data, model, plan. */
acf_status acf_train_plan_print(acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* version, machine, threads, data sizes and digests; the caller deletes it. */
acf_status acf_train_environment(cJSON **out, const acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* Is the run, t, to end now: a signal or the time that it was given?  Fits the poll callbacks. */
bool acf_train_should_stop(void *t);

/* Evaluate dev and its second part, if any, which is told but decides nothing; write the events,
 * remember the best.  Stopped in either, nothing has happened. */
acf_status acf_train_evaluate(acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* Unless it is known: t->best_dev from the checkpoint `best` as anyone would load it.  ACF_STOPPED
 * when a stop is asked for meanwhile: all is saved by then. */
acf_status acf_train_evaluate_best(acf_trainer *t, const char *best, acf_error *e) ACF_MUST_USE;

/* Write the checkpoint of t->update, move `last` and `best`, prune. */
acf_status acf_train_save(acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* The end of a message of numbers that are not finite: what is kept, and what usually helps. */
const char *acf_train_what_now(const acf_trainer *t);

/* Move `last` and `best` to where the counters say and prune: the end of a save, and what a process
 * that died in one may have left undone. */
acf_status acf_train_link(const acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* Fill optimizer and counters from a checkpoint directory. */
acf_status acf_train_restore(acf_trainer *t, const char *dir, acf_error *e) ACF_MUST_USE;

/* After a restore: does the checkpoint of t->best, another one, verify?  If not, warn and choose
 * the best anew, from an evaluation of what was restored on. */
acf_status acf_train_check_best(acf_trainer *t, acf_error *e) ACF_MUST_USE;

/* Evaluate the best checkpoint unless t->best_dev is known, write eval_results.json and
 * predictions.dev.tsv, and tell.  ACF_STOPPED when a stop is asked for meanwhile: all is saved by
 * then. */
acf_status acf_train_report(acf_str *summary, acf_trainer *t, acf_error *e) ACF_MUST_USE;

#endif
