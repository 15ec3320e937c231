/*
 * Files and directories that a user named to be written: looked at before the work that would be
 * lost, and written as they are.  All failures are ACF_ERR_RESOURCE and name the path.
 */
#ifndef ACF_BASE_OUTPUT_H
#define ACF_BASE_OUTPUT_H

#include "base/status.h"

#include <stddef.h>

/* acf_write_atomic (base/io.h), but a link, device or pipe there is written through, never
 * replaced. */
acf_status acf_write_output(const char *path, const void *data, size_t len,
                            acf_error *e) ACF_MUST_USE;

/* May acf_write_output write it?  Nothing is written. */
acf_status acf_output_check(const char *path, acf_error *e) ACF_MUST_USE;

/* May files be written into this directory, which acf_make_dirs makes where it is missing? */
acf_status acf_output_check_dir(const char *path, acf_error *e) ACF_MUST_USE;

#endif
