/* Which directories a run may use, and what it notes there. */
#include "base/io.h"
#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "run/run_dir.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <stdio.h>

typedef struct fixture {
    char dir[256];
    acf_config cfg;
} fixture;

static void open_fixture(fixture *f, const char *tmp, const char *const *sets)
{
    (void)snprintf(f->dir, sizeof f->dir, "%s/run", tmp);
    tiny_config(&f->cfg, f->dir, sets);
}

static acf_status check(const fixture *f, acf_run_mode mode, bool *is_resumed, acf_error *e)
{
    return acf_run_dir_check(is_resumed, &f->cfg, mode, e);
}

static void write_run(const fixture *f)
{
    acf_error e;
    cJSON *environment = cJSON_CreateObject();
    assert_ok(acf_run_dir_make(&f->cfg, ACF_RUN_FRESH, &e), &e);
    assert_ok(acf_run_dir_describe(&f->cfg, "acf-train --config x", environment, NULL, NULL, &e),
              &e);
    cJSON_Delete(environment);
    tmpdir_write_text(tmpdir_path(f->dir, "train.log"), "");
}

static void an_empty_place_takes_any_run(void **state)
{
    fixture f;
    acf_error e;
    bool resumed;
    open_fixture(&f, *state, NULL);
    for (int exists = 0; exists < 2; exists++) {
        for (int mode = ACF_RUN_FRESH; mode <= ACF_RUN_OVERWRITE; mode++) {
            assert_ok(check(&f, (acf_run_mode)mode, &resumed, &e), &e);
            assert_false(resumed);
        }
        assert_ok(acf_make_dirs(f.dir, &e), &e);
        tmpdir_write_text(tmpdir_path(f.dir, ".lock"), "1");
        tmpdir_write_text(tmpdir_path(f.dir, "config.yaml.17.tmp"), "sche");
    }
    acf_config_free(&f.cfg);
}

static void a_run_is_gone_on_with_or_replaced_on_request(void **state)
{
    fixture f;
    acf_error e;
    bool resumed;
    open_fixture(&f, *state, NULL);
    write_run(&f);
    assert_fails(check(&f, ACF_RUN_FRESH, &resumed, &e), ACF_ERR_USAGE,
                 "run: is not empty; --resume goes on with the run there, --overwrite starts it "
                 "anew",
                 &e);
    assert_ok(check(&f, ACF_RUN_RESUME, &resumed, &e), &e);
    assert_true(resumed);
    assert_ok(check(&f, ACF_RUN_OVERWRITE, &resumed, &e), &e);
    assert_false(resumed);

    tmpdir_write_text(tmpdir_path(f.dir, ".lock"), "1");
    assert_ok(acf_make_dirs(tmpdir_path(f.dir, "checkpoint-000001/deep"), &e), &e);
    assert_ok(acf_run_dir_make(&f.cfg, ACF_RUN_OVERWRITE, &e), &e);
    assert_int_equal(tmpdir_count(f.dir, NULL), 1); /* the lock is held */
    acf_config_free(&f.cfg);
}

static void what_is_no_run_is_never_touched(void **state)
{
    fixture f;
    acf_error e;
    bool resumed;
    open_fixture(&f, *state, NULL);
    assert_ok(acf_make_dirs(f.dir, &e), &e);
    tmpdir_write_text(tmpdir_path(f.dir, "thesis.tex"), "x");
    assert_fails(check(&f, ACF_RUN_FRESH, &resumed, &e), ACF_ERR_USAGE,
                 "run: is not empty and holds no run of ours; choose another save.dir", &e);
    for (int mode = ACF_RUN_RESUME; mode <= ACF_RUN_OVERWRITE; mode++)
        assert_fails(check(&f, (acf_run_mode)mode, &resumed, &e), ACF_ERR_USAGE,
                     "run: is not empty and lacks config.yaml: not a run of ours, nothing is "
                     "touched",
                     &e);
    tmpdir_write_text(tmpdir_path(f.dir, "config.yaml"), "mine: true\n");
    assert_fails(check(&f, ACF_RUN_OVERWRITE, &resumed, &e), ACF_ERR_USAGE, "lacks train.log", &e);
    assert_fails(check(&f, ACF_RUN_RESUME, &resumed, &e), ACF_ERR_USAGE,
                 "run/config.yaml: 1 problem in the configuration", &e);
    assert_null(strstr(e.text, "config.yaml: /")); /* said once */
    assert_int_equal(tmpdir_count(f.dir, NULL), 2);
    acf_config_free(&f.cfg);
}

static void a_file_is_no_directory(void **state)
{
    fixture f;
    acf_error e;
    bool resumed;
    open_fixture(&f, *state, NULL);
    tmpdir_write_text(f.dir, "x");
    for (int mode = ACF_RUN_FRESH; mode <= ACF_RUN_OVERWRITE; mode++)
        assert_fails(check(&f, (acf_run_mode)mode, &resumed, &e), ACF_ERR_USAGE,
                     "run: is a file, save.dir must be a directory", &e);
    acf_config_free(&f.cfg);
}

static void resuming_needs_the_same_config(void **state)
{
    static const char *const allowed[] = {
        "train.epochs=4",  "save.every=2 steps", "log.every=1", "eval.every=2 epochs",
        "train.threads=2", "save.keep_last=1",   NULL};
    static const char *const other[] = {"train.optimizer.lr=0.5", "loss.tau=0.2", "train.epochs=4",
                                        NULL};
    static const char *const shorter[] = {"train.epochs=2", NULL};
    fixture f;
    acf_error e;
    bool resumed;
    open_fixture(&f, *state, NULL);
    write_run(&f);
    acf_config_free(&f.cfg);
    open_fixture(&f, *state, allowed);
    assert_ok(check(&f, ACF_RUN_RESUME, &resumed, &e), &e);
    acf_config_free(&f.cfg);
    open_fixture(&f, *state, other);
    assert_fails(check(&f, ACF_RUN_RESUME, &resumed, &e), ACF_ERR_USAGE,
                 "run: cannot resume with another config: loss.tau (was 0.1, is 0.2), "
                 "train.optimizer.lr (was 0.002, is 0.5)",
                 &e);
    assert_null(strstr(e.text, "train.epochs"));
    assert_ok(check(&f, ACF_RUN_OVERWRITE, &resumed, &e), &e);
    acf_config_free(&f.cfg);
    open_fixture(&f, *state, shorter);
    assert_fails(check(&f, ACF_RUN_RESUME, &resumed, &e), ACF_ERR_USAGE, "train.epochs (was 3", &e);
    acf_config_free(&f.cfg);
}

static void a_run_notes_how_it_was_started(void **state)
{
    fixture f;
    size_t len;
    open_fixture(&f, *state, NULL);
    write_run(&f);
    write_run(&f);
    char *text = tmpdir_read(tmpdir_path(f.dir, "command.txt"), &len);
    char *second = strchr(text, '\n') + 1;
    assert_string_equal(second + 20, " acf-train --config x\n"); /* after the time */
    assert_int_equal(strncmp(text + 20, " acf-train --config x\n", 22), 0);
    acf_free(text);
    text = tmpdir_read(tmpdir_path(f.dir, "environment.json"), &len);
    assert_string_equal(text, "{\n}\n");
    acf_free(text);
    text = tmpdir_read(tmpdir_path(f.dir, "config.yaml"), &len);
    assert_non_null(strstr(text, "batch_size: 8"));
    acf_free(text);
    acf_config_free(&f.cfg);
}

static void leftovers_are_swept(void **state)
{
    acf_error e;
    static const char *const gone[] = {"config.yaml.1.tmp", "config.yaml.99.tmp",
                                       "metrics.csv.4711.tmp", "eval_results.json.2.tmp"};
    static const char *const kept[] = {"config.yaml.tmp", "metrics.csv.x.tmp",
                                       "notes.1.tmp",     "config.yaml.1.tmp2",
                                       "config.yaml.1",   "xconfig.yaml.1.tmp"};
    for (int k = 0; k < 4; k++)
        tmpdir_write_text(tmpdir_path(*state, "%s", gone[k]), "");
    for (int k = 0; k < 6; k++)
        tmpdir_write_text(tmpdir_path(*state, "%s", kept[k]), "");
    assert_ok(acf_run_dir_sweep(*state, &e), &e);
    assert_int_equal(tmpdir_count(*state, NULL), 6);
    for (int k = 0; k < 6; k++)
        assert_true(acf_path_exists(tmpdir_path(*state, "%s", kept[k])));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(an_empty_place_takes_any_run),
    TEST(a_run_is_gone_on_with_or_replaced_on_request),
    TEST(what_is_no_run_is_never_touched),
    TEST(a_file_is_no_directory),
    TEST(resuming_needs_the_same_config),
    TEST(a_run_notes_how_it_was_started),
    TEST(leftovers_are_swept),
};

TEST_MAIN(tests)
