/* Long vectors against plain loops. */
#include "num/threads.h"
#include "num/vec.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <stdlib.h>

static const size_t sizes[] = {0, 1, 7, 8, 9, 63, 64, 65, 16384, 16385, 200003};
enum { N_SIZES = 11 };

static void equal_plain_loops(void **state)
{
    (void)state;
    for (int s = 0; s < N_SIZES; s++) {
        size_t n = sizes[s];
        real *x = new_unaligned(n, 1);
        double sum = 0.0;
        for (size_t i = 0; i < n; i++)
            sum += (double)x[i] * (double)x[i];
        assert_number(acf_vec_square_sum(x, n), sum, 1e-12 * sum);
        acf_vec_zero(x, n);
        for (size_t i = 0; i < n; i++)
            if (x[i] < 0 || x[i] > 0) fail_msg("element %zu of %zu is not zero", i, n);
        free_unaligned(x);
    }
}

static void large_and_bad_numbers(void **state)
{
    (void)state;
    for (int s = 1; s < N_SIZES; s++)
        for (int place = 0; place < 3; place++) {
            size_t n = sizes[s], at = place == 0 ? 0 : place == 1 ? n / 2 : n - 1;
            real *x = new_unaligned(n, 1);
            x[at] = (real)-1e30; /* its square is beyond float */
            assert_number(acf_vec_square_sum(x, n), 1e60, 1e54);
            x[at] = (real)-INFINITY;
            assert_true(isinf(acf_vec_square_sum(x, n)));
            x[at] = (real)NAN;
            assert_true(isnan(acf_vec_square_sum(x, n)));
            free_unaligned(x);
        }
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    size_t n = 9000001; /* more than one block a part */
    real *x = new_unaligned(n, 1);
    int kept = acf_threads_get();
    double first = 0.0;
    for (int threads = 1; threads <= 3; threads++) {
        acf_threads_set(threads);
        double sum = acf_vec_square_sum(x, n);
        if (threads == 1) first = sum;
        assert_memory_equal(&sum, &first, sizeof sum);
    }
    acf_threads_set(kept);
    free_unaligned(x);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_plain_loops),
        cmocka_unit_test(large_and_bad_numbers),
        cmocka_unit_test(same_bits_for_any_threads),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
