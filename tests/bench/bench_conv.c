/*
 * Times of convolutions in the shapes of ResNet-20 and ResNet-18, with what is folded into them,
 * and of whole training steps.  GFLOP/s are those of the convolution alone, two a multiply-add. The
 * best of several runs; on a busy machine compare within one output only.
 */
#include "base/clock.h"
#include "encoder/families.h"
#include "num/conv.h"
#include "num/gemm.h"
#include "num/threads.h"
#include "run/step.h"
#include "support/fill.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct problem {
    acf_conv_shape s;
    real *x, *y, *d_x, *d_z, *w, *d_w, *vector;
    acf_plane_stats *stats;
    acf_plane_sums *sums;
    void *scratch;
} problem;

static void *take(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (p == NULL) abort();
    return p;
}

static real *numbers(size_t n)
{
    real *x = take(n * sizeof *x);
    fill_normal(x, n, n);
    return x;
}

static void forward(void *ctx)
{
    problem *p = ctx;
    const real *v = p->s.planar ? NULL : p->vector;
    acf_conv_forward(p->y, p->stats, (acf_conv_input){.x = p->x, .scale = v, .shift = v}, p->w,
                     &p->s, p->scratch);
}

static void backward(void *ctx)
{
    problem *p = ctx;
    const real *v = p->vector;
    bool planar = p->s.planar;
    acf_conv_d_input to = {.d_x = planar ? NULL : p->d_x,
                           .mask = true,
                           .y = p->x,
                           .mean = v,
                           .sums = planar ? NULL : p->sums};
    acf_conv_d_output from = {.d_z = p->d_z, .y = p->y, .a = v, .b = v, .c = v};
    acf_conv_input in = {.x = p->x, .scale = planar ? NULL : v, .shift = planar ? NULL : v};
    acf_conv_backward(p->d_w, to, from, in, p->w, &p->s, p->scratch);
}

static void bench_shape(const int q[6], int n_threads)
{
    acf_threads_set(n_threads);
    problem p = {.s = {.N = q[0], .Ci = q[1], .H = q[2], .W = q[2], .Co = q[3], .k = q[4]}};
    p.s.stride = q[5];
    p.s.pad = q[4] / 2;
    p.s.planar = q[1] == 3;
    int Ho = acf_conv_out(q[2], q[4], q[5], p.s.pad);
    size_t n_x = acf_blocked_len(q[0], q[1], q[2], q[2]), n_y = acf_blocked_len(q[0], q[3], Ho, Ho);
    size_t n_w = (size_t)q[3] * (size_t)q[1] * (size_t)(q[4] * q[4]);
    p.x = numbers(n_x), p.d_x = numbers(n_x), p.y = numbers(n_y), p.d_z = numbers(n_y);
    p.w = numbers(n_w), p.d_w = numbers(n_w), p.vector = numbers(4096);
    p.stats = take((size_t)q[0] * acf_blocked_channels(q[3]) * sizeof *p.stats);
    p.sums = take((size_t)q[0] * acf_blocked_channels(q[1]) * sizeof *p.sums);
    size_t ahead = acf_conv_forward_scratch(&p.s, n_threads);
    size_t back = acf_conv_backward_scratch(&p.s, n_threads);
    p.scratch = take(ahead > back ? ahead : back);
    double f = best_time(forward, &p, 5), b = best_time(backward, &p, 5);
    double work = 2e-9 * q[0] * Ho * Ho * (double)n_w;
    printf("%4d %4d %3d %4d   %d x %d / %d %10.0f %8.0f %10.2f %8.2f\n", q[0], q[1], q[2], q[3],
           q[4], q[4], q[5], work / f, (p.s.planar ? 1 : 2) * work / b, 1e3 * f, 1e3 * b);
    free(p.x), free(p.d_x), free(p.y), free(p.d_z), free(p.w), free(p.d_w), free(p.vector);
    free(p.stats), free(p.sums), free(p.scratch);
}

static void bench_shapes(int n_threads)
{
    static const int shapes[][6] = {
        {128, 3, 32, 16, 3, 1},   {128, 16, 32, 16, 3, 1}, {128, 16, 32, 32, 3, 2},
        {128, 32, 16, 32, 3, 1},  {128, 32, 16, 64, 3, 2}, {128, 64, 8, 64, 3, 1},
        {64, 64, 32, 64, 3, 1},   {64, 64, 32, 128, 3, 2}, {64, 128, 16, 128, 3, 1},
        {64, 128, 16, 256, 3, 2}, {64, 256, 8, 256, 3, 1}, {64, 256, 8, 512, 3, 2},
        {64, 512, 4, 512, 3, 1},  {64, 64, 32, 128, 1, 2}, {8, 3, 224, 64, 7, 2},
    };
    printf("\n%d threads     kernel     forward backward   GFLOP/s          ms\n"
           "   N   Ci   H   Co\n",
           n_threads);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        bench_shape(shapes[i], n_threads);
}

typedef struct training {
    acf_model model;
    acf_step step;
    acf_batch batch;
    acf_error e;
} training;

static void check(acf_status st, const training *t)
{
    if (st == ACF_OK) return;
    (void)fprintf(stderr, "%s\n", t->e.text);
    exit(1);
}

static void update(void *ctx)
{
    training *t = ctx;
    acf_step_result r;
    check(acf_step_gradients(&r, &t->step, &t->batch, 0, &t->e), t);
    acf_step_update(&r, &t->step, 0);
}

static void bench_step(const char *preset, int N, acf_loss_type loss, int n_threads)
{
    static training t;
    cJSON *config;
    char names[10][2];
    char *labels[10];
    acf_error *e = &t.e;
    t = (training){0};
    acf_threads_set(n_threads);
    for (int k = 0; k < 10; k++) {
        names[k][0] = (char)('0' + k);
        names[k][1] = '\0';
        labels[k] = names[k];
    }
    const acf_preset_input input = {.channels = 3, .image_size = 32};
    check(acf_encoder_preset(&config, preset, &input, e), &t);
    check(acf_encoder_open(&t.model.enc, config, -1, -1, preset, e), &t);
    cJSON_Delete(config);
    check(acf_model_set_labels(&t.model, labels, 10, e), &t);
    check(acf_model_alloc(&t.model, 1, true, e), &t);
    acf_optim_options o = acf_optim_default(ACF_OPTIM_SGD);
    o.n_layers = t.model.enc->n_layers;
    check(acf_optimizer_open(&t.step.optimizer, &o, &t.model.params, e), &t);
    t.step.model = &t.model;
    t.step.objective = acf_objective_default(loss);
    t.step.schedule = (acf_schedule){.type = ACF_SCHEDULE_CONSTANT};
    t.step.total = 1;
    t.step.micro_batch = N;
    const acf_batch_bound bound = {.N = N};
    check(acf_arena_init(&t.step.arena, acf_step_bytes(&t.model, &bound, &bound), "step", e), &t);
    int32_t *label = take((size_t)N * sizeof *label), *row = take((size_t)N * sizeof *row);
    for (int i = 0; i < N; i++) {
        label[i] = i % 10;
        row[i] = i;
    }
    real *pixels = numbers((size_t)N * 3 * 32 * 32);
    t.batch = (acf_batch){.N = N, .row = row, .label = label};
    t.batch.input = (acf_input){.N = N, .pixels = pixels, .channels = 3, .height = 32, .width = 32};
    double s = best_time(update, &t, 4),
           work = t.model.enc->ops->multiply_adds(t.model.enc, N, 0, 0);
    printf(
        "%-10s %-4s batch %d, %d threads: %8.1f ms  %7.0f images/s  %5.0f GFLOP/s  peak %zu MB\n",
        preset, acf_loss_type_name(loss), N, n_threads, 1e3 * s, N / s, 6e-9 * work / s,
        t.step.arena.peak >> 20);
    free(label), free(row), free(pixels);
    acf_optimizer_close(&t.step.optimizer);
    acf_arena_free(&t.step.arena);
    acf_model_free(&t.model);
}

int main(void)
{
    acf_error e;
    if (acf_gemm_start(&e) != ACF_OK) {
        (void)fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    int n_threads = acf_threads_get();
    for (int n = 1; n <= n_threads; n += n_threads > 1 ? n_threads - 1 : 1) {
        bench_shapes(n);
        printf("\n");
        bench_step("resnet20", 128, ACF_LOSS_CE, n);
        bench_step("resnet20", 128, ACF_LOSS_ACF, n);
        bench_step("resnet18", 64, ACF_LOSS_CE, n);
    }
    return 0;
}
