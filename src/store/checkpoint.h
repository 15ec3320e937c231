/*
 * Checkpoints that are whole or absent, whenever the process or the machine dies.
 *
 *     RUN/checkpoint-004200/      files, SHA256SUMS (as sha256sum(1) writes it, sorted by name),
 *                                 COMPLETE (written last: the digest of SHA256SUMS)
 *     RUN/best, RUN/last          relative symbolic links to checkpoints
 *
 * A checkpoint is written as RUN/.checkpoint-004200.tmp-PID, its files and the directory are
 * fsynced, it is renamed, and RUN is fsynced.  One that is replaced waits as
 * RUN/.checkpoint-004200.old-PID until the new one has its name.  The run directory is one
 * process's at a time (lock.h).
 *
 * Failures to write are ACF_ERR_RESOURCE and leave all other checkpoints as they were; what is
 * wrong with one that is read is ACF_ERR_MODEL.
 */
#ifndef ACF_STORE_CHECKPOINT_H
#define ACF_STORE_CHECKPOINT_H

#include "base/log.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct acf_checkpoint acf_checkpoint;

/* Start the directory DIR/name, a checkpoint (acf_checkpoint_name) or a model directory of its own.
 * bytes_needed: what its files will take; fails with both numbers when the disk has less.  *out is
 * NULL on failure. */
acf_status acf_checkpoint_begin(acf_checkpoint **out, const char *dir, const char *name,
                                uint64_t bytes_needed, acf_error *e) ACF_MUST_USE;

/* Where to write the files. */
const char *acf_checkpoint_dir(const acf_checkpoint *ck);

/* dir/name; the caller frees; NULL on failure (memory). */
char *acf_checkpoint_file(const acf_checkpoint *ck, const char *name, acf_error *e) ACF_MUST_USE;

/* The SHA-256 of the file `name` is already known: commit does not read it again. */
acf_status acf_checkpoint_note_digest(acf_checkpoint *ck, const char *name, const char *hex,
                                      acf_error *e) ACF_MUST_USE;

/* Make it DIR/name, replacing what has that name.  *ck becomes NULL; on failure the
 * temporary directory is removed and everything else is as before. */
acf_status acf_checkpoint_commit(acf_checkpoint **ck, acf_error *e) ACF_MUST_USE;

/* Give up and remove the temporary directory.  *ck becomes NULL; NULL is allowed. */
void acf_checkpoint_abort(acf_checkpoint **ck);

/* "checkpoint-004200": at least six digits. */
void acf_checkpoint_name(char name[40], int64_t step);

/* The step of exactly such a name; -1 for any other text. */
int64_t acf_checkpoint_step(const char *name);

/* *has: SHA256SUMS or COMPLETE is there.  Without both the directory is not verified: it is not
 * ours, or its user edited it and deleted both to say so. */
acf_status acf_checkpoint_has_sums(bool *has, const char *dir, acf_error *e) ACF_MUST_USE;

/* COMPLETE holds the digest of SHA256SUMS, and all files that this lists are there with their
 * digests; no symbolic links inside.  ACF_ERR_MODEL names the file. */
acf_status acf_checkpoint_verify(const char *dir, acf_error *e) ACF_MUST_USE;

/* Steps of all checkpoint directories, ascending; *steps is the caller's (acf_free), NULL on
 * failure.  Fails as acf_list_dir. */
acf_status acf_checkpoint_list(int64_t **steps, size_t *n, const char *run_dir,
                               acf_error *e) ACF_MUST_USE;

/* The newest checkpoint that verifies; the log gets a warning for each newer one that does not.
 * *step = -1 when there is no checkpoint at all; ACF_ERR_MODEL when there are, but none verifies.
 */
acf_status acf_checkpoint_newest_valid(int64_t *step, const char *run_dir, const acf_log *log,
                                       acf_error *e) ACF_MUST_USE;

/* Point RUN/name ("best", "last") to the checkpoint of `step`, which must be there; the link holds
 * the old target or the new one at any time. */
acf_status acf_checkpoint_link(const char *run_dir, const char *name, int64_t step,
                               acf_error *e) ACF_MUST_USE;

/* The same to any directory below run_dir, "seed-2/checkpoint-004200". */
acf_status acf_checkpoint_link_to(const char *run_dir, const char *name, const char *target,
                                  acf_error *e) ACF_MUST_USE;

/* The step that RUN/name points to; -1 when it is no link to a checkpoint directory that exists. */
int64_t acf_checkpoint_linked(const char *run_dir, const char *name);

/* Remove all but the newest keep_last (at least 1) checkpoints, best_step (-1: none), and what
 * RUN/best and RUN/last point to. */
acf_status acf_checkpoint_prune(const char *run_dir, int keep_last, int64_t best_step,
                                acf_error *e) ACF_MUST_USE;

/* Remove all checkpoints, oldest first, so that what is left of an interrupted removal can be
 * resumed from; then RUN/last and RUN/best. */
acf_status acf_checkpoint_remove_all(const char *run_dir, acf_error *e) ACF_MUST_USE;

/* What a process that died left behind: unfinished checkpoints and links `best` and `last` are
 * removed, a checkpoint that was about to be replaced gets its name back.  Only under the run's
 * lock. */
acf_status acf_checkpoint_sweep(const char *run_dir, const acf_log *log, acf_error *e) ACF_MUST_USE;

#endif
