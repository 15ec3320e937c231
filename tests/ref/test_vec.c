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
        real *x = new_unaligned(n, 1), *y = new_unaligned(n, 2), *want = new_unaligned(n, 2);
        double sum = 0.0, top = 0.0;
        for (size_t i = 0; i < n; i++) {
            sum += (double)x[i] * (double)x[i];
            top = fmax(top, fabs((double)x[i]));
            want[i] = (want[i] + x[i]) * (real)0.7;
        }
        assert_number(acf_vec_square_sum(x, n), sum, 1e-12 * sum);
        assert_number(acf_vec_max_abs(x, n), top, 0);
        acf_vec_add(y, x, n);
        acf_vec_scale(y, (real)0.7, n);
        if (n > 0) assert_close(y, want, n, 0, 0);
        acf_vec_zero(y, n);
        assert_number(acf_vec_max_abs(y, n), 0, 0);
        free_unaligned(x), free_unaligned(y), free_unaligned(want);
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
            assert_number(acf_vec_max_abs(x, n), 1e30, 1e24);
            x[at] = (real)-INFINITY;
            assert_true(isinf(acf_vec_square_sum(x, n)) && isinf(acf_vec_max_abs(x, n)));
            x[at] = (real)NAN;
            assert_true(isnan(acf_vec_square_sum(x, n)) && isnan(acf_vec_max_abs(x, n)));
            x[at] = -(real)NAN;
            assert_true(isnan(acf_vec_max_abs(x, n)));
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
