/* Look-up, scatter-add and pooling against plain loops. */
#include "num/embed.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <stdlib.h>

#define TOL (sizeof(real) == 4 ? 1e-6 : 1e-14)

static const int widths[] = {1, 7, 8, 9, 63, 64, 65, 128, 384};
enum { N_WIDTHS = 9, V = 11, T = 133 };

static void ids(int32_t *id)
{
    for (int t = 0; t < T; t++)
        id[t] = (int32_t)((t * 7 + t / 3) % V); /* every row many times */
}

static void lookup_and_scatter(void **state)
{
    (void)state;
    int32_t id[T];
    ids(id);
    for (int w = 0; w < N_WIDTHS; w++) {
        size_t C = (size_t)widths[w];
        real *table = new_unaligned(V * C, 1), *y = new_unaligned(T * C, 2);
        real *want = new_unaligned(T * C, 2), *d = new_unaligned(V * C, 3);
        real *want_d = new_unaligned(V * C, 3);
        for (int add = 1; add >= 0; add--) { /* added to what fill_normal left, then set */
            for (size_t t = 0; t < T; t++)
                for (size_t c = 0; c < C; c++)
                    want[t * C + c] =
                        table[(size_t)id[t] * C + c] + (add ? want[t * C + c] : (real)0);
            acf_embed_forward(y, table, id, T, widths[w], add);
            assert_close(y, want, T * C, 0, 0);
        }
        for (size_t t = 0; t < T; t++)
            for (size_t c = 0; c < C; c++)
                want_d[(size_t)id[t] * C + c] += y[t * C + c];
        acf_embed_backward(d, y, id, T, widths[w]);
        assert_close(d, want_d, V * C, 0, 0); /* the same order, so the same bits */
        acf_embed_forward(y, table, id, 0, widths[w], 0);
        acf_embed_backward(d, y, id, 0, widths[w]);
        free_unaligned(table), free_unaligned(y), free_unaligned(want);
        free_unaligned(d), free_unaligned(want_d);
    }
}

static void pooling(void **state)
{
    (void)state;
    const int32_t start[] = {0, 1, 8, 20, 84, T};
    enum { N = 5 };
    for (int w = 0; w < N_WIDTHS; w++) {
        size_t C = (size_t)widths[w];
        real *x = new_unaligned(T * C, 1), *d_x = new_unaligned(T * C, 2);
        real *want = new_unaligned(N * C, 3), *want_d = new_unaligned(T * C, 4);
        real *y = new_unaligned(N * C, 5), *d_y = new_unaligned(N * C, 6);
        for (int mean = 0; mean < 2; mean++) {
            for (int s = 0; s < N; s++)
                for (size_t c = 0; c < C; c++) {
                    double sum = 0.0, L = start[s + 1] - start[s];
                    for (int t = start[s]; t < start[s + 1]; t++) {
                        size_t at = (size_t)t * C + c;
                        sum += (double)x[at];
                        want_d[at] = (real)((double)d_y[(size_t)s * C + c] / L);
                    }
                    want[(size_t)s * C + c] = mean ? (real)(sum / L) : x[(size_t)start[s] * C + c];
                }
            if (mean) {
                acf_pool_mean_forward(y, x, start, N, widths[w]);
                acf_pool_mean_backward(d_x, d_y, start, N, widths[w]);
            } else {
                acf_pool_first_forward(y, x, start, N, widths[w]);
            }
            assert_close(y, want, N * C, 1e-7, TOL);
            if (mean) assert_close(d_x, want_d, T * C, 1e-9, TOL);
        }
        free_unaligned(x), free_unaligned(d_x), free_unaligned(want), free_unaligned(want_d);
        free_unaligned(y), free_unaligned(d_y);
    }
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    enum { C = 390 };
    int32_t id[T];
    ids(id);
    int kept = acf_threads_get();
    real *d_y = new_unaligned(T * C, 1), *first = new_unaligned(V * C, 2);
    for (int threads = 1; threads <= 3; threads++) {
        real *d = new_unaligned(V * C, 3);
        acf_threads_set(threads);
        acf_embed_backward(d, d_y, id, T, C);
        if (threads == 1) memcpy(first, d, V * C * sizeof *d);
        assert_memory_equal(d, first, V * C * sizeof *d);
        free_unaligned(d);
    }
    acf_threads_set(kept);
    free_unaligned(d_y), free_unaligned(first);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_and_scatter),
        cmocka_unit_test(pooling),
        cmocka_unit_test(same_bits_for_any_threads),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
