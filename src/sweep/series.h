/*
 * A series: one configuration trained several times, with other seeds (train.seeds) or with each
 * part of the training rows as dev in turn (data.folds).
 *
 *     save.dir/
 *       config.yaml command.txt train.log        of the series
 *       seed-1/ seed-2/ ... or fold-1/ ...       a run directory each
 *       best -> seed-2/checkpoint-000290         of the run whose eval.metric is best
 *       summary.json
 *
 * summary.json: {"metric", "head", "n", "runs": [name ...], "diverged": [name ...], "best": name,
 * "linear": {METRIC: {"mean", "sd", "ci": [low, high], "median", "min", "max", "best": name (not
 * of temperature), "values": [...]}}, "label": {...}}; runs are the n that finished, values stand
 * in their order, diverged is left out when none did.
 *
 * Runs know nothing of each other, so they may be trained in any order and at the same time, by
 * processes of their own: the caller decides.
 */
#ifndef ACF_SWEEP_SERIES_H
#define ACF_SWEEP_SERIES_H

#include "run/trainer.h"
#include "store/lock.h"

typedef struct acf_series {
    const acf_config *cfg; /* borrowed */
    int n;
    char (*name)[32]; /* [n] "seed-3"; "" for the one run of a configuration without series */
    acf_config *run;  /* [n] the configuration of each run */
    acf_lock *lock;   /* NULL: not held */
} acf_series;

/* Does the configuration ask for a series?  And for one of how many folds; 0: of none, or of one
 * fold (data.fold) with several seeds. */
bool acf_series_wanted(const acf_config *cfg);
int acf_series_folds(const acf_config *cfg);

/* The setting of train.seeds that `--seeds GIVEN` means: 1..5, 1,2,3 or [1, 2, 3]. */
acf_status acf_series_seeds(acf_str *setting, const char *given, acf_error *e) ACF_MUST_USE;

/* The runs' configurations: those of cfg with the run's seed or fold and directory and, when n_jobs
 * > 1 and train.threads is auto, an equal share of the threads.  Of a configuration that asks for
 * no series it is one run, in save.dir itself, and begin and finish have nothing to do for it.
 * Closed with acf_series_close, also on failure. */
acf_status acf_series_open(acf_series *s, const acf_config *cfg, int n_jobs,
                           acf_error *e) ACF_MUST_USE;
void acf_series_close(acf_series *s);

/* Can the series and each of its runs begin in `mode`?  Fails as acf_run_dir_check; writes nothing.
 */
acf_status acf_series_check(const acf_series *s, acf_run_mode mode, acf_error *e) ACF_MUST_USE;

/* Unless the series has begun: can its data be read, and is its encoder there?  Fails as
 * acf_series_check and as a run would; writes nothing. */
acf_status acf_series_check_inputs(const acf_series *s, acf_run_mode mode,
                                   acf_error *e) ACF_MUST_USE;

/* Check and make the directory, take its lock, note config and command. */
acf_status acf_series_begin(acf_series *s, const acf_train_options *opt, acf_error *e) ACF_MUST_USE;

/* Has run i finished or diverged with this configuration, so that acf_series_train has nothing to
 * train?  Looks at its directory. */
acf_status acf_series_has_ended(bool *ended, const acf_series *s, int i, acf_error *e) ACF_MUST_USE;

/* Train run i, or go on with it, or do nothing when it is finished; as acf_train.  ACF_ERR_NUMERIC
 * at once for one that diverged before: it would again.  ACF_ERR_USAGE, too, when the data are not
 * those of a run of the series that has begun. */
acf_status acf_series_train(acf_str *summary, const acf_series *s, int i,
                            const acf_train_options *opt, acf_error *e) ACF_MUST_USE;

/* eval_results.json of run i, for cJSON_Delete; NULL when there is none (a run without dev). */
acf_status acf_series_results(cJSON **out, const acf_series *s, int i, acf_error *e) ACF_MUST_USE;

/* When all runs have finished or diverged: write summary.json of those that finished unless it is
 * there as it would be, link best, and give the summary for people.  Nothing when all diverged. */
acf_status acf_series_finish(acf_str *summary, const acf_series *s, acf_error *e) ACF_MUST_USE;

#endif
