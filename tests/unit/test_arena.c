/* The step's memory: placement, peak, rewinding, and that asking for too much is caught. */
#include "base/arena.h"
#include "support/cm.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The signal that ends a child doing `work`; 0: it ended by itself.  Its message goes nowhere. */
static int signal_of(void (*work)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        work();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    acf_arena a;
    acf_error e;
    size_t need = acf_arena_cost(3, 1) + acf_arena_cost(5, 8) + acf_arena_cost(0, 8);
    assert_ok(acf_arena_init(&a, need, "test", &e), &e);
    unsigned char *x = acf_arena_take(&a, 3, 1), *y = acf_arena_take(&a, 5, 8);
    (void)acf_arena_take(&a, 0, 8);
    assert_int_equal((uintptr_t)x % 64, 0);
    assert_int_equal((uintptr_t)y % 64, 0);
    assert_true(y >= x + 3);
    memset(x, 1, 3);
    memset(y, 2, 40);
    assert_int_equal(x[2], 1);
    assert_int_equal(a.used, need);
    acf_arena_free(&a);
    assert_null(a.block);
    acf_arena_free(&a);
}

static void peak_outlives_rewinding(void **state)
{
    (void)state;
    acf_arena a;
    acf_error e;
    assert_ok(acf_arena_init(&a, 1 << 16, "test", &e), &e);
    unsigned char *first = acf_arena_take(&a, 100, 1);
    size_t mark = a.used;
    unsigned char *second = acf_arena_take(&a, 1000, 4);
    size_t top = a.used;
    assert_int_equal(a.peak, top);
    acf_arena_rewind(&a, mark);
    assert_int_equal(a.used, mark);
    assert_int_equal(a.peak, top);
    memset(first, 7, 100); /* what was taken before the mark is still there */
    assert_ptr_equal(acf_arena_take(&a, 10, 1), second);
    acf_arena_rewind(&a, 0);
    assert_ptr_equal(acf_arena_take(&a, 10, 1), first);
    assert_int_equal(a.peak, top);
    acf_arena_free(&a);
}

static void cost_is_what_is_taken(void **state)
{
    (void)state;
    static const size_t count[] = {0, 1, 15, 16, 17, 63, 64, 65, 1000};
    acf_arena a;
    acf_error e;
    assert_ok(acf_arena_init(&a, 1 << 20, "test", &e), &e);
    for (size_t i = 0; i < sizeof count / sizeof *count; i++) {
        size_t before = a.used;
        (void)acf_arena_take(&a, count[i], 4);
        assert_int_equal(a.used - before, acf_arena_cost(count[i], 4));
        assert_true(a.used - before >= count[i] * 4);
    }
    acf_arena_free(&a);
}

static void too_large_a_plan_is_an_error(void **state)
{
    (void)state;
    acf_arena a;
    acf_error e;
    assert_int_equal(acf_arena_cost(SIZE_MAX, 8), SIZE_MAX / 2);
    assert_int_equal(acf_arena_cost(SIZE_MAX, 1), SIZE_MAX / 2);
    assert_fails(acf_arena_init(&a, SIZE_MAX / 2, "training step", &e), ACF_ERR_RESOURCE,
                 "training step: cannot reserve 9223372036854775807 bytes", &e);
    assert_null(a.block);
}

static void take_too_much(void)
{
    acf_arena a;
    if (acf_arena_init(&a, 128, "test", NULL) != ACF_OK) _exit(1);
    (void)acf_arena_take(&a, 1024, 1);
}

static void take_too_often(void)
{
    acf_arena a;
    if (acf_arena_init(&a, 10 * acf_arena_cost(1, 1), "test", NULL) != ACF_OK) _exit(1);
    for (int i = 0; i < 11; i++)
        (void)acf_arena_take(&a, 1, 1);
}

static void take_an_overflow(void)
{
    acf_arena a;
    if (acf_arena_init(&a, 128, "test", NULL) != ACF_OK) _exit(1);
    (void)acf_arena_take(&a, SIZE_MAX / 2, 4);
}

static void rewind_forward(void)
{
    acf_arena a;
    if (acf_arena_init(&a, 128, "test", NULL) != ACF_OK) _exit(1);
    acf_arena_rewind(&a, 64);
}

static void as_planned(void)
{
    acf_arena a;
    if (acf_arena_init(&a, 10 * acf_arena_cost(1, 1), "test", NULL) != ACF_OK) _exit(1);
    for (int i = 0; i < 10; i++)
        (void)acf_arena_take(&a, 1, 1);
}

static void more_than_planned_is_a_bug(void **state)
{
    (void)state;
    assert_int_equal(signal_of(as_planned), 0);
    assert_int_equal(signal_of(take_too_much), SIGABRT);
    assert_int_equal(signal_of(take_too_often), SIGABRT);
    assert_int_equal(signal_of(take_an_overflow), SIGABRT);
    assert_int_equal(signal_of(rewind_forward), SIGABRT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pieces_are_aligned_and_apart), cmocka_unit_test(peak_outlives_rewinding),
    cmocka_unit_test(cost_is_what_is_taken),        cmocka_unit_test(too_large_a_plan_is_an_error),
    cmocka_unit_test(more_than_planned_is_a_bug),
};

TEST_MAIN(tests)
