/*
 * The system calls by which files change, each with the place where tests make it fail.
 *
 * They behave as the calls of the same name (write may be short, errno is set), but the calls are
 * counted, and a test can say which of them fail.  All writing in the library goes through these,
 * but for files that stay open: store/lock.c opens and cuts its own by itself, run/run_log.c
 * appends to its files and syncs them by stdio.
 */
#ifndef ACF_BASE_SYSIO_H
#define ACF_BASE_SYSIO_H

#include <stddef.h>
#include <sys/types.h>

int acf_sys_create(const char *path, int flags); /* open with O_WRONLY | O_CREAT, mode 0666 */
ssize_t acf_sys_write(int fd, const void *data, size_t len);
int acf_sys_fsync(int fd);
int acf_sys_close(int fd); /* closes even when it fails */
int acf_sys_rename(const char *from, const char *to);
int acf_sys_mkdir(const char *path);
int acf_sys_symlink(const char *target, const char *path);
int acf_sys_remove(const char *path);

/* For tests: of the calls from now on, the n-th and those after it, `count` in all, fail with errno
 * `err`; n = 0 switches it off.  Returns how many calls were made since the last time. */
size_t acf_sys_fail_at(size_t n, size_t count, int err);

/* For tests: how many times files and directories were synced since the last call. */
size_t acf_sys_syncs(void);

#endif
