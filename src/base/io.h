/*
 * Files and directories.  Reading checks everything before memory is taken; writing leaves the old
 * file or the whole new one, never a part.  Failures to read are ACF_ERR_IO (the caller gives them
 * a class with acf_reclass), failures to write ACF_ERR_RESOURCE.  All messages name the path.
 */
#ifndef ACF_BASE_IO_H
#define ACF_BASE_IO_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* The whole file and a final NUL that *len does not count; refuses directories, devices and files
 * over max_bytes.  *data is the caller's (acf_free), NULL on failure. */
acf_status acf_read_file(char **data, size_t *len, const char *path, size_t max_bytes,
                         acf_error *e) ACF_MUST_USE;

/* The first cap - 1 bytes of a file and a final NUL, without asking for its size: for the kernel's
 * own files under /proc and /sys, which say 0. */
acf_status acf_read_kernel_file(char *text, size_t cap, const char *path,
                                acf_error *e) ACF_MUST_USE;

/* A read-only mapping of a whole regular file; an empty file maps to NULL, 0.  *data and *len are
 * NULL and 0 on failure.  Closed with acf_unmap_file. */
acf_status acf_map_file(const unsigned char **data, size_t *len, const char *path,
                        acf_error *e) ACF_MUST_USE;
void acf_unmap_file(const unsigned char **data, size_t *len);

/* Replace `path` by `len` bytes: temporary file beside it, flush, fsync, rename, fsync of the
 * directory. */
acf_status acf_write_atomic(const char *path, const void *data, size_t len,
                            acf_error *e) ACF_MUST_USE;

/* acf_write_atomic to dir/name. */
acf_status acf_write_in(const char *dir, const char *name, const void *data, size_t len,
                        acf_error *e) ACF_MUST_USE;

/* As acf_write_atomic without the rename, the file removed on failure: for files inside a directory
 * that is renamed as a whole. */
acf_status acf_write_synced(const char *path, const void *data, size_t len,
                            acf_error *e) ACF_MUST_USE;

acf_status acf_sync_dir(const char *path, acf_error *e) ACF_MUST_USE;

/* mkdir -p. */
acf_status acf_make_dirs(const char *path, acf_error *e) ACF_MUST_USE;

/* Remove a file or a directory with all it holds; symbolic links are removed, not followed; nothing
 * there is fine. */
acf_status acf_remove_tree(const char *path, acf_error *e) ACF_MUST_USE;

/* Names in a directory without "." and "..", sorted by bytes; list and names are the caller's
 * (acf_free_names). */
acf_status acf_list_dir(char ***names, size_t *n, const char *path, acf_error *e) ACF_MUST_USE;
void acf_free_names(char **names, size_t n);

/* Bytes free for this user on the file system of the nearest existing parent of path; 0 when
 * unknown. */
uint64_t acf_disk_free(const char *path);

#endif
