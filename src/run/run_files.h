/*
 * The names of what runs, series and sweeps write into their directories: what may be removed
 * there, and what is somebody else's.
 */
#ifndef ACF_RUN_RUN_FILES_H
#define ACF_RUN_RUN_FILES_H

#include <stdbool.h>

/* What a sweep writes into its directory beside command.txt and its runs; ended by NULL. */
extern const char *const acf_sweep_file_names[];

/* One of the two files that show that a directory is a run's or a series'. */
bool acf_run_file_is_mark(const char *name);

/* The answers to test that acf-eval writes into a run directory for --compare. */
bool acf_run_file_is_test(const char *name);

/* Anything else that a run or a series writes, those answers too, but for its lock and the runs of
 * the series. */
bool acf_run_file_is_content(const char *name);

/* A run of a series: "seed-3", "fold-1". */
bool acf_run_file_is_part(const char *name);

/* A file that a process died while writing: "config.yaml.4711.tmp". */
bool acf_run_file_is_unfinished(const char *name);

/* None of the above, and no lock. */
bool acf_run_file_is_foreign(const char *name);

#endif
