/* Attention's backward passes, full and first-token, against central differences. */
#include "num/attn.h"
#include "num/threads.h"
#include "support/cm.h"
#include "support/fill.h"
#include "support/gradcheck.h"

#include <stdlib.h>

enum { N = 3, T = 9, A = 2, D = 5, WIDTH = A * D, LD = 3 * WIDTH + 1 };

static const int32_t start[N + 1] = {0, 1, 4, T}; /* lengths 1, 3, 5 */

typedef struct fixture {
    acf_attn_shape shape;
    acf_dropout drop;
    real qkv[T * LD], d_qkv[T * LD], q1[N * WIDTH], d_q1[N * WIDTH], w[T * WIDTH];
    void *scratch;
} fixture;

static double value(void *ctx)
{
    fixture *f = ctx;
    real out[T * WIDTH];
    const real *k = f->qkv + WIDTH, *v = k + WIDTH;
    bool first = f->shape.first_only;
    acf_attn_forward(out, NULL, first ? f->q1 : f->qkv, k, v, &f->shape, f->drop, f->scratch);
    double sum = 0.0;
    for (int i = 0; i < (first ? N : T) * WIDTH; i++)
        sum += (double)out[i] * (double)f->w[i];
    return sum;
}

static void gradients(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        fixture f = {.shape = {.N = N, .start = start, .A = A, .D = D, .ld = LD, .pair0 = 17},
                     .drop = {.p = way & 1 ? 0.25 : 0.0, .seed = 1, .step = 2, .site = 3}};
        real prob[256], out[T * WIDTH];
        assert_true(acf_attn_pairs(&f.shape) <= 256);
        size_t bytes = acf_attn_scratch(&f.shape, acf_threads_get());
        f.scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
        assert_non_null(f.scratch);
        fill_normal(f.qkv, T * LD, 1);
        fill_normal(f.q1, N * WIDTH, 2);
        fill_normal(f.w, T * WIDTH, 3);
        f.shape.first_only = (way & 2) != 0;
        const real *q = f.shape.first_only ? f.q1 : f.qkv, *k = f.qkv + WIDTH, *v = k + WIDTH;
        real *d_q = f.shape.first_only ? f.d_q1 : f.d_qkv;
        real *d_k = f.d_qkv + WIDTH, *d_v = d_k + WIDTH;
        acf_attn_forward(out, prob, q, k, v, &f.shape, f.drop, f.scratch);
        acf_attn_backward(d_q, d_k, d_v, f.w, prob, q, k, v, &f.shape, f.drop, f.scratch);
        grad_tensor t[] = {{.name = "qkv", .value = f.qkv, .grad = f.d_qkv, .n = T * LD},
                           {.name = "q1", .value = f.q1, .grad = f.d_q1, .n = N * WIDTH}};
        assert_gradients(value, &f, t, 2);
        free(f.scratch);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients)};
    acf_threads_set(1); /* the sizes are too small for more */
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
