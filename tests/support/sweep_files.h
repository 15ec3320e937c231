/* A directory with a configuration c.yaml, in which sweep files are tried. */
#ifndef ACF_TESTS_SWEEP_FILES_H
#define ACF_TESTS_SWEEP_FILES_H

#include "sweep/sweep.h"

/* What c.yaml holds; its data are not there. */
#define CONFIG                                                                                     \
    "schema: 1\ntask: text\ndata: {train: t.tsv, dev: d.tsv}\nmodel: {encoder: bert-tiny}\n"

/* Set-up and teardown of a test: an empty directory with c.yaml, and into it. */
int sweep_files_enter(void **state);
int sweep_files_leave(void **state);

/* All runs of the file, one at a time, in "out". */
extern const acf_sweep_options sweep_plain;

/* Opens the sweep, which must succeed, from a file s.yaml of this content. */
void sweep_open_ok(acf_sweep *s, const char *yaml, const acf_sweep_options *opt);

#endif
