/*
 * A convolution laid out for the register tiles: padded copies, taps, packed weights.  For
 * num/conv.c.
 */
#ifndef ACF_NUM_CONV_PLAN_H
#define ACF_NUM_CONV_PLAN_H

#include "num/conv_image.h"

enum { ACF_CONV_MAX_TAPS = 160 }; /* 7 x 7 of 3 channels, one tap each */

/* Taps of one run.  Those of the gradient of x fall into stride x stride phases: the pixels
 * h = i stride + row, w = j stride + column see the taps that a division by the stride leaves. */
typedef struct acf_conv_taps {
    int row, column;
    int rows, cols; /* pixels of this phase */
    int n;
    ptrdiff_t at[ACF_CONV_MAX_TAPS]; /* elements from the padded copy's origin */
    int weight[ACF_CONV_MAX_TAPS];   /* which tap of w, i k + j; thin: (ci k + i) k + j */
    size_t packed;                   /* where its weights begin */
} acf_conv_taps;

typedef struct acf_conv_plan {
    acf_conv_shape s;
    int Ho, Wo, ci_blocks, co_blocks;
    bool thin;
    acf_conv_pad x, d_y;
    size_t rows; /* of the weight as the tiles see it: blocks, taps, channels */
    int vectors; /* blocks of outputs in a run */
    int group;   /* images whose padded copies are in cache together */
    int tasks, task_images;
    int most_tasks; /* of this many images or fewer: nine may make fewer tasks than eight */
} acf_conv_plan;

/* `backward`: with d_y, and tasks that keep a weight gradient of their own. */
acf_conv_plan acf_conv_plan_make(const acf_conv_shape *s, bool backward);

acf_conv_taps acf_conv_forward_taps(const acf_conv_plan *p);

/* Phase (row, column); `packed` continues at *packed and moves it. */
acf_conv_taps acf_conv_backward_taps(const acf_conv_plan *p, int row, int column, size_t *packed);

/* Weights [Co, Ci, k, k] as acf_conv_run wants them, for all groups of output blocks. */
void acf_conv_pack_forward(real *packed, const real *w, const acf_conv_plan *p);
void acf_conv_pack_backward(real *packed, const real *w, const acf_conv_plan *p,
                            const acf_conv_taps *taps);

/* d_w [Co, Ci, k, k] += sum over tasks, in their order, of parts [tasks, co_blocks, rows, L]. */
void acf_conv_unpack(real *d_w, real *parts, const acf_conv_plan *p);

#endif
