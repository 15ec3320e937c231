/* The optimizers in the double build against torch in float64. */
#include "support/cm.h"
#include "support/golden_optim.h"

static void optimizers(void **state)
{
    (void)state;
    check_golden_optimizers(1e-12);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
