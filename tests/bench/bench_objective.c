/*
 * Times of one evaluation of the objective, with gradients, and of one optimizer update.  The best
 * of several runs in milliseconds; on a busy machine compare within one output only.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "loss/objective.h"
#include "num/threads.h"
#include "optim/clip.h"
#include "optim/optimizer.h"

#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = 25, N_SLICES = 100, SLICE = 227000 };

static void *room(size_t n, size_t size)
{
    acf_error e;
    void *block = acf_alloc(n, size, "bench", &e);
    if (block == NULL) {
        (void)fprintf(stderr, "%s\n", e.text);
        exit(6);
    }
    return block;
}

static real *normal(size_t n, uint64_t step)
{
    acf_rng rng = {.seed = 1, .stream = ACF_STREAM_INIT, .step = step};
    real *x = room(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)acf_rng_normal(rng, i);
    return x;
}

static double time_objective(const acf_objective *o, int N, int K, int d)
{
    size_t n_h = (size_t)N * (size_t)d, n_w = (size_t)K * (size_t)d, k = (size_t)K;
    real *h = normal(n_h, 1), *W = normal(n_w, 2), *b = normal(k, 3);
    real *logits = room((size_t)N * k, sizeof *logits), *d_h = room(n_h, sizeof *d_h);
    real *d_W = room(n_w, sizeof *d_W), *d_b = room(k, sizeof *d_b);
    int32_t *y = room((size_t)N, sizeof *y);
    void *scratch = room(acf_objective_scratch(N, K, d), 1);
    for (int i = 0; i < N; i++)
        y[i] = i % K;

    const acf_objective_gradient gradient = {d_h, d_W, d_b};
    const acf_objective_batch in = {.N = N, .K = K, .d = d, .h = h, .y = y, .W = W, .b = b};
    acf_loss loss;
    double best = 1e9;
    for (int r = 0; r < REPEATS; r++) {
        double start = acf_clock_s();
        acf_objective_evaluate(&loss, logits, &gradient, &in, o, scratch);
        double s = acf_clock_s() - start;
        if (s < best) best = s;
    }
    void *block[] = {h, W, b, logits, d_h, d_W, d_b, y, scratch};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        acf_free(block[i]);
    return best * 1e3;
}

static void bench_objective(void)
{
    static const int shape[][3] = {{32, 2, 384},  {32, 26, 128},  {32, 150, 384},
                                   {128, 2, 768}, {128, 100, 64}, {128, 1000, 512}};
    printf("%4s %5s %4s %10s %10s %10s %10s   ms, %d threads\n", "N", "K", "d", "ce", "icl", "acf",
           "acf + cor", acf_threads_get());
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        const int *s = shape[i];
        printf("%4d %5d %4d", s[0], s[1], s[2]);
        acf_objective o[] = {
            acf_objective_default(ACF_LOSS_CE), acf_objective_default(ACF_LOSS_ICL),
            acf_objective_default(ACF_LOSS_ACF), acf_objective_default(ACF_LOSS_ACF)};
        o[1].cor_type = o[2].cor_type = ACF_COR_NONE;
        o[3].cor_weight = 0.1;
        for (int k = 0; k < 4; k++)
            printf(" %10.3f", time_objective(&o[k], s[0], s[1], s[2]));
        printf("\n");
    }
}

/* Contrast and Cor-Reg alone, as differences to cross-entropy, for N = K = M / 2; and the first per
 * pair of points and dimension, which must not grow. */
static void bench_points(void)
{
    enum { D = 384 };
    printf("\n%5s %10s %10s %18s   d = %d\n", "N + K", "contrast", "Cor-Reg", "ps / (N + K)^2 d",
           D);
    for (int M = 64; M <= 4096; M *= 2) {
        acf_objective ce = acf_objective_default(ACF_LOSS_CE);
        acf_objective acf = acf_objective_default(ACF_LOSS_ACF), both = acf;
        acf.cor_type = ACF_COR_NONE;
        both.cor_weight = 0.1;
        double base = time_objective(&ce, M / 2, M / 2, D);
        double contrast = time_objective(&acf, M / 2, M / 2, D);
        double cor = time_objective(&both, M / 2, M / 2, D) - contrast;
        contrast -= base;
        printf("%5d %10.3f %10.3f %18.2f\n", M, contrast, cor,
               1e9 * contrast / ((double)M * M * D));
    }
    printf("\n");
}

static acf_status bench_optimizers(acf_error *e)
{
    acf_params p = {0};
    for (int i = 0; i < N_SLICES; i++) {
        int id;
        ACF_TRY(acf_params_add(&id, &p, (acf_param){.rank = 1, .dim = {SLICE}}, e));
    }
    ACF_TRY(acf_params_alloc(&p, true, e));
    for (int type = ACF_OPTIM_ADAMW; type <= ACF_OPTIM_SGD; type++) {
        acf_optim_options options = acf_optim_default((acf_optim_type)type);
        acf_optimizer *o;
        ACF_TRY(acf_optimizer_open(&o, &options, &p, e));
        double update = 1e9, norm = 1e9;
        for (int r = 0; r < REPEATS; r++) {
            double start = acf_clock_s();
            acf_optimizer_step(o, &p, 1.0, 1.0);
            double middle = acf_clock_s();
            double n = acf_grad_norm(&p);
            double end = acf_clock_s();
            if (middle - start < update) update = middle - start;
            if (end - middle < norm && n >= 0.0) norm = end - middle;
        }
        /* value and gradient, and each state block read and written */
        double bytes = (double)p.len * sizeof(real) * (3 + 2 * o->n_blocks);
        printf("%s, %.1f M parameters: %.2f ms (%.1f GB/s), gradient norm %.2f ms\n",
               type == ACF_OPTIM_SGD ? "sgd" : "adamw", (double)p.len * 1e-6, update * 1e3,
               bytes / update * 1e-9, norm * 1e3);
        acf_optimizer_close(&o);
    }
    acf_params_free(&p);
    return ACF_OK;
}

int main(void)
{
    acf_error e;
    acf_threads_set(acf_threads_available());
    bench_objective();
    bench_points();
    if (bench_optimizers(&e) == ACF_OK) return 0;
    (void)fprintf(stderr, "%s\n", e.text);
    return 6;
}
