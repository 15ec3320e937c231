/* Damage to the files of a checkpoint: a sample of the bytes (tests/slow has all). */
#include "support/cm.h"
#include "support/corruption.h"
#include "support/tmpdir.h"

#include <stdio.h>

static void damage_is_seen(void **state)
{
    size_t n = corruption_faults(*state, 101);
    printf("%zu bytes flipped\n", n);
    assert_true(n > 4000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(damage_is_seen, tmpdir_setup, tmpdir_teardown)};

TEST_MAIN(tests)
