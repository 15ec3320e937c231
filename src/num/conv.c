#include "num/conv.h"

#include "num/conv_plan.h"
#include "num/conv_tile.h"

#include <omp.h>
#include <string.h>

enum {
    L = ACF_LANES,
    WEIGHTS = 20 << 10, /* bytes of packed weights that stay in a first-level cache */
    PIXELS = 256,       /* of d_y that a tile of the weight gradient sums: 16 kB a register */
    MAX_STRIDE = 4
};

size_t acf_blocked_channels(int C)
{
    return acf_lanes_up((size_t)C);
}

size_t acf_blocked_len(int N, int C, int H, int W)
{
    return (size_t)N * acf_blocked_channels(C) * (size_t)H * (size_t)W;
}

/* Plane (n, block b): planar channels first .. first + L - 1 of image n, those that there are. */
void acf_to_blocked(real *x, const real *planar, int N, int C, int H, int W)
{
    size_t HW = (size_t)H * (size_t)W, blocks = acf_blocked_channels(C) / L;
    for (size_t n = 0; n < (size_t)N; n++)
        for (size_t c = 0; c < blocks * L; c++) {
            real *to = x + (n * blocks + c / L) * HW * L + c % L;
            const real *from = planar + (n * (size_t)C + c) * HW;
            for (size_t i = 0; i < HW; i++)
                to[i * L] = c < (size_t)C ? from[i] : 0;
        }
}

void acf_from_blocked(real *planar, const real *x, int N, int C, int H, int W)
{
    size_t HW = (size_t)H * (size_t)W, blocks = acf_blocked_channels(C) / L;
    for (size_t n = 0; n < (size_t)N; n++)
        for (size_t c = 0; c < (size_t)C; c++)
            for (size_t i = 0; i < HW; i++)
                planar[(n * (size_t)C + c) * HW + i] =
                    x[((n * blocks + c / L) * HW + i) * L + c % L];
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Elements of one image in the network. */
static size_t x_image(const acf_conv_plan *p)
{
    return p->x.planes * (size_t)p->s.H * (size_t)p->s.W * (size_t)p->x.unit;
}

static size_t y_image(const acf_conv_plan *p)
{
    return (size_t)p->co_blocks * (size_t)p->Ho * (size_t)p->Wo * L;
}

/* Elements of a thread's padded copies, in whole lanes. */
static size_t x_copies(const acf_conv_plan *p)
{
    return acf_lanes_up((size_t)p->group * p->x.planes * p->x.plane);
}

static size_t d_y_copies(const acf_conv_plan *p)
{
    return acf_lanes_up((size_t)p->group * p->d_y.planes * p->d_y.plane);
}

static size_t packed_len(const acf_conv_plan *p)
{
    return (size_t)p->co_blocks * L * p->rows;
}

static size_t parts_len(const acf_conv_plan *p)
{
    return (size_t)p->tasks * packed_len(p);
}

size_t acf_conv_forward_scratch(const acf_conv_shape *s, int n_threads)
{
    acf_conv_plan p = acf_conv_plan_make(s, false);
    return (packed_len(&p) + (size_t)n_threads * x_copies(&p)) * sizeof(real);
}

size_t acf_conv_backward_scratch(const acf_conv_shape *s, int n_threads)
{
    acf_conv_plan p = acf_conv_plan_make(s, true);
    size_t own = x_copies(&p) + d_y_copies(&p);
    size_t packed = s->planar ? 0 : packed_len(&p), parts = (size_t)p.most_tasks * packed_len(&p);
    return (packed + parts + (size_t)n_threads * own) * sizeof(real);
}

/* Rows that lie end to end become one. */
static void join_rows(acf_conv_run *r)
{
    size_t pixel = r->thin ? 1 : L, cols = (size_t)r->cols;
    if (r->x_row != cols * pixel || r->y_row != cols * r->y_pixel) return;
    r->cols *= r->rows;
    r->rows = 1;
}

/* What run_images needs besides a run: its inputs and outputs over images and blocks. */
typedef struct images {
    const real *copies; /* padded, copy elements an image */
    size_t copy;
    real *y; /* y_image elements an image */
    size_t y_image;
    int n, n_in, n_out; /* images, blocks of inputs and outputs */
    const real *packed;
    size_t rows; /* of a block of outputs in packed */
    int vectors;
    bool add;
} images;

/* Outputs of the images: group of blocks by group, a cacheful of weights at a time. */
static void run_images(acf_conv_run r, const images *m)
{
    size_t block_rows = (size_t)r.n_taps * (r.thin ? 1 : L);
    join_rows(&r);
    for (int o = 0; o < m->n_out; o += m->vectors) {
        r.vectors = least(m->vectors, m->n_out - o);
        size_t width = (size_t)r.vectors * L, bytes = block_rows * width * sizeof(real);
        int chunk = bytes == 0 || bytes * (size_t)m->n_in <= WEIGHTS ? m->n_in
                    : bytes >= WEIGHTS                               ? 1
                                                                     : (int)(WEIGHTS / bytes);
        for (int b = 0; b < m->n_in; b += chunk) {
            r.n_blocks = least(chunk, m->n_in - b);
            r.w = m->packed + (size_t)o * L * m->rows + (size_t)b * block_rows * width;
            r.add = m->add || b > 0;
            for (int i = 0; i < m->n; i++) {
                r.x = m->copies + (size_t)i * m->copy + (size_t)b * r.x_block;
                acf_conv_run run = r;
                run.y = m->y + (size_t)i * m->y_image + (size_t)o * r.y_block;
                acf_conv_run_output(&run);
            }
        }
    }
}

/* Padded copies of n images from `first`. */
static void load_images(real *copies, acf_conv_input in, const acf_conv_plan *p, int first, int n)
{
    for (int i = 0; i < n; i++) {
        acf_conv_input image = in;
        image.x += (size_t)(first + i) * x_image(p);
        acf_conv_load(copies + (size_t)i * p->x.planes * p->x.plane, &p->x, image, p->s.H, p->s.W);
    }
}

static void forward_task(real *y, acf_plane_stats *stats, acf_conv_input in, const real *packed,
                         const acf_conv_plan *p, const acf_conv_taps *taps, real *copies, int task)
{
    int first = task * p->task_images, n = least(p->task_images, p->s.N - first);
    size_t row = (size_t)p->Wo * L;
    memset(copies, 0, x_copies(p) * sizeof *copies);
    load_images(copies, in, p, first, n);
    real *y_first = y + (size_t)first * y_image(p);
    const images m = {.copies = copies,
                      .copy = p->x.planes * p->x.plane,
                      .y = y_first,
                      .y_image = y_image(p),
                      .n = n,
                      .n_in = p->thin ? 1 : p->ci_blocks,
                      .n_out = p->co_blocks,
                      .packed = packed,
                      .rows = p->rows,
                      .vectors = p->vectors};
    acf_conv_run r = {.x_row = (size_t)p->s.stride * p->x.row,
                      .x_block = p->x.plane,
                      .tap = taps->at,
                      .n_taps = taps->n,
                      .y_row = row,
                      .y_pixel = L,
                      .y_block = (size_t)p->Ho * row,
                      .rows = p->Ho,
                      .cols = p->Wo,
                      .thin = p->thin};
    run_images(r, &m);
    for (int i = 0; i < n && stats != NULL; i++)
        acf_conv_stats(stats + (size_t)(first + i) * (size_t)p->co_blocks * L,
                       y_first + (size_t)i * m.y_image, p->co_blocks, p->Ho, p->Wo);
}

void acf_conv_forward(real *y, acf_plane_stats *stats, acf_conv_input in, const real *w,
                      const acf_conv_shape *s, void *scratch)
{
    acf_conv_plan p = acf_conv_plan_make(s, false);
    acf_conv_taps taps = acf_conv_forward_taps(&p);
    real *packed = scratch, *copies = packed + packed_len(&p);
    acf_conv_pack_forward(packed, w, &p);
#pragma omp parallel for schedule(dynamic) if (p.tasks > 1 && !omp_in_parallel())
    for (int task = 0; task < p.tasks; task++)
        forward_task(y, stats, in, packed, &p, &taps,
                     copies + (size_t)omp_get_thread_num() * x_copies(&p), task);
}

/* What the tasks of a backward call share. */
typedef struct backward {
    acf_conv_plan p;
    acf_conv_taps forward;                        /* those of the weight's gradient */
    acf_conv_taps phase[MAX_STRIDE * MAX_STRIDE]; /* those of x */
    const real *packed;
    real *parts, *copies;
    acf_conv_d_input to;
    acf_conv_d_output from;
    acf_conv_input in;
    bool wants_weight;
} backward;

/* Weight gradient of n images in their copies, rows first .. first + rows - 1 of d_y. */
static void weight_of_rows(const backward *g, real *part, const real *x, const real *d_y, int n,
                           int first, int rows, bool add)
{
    const acf_conv_plan *p = &g->p;
    const acf_conv_taps *taps = &g->forward;
    acf_conv_weight_run r = {
        .x_image = p->x.planes * p->x.plane,
        .x_row = (size_t)p->s.stride * p->x.row,
        .row = taps->at,
        .n_rows = p->thin ? taps->n : L,
        .d_y_image = p->d_y.planes * p->d_y.plane,
        .d_y_row = p->d_y.row,
        .d_y_block = p->d_y.plane,
        .n_images = n,
        .rows = rows,
        .cols = p->Wo,
        .d_w_block = p->rows * L,
        .add = add,
        .thin = p->thin,
    };
    const real *x_first = x + (size_t)first * r.x_row;
    const real *d_first = d_y + acf_conv_pad_at(&p->d_y, p->d_y.before + first, p->d_y.before);
    for (int o = 0; o < p->co_blocks; o += r.vectors) {
        r.vectors = least(p->vectors, p->co_blocks - o);
        r.d_y = d_first + (size_t)o * p->d_y.plane;
        r.d_w = part + (size_t)o * p->rows * L;
        if (p->thin) {
            r.x = x_first;
            acf_conv_run_weight(&r);
            continue;
        }
        for (int b = 0; b < p->ci_blocks; b++)
            for (int t = 0; t < taps->n; t++, r.d_w += L * L) {
                r.x = x_first + (size_t)b * p->x.plane + taps->at[t];
                acf_conv_run_weight(&r);
            }
    }
}

/* Weight gradient of n images: as many rows or whole images at a time as stay in cache. */
static void weight_of_images(const backward *g, real *part, const real *x, const real *d_y, int n,
                             bool add)
{
    const acf_conv_plan *p = &g->p;
    int rows = p->Wo < PIXELS ? PIXELS / p->Wo : 1, at_once = 1;
    if (rows >= p->Ho) {
        rows = p->Ho;
        at_once = PIXELS / (p->Ho * p->Wo);
    }
    for (int i = 0; i < n; i += at_once)
        for (int h = 0; h < p->Ho; h += rows)
            weight_of_rows(g, part, x + (size_t)i * p->x.planes * p->x.plane,
                           d_y + (size_t)i * p->d_y.planes * p->d_y.plane, least(at_once, n - i), h,
                           least(rows, p->Ho - h), add || i > 0 || h > 0);
}

/* Image i, of `image` elements, of a batch that `to` and `in` begin. */
static void finish_image(acf_conv_d_input to, acf_conv_input in, int i, size_t image, int n_blocks,
                         int H, int W)
{
    size_t at = (size_t)i * image;
    to.d_x += at;
    in.x += at;
    if (to.sums != NULL) {
        to.sums += (size_t)i * (size_t)n_blocks * L;
        to.y += at;
    }
    acf_conv_finish(to, in, n_blocks, H, W);
}

/* d_x of n images from `first`, phase by phase: each output pixel belongs to one. */
static void input_of_images(const backward *g, const real *d_y, int first, int n)
{
    const acf_conv_plan *p = &g->p;
    size_t stride = (size_t)p->s.stride, row = (size_t)p->s.W * L;
    images m = {.copies = d_y,
                .copy = p->d_y.planes * p->d_y.plane,
                .y_image = x_image(p),
                .n = n,
                .n_in = p->co_blocks,
                .n_out = p->ci_blocks,
                .vectors = p->vectors,
                .add = g->to.add};
    for (int f = 0; f < p->s.stride * p->s.stride; f++) {
        const acf_conv_taps *taps = &g->phase[f];
        acf_conv_run r = {.x_row = p->d_y.row,
                          .x_block = p->d_y.plane,
                          .tap = taps->at,
                          .n_taps = taps->n,
                          .y_row = stride * row,
                          .y_pixel = stride * L,
                          .y_block = (size_t)p->s.H * row,
                          .rows = taps->rows,
                          .cols = taps->cols};
        m.y = g->to.d_x + (size_t)first * m.y_image + (size_t)taps->row * row +
              (size_t)taps->column * L;
        m.packed = g->packed + taps->packed;
        m.rows = (size_t)p->co_blocks * (size_t)taps->n * L;
        run_images(r, &m);
    }
    for (int i = first; i < first + n; i++)
        finish_image(g->to, g->in, i, m.y_image, p->ci_blocks, p->s.H, p->s.W);
}

static void backward_task(const backward *g, int task)
{
    const acf_conv_plan *p = &g->p;
    int begin = task * p->task_images, end = least(begin + p->task_images, p->s.N);
    size_t own = x_copies(p) + d_y_copies(p);
    real *x = g->copies + (size_t)omp_get_thread_num() * own, *d_y = x + x_copies(p);
    real *part = g->parts + (size_t)task * packed_len(p);
    memset(x, 0, own * sizeof *x);
    for (int first = begin; first < end; first += p->group) {
        int n = least(p->group, end - first);
        for (int i = 0; i < n; i++) {
            acf_conv_d_output from = g->from;
            from.d_z += (size_t)(first + i) * y_image(p);
            if (from.b != NULL) from.y += (size_t)(first + i) * y_image(p);
            acf_conv_load_gradient(d_y + (size_t)i * p->d_y.planes * p->d_y.plane, &p->d_y, from,
                                   p->Ho, p->Wo);
        }
        if (g->wants_weight) {
            load_images(x, g->in, p, first, n);
            weight_of_images(g, part, x, d_y, n, first > begin);
        }
        if (g->to.d_x != NULL) input_of_images(g, d_y, first, n);
    }
}

void acf_conv_backward(real *d_w, acf_conv_d_input to, acf_conv_d_output from, acf_conv_input in,
                       const real *w, const acf_conv_shape *s, void *scratch)
{
    backward g = {.p = acf_conv_plan_make(s, true),
                  .to = to,
                  .from = from,
                  .in = in,
                  .wants_weight = d_w != NULL};
    real *packed = scratch;
    g.packed = packed;
    g.parts = packed + (s->planar ? 0 : packed_len(&g.p));
    g.copies = g.parts + parts_len(&g.p);
    g.forward = acf_conv_forward_taps(&g.p);
    size_t at = 0;
    for (int f = 0; f < s->stride * s->stride && to.d_x != NULL; f++) {
        g.phase[f] = acf_conv_backward_taps(&g.p, f / s->stride, f % s->stride, &at);
        acf_conv_pack_backward(packed, w, &g.p, &g.phase[f]);
    }
#pragma omp parallel for schedule(dynamic) if (g.p.tasks > 1 && !omp_in_parallel())
    for (int task = 0; task < g.p.tasks; task++)
        backward_task(&g, task);
    if (d_w != NULL) acf_conv_unpack(d_w, g.parts, &g.p);
}

void acf_conv_finish_batch(acf_conv_d_input to, acf_conv_input in, int N, int C, int H, int W)
{
    size_t channels = acf_blocked_channels(C), image = acf_blocked_len(1, C, H, W);
#pragma omp parallel for schedule(static) if (N > 1 && !omp_in_parallel())
    for (int n = 0; n < N; n++)
        finish_image(to, in, n, image, (int)(channels / L), H, W);
}
