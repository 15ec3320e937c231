/*
 * What the files of a data set were, so that who comes later notices another content:
 *
 *     {"train": {"path", "rows", "rows_in_file", "bad_lines", "header", "sha256"}, "dev": ...}
 *
 * It is the member "data" of a run's environment.json (a resumed run goes on with the same data or
 * not at all) and of a model's acf.json (dev rows that were drawn from the training file are drawn
 * again from the same one only).  The digest decides: the same content may stand elsewhere.  Of
 * images in files it is that of the table, or of the names in the folder.
 */
#ifndef ACF_INPUT_DATA_RECORD_H
#define ACF_INPUT_DATA_RECORD_H

#include "data/dataset.h"

#include <cjson/cJSON.h>

/* The record of the splits that there are.  The caller deletes *out; NULL on failure (memory). */
acf_status acf_data_record_make(cJSON **out, const acf_dataset *d, acf_error *e) ACF_MUST_USE;

enum { ACF_DATA_CHANGE = 128 };

/* Has the file of s another content than the record says?  Then `how` is like "sha256 0a1b2c3d4e5f
 * and 61 rows, was 99d8c7b6a5f4 and 60".  False where the record (which may be NULL) says nothing
 * of it. */
bool acf_data_record_differs(char how[ACF_DATA_CHANGE], const cJSON *record, const acf_split *s);

/* ACF_ERR_USAGE naming the file when training or dev rows are other than those that run_dir's
 * environment.json tells of; test rows have no part in a run.  A directory without that file, or
 * with one that is not ours, agrees with all.  ACF_ERR_RESOURCE: memory. */
acf_status acf_data_record_check(const acf_dataset *d, const char *run_dir,
                                 acf_error *e) ACF_MUST_USE;

/* Does run_dir's environment.json tell the content of all training and dev files, so that they may
 * lie elsewhere than they did?  Of images in files that is their names, not what is in them.
 * ACF_ERR_RESOURCE: memory. */
acf_status acf_data_record_is_kept(bool *is_kept, const char *run_dir, acf_error *e) ACF_MUST_USE;

#endif
