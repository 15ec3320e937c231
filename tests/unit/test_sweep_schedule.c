/* The order of a sweep's runs and the time that is left. */
#include "support/close.h"
#include "support/cm.h"

#include "sweep/sweep_schedule.h"

/* Two variants on the tasks a and b, two seeds each, in the order of a sweep. */
enum { N_CELLS = 4, N_SEEDS = 2, N_RUNS = N_CELLS * N_SEEDS };

typedef struct fixture {
    acf_sweep s;
    acf_sweep_cell cell[N_CELLS];
    acf_sweep_run run[N_RUNS];
} fixture;

static void make(fixture *f)
{
    *f = (fixture){0};
    f->s = (acf_sweep){.cell = f->cell, .n_cells = N_CELLS, .run = f->run, .n_runs = N_RUNS};
    for (int i = 0; i < N_CELLS; i++)
        f->cell[i].task = i % 2;
    for (int i = 0; i < N_RUNS; i++)
        f->run[i] = (acf_sweep_run){.cell = i / N_SEEDS, .index = i % N_SEEDS, .is_ours = true};
}

static void end(fixture *f, int run, double seconds)
{
    static char line[] = "{}";
    f->run[run].state = ACF_SWEEP_FINISHED;
    f->run[run].seconds = seconds;
    f->run[run].line = line;
}

/* Begin all that is left; the order must be `want`, which ends with -1. */
static void assert_order(fixture *f, const int *want)
{
    int run;
    do {
        run = acf_sweep_next(&f->s);
        assert_int_equal(run, *want);
        if (run >= 0) f->run[run].begun_s = 1;
    } while (*want++ >= 0);
}

static void first_seeds_come_first(void **state)
{
    (void)state;
    fixture f;
    make(&f);
    assert_order(&f, (const int[]){0, 2, 4, 6, 1, 3, 5, 7, -1});
}

static void unknown_tasks_come_first_then_long_ones(void **state)
{
    (void)state;
    fixture f;
    make(&f);
    end(&f, 0, 5); /* a: then b is the unknown one */
    assert_order(&f, (const int[]){2, 6, 4, 3, 7, 1, 5, -1});
    make(&f);
    end(&f, 0, 5);
    end(&f, 2, 4);
    end(&f, 3, 8); /* b: 6 in the mean */
    assert_order(&f, (const int[]){6, 4, 7, 1, 5, -1});
}

static void leaves_out_what_is_not_ours_to_do(void **state)
{
    (void)state;
    fixture f;
    make(&f);
    f.run[0].is_ours = false;
    f.run[2].state = ACF_SWEEP_BUSY;
    f.run[4].state = ACF_SWEEP_FAILED;
    f.run[1].state = ACF_SWEEP_DIVERGED;
    assert_order(&f, (const int[]){6, 3, 5, 7, -1});
}

static void tells_the_time_that_is_left(void **state)
{
    (void)state;
    fixture f;
    make(&f);
    assert_number(acf_sweep_time_left(&f.s, 1, 100), -1, 0);
    end(&f, 0, 10); /* three of a are left, four of b are taken to be as long */
    assert_number(acf_sweep_time_left(&f.s, 1, 100), 70, 1e-12);
    assert_number(acf_sweep_time_left(&f.s, 2, 100), 35, 1e-12);
    assert_number(acf_sweep_time_left(&f.s, 100, 100), 10, 1e-12); /* the longest */
    end(&f, 2, 2);
    assert_number(acf_sweep_time_left(&f.s, 1, 100), 36, 1e-12);
    f.run[1].begun_s = 96; /* 6 of 10 are left */
    f.run[3].begun_s = 90; /* longer than was expected */
    assert_number(acf_sweep_time_left(&f.s, 1, 100), 30, 1e-12);
    f.run[6].is_ours = false; /* another's 2 */
    f.run[7].state = ACF_SWEEP_FAILED;
    assert_number(acf_sweep_time_left(&f.s, 1, 100), 26, 1e-12);
    for (int i = 1; i < N_RUNS; i++)
        end(&f, i, 1);
    assert_number(acf_sweep_time_left(&f.s, 1, 100), 0, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(first_seeds_come_first),
    cmocka_unit_test(unknown_tasks_come_first_then_long_ones),
    cmocka_unit_test(leaves_out_what_is_not_ours_to_do),
    cmocka_unit_test(tells_the_time_that_is_left),
};

TEST_MAIN(tests)
