#include "num/conv_image.h"

#include "num/lanes.h"

enum { L = ACF_LANES };

acf_conv_pad acf_conv_pad_make(int unit, int planes, int before, int stride, int rows, int cols)
{
    acf_conv_pad p = {.unit = unit, .before = before, .stride = stride, .planes = (size_t)planes};
    p.width = (size_t)((cols + stride - 1) / stride);
    p.row = (size_t)stride * p.width * (size_t)unit;
    p.plane = (size_t)rows * p.row;
    return p;
}

size_t acf_conv_pad_at(const acf_conv_pad *p, int h, int w)
{
    size_t column = (size_t)(w % p->stride) * p->width + (size_t)(w / p->stride);
    return (size_t)h * p->row + column * (size_t)p->unit;
}

/* What is done to a pixel while it is copied. */
typedef enum load_kind { LOAD_COPY, LOAD_RELU, LOAD_SCALED, LOAD_GRADIENT } load_kind;

typedef struct load {
    const real *x, *y;     /* of a plane */
    const real *a, *b, *c; /* of its channels */
} load;

ACF_INLINE acf_lanes load_pixel(const load *from, size_t at, const acf_lanes *a, const acf_lanes *b,
                                const acf_lanes *c, const load_kind kind)
{
    acf_lanes x = acf_lanes_load(from->x + at);
    switch (kind) {
    case LOAD_COPY:
        return x;
    case LOAD_RELU: /* x' = relu(scale x + shift) */
        return acf_lanes_relu(*a * x + *b);
    case LOAD_SCALED: /* d_y = a d_z */
        return *a * x;
    case LOAD_GRADIENT: /* d_y = a d_z + b y + c */
        return *a * x + *b * acf_lanes_load(from->y + at) + *c;
    }
    return x;
}

/* One plane; kind is a constant at the call. */
ACF_INLINE void load_plane(real *to, const acf_conv_pad *p, const load *from, int H, int W,
                           const load_kind kind)
{
    acf_lanes a = {0}, b = {0}, c = {0};
    if (kind != LOAD_COPY) a = acf_lanes_load(from->a);
    if (kind == LOAD_RELU || kind == LOAD_GRADIENT) b = acf_lanes_load(from->b);
    if (kind == LOAD_GRADIENT) c = acf_lanes_load(from->c);
    int s = p->stride;
    for (int h = 0; h < H; h++)
        for (int first = 0; first < s && first < W; first++) {
            real *row = to + acf_conv_pad_at(p, h + p->before, first + p->before);
            size_t at = ((size_t)h * (size_t)W + (size_t)first) * L;
            for (int w = first; w < W; w += s, row += L, at += (size_t)s * L)
                acf_lanes_store(row, load_pixel(from, at, &a, &b, &c, kind));
        }
}

ACF_CLONES static void load_copy(real *to, const acf_conv_pad *p, const load *from, int H, int W)
{
    load_plane(to, p, from, H, W, LOAD_COPY);
}

ACF_CLONES static void load_relu(real *to, const acf_conv_pad *p, const load *from, int H, int W)
{
    load_plane(to, p, from, H, W, LOAD_RELU);
}

ACF_CLONES static void load_scaled(real *to, const acf_conv_pad *p, const load *from, int H, int W)
{
    load_plane(to, p, from, H, W, LOAD_SCALED);
}

ACF_CLONES static void load_gradient(real *to, const acf_conv_pad *p, const load *from, int H,
                                     int W)
{
    load_plane(to, p, from, H, W, LOAD_GRADIENT);
}

static void load_planar(real *to, const acf_conv_pad *p, const real *x, int H, int W)
{
    int s = p->stride;
    for (int h = 0; h < H; h++)
        for (int first = 0; first < s && first < W; first++) {
            real *row = to + acf_conv_pad_at(p, h + p->before, first + p->before);
            const real *x_h = x + (size_t)h * (size_t)W;
            for (int w = first; w < W; w += s)
                *row++ = x_h[w];
        }
}

void acf_conv_load(real *to, const acf_conv_pad *p, acf_conv_input in, int H, int W)
{
    size_t HW = (size_t)H * (size_t)W * (size_t)p->unit;
    for (size_t b = 0; b < p->planes; b++) {
        load from = {.x = in.x + b * HW};
        if (p->unit == 1) {
            load_planar(to + b * p->plane, p, from.x, H, W);
        } else if (in.scale == NULL) {
            load_copy(to + b * p->plane, p, &from, H, W);
        } else {
            from.a = in.scale + b * L;
            from.b = in.shift + b * L;
            load_relu(to + b * p->plane, p, &from, H, W);
        }
    }
}

void acf_conv_load_gradient(real *to, const acf_conv_pad *p, acf_conv_d_output from, int H, int W)
{
    size_t HW = (size_t)H * (size_t)W * L;
    for (size_t b = 0; b < p->planes; b++) {
        load plane = {.x = from.d_z + b * HW};
        if (from.a == NULL) {
            load_copy(to + b * p->plane, p, &plane, H, W);
            continue;
        }
        plane.a = from.a + b * L;
        if (from.b == NULL) {
            load_scaled(to + b * p->plane, p, &plane, H, W);
            continue;
        }
        plane.y = from.y + b * HW;
        plane.b = from.b + b * L;
        plane.c = from.c + b * L;
        load_gradient(to + b * p->plane, p, &plane, H, W);
    }
}

/* Rows are summed in real, their sums in double. */
static void add_to(double *total, acf_lanes sum)
{
    for (int l = 0; l < L; l++)
        total[l] += (double)sum[l];
}

ACF_CLONES static void stats_of_plane(acf_plane_stats *stats, const real *y, int H, int W)
{
    double total[L] = {0}, off[L] = {0}, square[L] = {0}, n = (double)H * W;
    for (int h = 0; h < H; h++) {
        acf_lanes sum = {0};
        for (int w = 0; w < W; w++)
            sum += acf_lanes_load(y + ((size_t)h * (size_t)W + (size_t)w) * L);
        add_to(total, sum);
    }
    acf_lanes mean;
    for (int l = 0; l < L; l++)
        mean[l] = (real)(total[l] / n);
    for (int h = 0; h < H; h++) {
        acf_lanes sum = {0}, squares = {0};
        for (int w = 0; w < W; w++) {
            acf_lanes d = acf_lanes_load(y + ((size_t)h * (size_t)W + (size_t)w) * L) - mean;
            sum += d;
            squares += d * d;
        }
        add_to(off, sum);
        add_to(square, squares);
    }
    for (int l = 0; l < L; l++) { /* `off` is what rounding the mean left out */
        stats[l].mean = (double)mean[l] + off[l] / n;
        stats[l].square = square[l] - off[l] * off[l] / n;
    }
}

void acf_conv_stats(acf_plane_stats *stats, const real *y, int n_blocks, int H, int W)
{
    for (int b = 0; b < n_blocks; b++)
        stats_of_plane(stats + (size_t)b * L, y + (size_t)b * L * (size_t)H * (size_t)W, H, W);
}

/* d = d where x' > 0; sums of d and of d (y - mean).  The last two are constants at the call. */
ACF_INLINE void finish_plane(real *d, acf_plane_sums *sums, const load *from, const real *mean,
                             int H, int W, const bool mask, const bool affine)
{
    acf_lanes a = {0}, b = {0}, m = {0};
    double sum[L] = {0}, dot[L] = {0};
    if (affine) {
        a = acf_lanes_load(from->a);
        b = acf_lanes_load(from->b);
    }
    if (sums != NULL) m = acf_lanes_load(mean);
    for (int h = 0; h < H; h++) {
        acf_lanes row_sum = {0}, row_dot = {0};
        for (int w = 0; w < W; w++) {
            size_t at = ((size_t)h * (size_t)W + (size_t)w) * L;
            acf_lanes d_w = acf_lanes_load(d + at);
            if (mask) {
                acf_lanes x = acf_lanes_load(from->x + at);
                d_w = acf_lanes_where_positive(d_w, affine ? a * x + b : x);
                acf_lanes_store(d + at, d_w);
            }
            if (sums != NULL) {
                row_sum += d_w;
                row_dot += d_w * (acf_lanes_load(from->y + at) - m);
            }
        }
        add_to(sum, row_sum);
        add_to(dot, row_dot);
    }
    if (sums != NULL)
        for (int l = 0; l < L; l++)
            sums[l] = (acf_plane_sums){.sum = sum[l], .dot = dot[l]};
}

ACF_CLONES static void finish(real *d, acf_plane_sums *sums, const load *from, const real *mean,
                              int H, int W, bool mask)
{
    if (!mask)
        finish_plane(d, sums, from, mean, H, W, false, false);
    else if (from->a == NULL)
        finish_plane(d, sums, from, mean, H, W, true, false);
    else
        finish_plane(d, sums, from, mean, H, W, true, true);
}

void acf_conv_finish(acf_conv_d_input to, acf_conv_input in, int n_blocks, int H, int W)
{
    if (!to.mask && to.sums == NULL) return;
    size_t HW = (size_t)H * (size_t)W * L;
    for (size_t b = 0; b < (size_t)n_blocks; b++) {
        load from = {.x = in.x + b * HW};
        if (in.scale != NULL) {
            from.a = in.scale + b * L;
            from.b = in.shift + b * L;
        }
        if (to.sums != NULL) from.y = to.y + b * HW;
        finish(to.d_x + b * HW, to.sums != NULL ? to.sums + b * L : NULL, &from,
               to.sums != NULL ? to.mean + b * L : NULL, H, W, to.mask);
    }
}
