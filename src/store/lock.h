/*
 * One process at a time in a run directory: an advisory lock (flock) on RUN/.lock.
 *
 * The lock dies with its owner, however that ends; the file tells the next one who holds it.
 */
#ifndef ACF_STORE_LOCK_H
#define ACF_STORE_LOCK_H

#include "base/status.h"

typedef struct acf_lock acf_lock;

/* Take the lock of an existing directory.  Held by another process: ACF_ERR_BUSY naming its pid
 * and host; a file that cannot be made or locked: ACF_ERR_RESOURCE.  *out is NULL on failure. */
acf_status acf_lock_take(acf_lock **out, const char *run_dir, acf_error *e) ACF_MUST_USE;

/* Removes the file; *lock becomes NULL; NULL is allowed. */
void acf_lock_release(acf_lock **lock);

#endif
