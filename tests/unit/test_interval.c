/* When something that happens "every 0.07 epochs" is due: against whole-number arithmetic. */
#include "config/interval.h"
#include "support/cm.h"

#include <math.h>

/* Whole intervals of percent / 100 epochs in `update` updates. */
static int64_t passed(int64_t update, int64_t percent, int64_t per_epoch)
{
    return update * 100 / (percent * per_epoch);
}

static void fractions_of_epochs_are_exact(void **state)
{
    (void)state;
    for (int64_t percent = 1; percent <= 250; percent++)
        for (int64_t per_epoch = 1; per_epoch <= 120; per_epoch += per_epoch < 20 ? 1 : 20) {
            const acf_interval every = {(double)percent / 100, ACF_UNIT_EPOCHS};
            int64_t n = 0;
            for (int64_t update = 1; update <= 3 * per_epoch; update++) {
                bool want =
                    passed(update, percent, per_epoch) > passed(update - 1, percent, per_epoch);
                if (acf_interval_due(&every, update, per_epoch) != want)
                    fail_msg("every %.2f epochs of %d: wrong at update %d", every.value,
                             (int)per_epoch, (int)update);
                n += want;
                assert_int_equal(acf_interval_count(&every, update, per_epoch), n);
            }
        }
}

static void a_third_of_an_epoch(void **state)
{
    (void)state;
    const acf_interval every = {1.0 / 3, ACF_UNIT_EPOCHS};
    int n = 0;
    for (int64_t update = 1; update <= 9000; update++) {
        bool due = acf_interval_due(&every, update, 9);
        assert_int_equal(due, update % 3 == 0);
        n += due;
    }
    assert_int_equal(n, 3000);
}

static void late_in_a_long_run(void **state)
{
    (void)state;
    const acf_interval every = {0.1, ACF_UNIT_EPOCHS}, steps = {7, ACF_UNIT_STEPS};
    for (int64_t update = 4000000000; update < 4000000100; update++) {
        assert_int_equal(acf_interval_due(&every, update, 100), update % 10 == 0);
        assert_int_equal(acf_interval_due(&steps, update, 100), update % 7 == 0);
    }
}

static void steps(void **state)
{
    (void)state;
    const acf_interval every = {50, ACF_UNIT_STEPS}, one = {1, ACF_UNIT_STEPS};
    for (int64_t update = -1; update <= 300; update++) {
        assert_int_equal(acf_interval_due(&every, update, 8), update > 0 && update % 50 == 0);
        assert_int_equal(acf_interval_due(&one, update, 8), update > 0);
    }
    const acf_interval half = {0.5, ACF_UNIT_STEPS}; /* more often than there are updates */
    assert_true(acf_interval_due(&half, 1, 8) && acf_interval_due(&half, 2, 8));
    assert_int_equal(acf_interval_count(&half, 2, 8), 2);
    assert_int_equal(acf_interval_count(&every, 0, 8), 0);
}

static void null_is_never_due(void **state)
{
    (void)state;
    const acf_interval null = {NAN, ACF_UNIT_STEPS}, zero = {0, ACF_UNIT_EPOCHS};
    for (int64_t update = 0; update < 20; update++) {
        assert_false(acf_interval_due(&null, update, 4));
        assert_false(acf_interval_due(&zero, update, 4));
    }
    assert_int_equal(acf_interval_updates(&null, 4), 0);
    assert_int_equal(acf_interval_updates(&zero, 4), 0);
}

static void in_updates(void **state)
{
    (void)state;
    static const struct {
        acf_interval interval;
        int64_t per_epoch, want;
    } cases[] = {
        {{50, ACF_UNIT_STEPS}, 8, 50},       {{1, ACF_UNIT_EPOCHS}, 8, 8},
        {{0.5, ACF_UNIT_EPOCHS}, 9, 5},      {{0.01, ACF_UNIT_EPOCHS}, 9, 1},
        {{30, ACF_UNIT_EPOCHS}, 391, 11730}, {{0.2, ACF_UNIT_STEPS}, 8, 1},
        {{2.4, ACF_UNIT_STEPS}, 8, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(acf_interval_updates(&cases[i].interval, cases[i].per_epoch),
                         cases[i].want);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fractions_of_epochs_are_exact),
    cmocka_unit_test(a_third_of_an_epoch),
    cmocka_unit_test(late_in_a_long_run),
    cmocka_unit_test(steps),
    cmocka_unit_test(null_is_never_due),
    cmocka_unit_test(in_updates),
};

TEST_MAIN(tests)
