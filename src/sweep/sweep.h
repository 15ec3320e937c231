/*
 * A sweep: variants x tasks x seeds, each a run.
 *
 *     DIR/
 *       sweep.yaml command.txt              as given
 *       VARIANT/TASK/                       a run directory, or that of a series with seed-1/ ...
 *       table.md table.csv table.json       sweep/sweep_table.h
 *       results.jsonl                       a line for each run that ended
 *
 * What has finished is told by the runs' own directories, so that a sweep which was killed anywhere
 * and is started again does what is missing.  Runs know nothing of each other; several processes
 * may work on one sweep at the same time.
 */
#ifndef ACF_SWEEP_SWEEP_H
#define ACF_SWEEP_SWEEP_H

#include "sweep/series.h"
#include "sweep/sweep_file.h"

#include <cjson/cJSON.h>

/* What is wanted of a sweep file. */
typedef struct acf_sweep_options {
    const char *dir;         /* NULL: runs/NAME of the file NAME.yaml */
    const char *const *sets; /* [n_sets] "KEY=VALUE", or "TASK:KEY=VALUE" for one task */
    size_t n_sets;
    const char *seeds;    /* "1..5" or "1,2,3", instead of the file's; or NULL */
    const char *tasks;    /* "rte,mrpc": only these; NULL: all */
    const char *variants; /* the same; "acf" also means all of the grid's "acf_..." */
    int n_jobs;           /* runs at the same time: each gets its share of the threads */
    int shard, n_shards;  /* only the runs of one of n_shards shares, from 1; 0, 0: all */
} acf_sweep_options;

typedef enum acf_sweep_state {
    ACF_SWEEP_OPEN,     /* to be run */
    ACF_SWEEP_FINISHED, /* has figures */
    ACF_SWEEP_DIVERGED, /* ended in numbers that are not finite: running it again is no use */
    ACF_SWEEP_FAILED,   /* ended otherwise, this time */
    ACF_SWEEP_BUSY      /* another process works on it */
} acf_sweep_state;

typedef struct acf_sweep_run {
    int cell, index; /* of the cell's series */
    bool is_ours;    /* of our shard */
    acf_sweep_state state;
    double begun_s; /* acf_clock_s when this process began with it; 0: has not */
    double seconds; /* that it took, when it has ended */
    cJSON *results; /* eval_results.json when it has finished; may be NULL */
    char *line;     /* of results.jsonl, without newline, when it has ended; else NULL */
} acf_sweep_run;

/* One variant on one task. */
typedef struct acf_sweep_cell {
    int variant, task; /* of the file */
    acf_config cfg;
    acf_series series;
    int first; /* run; series.n of them */
} acf_sweep_cell;

typedef struct acf_sweep {
    char *name, *dir;
    char *text; /* of the file */
    size_t text_len;
    acf_sweep_file file;  /* only what is wanted */
    acf_sweep_cell *cell; /* [n_variants, n_tasks]: cell[v n_tasks + t] */
    int n_cells;
    acf_sweep_run *run;
    int n_runs;
} acf_sweep;

/* Read the file and all configurations.  Whatever is wrong goes to `problems` as finished lines,
 * with ACF_ERR_USAGE, as acf_config_load does.  Closed with acf_sweep_close, also on failure. */
acf_status acf_sweep_open(acf_sweep *s, acf_str *problems, const char *path,
                          const acf_sweep_options *opt, acf_error *e) ACF_MUST_USE;
void acf_sweep_close(acf_sweep *s);

/* "acf/rte/seed-3", or "acf/rte" of a cell with one run.  At most 200 bytes of a variant, 100 of a
 * task, 21 of "seed-9007199254740991", two slashes and the end: 324. */
enum { ACF_SWEEP_RUN_NAME = 352 };
void acf_sweep_run_name(char name[ACF_SWEEP_RUN_NAME], const acf_sweep *s, int run);

static inline const acf_config *acf_sweep_config(const acf_sweep *s, int run)
{
    return &s->cell[s->run[run].cell].series.run[s->run[run].index];
}

/* Look at a run's directory: state (FAILED and BUSY stay when it is still open), seconds, results,
 * line. */
acf_status acf_sweep_look(acf_sweep *s, int run, acf_error *e) ACF_MUST_USE;

/* Is a run of ours left in the cell? */
bool acf_sweep_has_open_runs(const acf_sweep *s, int cell);

/* Can the runs of ours that are left be done where they stand?  ACF_ERR_USAGE when a directory
 * holds a run of another configuration, or a single run where a series or the sweep is to stand, or
 * somebody's files.  Writes nothing. */
acf_status acf_sweep_check(const acf_sweep *s, acf_error *e) ACF_MUST_USE;

/* Before any run: check, and make the directory and those of the series that have runs of ours to
 * do.  Under the lock of dir. */
acf_status acf_sweep_begin(acf_sweep *s, const char *command, acf_error *e) ACF_MUST_USE;

/* summary.json of a cell, once all its runs have finished or diverged; else nothing.  Under the
 * lock of dir. */
acf_status acf_sweep_summarize(const acf_sweep *s, int cell, acf_error *e) ACF_MUST_USE;

#endif
