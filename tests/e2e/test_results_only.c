/* Runs of which only figures and predictions are to stay. */
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "store/checkpoint.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

static const char *const results_only[] = {"save.results_only=yes", NULL};

static void check_results_only(const char *dir)
{
    assert_int_equal(tmpdir_count(dir, "checkpoint-"), 0);
    assert_false(acf_path_exists(tmpdir_path(dir, "best")));
    assert_false(acf_path_exists(tmpdir_path(dir, "last")));
    assert_true(acf_path_is_file(tmpdir_path(dir, "eval_results.json")));
    assert_true(acf_path_is_file(tmpdir_path(dir, "predictions.dev.tsv")));
}

static void checkpoints_go_when_the_run_has_ended(void **state)
{
    const char *dir = *state;
    tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at = 10};
    assert_int_equal(tiny_train(&run, dir, results_only), ACF_STOPPED);
    assert_true(acf_checkpoint_linked(dir, "last") == 10);
    tiny_run rest = {.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&rest, dir, results_only), &rest.e);
    assert_int_equal(rest.n_done, 14);
    check_results_only(dir);
}

static void a_run_that_has_ended_is_not_run_again(void **state)
{
    const char *dir = *state;
    tiny_run run = {.mode = ACF_RUN_FRESH}, again = {.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, dir, results_only), &run.e);
    assert_ok(tiny_train(&again, dir, results_only), &again.e);
    assert_int_equal(again.n_done, 0);
    assert_true(again.summary_len > 0);
    check_results_only(dir);
}

/* As after a death between the note that the run has ended and the removal. */
static void what_is_left_of_a_removal_goes_when_it_is_resumed(void **state)
{
    const char *dir = *state;
    tiny_run run = {.mode = ACF_RUN_FRESH}, again = {.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, dir, NULL), &run.e);
    assert_true(tmpdir_count(dir, "checkpoint-") > 0);
    assert_ok(tiny_train(&again, dir, results_only), &again.e);
    assert_int_equal(again.n_done, 0);
    check_results_only(dir);
}

/* As after a death in the removal, which takes the best, the older one, first: the figures stay
 * those of the best. */
static void what_was_half_removed_is_not_evaluated_again(void **state)
{
    static const char *const plain[] = {"train.optimizer.lr=0", "train.optimizer.head_lr=0", NULL};
    static const char *const only[] = {"train.optimizer.lr=0", "train.optimizer.head_lr=0",
                                       "save.results_only=yes", NULL};
    const char *dir = *state;
    acf_error e = {ACF_OK, ""};
    size_t n[2];
    tiny_run run = {.mode = ACF_RUN_FRESH}, again = {.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, dir, plain), &run.e);
    assert_int_equal(acf_checkpoint_linked(dir, "best"), 4);
    assert_ok(acf_remove_tree(tmpdir_path(dir, "checkpoint-000004"), &e), &e);
    char *before = tmpdir_read(tmpdir_path(dir, "eval_results.json"), &n[0]);
    assert_ok(tiny_train(&again, dir, only), &again.e);
    char *after = tmpdir_read(tmpdir_path(dir, "eval_results.json"), &n[1]);
    assert_string_equal(before, after);
    acf_free(before);
    acf_free(after);
    check_results_only(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checkpoints_go_when_the_run_has_ended, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(a_run_that_has_ended_is_not_run_again, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(what_is_left_of_a_removal_goes_when_it_is_resumed,
                                        tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(what_was_half_removed_is_not_evaluated_again, tmpdir_setup,
                                        tmpdir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
