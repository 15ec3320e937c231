/*
 * Where the time of a step goes: the benchmark is linked with --wrap for each kernel that
 * time_split.c names, so that calls from other files pass through a timer.  Nothing in src/ knows.
 */
#ifndef ACF_TESTS_TIME_SPLIT_H
#define ACF_TESTS_TIME_SPLIT_H

typedef enum split_kind {
    SPLIT_OTHER, /* whatever no wrapped kernel takes */
    SPLIT_GEMM,
    SPLIT_ATTENTION,
    SPLIT_NORM,
    SPLIT_ACTIVATION,
    SPLIT_DROPOUT,
    SPLIT_BIAS,
    SPLIT_EMBEDDING,
    SPLIT_CONVOLUTION,
    SPLIT_BATCHNORM,
    SPLIT_POOLING,
    SPLIT_OBJECTIVE,
    SPLIT_OPTIMIZER,
    SPLIT_KINDS
} split_kind;

extern const char *const split_name[SPLIT_KINDS];

/* Start counting anew. */
void split_reset(void);

/* Seconds of each kind since then, of the main thread; a kernel inside another counts for itself.
 */
void split_read(double seconds[SPLIT_KINDS]);

#endif
