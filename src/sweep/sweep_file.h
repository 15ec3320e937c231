/*
 * The file of a sweep: which settings are compared, on which tasks, with which seeds.
 *
 *     schema: 1
 *     seeds: 1..5                   # or [1, 2, 3]; left out: what each configuration says
 *     set:                          # keys of every run
 *       save.keep_last: 1
 *     tasks:
 *       - config: ../rte.yaml       # its name is then rte
 *       - {name: sst2-16, config: ../sst2.yaml, set: {data.shots: 16}, seeds: 1..3}
 *       - {config: ../mrpc.yaml, metrics: [f1, accuracy]}      # columns of the table
 *     variants:
 *       ce: {loss.type: ce}
 *       acf: {loss: {type: acf, lambda: 1}}
 *     grid:                         # every variant with every combination
 *       loss.tau: [0.05, 0.1]
 *
 * Keys are those of a configuration, with dots or one below the other; paths are relative to the
 * file.  Values are read as a configuration reads them, and everything that is wrong is told at
 * once, with its line.  A variant of a grid is named after both: "acf_tau=0.05".  The grid's first
 * key varies slowest.
 */
#ifndef ACF_SWEEP_SWEEP_FILE_H
#define ACF_SWEEP_SWEEP_FILE_H

#include "config/problems.h"
#include "metrics/metrics.h"
#include "sweep/sweep_settings.h"

enum { ACF_SWEEP_METRICS = 4 };

typedef struct acf_sweep_task {
    char *name, *config; /* the configuration file, absolute */
    acf_place where;     /* of config */
    acf_settings set;
    char *seeds; /* value of train.seeds; NULL: the sweep's */
    acf_place seeds_at;
    acf_metric metric[ACF_SWEEP_METRICS]; /* n_metrics 0: eval.metric */
    int n_metrics;
} acf_sweep_task;

typedef struct acf_sweep_variant {
    char *name;
    size_t base; /* bytes of the name before the grid's part */
    acf_settings set;
} acf_sweep_variant;

typedef struct acf_sweep_file {
    acf_settings set;
    char *seeds; /* value of train.seeds; NULL: none given */
    acf_place seeds_at;
    acf_sweep_task *task;
    size_t n_tasks, cap_tasks;
    acf_sweep_variant *variant;
    size_t n_variants, cap_variants;
} acf_sweep_file;

/* Read the text of a sweep file (p->source, p->source_len); paths are relative to `base`.  What is
 * wrong goes to p, and what could be read is there all the same.  The status tells of memory only;
 * freed with acf_sweep_file_free in any case. */
acf_status acf_sweep_file_read(acf_sweep_file *out, acf_problems *p, const char *base,
                               acf_error *e) ACF_MUST_USE;

void acf_sweep_file_free(acf_sweep_file *f);
void acf_sweep_task_free(acf_sweep_task *t);
void acf_sweep_variant_free(acf_sweep_variant *v);

#endif
