/* The vectorized mask against base/rng, element by element, for any place and length. */
#include "base/rng.h"
#include "num/dropout.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <stdlib.h>

static real plain_factor(uint64_t i, acf_dropout drop)
{
    acf_rng rng = {
        .seed = drop.seed, .stream = (uint32_t)ACF_STREAM_DROPOUT + drop.site, .step = drop.step};
    uint32_t word[4];
    acf_rng_block(word, rng, i / 8);
    uint32_t both = word[i / 2 % 4], field = i % 2 == 0 ? both & 0xFFFF : both >> 16;
    double threshold = floor(drop.p * 65536.0 + 0.5);
    if (threshold > 65535.0) threshold = 65535.0;
    return (double)field < threshold ? 0 : (real)(1.0 / (1.0 - threshold / 65536.0));
}

static void mask_is_what_the_header_says(void **state)
{
    (void)state;
    static const uint64_t first[] = {0, 1, 7, 8, 127, 128, 129, 1000003, 0x7FFFFFFF9, 34359738360};
    static const size_t len[] = {0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 300};
    static const double p[] = {0.0, 1e-6, 0.1, 0.5, 0.999, 0.9999999};
    for (size_t f = 0; f < sizeof first / sizeof first[0]; f++)
        for (size_t l = 0; l < sizeof len / sizeof len[0]; l++)
            for (size_t k = 0; k < sizeof p / sizeof p[0]; k++) {
                acf_dropout drop = {.p = p[k], .seed = 0x123456789ABCDEF, .step = 77, .site = 5};
                size_t n = len[l];
                real *keep = new_unaligned(n, 1), *want = new_unaligned(n, 2);
                real *x = new_unaligned(n, 3), *y = new_unaligned(n, 4);
                for (size_t i = 0; i < n; i++)
                    want[i] = plain_factor(first[f] + i, drop);
                acf_dropout_mask(keep, n, first[f], drop);
                if (n > 0) assert_close(keep, want, n, 0, 0);
                acf_dropout_apply(y, x, n, first[f], drop);
                acf_dropout_apply(x, x, n, first[f], drop);
                assert_memory_equal(x, y, n * sizeof *x);
                fill_normal(x, n, 3);
                for (size_t i = 0; i < n; i++)
                    want[i] *= x[i];
                if (n > 0) assert_close(y, want, n, 0, 0);
                free_unaligned(keep), free_unaligned(want), free_unaligned(x), free_unaligned(y);
            }
}

static void pieces_make_the_whole(void **state)
{
    (void)state;
    enum { N = 70001 };
    acf_dropout drop = {.p = 0.1, .seed = 9, .step = 3, .site = 1};
    real *x = new_unaligned(N, 1), *whole = new_unaligned(N, 2), *pieces = new_unaligned(N, 3);
    acf_dropout_apply(whole, x, N, 12345, drop);
    size_t size = 1;
    for (size_t at = 0; at < N; at += size) {
        size = (size * 7 + 3) % 5003 + 1;
        if (size > N - at) size = N - at;
        acf_dropout_apply(pieces + at, x + at, size, 12345 + at, drop);
    }
    assert_memory_equal(whole, pieces, N * sizeof *x);
    free_unaligned(x), free_unaligned(whole), free_unaligned(pieces);
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    enum { N = 200003 };
    acf_dropout drop = {.p = 0.3, .seed = 9, .step = 3, .site = 1};
    real *x = new_unaligned(N, 1), *y = new_unaligned(N, 2), *first = new_unaligned(N, 3);
    int kept = acf_threads_get();
    for (int threads = 1; threads <= 3; threads++) {
        acf_threads_set(threads);
        acf_dropout_apply(threads == 1 ? first : y, x, N, 5, drop);
        if (threads > 1) assert_memory_equal(y, first, N * sizeof *x);
    }
    acf_threads_set(kept);
    free_unaligned(x), free_unaligned(y), free_unaligned(first);
}

static void keys_matter_and_the_share_is_right(void **state)
{
    (void)state;
    enum { N = 1 << 18 };
    acf_dropout drop = {.p = 0.1, .seed = 9, .step = 3, .site = 1};
    real *a = new_unaligned(N, 1), *b = new_unaligned(N, 2);
    acf_dropout_mask(a, N, 0, drop);
    double zeros = 0.0;
    for (int i = 0; i < N; i++)
        zeros += a[i] > 0 ? 0 : 1;
    assert_number(zeros / N, 0.1, 5 * sqrt(0.09 / N)); /* five standard deviations */

    for (int key = 0; key < 4; key++) { /* another key: independent, 18 % differ */
        acf_dropout other = drop;
        other.seed += key == 0 ? 1 : key == 1 ? (uint64_t)1 << 32 : 0;
        other.step += key == 2;
        other.site += key == 3;
        acf_dropout_mask(b, N, 0, other);
        double differ = 0.0;
        for (int i = 0; i < N; i++)
            differ += (a[i] > 0) != (b[i] > 0);
        assert_number(differ / N, 0.18, 5 * sqrt(0.18 * 0.82 / N));
    }
    free_unaligned(a), free_unaligned(b);
}

static void nan_is_not_hidden(void **state)
{
    (void)state;
    acf_dropout drop = {.p = 0.9, .seed = 9, .step = 3, .site = 1};
    real x[300], y[300];
    for (int i = 0; i < 300; i++)
        x[i] = (real)NAN;
    acf_dropout_apply(y, x, 300, 0, drop);
    for (int i = 0; i < 300; i++)
        assert_true(isnan(y[i]));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_is_what_the_header_says),
        cmocka_unit_test(pieces_make_the_whole),
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(keys_matter_and_the_share_is_right),
        cmocka_unit_test(nan_is_not_hidden),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
