/* The comparator must not be fooled: everything else rests on it. */
#include "support/close.h"
#include "support/cm.h"

#include <math.h>
#include <stdlib.h>

static void accepts_equal_and_near(void **state)
{
    (void)state;
    const real a[] = {1, -2, (real)0.5}, b[] = {1, -2, (real)0.5000001};
    close_report r;
    assert_true(close_enough(a, a, 3, 0, 0, &r));
    assert_true(close_enough(a, b, 3, 1e-6, 0, &r));
    assert_true(close_by_max(a, b, 3, 1e-6, &r));
}

static void rejects_far_nan_inf_sign_and_empty(void **state)
{
    (void)state;
    const real one[] = {1}, off[] = {2}, minus[] = {-1}, nan1[] = {(real)NAN},
               inf1[] = {(real)INFINITY};
    close_report r;
    assert_false(close_enough(one, off, 1, 1e-6, 1e-6, &r));
    assert_false(close_enough(one, minus, 1, 1e-6, 1e-6, &r));
    assert_false(close_enough(nan1, one, 1, 1e9, 1e9, &r));
    assert_false(close_enough(one, nan1, 1, 1e9, 1e9, &r));
    assert_false(close_enough(nan1, nan1, 1, 1e9, 1e9, &r));
    assert_false(close_enough(inf1, inf1, 1, 1e9, 1e9, &r));
    assert_false(close_enough(inf1, one, 1, 1e9, 1e9, &r));
    assert_false(close_enough(one, one, 0, 1, 1, &r));
    assert_false(close_by_max(nan1, one, 1, 1, &r));
    assert_false(close_by_max(one, one, 0, 1, &r));
}

static void finds_one_bad_in_a_million(void **state)
{
    (void)state;
    size_t n = 1000000;
    real *a = calloc(n, sizeof *a), *b = calloc(n, sizeof *b);
    assert_non_null(a);
    assert_non_null(b);
    close_report r;
    assert_true(close_enough(a, b, n, 1e-6, 0, &r));
    a[765432] = (real)1e-3;
    assert_false(close_enough(a, b, n, 1e-6, 0, &r));
    assert_int_equal(r.worst, 765432);
    assert_int_equal(r.n_bad, 1);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_equal_and_near),
        cmocka_unit_test(rejects_far_nan_inf_sign_and_empty),
        cmocka_unit_test(finds_one_bad_in_a_million),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
