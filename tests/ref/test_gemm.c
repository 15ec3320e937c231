/* Matrix products against plain loops in double: all ways of storing, edges, strides, threads. */
#include "num/gemm.h"
#include "num/gemm_wide.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

typedef struct problem {
    int m, n, k, lda, ldb, ldc;
    bool trans_a, trans_b;
    real *a, *b, *c;
    size_t len_c;
} problem;

static size_t stored(int rows, int columns, int ld)
{
    return rows > 0 ? (size_t)(rows - 1) * (size_t)ld + (size_t)columns : 0;
}

static problem make(int m, int n, int k, bool trans_a, bool trans_b, int gap)
{
    problem p = {.m = m, .n = n, .k = k, .trans_a = trans_a, .trans_b = trans_b};
    p.lda = (trans_a ? m : k) + gap;
    p.ldb = (trans_b ? k : n) + gap;
    p.ldc = n + gap;
    if (p.lda < 1) p.lda = 1;
    if (p.ldb < 1) p.ldb = 1;
    if (p.ldc < 1) p.ldc = 1;
    p.len_c = stored(m, n, p.ldc);
    p.a = new_unaligned(trans_a ? stored(k, m, p.lda) : stored(m, k, p.lda), 1);
    p.b = new_unaligned(trans_b ? stored(n, k, p.ldb) : stored(k, n, p.ldb), 2);
    p.c = new_unaligned(p.len_c, 3);
    return p;
}

static void drop(problem *p)
{
    free_unaligned(p->a);
    free_unaligned(p->b);
    free_unaligned(p->c);
}

static double term(const problem *p, int i, int j)
{
    double sum = 0.0;
    for (int q = 0; q < p->k; q++) {
        real a = p->trans_a ? p->a[(size_t)q * (size_t)p->lda + (size_t)i]
                            : p->a[(size_t)i * (size_t)p->lda + (size_t)q];
        real b = p->trans_b ? p->b[(size_t)j * (size_t)p->ldb + (size_t)q]
                            : p->b[(size_t)q * (size_t)p->ldb + (size_t)j];
        sum += (double)a * (double)b;
    }
    return sum;
}

/* The whole stored c, gaps between rows included, which must stay. */
static void check(int m, int n, int k, bool trans_a, bool trans_b, int gap, real alpha, real beta)
{
    problem p = make(m, n, k, trans_a, trans_b, gap);
    real *want = malloc((p.len_c + 1) * sizeof *want);
    assert_non_null(want);
    memcpy(want, p.c, p.len_c * sizeof *want);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            real *w = &want[(size_t)i * (size_t)p.ldc + (size_t)j];
            *w = (real)((double)alpha * term(&p, i, j) + (double)beta * (double)*w);
            if (fabs((double)beta) <= 0.0) p.c[w - want] = (real)NAN; /* must not be read */
        }
    acf_gemm(p.c, p.ldc, p.a, p.lda, trans_a, p.b, p.ldb, trans_b, m, n, k, alpha, beta);
    double tol = (sizeof(real) == 4 ? 8e-6 : 2e-14) * (1.0 + sqrt((double)k));
    if (p.len_c > 0) assert_close(p.c, want, p.len_c, tol, 0);
    free(want);
    drop(&p);
}

static void equals_plain_loops_at_edges(void **state)
{
    (void)state;
    static const int size[] = {0, 1, 7, 8, 9, 63, 64, 65};
    enum { N_SIZES = sizeof size / sizeof size[0] };
    int way = 0;
    for (int i = 0; i < N_SIZES; i++)
        for (int j = 0; j < N_SIZES; j++)
            for (int k = 0; k < N_SIZES; k++, way++) /* ways in turn: all meet all sizes nearly */
                check(size[i], size[j], size[k], way & 1, way & 2, way % 3, way & 1 ? 1 : (real)0.5,
                      (real)(way % 3));
}

static void equals_plain_loops_in_all_ways(void **state)
{
    (void)state;
    for (int way = 0; way < 16; way++)
        check(33, 50, 71, way & 1, way & 2, way & 4 ? 5 : 0, (real)-1.5, way & 8 ? (real)0.25 : 0);
    check(430, 389, 150, false, true, 0, 1, 0);
    check(257, 300, 430, true, false, 3, 1, 1);
    check(3, 1000, 999, false, false, 0, 1, 0);
    check(1000, 3, 999, false, true, 0, 1, 0);
}

/* Every height of a strip, columns beside whole panels, k beyond one and several depths; as much
 * transposed as copies hold at a time, and more. */
static void equals_plain_loops_in_wide_panels(void **state)
{
    (void)state;
    for (int m = 4; m <= 30; m++)
        for (int way = 0; way < 4; way++)
            check(m, 16 + m, 11 + m, way & 1, way & 2, way, 1, (real)0.5);
    for (int way = 0; way < 4; way++) {
        check(29, 37, 385, way & 1, way & 2, 1, (real)0.5, 2);
        check(17, 401, 40, way & 1, way & 2, 0, 1, 0);
        check(15, 33, 1000, way & 1, way & 2, 0, 1, 1);
    }
    check(521, 18, 197, true, false, 0, 1, 0);
}

/* However c is cut into tiles, an element has the same bits. */
static void same_bits_for_any_tiles(void **state)
{
    (void)state;
    if (!acf_wide_suits(61, 150, 500)) skip();
    for (int way = 0; way < 4; way++) {
        problem p = make(61, 150, 500, way & 1, way & 2, 0);
        acf_product whole = {.c = p.c,
                             .a = p.a,
                             .b = p.b,
                             .ldc = p.ldc,
                             .lda = p.lda,
                             .ldb = p.ldb,
                             .trans_a = p.trans_a,
                             .trans_b = p.trans_b,
                             .m = p.m,
                             .n = p.n,
                             .k = p.k,
                             .alpha = 1};
        real *first = malloc(p.len_c * sizeof *first);
        assert_non_null(first);
        acf_wide_multiply(&whole);
        memcpy(first, p.c, p.len_c * sizeof *first);
        memset(p.c, 0, p.len_c * sizeof *p.c);
        static const int row[] = {0, 5, 24, 61}, column[] = {0, 32, 130, 150};
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
                acf_product part = acf_product_part(&whole, row[i], column[j], row[i + 1] - row[i],
                                                    column[j + 1] - column[j]);
                acf_wide_multiply(&part);
            }
        assert_memory_equal(p.c, first, p.len_c * sizeof *first);
        free(first);
        drop(&p);
    }
}

static void no_terms_scale_only(void **state)
{
    (void)state;
    real c[4] = {1, 2, (real)NAN, 4}, none = 0;
    acf_gemm(c, 2, &none, 1, false, &none, 2, false, 2, 2, 0, 1, 0);
    for (int i = 0; i < 4; i++)
        assert_number((double)c[i], 0, 0);
}

static void nan_and_infinity_come_through(void **state)
{
    (void)state;
    problem p = make(70, 40, 90, false, false, 0);
    p.a[5 * p.lda + 3] = (real)NAN;
    p.a[6 * p.lda + 3] = (real)INFINITY;
    acf_gemm(p.c, p.ldc, p.a, p.lda, false, p.b, p.ldb, false, 70, 40, 90, 1, 0);
    for (int j = 0; j < 40; j++) {
        assert_true(isnan(p.c[5 * p.ldc + j]));
        assert_true(isinf(p.c[6 * p.ldc + j]));
        assert_true(isfinite(p.c[7 * p.ldc + j]));
    }
    drop(&p);
}

static void product(problem *p)
{
    acf_gemm(p->c, p->ldc, p->a, p->lda, p->trans_a, p->b, p->ldb, p->trans_b, p->m, p->n, p->k, 1,
             0);
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    static const int shape[][3] = {{430, 384, 384}, {384, 1536, 97}, {13, 1000, 300}, {61, 59, 40}};
    int kept = acf_threads_get();
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++)
        for (int way = 0; way < 4; way++) {
            problem p = make(shape[s][0], shape[s][1], shape[s][2], way & 1, way & 2, 0);
            real *first = malloc(p.len_c * sizeof *first);
            assert_non_null(first);
            acf_threads_set(1);
            product(&p);
            memcpy(first, p.c, p.len_c * sizeof *first);
            for (int threads = 2; threads <= 3; threads++) {
                acf_threads_set(threads);
                memset(p.c, 0, p.len_c * sizeof *p.c);
                product(&p);
                assert_memory_equal(p.c, first, p.len_c * sizeof *first);
            }
            memset(p.c, 0, p.len_c * sizeof *p.c);
#pragma omp parallel num_threads(2)
#pragma omp single
            product(&p); /* inside a region: serially, the same tiles */
            assert_memory_equal(p.c, first, p.len_c * sizeof *first);
            free(first);
            drop(&p);
        }
    acf_threads_set(kept);
}

static void names_its_kernels(void **state)
{
    (void)state;
    assert_true(strlen(acf_gemm_core()) > 0);
    assert_non_null(strstr(acf_gemm_library(), "OpenBLAS"));
    acf_error e = {0};
    assert_ok(acf_gemm_start(&e), &e); /* again: nothing */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_plain_loops_at_edges),
        cmocka_unit_test(equals_plain_loops_in_all_ways),
        cmocka_unit_test(equals_plain_loops_in_wide_panels),
        cmocka_unit_test(same_bits_for_any_tiles),
        cmocka_unit_test(no_terms_scale_only),
        cmocka_unit_test(nan_and_infinity_come_through),
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(names_its_kernels),
    };
    acf_error e = {0};
    if (acf_gemm_start(&e) != ACF_OK) {
        print_error("%s\n", e.text);
        return 1;
    }
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
