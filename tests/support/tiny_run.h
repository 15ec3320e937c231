/*
 * Whole training runs of a tiny model on data/sample-text: started, stopped at a chosen place,
 * resumed, and compared file by file.
 */
#ifndef ACF_TESTS_TINY_RUN_H
#define ACF_TESTS_TINY_RUN_H

#include "run/trainer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SRC/path, SRC from the environment or the current directory; absolute, one of 8 static buffers.
 */
const char *source_path(const char *path);

/* The configuration of a run in `dir` on data/sample-text with `sets` ("key=value", ended by NULL;
 * may be NULL) on top: encoder tests/golden/tiny-bert with its dropout of 0.1, 3 epochs of 8
 * updates, an evaluation every 4, a train event every 3, one thread.  Freed with acf_config_free.
 */
void tiny_config(acf_config *cfg, const char *dir, const char *const *sets);

typedef struct tiny_run {
    acf_run_mode mode;
    int64_t stop_at;      /* ask to stop after this update (before its evaluation); 0: never; -1:
                             when the plan has been told */
    int64_t stop_at_eval; /* ask to stop after the evaluation of this update; 0: never */
    void (*at_update)(int64_t update); /* called after each update; may be NULL */

    /* Results. */
    acf_loss loss;      /* of the last update */
    double rate;        /* examples a second in it */
    int64_t n_done;     /* updates made here */
    size_t summary_len; /* bytes of the figures that were told */
    char log[8192];     /* the log's lines, cut */
    acf_error e;
} tiny_run;

/* acf_train on tiny_config(dir, sets). */
acf_status tiny_train(tiny_run *run, const char *dir, const char *const *sets);

/* The same files: fails naming what differs. */
void check_same_file(const char *a, const char *b);

/* The same weights (last, best), optimizer, links and events (times aside) in two run directories.
 */
void check_same_run(const char *a, const char *b);

/* Events of metrics.jsonl as JSON, one array; the caller deletes it. */
struct cJSON *read_events(const char *dir);

#endif
