/* Optimizers and schedules in the float build against torch and transformers. */
#include "support/cm.h"
#include "support/golden_optim.h"

static void optimizers(void **state)
{
    (void)state;
    check_golden_optimizers(1e-6);
}

static void schedules(void **state)
{
    (void)state;
    check_golden_schedules();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers),
        cmocka_unit_test(schedules),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
