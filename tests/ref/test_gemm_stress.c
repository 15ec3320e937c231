/*
 * Is it safe to call a single-threaded OpenBLAS from several threads at once?  For about two
 * seconds, four threads multiply matrices of many shapes, each at its own pace, and every result
 * must have the bits of the same product done alone.
 */
#include "base/clock.h"
#include "num/gemm.h"
#include "num/threads.h"
#include "support/cm.h"
#include "support/fill.h"

#include <omp.h>
#include <stdlib.h>

enum { N_SHAPES = 12, N_THREADS = 4, SIDE = 300 };
#define SECONDS 2.0

typedef struct shape {
    int m, n, k;
    bool trans_a, trans_b;
} shape;

/* Those of layers, small ones that take other kernels, and edges. */
static const shape shapes[N_SHAPES] = {
    {215, 144, 300, false, true}, {96, 300, 215, true, false}, {215, 300, 96, false, false},
    {13, 13, 32, false, true},    {13, 32, 13, false, false},  {1, 300, 300, false, true},
    {300, 1, 300, false, false},  {129, 65, 33, true, true},   {128, 128, 128, false, true},
    {300, 300, 300, true, false}, {64, 64, 64, false, false},  {31, 300, 7, true, false}};

static void product(real *c, const real *a, const real *b, const shape *s)
{
    acf_gemm(c, s->n, a, s->trans_a ? s->m : s->k, s->trans_a, b, s->trans_b ? s->k : s->n,
             s->trans_b, s->m, s->n, s->k, 1, 0);
}

static void concurrent_products_have_the_bits_of_serial_ones(void **state)
{
    (void)state;
    size_t len = SIDE * SIDE;
    real *a = new_unaligned(len, 1), *b = new_unaligned(len, 2);
    real *want = new_unaligned(len * N_SHAPES, 3), *got = new_unaligned(len * N_THREADS, 4);
    int kept = acf_threads_get();

    acf_threads_set(1);
    for (int i = 0; i < N_SHAPES; i++)
        product(want + (size_t)i * len, a, b, &shapes[i]);

    long done = 0, wrong = 0;
    double end = acf_clock_s() + SECONDS;
#pragma omp parallel num_threads(N_THREADS) reduction(+ : done, wrong)
    {
        int me = omp_get_thread_num();
        real *c = got + (size_t)me * len;
        for (int i = me; acf_clock_s() < end; i++) {
            const shape *s = &shapes[(i * (me + 1)) % N_SHAPES];
            size_t bytes = (size_t)s->m * (size_t)s->n * sizeof *c;
            memset(c, 0xFF, bytes);
            product(c, a, b, s);
            wrong += memcmp(c, want + (size_t)(s - shapes) * len, bytes) != 0;
            done++;
        }
    }
    if (bench_wanted()) print_message("%ld concurrent products, %ld wrong\n", done, wrong);
    assert_true(done > N_SHAPES);
    assert_int_equal(wrong, 0);
    acf_threads_set(kept);
    free_unaligned(a);
    free_unaligned(b);
    free_unaligned(want);
    free_unaligned(got);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concurrent_products_have_the_bits_of_serial_ones),
    };
    acf_error e = {0};
    if (acf_gemm_start(&e) != ACF_OK) {
        print_error("%s\n", e.text);
        return 1;
    }
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
