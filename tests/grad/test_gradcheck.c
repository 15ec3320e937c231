/* The judge of gradients must see a wrong sign, a lost term, a NaN and an empty check. */
#include "support/cm.h"
#include "support/gradcheck.h"

#include <math.h>

enum { N = 3 };

typedef struct fixture {
    real x[N], y[N], d_x[N], d_y[N], unused[1], d_unused[1];
} fixture;

/* f = sum x^2 sin(y) + 2 x */
static double value(void *ctx)
{
    const fixture *f = ctx;
    double sum = 0.0;
    for (int i = 0; i < N; i++) {
        double x = (double)f->x[i], y = (double)f->y[i];
        sum += x * x * sin(y) + 2.0 * x;
    }
    return sum;
}

static fixture right(void)
{
    fixture f = {.x = {(real)0.3, -2, 50}, .y = {1, (real)-0.7, 2}};
    for (int i = 0; i < N; i++) {
        double x = (double)f.x[i], y = (double)f.y[i];
        f.d_x[i] = (real)(2.0 * x * sin(y) + 2.0);
        f.d_y[i] = (real)(x * x * cos(y));
    }
    return f;
}

static bool passes(fixture *f, bool is_zero)
{
    grad_tensor t[] = {
        {.name = "x", .value = f->x, .grad = f->d_x, .n = N},
        {.name = "y", .value = f->y, .grad = f->d_y, .n = N},
        {.name = "unused", .value = f->unused, .grad = f->d_unused, .n = 1, .is_zero = is_zero}};
    grad_report r;
    return grad_ok(value, f, t, 3, &r);
}

static void accepts_the_right_gradient(void **state)
{
    (void)state;
    fixture f = right(), before = f;
    assert_true(passes(&f, true));
    assert_true(passes(&f, false));
    assert_memory_equal(&f, &before, sizeof f); /* values restored */
}

static void rejects_wrong_ones(void **state)
{
    (void)state;
    fixture f = right();
    f.d_x[1] = -f.d_x[1];
    assert_false(passes(&f, false));
    f = right();
    f.d_y[2] *= (real)(1 + 1e-6);
    assert_false(passes(&f, false));
    f = right();
    f.d_x[0] = (real)NAN;
    assert_false(passes(&f, false));
    f = right();
    f.x[0] = (real)NAN;
    assert_false(passes(&f, false));
    f = right();
    f.d_unused[0] = (real)1e-3;
    assert_false(passes(&f, false));
    assert_false(passes(&f, true));
}

static void rejects_what_is_not_zero(void **state)
{
    (void)state;
    fixture f = right();
    grad_tensor t = {.name = "x", .value = f.x, .grad = f.d_x, .n = N, .is_zero = true};
    grad_report r;
    assert_false(grad_ok(value, &f, &t, 1, &r));
}

static void rejects_an_empty_check(void **state)
{
    (void)state;
    fixture f = right();
    grad_tensor none = {.name = "x", .value = f.x, .grad = f.d_x};
    grad_tensor flat = {.name = "u", .value = f.unused, .grad = f.d_unused, .n = 1};
    grad_report r;
    assert_false(grad_ok(value, &f, &none, 1, &r));
    assert_false(grad_ok(value, &f, &none, 0, &r));
    assert_false(grad_ok(value, &f, &flat, 1, &r));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_right_gradient),
        cmocka_unit_test(rejects_wrong_ones),
        cmocka_unit_test(rejects_what_is_not_zero),
        cmocka_unit_test(rejects_an_empty_check),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
