/*
 * Names of files: joined, taken apart, and what lies there.
 */
#ifndef ACF_BASE_PATH_H
#define ACF_BASE_PATH_H

#include "base/status.h"

#include <stdbool.h>

/* Links are followed; what cannot be looked at is not there. */
bool acf_path_exists(const char *path);
bool acf_path_is_dir(const char *path);
bool acf_path_is_file(const char *path);

/* "dir/name", or name alone when it is absolute or dir is "" or NULL.  The caller frees; NULL on
 * failure (memory). */
char *acf_path_join(const char *dir, const char *name, acf_error *e) ACF_MUST_USE;

/* Is DIR/name there?  ACF_ERR_RESOURCE: memory. */
acf_status acf_path_holds(bool *found, const char *dir, const char *name,
                          acf_error *e) ACF_MUST_USE;

/* Absolute form against the current directory, "." and ".." and doubled slashes resolved by text
 * (the path need not exist).  The caller frees; NULL on failure. */
char *acf_path_absolute(const char *path, acf_error *e) ACF_MUST_USE;

/* Whether `path` is the directory `dir` or lies in it, wherever the links to directories on the way
 * lead; false when one of them is not there.  ACF_ERR_RESOURCE (memory). */
acf_status acf_path_is_inside(bool *is_inside, const char *path, const char *dir,
                              acf_error *e) ACF_MUST_USE;

/* Whether both are one regular file, however they are spelled and whatever links lead there; a file
 * that is yet to be made is known by its directory and name.  ACF_ERR_RESOURCE (memory). */
acf_status acf_path_is_same(bool *is_same, const char *a, const char *b, acf_error *e) ACF_MUST_USE;

/* The part after the last slash; points into path. */
const char *acf_path_base(const char *path);

/* The part before the last slash ("." when there is none, "/" for the root).  The caller frees. */
char *acf_path_dir(const char *path, acf_error *e) ACF_MUST_USE;

#endif
