/*
 * Whole programs whose memory gives out: a training run of texts from a learnt vocabulary, one that
 * is resumed, one of images, a series, an evaluation, a class more, predictions of lines and
 * tables.
 */
#ifndef ACF_TESTS_MEMORY_FAULTS_H
#define ACF_TESTS_MEMORY_FAULTS_H

#include <stddef.h>

/* Runs each of them again and again in `dir` (empty), the n-th allocation failing, for n = 1,
 * 1 + stride ... until one is through.  Each ends well or with ACF_ERR_RESOURCE and a message, and
 * holds no memory afterwards; at least half must have failed.  Returns how many allocations failed
 * in all. */
size_t memory_faults(const char *dir, size_t stride);

#endif
