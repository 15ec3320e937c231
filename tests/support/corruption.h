/* Every kind of damage to a checkpoint's files, which all must be seen. */
#ifndef ACF_TESTS_CORRUPTION_H
#define ACF_TESTS_CORRUPTION_H

#include <stddef.h>

/*
 * A tiny run in `dir` (empty) with two checkpoints; in the newest one, one bit of one byte of one
 * file is wrong: the first 512 and the last 64 bytes of each file and every stride-th between, and
 * every byte of SHA256SUMS and COMPLETE.  Each is refused with ACF_ERR_MODEL and the name of the
 * file; so are files cut short, made longer, missing, and every two files that have changed places.
 * For some of them a model is opened (refused) and the run resumed (falls back, saying so). Returns
 * how many bytes were flipped.
 */
size_t corruption_faults(const char *dir, size_t stride);

#endif
