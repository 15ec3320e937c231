/*
 * A whole training run: set-up, updates, evaluations, checkpoints, resume, final report.
 *
 * The loop in acf_train is the order of everything: evaluate when due, save when due, stop when
 * asked, one update, log when due.  All of its state is in the checkpoint, so a resumed run does
 * what the uninterrupted one would have done, bit for bit.
 */
#ifndef ACF_RUN_TRAINER_H
#define ACF_RUN_TRAINER_H

#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "run/dump.h"
#include "run/run_dir.h"

/* What the live line shows after an update. */
typedef struct acf_progress {
    int64_t update, total;
    double epoch;
    acf_loss loss;
    double grad_norm, lr, lr_head;
    double examples_per_s;
    double eta_s;
    bool is_logged; /* this update also made an event: worth a line where nothing is live */
} acf_progress;

typedef struct acf_train_options {
    acf_run_mode mode;
    bool dry_run;        /* set up and print the plan, touch nothing */
    double max_time_s;   /* stop, resumable, after this long; 0: no limit */
    const char *command; /* for command.txt */
    const char *commit;  /* what built the program, for environment.json; NULL: not known */
    const struct acf_token_share *tokens; /* of this configuration (input/token_share.h), or NULL */
    const char *sibling; /* directory of a run of the same series, whose data must be this run's;
                            NULL: none */
    acf_dump dump;
    acf_log log;
    void (*progress)(void *payload, const acf_progress *p); /* may be NULL */
    void *payload;
} acf_train_options;

/*
 * Run the configuration.  `summary` receives the lines for standard output: headline figures, where
 * things are, how to load them; what a finished run prints again.  Statuses: as the programs' exit
 * codes; ACF_STOPPED after a requested stop, with everything saved.
 */
acf_status acf_train(acf_str *summary, const acf_config *cfg, const acf_train_options *opt,
                     acf_error *e) ACF_MUST_USE;

#endif
