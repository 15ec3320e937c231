/*
 * Times of the kernels in num/, beside what the machine can do at most, measured in the same run:
 * fused multiply-adds on registers for products, a copy of the same size for the rest.  The best of
 * several runs; on a busy machine compare within one output only.
 */
#include "base/clock.h"
#include "bench/peak.h"
#include "num/act.h"
#include "num/attn.h"
#include "num/dropout.h"
#include "num/gemm.h"
#include "num/norm.h"
#include "num/threads.h"
#include "num/tile.h"
#include "num/vec.h"
#include "support/fill.h"

#include <stdio.h>
#include <stdlib.h>

enum { T = 430, LARGE = 1 << 24 };

/* At least five calls, and more for a quarter of a second. */
static double best(void (*work)(void *ctx), void *ctx)
{
    double s = best_time(work, ctx, 5);
    for (double end = acf_clock_s() + 0.25; acf_clock_s() < end;) {
        double again = best_time(work, ctx, 1);
        if (again < s) s = again;
    }
    return s;
}

static real *buffer[5];
static volatile real sink;

typedef struct product {
    const char *what;
    int m, n, k;
    bool trans_a, trans_b;
} product;

static const product products[] = {
    {"qkv, MiniLM", T, 1152, 384, false, true},
    {"attention out", T, 384, 384, false, true},
    {"feed-forward in", T, 1536, 384, false, true},
    {"feed-forward out", T, 384, 1536, false, true},
    {"d x of ff in", T, 384, 1536, false, false},
    {"d x of ff out", T, 1536, 384, false, false},
    {"d W of qkv", 1152, 384, T, true, false},
    {"d W of attn out", 384, 384, T, true, false},
    {"d W of ff in", 1536, 384, T, true, false},
    {"32 x 128 tokens", 4096, 1536, 384, false, true},
    {"32 x 128 tokens", 4096, 384, 1536, false, true},
    {"d W, 32 x 128", 1536, 384, 4096, true, false},
    {"tiny in", T, 512, 128, false, true},
    {"tiny out", T, 128, 512, false, true},
    {"tiny square", T, 128, 128, false, true},
    {"first tokens", 32, 1536, 384, false, true},
    {"first tokens", 32, 384, 384, false, true},
};

static void multiply(void *ctx)
{
    const product *p = ctx;
    acf_gemm(buffer[2], p->n, buffer[0], p->trans_a ? p->m : p->k, p->trans_a, buffer[1],
             p->trans_b ? p->k : p->n, p->trans_b, p->m, p->n, p->k, 1, 0);
}

static void bench_products(int n_threads)
{
    double gflops[2][sizeof products / sizeof products[0]];
    double top[2];
    for (int t = 0; t < 2; t++) {
        acf_threads_set(t == 0 ? 1 : n_threads);
        top[t] = 1e-9 * peak_flops();
        for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
            product p = products[i];
            double s = best(multiply, &p);
            gflops[t][i] = 2e-9 * p.m * p.n * p.k / s;
        }
    }
    printf("\nproducts, GFLOP/s          m     n     k   1 thread  of peak  %2d threads  of peak\n",
           n_threads);
    printf("%-18s %26.0f %20.0f\n", "peak of registers", top[0], top[1]);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        product p = products[i];
        printf("%-18s %c%c %5d %5d %5d %10.0f %6.0f %% %12.0f %6.0f %%\n", p.what,
               p.trans_a ? 'T' : 'N', p.trans_b ? 'T' : 'N', p.m, p.n, p.k, gflops[0][i],
               100 * gflops[0][i] / top[0], gflops[1][i], 100 * gflops[1][i] / top[1]);
    }
}

/* Row-wise kernels on rows x n of buffer 0 (input) and 1 (output). */
typedef struct rows {
    size_t rows;
    int n;
    acf_act act;
} rows;

static void copy_rows(void *ctx)
{
    const rows *r = ctx;
    size_t len = r->rows * (size_t)r->n, half = len / 2;
#pragma omp parallel for
    for (int i = 0; i < 2; i++)
        memcpy(buffer[1] + (i ? half : 0), buffer[0] + (i ? half : 0),
               (i ? len - half : half) * sizeof(real));
}
static void act_rows(void *ctx)
{
    const rows *r = ctx;
    acf_act_forward(buffer[1], buffer[0], NULL, r->rows, r->n, r->act);
}
static void act_back_rows(void *ctx)
{
    const rows *r = ctx;
    acf_act_backward(buffer[1], buffer[2], buffer[0], r->rows, r->n, r->act);
}
static void norm_rows(void *ctx)
{
    const rows *r = ctx;
    acf_layernorm_forward(buffer[1], buffer[3], buffer[4], buffer[0], buffer[2], buffer[4],
                          buffer[4], 1e-12, r->rows, r->n);
}
static void norm_back_rows(void *ctx)
{
    const rows *r = ctx;
    acf_layernorm_backward(buffer[1], buffer[4], buffer[4] + r->n, buffer[0], buffer[2], buffer[3],
                           buffer[4] + 2 * r->n, r->rows, r->n);
}
static void bias_back_rows(void *ctx)
{
    const rows *r = ctx;
    acf_bias_backward(buffer[4], buffer[0], r->rows, r->n);
}
static void drop_rows(void *ctx)
{
    const rows *r = ctx;
    acf_dropout drop = {.p = 0.1, .seed = 1, .step = 2, .site = 3};
    acf_dropout_apply(buffer[1], buffer[0], r->rows * (size_t)r->n, 8, drop);
}
static void square_rows(void *ctx)
{
    const rows *r = ctx;
    sink = (real)acf_vec_square_sum(buffer[0], r->rows * (size_t)r->n);
}

typedef struct line {
    const char *what;
    void (*work)(void *ctx);
    int arrays; /* read and written once each */
    acf_act act;
} line;

static const line lines[] = {{"copy", copy_rows, 2, ACF_ACT_GELU},
                             {"gelu", act_rows, 2, ACF_ACT_GELU},
                             {"gelu backward", act_back_rows, 3, ACF_ACT_GELU},
                             {"gelu_tanh", act_rows, 2, ACF_ACT_GELU_TANH},
                             {"tanh", act_rows, 2, ACF_ACT_TANH},
                             {"layernorm", norm_rows, 4, ACF_ACT_GELU},
                             {"layernorm backward", norm_back_rows, 4, ACF_ACT_GELU},
                             {"bias backward", bias_back_rows, 1, ACF_ACT_GELU},
                             {"dropout", drop_rows, 2, ACF_ACT_GELU},
                             {"square sum", square_rows, 1, ACF_ACT_GELU}};

static void bench_rows(int n_threads, size_t n_rows, int n)
{
    printf("\n%zu x %d: GB/s (and us)      1 thread           %2d threads\n", n_rows, n, n_threads);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        rows r = {.rows = n_rows, .n = n, .act = lines[i].act};
        double bytes = (double)lines[i].arrays * (double)(n_rows * (size_t)n) * sizeof(real);
        printf("%-22s", lines[i].what);
        for (int t = 0; t < 2; t++) {
            acf_threads_set(t == 0 ? 1 : n_threads);
            double s = best(lines[i].work, &r);
            printf(" %8.1f (%6.0f)", 1e-9 * bytes / s, 1e6 * s);
        }
        printf("\n");
    }
}

typedef struct attention {
    acf_attn_shape shape;
    void *scratch;
} attention;

static void attention_forward(void *ctx)
{
    attention *a = ctx;
    acf_dropout drop = {.p = 0.1, .seed = 1, .step = 2, .site = 3};
    int C = a->shape.A * a->shape.D;
    acf_attn_forward(buffer[1], buffer[2], buffer[0], buffer[0] + C, buffer[0] + 2 * C, &a->shape,
                     drop, a->scratch);
}
static void attention_backward(void *ctx)
{
    attention *a = ctx;
    acf_dropout drop = {.p = 0.1, .seed = 1, .step = 2, .site = 3};
    int C = a->shape.A * a->shape.D;
    acf_attn_backward(buffer[3], buffer[3] + C, buffer[3] + 2 * C, buffer[1], buffer[2], buffer[0],
                      buffer[0] + C, buffer[0] + 2 * C, &a->shape, drop, a->scratch);
}

static void bench_attention(int n_threads, int N, int L, int spread, int A, int D)
{
    int32_t start[65] = {0};
    double work = 0.0;
    for (int s = 0; s < N; s++) {
        int length = L + (spread > 0 ? s % (2 * spread + 1) - spread : 0);
        start[s + 1] = start[s] + length;
        work += 4.0 * A * D * length * length;
    }
    attention a = {.shape = {.N = N, .start = start, .A = A, .D = D, .ld = 3 * A * D}};
    a.scratch = aligned_alloc(64, (acf_attn_scratch(&a.shape, n_threads) + 63) / 64 * 64);
    if (a.scratch == NULL) return;
    printf("%2d sequences of %3d+-%2d, %2d heads of %2d:", N, L, spread, A, D);
    for (int t = 0; t < 2; t++) {
        acf_threads_set(t == 0 ? 1 : n_threads);
        double f = best(attention_forward, &a);
        double b = best(attention_backward, &a);
        printf("  %6.0f us %4.0f | %6.0f us %4.0f", 1e6 * f, 1e-9 * work / f, 1e6 * b,
               2e-9 * work / b);
    }
    printf("\n");
    free(a.scratch);
}

int main(void)
{
    acf_error e = {0};
    if (acf_gemm_start(&e) != ACF_OK) {
        (void)fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    for (int i = 0; i < 5; i++) {
        buffer[i] = aligned_alloc(64, LARGE * sizeof(real));
        if (buffer[i] == NULL) return 1;
        fill_normal(buffer[i], 1 << 20, (uint64_t)i);
        for (int k = 1; k < LARGE >> 20; k++)
            memcpy(buffer[i] + ((size_t)k << 20), buffer[i], sizeof(real) << 20);
    }
    int n_threads = acf_threads_available();
    printf("%s, kernels %s, real is %s\n", acf_gemm_library(), acf_gemm_core(), ACF_REAL_NAME);
    bench_products(n_threads);
    bench_rows(n_threads, T, 384);
    bench_rows(n_threads, T, 1536);
    bench_rows(n_threads, 8192, 1536);
    printf("\nattention: forward | backward, time and GFLOP/s, on 1 and %d threads\n", n_threads);
    bench_attention(n_threads, 32, 13, 8, 12, 32);
    bench_attention(n_threads, 32, 13, 8, 2, 64);
    bench_attention(n_threads, 32, 64, 0, 12, 32);
    bench_attention(n_threads, 32, 128, 0, 12, 32);
    bench_attention(n_threads, 4, 512, 0, 12, 32);
    for (int i = 0; i < 5; i++)
        free(buffer[i]);
    return 0;
}
