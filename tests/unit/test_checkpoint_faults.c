/* store/checkpoint when the disk, the memory or the process gives out at any moment. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/sysio.h"
#include "store/checkpoint.h"
#include "store/safetensors.h"

#include <errno.h>
#include <stdio.h>

static acf_error e;

/* Write a checkpoint whose files hold `text`, as a trainer does. */
static acf_status save(const char *run, int64_t step, const char *text)
{
    acf_checkpoint *ck = NULL;
    char hex[ACF_DIGEST_HEX + 1];
    const acf_st_item item = {
        .name = "w", .dtype = ACF_U8, .rank = 1, .dim = {strlen(text)}, .data = text};
    char name[40];
    acf_checkpoint_name(name, step);
    acf_status st = acf_checkpoint_begin(&ck, run, name, 1000, &e);
    if (st != ACF_OK) return st;
    char *config = acf_checkpoint_file(ck, "config.json", &e);
    char *model = acf_checkpoint_file(ck, "model.safetensors", &e);
    if (config == NULL || model == NULL) st = ACF_ERR_RESOURCE;
    if (st == ACF_OK) st = acf_write_synced(config, text, strlen(text), &e);
    if (st == ACF_OK) st = acf_st_write(model, &item, 1, hex, &e);
    if (st == ACF_OK) st = acf_checkpoint_note_digest(ck, "model.safetensors", hex, &e);
    acf_free(config);
    acf_free(model);
    if (st == ACF_OK) return acf_checkpoint_commit(&ck, &e);
    acf_checkpoint_abort(&ck);
    return st;
}

/* The checkpoint verifies and holds `text`. */
static bool holds(const char *run, int64_t step, const char *text)
{
    char name[40];
    size_t len;
    acf_checkpoint_name(name, step);
    const char *dir = tmpdir_path(run, "%s", name);
    if (acf_checkpoint_verify(dir, &e) != ACF_OK) return false;
    char *got = tmpdir_read(tmpdir_path(dir, "config.json"), &len);
    bool same = strcmp(got, text) == 0;
    acf_free(got);
    return same;
}

static void start_over(const char *run)
{
    char **names;
    size_t n;
    assert_ok(acf_list_dir(&names, &n, run, &e), &e);
    for (size_t i = 0; i < n; i++)
        assert_ok(acf_remove_tree(tmpdir_path(run, "%s", names[i]), &e), &e);
    acf_free_names(names, n);
    assert_ok(save(run, 10, "old"), &e);
    assert_ok(acf_checkpoint_link(run, "best", 10, &e), &e);
}

/* System calls of one save of `step`. */
static size_t count_calls(const char *run, int64_t step)
{
    start_over(run);
    (void)acf_sys_fail_at(0, 0, 0);
    assert_ok(save(run, step, "new"), &e);
    return acf_sys_fail_at(0, 0, 0);
}

/* One call fails, the disk then works again: everything is cleaned up at once. */
static void one_failing_call(const char *run, int64_t step)
{
    size_t calls = count_calls(run, step);
    assert_true(calls > 20);
    size_t n_failed = 0;
    for (size_t n = 1; n <= calls; n++) {
        start_over(run);
        (void)acf_sys_fail_at(n, 1, n % 2 ? ENOSPC : EIO);
        e = (acf_error){ACF_OK, ""};
        acf_status st = save(run, step, "new");
        acf_error why = e;
        (void)acf_sys_fail_at(0, 0, 0);
        if (st != ACF_OK) {
            n_failed++;
            assert_int_equal(st, ACF_ERR_RESOURCE);
            assert_int_equal(why.status, ACF_ERR_RESOURCE);
            assert_non_null(strstr(why.text, run));
            assert_non_null(
                strstr(why.text, n % 2 ? "No space left on device" : "Input/output error"));
            assert_true(holds(run, 10, "old"));
            assert_int_equal(tmpdir_count(run, NULL), 2);
        } else { /* what failed was only the removal of the replaced one */
            assert_true(step == 10 && holds(run, 10, "new"));
            assert_ok(acf_checkpoint_sweep(run, NULL, &e), &e);
        }
        assert_int_equal(acf_checkpoint_linked(run, "best"), 10);
        assert_int_equal(tmpdir_count(run, ".checkpoint-"), 0);
    }
    assert_true(n_failed > 20);
}

/* From one call on nothing works, as when the machine stops; then comes the next start. */
static void stop_at_every_call(const char *run, int64_t step)
{
    size_t calls = count_calls(run, step);
    for (size_t n = 1; n <= calls; n++) {
        int64_t newest;
        start_over(run);
        (void)acf_sys_fail_at(n, SIZE_MAX / 2, EIO);
        acf_status st = save(run, step, "new");
        (void)acf_sys_fail_at(0, 0, 0);
        assert_true(st == ACF_ERR_RESOURCE || (st == ACF_OK && step == 10));
        assert_ok(acf_checkpoint_sweep(run, NULL, &e), &e);
        assert_int_equal(tmpdir_count(run, ".checkpoint-"), 0);
        assert_true(holds(run, 10, "old") || (step == 10 && holds(run, 10, "new")));
        assert_int_equal(acf_checkpoint_linked(run, "best"), 10);
        assert_ok(acf_checkpoint_newest_valid(&newest, run, NULL, &e), &e);
        assert_true(newest == 10 || (newest == 20 && holds(run, 20, "new")));
    }
}

/* A power failure after the rename finds the files, the directory's names and its own name. */
static void everything_is_synced(void **state)
{
    const char *run = *state;
    for (int64_t step = 10; step <= 20; step += 10) { /* a replacement, a new one */
        start_over(run);
        (void)acf_sys_syncs();
        assert_ok(save(run, step, "new"), &e);
        /* Two files, by whoever wrote them and when they are sealed; SHA256SUMS, the directory,
         * COMPLETE, the directory; the run directory. */
        assert_int_equal(acf_sys_syncs(), 2 + 2 + 4 + 1);
        assert_ok(acf_checkpoint_link(run, "last", step, &e), &e);
        assert_int_equal(acf_sys_syncs(), 1);
    }
    assert_ok(acf_write_atomic(tmpdir_path(run, "x.json"), "{}", 2, &e), &e);
    assert_int_equal(acf_sys_syncs(), 2); /* the file, its directory */
}

static void one_failing_call_of_a_new_step(void **state)
{
    one_failing_call(*state, 20);
}

static void one_failing_call_of_a_replacement(void **state)
{
    one_failing_call(*state, 10);
}

static void stop_at_every_call_of_a_new_step(void **state)
{
    stop_at_every_call(*state, 20);
}

static void stop_at_every_call_of_a_replacement(void **state)
{
    stop_at_every_call(*state, 10);
}

static void one_failing_allocation(void **state)
{
    start_over(*state);
    size_t held = acf_mem_held();
    bool done = false;
    size_t n;
    for (n = 1; !done && n < 2000; n++) {
        start_over(*state);
        (void)acf_mem_fail_at(n);
        acf_status st = save(*state, 20, "new");
        done = acf_mem_fail_at(0) < n;
        /* without memory the free space is unknown, and the save goes on */
        bool saved = st == ACF_OK && holds(*state, 20, "new");
        assert_true(saved || st == ACF_ERR_RESOURCE);
        assert_true(saved || !done);
        assert_true(holds(*state, 10, "old"));
        assert_ok(acf_checkpoint_sweep(*state, NULL, &e), &e);
        assert_int_equal(tmpdir_count(*state, NULL), saved ? 3 : 2);
        assert_int_equal(acf_mem_held(), held);
    }
    assert_true(done && n > 20);
}

/* Verifying with little memory says so, and does not call the checkpoint broken. */
static void verify_with_little_memory(void **state)
{
    start_over(*state);
    bool done = false;
    for (size_t n = 1; !done && n < 1000; n++) {
        int64_t newest;
        (void)acf_mem_fail_at(n);
        acf_status st = acf_checkpoint_newest_valid(&newest, *state, NULL, &e);
        (void)acf_mem_fail_at(0);
        done = st == ACF_OK;
        assert_true(done ? newest == 10 : st == ACF_ERR_RESOURCE);
    }
    assert_true(done);
}

/* Links and pruning: a call fails, best stays what it was or becomes what it should. */
static void failing_links_and_pruning(void **state)
{
    bool done = false;
    for (size_t n = 1; !done && n < 200; n++) {
        start_over(*state);
        assert_ok(save(*state, 20, "new"), &e);
        assert_ok(save(*state, 30, "new"), &e);
        (void)acf_sys_fail_at(n, 1, EIO);
        acf_status st = acf_checkpoint_link(*state, "best", 20, &e);
        acf_status pruned = st == ACF_OK ? acf_checkpoint_prune(*state, 1, 20, &e) : ACF_OK;
        done = acf_sys_fail_at(0, 0, 0) < n;
        int64_t best = acf_checkpoint_linked(*state, "best");
        assert_true(best == 20 || (best == 10 && st == ACF_ERR_RESOURCE));
        assert_true(pruned == ACF_OK || pruned == ACF_ERR_RESOURCE);
        assert_ok(acf_checkpoint_sweep(*state, NULL, &e), &e);
        assert_int_equal(tmpdir_count(*state, ".checkpoint-"), 0);
        assert_int_equal(tmpdir_count(*state, ".best"), 0);
        assert_true(holds(*state, 20, "new") && holds(*state, 30, "new"));
    }
    assert_true(done);
    assert_int_equal(tmpdir_count(*state, "checkpoint-"), 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(everything_is_synced, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(one_failing_call_of_a_new_step, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(one_failing_call_of_a_replacement, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(stop_at_every_call_of_a_new_step, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(stop_at_every_call_of_a_replacement, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(one_failing_allocation, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(verify_with_little_memory, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(failing_links_and_pruning, tmpdir_setup, tmpdir_teardown),
};

TEST_MAIN(tests)
