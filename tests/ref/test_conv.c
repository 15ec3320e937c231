/* Convolutions with what is folded into them, against plain loops in double. */
#include "num/conv.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TOL (sizeof(real) == 4 ? 2e-6 : 1e-13)

/* Everything of one convolution: planar arrays for the plain loops, blocked ones for ours. */
typedef struct problem {
    acf_conv_shape s;
    int Ho, Wo;
    size_t n_x, n_y, n_w, b_x, b_y; /* elements: planar and blocked */
    real *x, *y, *d_z, *w, *d_x;    /* planar */
    real *bx, *by, *bd_z, *bd_x;    /* blocked */
    real *scale, *shift, *a, *b, *c, *mean;
    double *xp, *d_y, *want_x, *want_w; /* planar, in double */
    real *d_w, *out;
    void *scratch;
} problem;

static real *aligned(size_t n, uint64_t seed)
{
    real *x = aligned_alloc(64, (n * sizeof *x + 127) / 64 * 64);
    assert_non_null(x);
    fill_normal(x, n, seed);
    return x;
}

static double *doubles(size_t n)
{
    double *x = calloc(n + 1, sizeof *x);
    assert_non_null(x);
    return x;
}

static problem make(acf_conv_shape s)
{
    problem p = {.s = s};
    p.Ho = acf_conv_out(s.H, s.k, s.stride, s.pad);
    p.Wo = acf_conv_out(s.W, s.k, s.stride, s.pad);
    p.n_x = (size_t)s.N * (size_t)s.Ci * (size_t)s.H * (size_t)s.W;
    p.n_y = (size_t)s.N * (size_t)s.Co * (size_t)p.Ho * (size_t)p.Wo;
    p.n_w = (size_t)s.Co * (size_t)s.Ci * (size_t)s.k * (size_t)s.k;
    p.b_x = acf_blocked_len(s.N, s.Ci, s.H, s.W);
    p.b_y = acf_blocked_len(s.N, s.Co, p.Ho, p.Wo);
    p.x = aligned(p.n_x, 1), p.y = aligned(p.n_y, 2), p.d_z = aligned(p.n_y, 3);
    p.w = aligned(p.n_w, 4), p.d_x = aligned(p.n_x, 5), p.d_w = aligned(p.n_w, 6);
    p.bx = aligned(p.b_x, 7), p.by = aligned(p.b_y, 8), p.bd_z = aligned(p.b_y, 9);
    p.bd_x = aligned(p.b_x, 10), p.out = aligned(p.n_x > p.n_y ? p.n_x : p.n_y, 11);
    size_t ci = acf_blocked_channels(s.Ci), co = acf_blocked_channels(s.Co);
    p.scale = aligned(ci, 12), p.shift = aligned(ci, 13), p.mean = aligned(ci, 14);
    p.a = aligned(co, 15), p.b = aligned(co, 16), p.c = aligned(co, 17);
    for (size_t i = (size_t)s.Ci; i < ci; i++)
        p.scale[i] = p.shift[i] = p.mean[i] = 0;
    for (size_t i = (size_t)s.Co; i < co; i++)
        p.a[i] = p.b[i] = p.c[i] = 0;
    acf_to_blocked(p.bx, p.x, s.N, s.Ci, s.H, s.W);
    acf_to_blocked(p.by, p.y, s.N, s.Co, p.Ho, p.Wo);
    acf_to_blocked(p.bd_z, p.d_z, s.N, s.Co, p.Ho, p.Wo);
    acf_to_blocked(p.bd_x, p.d_x, s.N, s.Ci, s.H, s.W);
    p.xp = doubles(p.n_x), p.d_y = doubles(p.n_y);
    p.want_x = doubles(p.n_x), p.want_w = doubles(p.n_w);
    size_t bytes = acf_conv_forward_scratch(&s, 2), more = acf_conv_backward_scratch(&s, 2);
    bytes = bytes > more ? bytes : more;
    p.scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(p.scratch);
    memset(p.scratch, 0xff, bytes); /* NaN: nothing may count on zeros */
    return p;
}

static void drop(problem *p)
{
    free(p->x), free(p->y), free(p->d_z), free(p->w), free(p->d_x), free(p->d_w);
    free(p->bx), free(p->by), free(p->bd_z), free(p->bd_x), free(p->out);
    free(p->scale), free(p->shift), free(p->mean), free(p->a), free(p->b), free(p->c);
    free(p->xp), free(p->d_y), free(p->want_x), free(p->want_w), free(p->scratch);
}

static acf_conv_input input_of(const problem *p, bool affine)
{
    return (acf_conv_input){.x = p->s.planar ? p->x : p->bx,
                            .scale = affine ? p->scale : NULL,
                            .shift = affine ? p->shift : NULL};
}

/* x' in double. */
static void plain_input(problem *p, bool affine)
{
    size_t HW = (size_t)p->s.H * (size_t)p->s.W;
    for (size_t i = 0; i < p->n_x; i++) {
        size_t c = i / HW % (size_t)p->s.Ci;
        double v = (double)p->x[i];
        if (affine) {
            real r = p->scale[c] * p->x[i] + p->shift[c];
            v = fmax((double)r, 0.0);
        }
        p->xp[i] = v;
    }
}

/* Calls f for every pair that is multiplied. */
typedef void pair_function(problem *p, size_t x, size_t y, size_t w);
static void for_pairs(problem *p, pair_function *f)
{
    const acf_conv_shape *s = &p->s;
    for (int n = 0; n < s->N; n++)
        for (int co = 0; co < s->Co; co++)
            for (int h = 0; h < p->Ho; h++)
                for (int w = 0; w < p->Wo; w++)
                    for (int ci = 0; ci < s->Ci; ci++)
                        for (int i = 0; i < s->k; i++)
                            for (int j = 0; j < s->k; j++) {
                                int hx = h * s->stride + i - s->pad,
                                    wx = w * s->stride + j - s->pad;
                                if (hx < 0 || hx >= s->H || wx < 0 || wx >= s->W) continue;
                                int x = ((n * s->Ci + ci) * s->H + hx) * s->W + wx;
                                int y = ((n * s->Co + co) * p->Ho + h) * p->Wo + w;
                                int t = ((co * s->Ci + ci) * s->k + i) * s->k + j;
                                f(p, (size_t)x, (size_t)y, (size_t)t);
                            }
}

static void add_forward(problem *p, size_t x, size_t y, size_t w)
{
    p->d_y[y] += p->xp[x] * (double)p->w[w];
}

static void add_backward(problem *p, size_t x, size_t y, size_t w)
{
    p->want_x[x] += p->d_y[y] * (double)p->w[w];
    p->want_w[w] += p->d_y[y] * p->xp[x];
}

/* By the largest element: sums of many products have terms far larger than some of them. */
static void judge(const real *got, const double *want, size_t n, const char *what)
{
    double top = 0.0, worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        double err = fabs((double)got[i] - want[i]);
        assert_true(isfinite(got[i]));
        worst = err > worst ? err : worst;
        top = fabs(want[i]) > top ? fabs(want[i]) : top;
    }
    if (!(worst <= TOL * top)) fail_msg("%s: error %g of %g", what, worst, top);
}

static void assert_zero_beyond(const real *x, int N, int C, int HW)
{
    size_t all = acf_blocked_channels(C), lanes = acf_blocked_channels(1);
    for (size_t n = 0; n < (size_t)N; n++)
        for (size_t c = (size_t)C; c < all; c++)
            for (size_t i = 0; i < (size_t)HW; i++) {
                size_t block = n * (all / lanes) + c / lanes;
                assert_true(x[(block * (size_t)HW + i) * lanes + c % lanes] == 0);
            }
}

static void check_forward(problem *p, bool affine)
{
    const acf_conv_shape *s = &p->s;
    size_t HW = (size_t)p->Ho * (size_t)p->Wo, channels = acf_blocked_channels(s->Co);
    acf_plane_stats *stats = calloc((size_t)s->N * channels, sizeof *stats);
    assert_non_null(stats);
    memset(p->d_y, 0, p->n_y * sizeof *p->d_y);
    plain_input(p, affine);
    for_pairs(p, add_forward);
    acf_conv_forward(p->by, stats, input_of(p, affine), p->w, s, p->scratch);
    acf_from_blocked(p->out, p->by, s->N, s->Co, p->Ho, p->Wo);
    judge(p->out, p->d_y, p->n_y, "y");
    assert_zero_beyond(p->by, s->N, s->Co, (int)HW);

    for (size_t n = 0; n < (size_t)s->N; n++)
        for (size_t c = 0; c < (size_t)s->Co; c++) {
            const double *y = p->d_y + (n * (size_t)s->Co + c) * HW;
            double mean = 0.0, square = 0.0;
            for (size_t i = 0; i < HW; i++)
                mean += y[i] / (double)HW;
            for (size_t i = 0; i < HW; i++)
                square += (y[i] - mean) * (y[i] - mean);
            assert_number(stats[n * channels + c].mean, mean, 20 * TOL * (1 + fabs(mean)));
            assert_number(stats[n * channels + c].square, square, 50 * TOL * (1 + square));
        }
    free(stats);
}

/* Gradients with everything folded in, or with nothing. */
static void check_backward(problem *p, bool folded)
{
    const acf_conv_shape *s = &p->s;
    bool affine = folded && !s->planar;
    size_t HW = (size_t)p->Ho * (size_t)p->Wo, HWx = (size_t)s->H * (size_t)s->W;
    plain_input(p, affine);
    for (size_t i = 0; i < p->n_y; i++) {
        size_t c = i / HW % (size_t)s->Co;
        p->d_y[i] = (double)p->d_z[i];
        if (folded)
            p->d_y[i] =
                (double)p->a[c] * p->d_y[i] + (double)p->b[c] * (double)p->y[i] + (double)p->c[c];
    }
    for (size_t i = 0; i < p->n_x; i++)
        p->want_x[i] = folded ? (double)p->d_x[i] : 0.0;
    for (size_t i = 0; i < p->n_w; i++)
        p->want_w[i] = (double)p->d_w[i];
    for_pairs(p, add_backward);
    for (size_t i = 0; folded && i < p->n_x; i++)
        if (p->xp[i] <= 0.0) p->want_x[i] = 0.0;

    size_t channels = acf_blocked_channels(s->Ci);
    acf_plane_sums *sums = calloc((size_t)s->N * channels, sizeof *sums);
    assert_non_null(sums);
    acf_to_blocked(p->by, p->y, s->N, s->Co, p->Ho, p->Wo);
    acf_to_blocked(p->bd_x, p->d_x, s->N, s->Ci, s->H, s->W);
    acf_conv_d_input to = {.d_x = s->planar ? NULL : p->bd_x, .add = folded, .mask = folded};
    acf_conv_d_output from = {.d_z = p->bd_z, .y = p->by};
    if (folded) {
        to.sums = sums, to.y = p->bx, to.mean = p->mean;
        from.a = p->a, from.b = p->b, from.c = p->c;
    }
    acf_conv_backward(p->d_w, to, from, input_of(p, affine), p->w, s, p->scratch);
    judge(p->d_w, p->want_w, p->n_w, "d_w");
    if (!s->planar) {
        acf_from_blocked(p->out, p->bd_x, s->N, s->Ci, s->H, s->W);
        judge(p->out, p->want_x, p->n_x, "d_x");
        assert_zero_beyond(p->bd_x, s->N, s->Ci, (int)HWx);
    }
    for (size_t i = 0; folded && !s->planar && i < (size_t)s->N * (size_t)s->Ci; i++) {
        double sum = 0.0, dot = 0.0, size = 0.0;
        for (size_t k = i * HWx; k < (i + 1) * HWx; k++) {
            double off = (double)p->x[k] - (double)p->mean[i % (size_t)s->Ci];
            sum += p->want_x[k];
            dot += p->want_x[k] * off;
            size += fabs(p->want_x[k]) * (1 + fabs(off));
        }
        const acf_plane_sums *got = &sums[i / (size_t)s->Ci * channels + i % (size_t)s->Ci];
        assert_number(got->sum, sum, 10 * TOL * (1 + size));
        assert_number(got->dot, dot, 10 * TOL * (1 + size));
    }
    free(sums);
}

static void check(acf_conv_shape s)
{
    problem p = make(s);
    check_forward(&p, false);
    if (!s.planar) check_forward(&p, true);
    check_backward(&p, false);
    check_backward(&p, true);
    drop(&p);
}

static void agrees_with_plain_loops(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 19};
    static const struct {
        int k, stride, pad;
    } kinds[] = {{3, 1, 1}, {3, 2, 1}, {1, 1, 0}, {1, 2, 0}, {7, 2, 3}, {7, 1, 3}, {3, 1, 0}};
    static const int channels[][2] = {{1, 1}, {16, 16}, {5, 33}, {32, 32}, {40, 17}, {48, 64}};
    acf_threads_set(1);
    unsigned turn = 0;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t h = 0; h < sizeof sizes / sizeof *sizes; h++) {
            acf_conv_shape s = {.N = 1 + (int)(turn % 3),
                                .H = sizes[h],
                                .W = sizes[(h + turn) % 10],
                                .Ci = channels[turn % 6][0],
                                .Co = channels[(turn + kind) % 6][1],
                                .k = kinds[kind].k,
                                .stride = kinds[kind].stride,
                                .pad = kinds[kind].pad};
            turn++;
            if (s.k > s.H + 2 * s.pad || s.k > s.W + 2 * s.pad) continue;
            if (s.k == 7 && s.Ci * s.Co > 700) s.Co = 9;
            check(s);
        }
}

static void takes_images_as_they_come(void **state)
{
    (void)state;
    acf_threads_set(1);
    static const int sizes[] = {1, 7, 8, 9, 33};
    for (int i = 0; i < 5; i++) {
        int size = sizes[i], other = sizes[(i + 1) % 5];
        check((acf_conv_shape){.N = 3,
                               .Ci = 3,
                               .H = size,
                               .W = other,
                               .Co = 16,
                               .k = 3,
                               .stride = 1,
                               .pad = 1,
                               .planar = true});
        check((acf_conv_shape){.N = 2,
                               .Ci = 1,
                               .H = size,
                               .W = other,
                               .Co = 40,
                               .k = 3,
                               .stride = 2,
                               .pad = 1,
                               .planar = true});
        check((acf_conv_shape){.N = 1,
                               .Ci = 3,
                               .H = size,
                               .W = other,
                               .Co = 20,
                               .k = 7,
                               .stride = 2,
                               .pad = 3,
                               .planar = true});
    }
}

/* More images than tasks, and groups within tasks. */
static void cuts_a_batch_into_tasks(void **state)
{
    (void)state;
    acf_threads_set(2);
    check((acf_conv_shape){
        .N = 37, .Ci = 16, .H = 8, .W = 8, .Co = 32, .k = 3, .stride = 2, .pad = 1});
    check((acf_conv_shape){
        .N = 33, .Ci = 16, .H = 5, .W = 4, .Co = 16, .k = 3, .stride = 1, .pad = 1});
    check((acf_conv_shape){.N = 40,
                           .Ci = 3,
                           .H = 12,
                           .W = 12,
                           .Co = 16,
                           .k = 3,
                           .stride = 1,
                           .pad = 1,
                           .planar = true});
    check((acf_conv_shape){
        .N = 20, .Ci = 48, .H = 32, .W = 32, .Co = 16, .k = 1, .stride = 1, .pad = 0});
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    acf_conv_shape s = {
        .N = 35, .Ci = 24, .H = 9, .W = 11, .Co = 40, .k = 3, .stride = 1, .pad = 1};
    real *kept[3] = {NULL, NULL, NULL};
    for (int threads = 1; threads <= 2; threads++) {
        acf_threads_set(threads);
        problem p = make(s);
        acf_conv_d_input to = {.d_x = p.bd_x};
        acf_conv_d_output from = {.d_z = p.bd_z};
        acf_conv_forward(p.by, NULL, input_of(&p, true), p.w, &s, p.scratch);
        acf_conv_backward(p.d_w, to, from, input_of(&p, true), p.w, &s, p.scratch);
        real *got[3] = {p.by, p.bd_x, p.d_w};
        size_t n[3] = {p.b_y, p.b_x, p.n_w};
        for (int i = 0; i < 3; i++) {
            if (threads == 1) {
                kept[i] = malloc(n[i] * sizeof(real));
                assert_non_null(kept[i]);
                memcpy(kept[i], got[i], n[i] * sizeof(real));
            } else {
                assert_memory_equal(kept[i], got[i], n[i] * sizeof(real));
                free(kept[i]);
            }
        }
        drop(&p);
    }
}

/* The last batch of an epoch, and a piece of one, has the room that was taken for a whole one. */
static void fewer_images_want_no_more_scratch(void **state)
{
    (void)state;
    for (int co = 16; co <= 512; co *= 2) {
        acf_conv_shape s = {.Ci = co, .H = 4, .W = 4, .Co = co, .k = 3, .stride = 1, .pad = 1};
        size_t forward = 0, backward = 0;
        for (s.N = 1; s.N <= 64; s.N++) {
            size_t f = acf_conv_forward_scratch(&s, 2), b = acf_conv_backward_scratch(&s, 2);
            if (f < forward || b < backward)
                fail_msg("%d images of %d channels want less scratch than %d", s.N, co, s.N - 1);
            forward = f;
            backward = b;
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_plain_loops),
        cmocka_unit_test(takes_images_as_they_come),
        cmocka_unit_test(cuts_a_batch_into_tasks),
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(fewer_images_want_no_more_scratch),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
