/*
 * The run directory as a whole: may it be used, what is in it, what a run notes at its start.
 */
#ifndef ACF_RUN_RUN_DIR_H
#define ACF_RUN_RUN_DIR_H

#include "base/log.h"
#include "base/status.h"
#include "config/config.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum acf_run_mode { ACF_RUN_FRESH, ACF_RUN_RESUME, ACF_RUN_OVERWRITE } acf_run_mode;

/* May a run start here?  Looks only, changes nothing.  A directory with anything in it needs RESUME
 * or OVERWRITE; OVERWRITE takes only one that holds our config.yaml and train.log, but neither a
 * sweep nor data or the encoder of cfg, RESUME one that holds config.yaml; else ACF_ERR_USAGE. With
 * RESUME, the config must agree with the one kept there in all keys but those that may differ (so
 * may the places of data whose content the run knows: acf_run_differences): else ACF_ERR_USAGE
 * naming them, and there must be something to go on from (acf_run_check_left).
 * *is_resumed tells whether there is a run to go on with. */
acf_status acf_run_dir_check(bool *is_resumed, const acf_config *cfg, acf_run_mode mode,
                             acf_error *e) ACF_MUST_USE;

/* Make the directory, for OVERWRITE without what runs and series write (run/run_files.h), whose
 * files alone are removed.  A run of a series beside which somebody keeps files is still known for
 * a run by its marks. */
acf_status acf_run_dir_make(const acf_config *cfg, acf_run_mode mode, acf_error *e) ACF_MUST_USE;

/* Remove files that a process died while writing ("config.yaml.4711.tmp").  Only under the lock of
 * the run or the sweep. */
acf_status acf_run_dir_sweep(const char *dir, acf_error *e) ACF_MUST_USE;

/* The model becomes another: remove the answers to test of the one before, saying so. */
acf_status acf_run_dir_forget_test(const char *dir, const acf_log *log, acf_error *e) ACF_MUST_USE;

/* Write config.yaml (resolved, with origins), append to command.txt, write environment.json and
 * rows.tsv and bad_lines.tsv (each not when it is NULL). */
acf_status acf_run_dir_describe(const acf_config *cfg, const char *command,
                                const cJSON *environment, const char *rows, const char *bad_lines,
                                acf_error *e) ACF_MUST_USE;

/* Append a line with the time in front to a small file of the directory. */
acf_status acf_run_dir_note(const char *dir, const char *name, const char *line,
                            acf_error *e) ACF_MUST_USE;

#endif
