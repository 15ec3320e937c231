/* Memory that gives out anywhere in a program: every allocation. */
#include "support/cm.h"
#include "support/memory_faults.h"
#include "support/tmpdir.h"

static void allocations_fail_anywhere(void **state)
{
    assert_true(memory_faults(*state, 1) > 10000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(allocations_fail_anywhere, tmpdir_setup, tmpdir_teardown)};

TEST_MAIN(tests)
