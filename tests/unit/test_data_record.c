/* What the files of a run were: another content is noticed, another place is not. */
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "input/data_record.h"
#include "support/cm.h"
#include "support/data.h"
#include "support/tmpdir.h"

#include <stdio.h>

#define TRAIN "text\tlabel\na\tx\nb\ty\n"
#define DEV   "text\tlabel\nc\tx\n"

typedef struct fixture {
    char data[256], run[256];
    acf_data_options opt;
} fixture;

static void open_fixture(fixture *f, const char *tmp)
{
    acf_error e;
    (void)snprintf(f->data, sizeof f->data, "%s/data", tmp);
    (void)snprintf(f->run, sizeof f->run, "%s/run", tmp);
    assert_ok(acf_make_dirs(f->data, &e), &e);
    assert_ok(acf_make_dirs(f->run, &e), &e);
    (void)data_put(f->data, "train.tsv", TRAIN);
    f->opt = data_options("text", f->data);
}

/* environment.json of a run that began with the files as they are. */
static void write_environment(const fixture *f)
{
    acf_error e;
    cJSON *record, *environment = cJSON_CreateObject();
    acf_dataset *d = data_open_ok(&f->opt);
    assert_ok(acf_data_record_make(&record, d, &e), &e);
    assert_true(acf_json_put(environment, "data", record));
    char *text = acf_json_print(environment, true, &e);
    tmpdir_write_text(tmpdir_path(f->run, "environment.json"), text);
    acf_free(text);
    cJSON_Delete(environment);
    acf_data_close(&d);
}

static acf_status check(const fixture *f, acf_error *e)
{
    acf_dataset *d = data_open_ok(&f->opt);
    acf_status st = acf_data_record_check(d, f->run, e);
    acf_data_close(&d);
    return st;
}

static void holds_what_the_files_were(void **state)
{
    fixture f;
    acf_error e;
    cJSON *record;
    open_fixture(&f, *state);
    (void)data_put(f.data, "test.tsv", "text\nd\n");
    acf_dataset *d = data_open_ok(&f.opt);
    assert_ok(acf_data_record_make(&record, d, &e), &e);
    assert_int_equal(cJSON_GetArraySize(record), 2);
    const cJSON *train = cJSON_GetObjectItem(record, "train");
    assert_string_equal(cJSON_GetObjectItem(train, "path")->valuestring, d->split[ACF_TRAIN].path);
    assert_int_equal(cJSON_GetObjectItem(train, "rows")->valueint, 2);
    assert_int_equal(cJSON_GetObjectItem(train, "rows_in_file")->valueint, 2);
    assert_int_equal(cJSON_GetObjectItem(train, "bad_lines")->valueint, 0);
    assert_string_equal(cJSON_GetObjectItem(train, "sha256")->valuestring,
                        d->split[ACF_TRAIN].digest);
    assert_non_null(cJSON_GetObjectItem(record, "test"));
    cJSON_Delete(record);
    acf_data_close(&d);
}

static void the_same_content_elsewhere_agrees(void **state)
{
    fixture f;
    acf_error e;
    open_fixture(&f, *state);
    (void)data_put(f.data, "dev.tsv", DEV);
    write_environment(&f);
    assert_ok(check(&f, &e), &e);
    (void)snprintf(f.data, sizeof f.data, "%s/moved", (const char *)*state);
    assert_ok(acf_make_dirs(f.data, &e), &e);
    (void)data_put(f.data, "train.tsv", TRAIN);
    (void)data_put(f.data, "dev.tsv", DEV);
    (void)data_put(f.data, "test.tsv", "text\nd\n"); /* has no part in a run */
    assert_ok(check(&f, &e), &e);
}

static void another_content_is_refused(void **state)
{
    fixture f;
    acf_error e;
    open_fixture(&f, *state);
    (void)data_put(f.data, "dev.tsv", DEV);
    write_environment(&f);
    (void)data_put(f.data, "train.tsv", TRAIN "d\tx\n");
    assert_fails(check(&f, &e), ACF_ERR_USAGE, "train.tsv: has changed since ", &e);
    assert_non_null(strstr(e.text, "/run began (sha256 "));
    assert_non_null(strstr(e.text, " and 3 rows, was "));
    assert_non_null(strstr(e.text, " and 2): put back what it began with, or start anew"));
    (void)data_put(f.data, "train.tsv", "text\tlabel\na\ty\nb\tx\n"); /* as many rows and bytes */
    assert_fails(check(&f, &e), ACF_ERR_USAGE, "train.tsv: has changed since ", &e);
    (void)data_put(f.data, "train.tsv", TRAIN);
    (void)data_put(f.data, "dev.tsv", DEV "d\ty\n");
    assert_fails(check(&f, &e), ACF_ERR_USAGE, "dev.tsv: has changed since ", &e);
}

static void a_split_that_came_or_went_is_refused(void **state)
{
    fixture f;
    acf_error e;
    open_fixture(&f, *state);
    write_environment(&f);
    const char *dev = data_put(f.data, "dev.tsv", DEV);
    assert_fails(check(&f, &e), ACF_ERR_USAGE, "began without a dev split: put back", &e);
    write_environment(&f);
    assert_ok(acf_remove_tree(dev, &e), &e);
    assert_fails(check(&f, &e), ACF_ERR_USAGE, "dev.tsv: the dev split that ", &e);
}

static void a_run_that_tells_nothing_agrees(void **state)
{
    static const char *const texts[] = {
        "{}", "{\"data\": 1}", "not JSON", "{\"data\": {\"train\": {\"sha256\": 1}}}",
        "{\"data\": {\"train\": {\"sha256\": \"00\", \"rows_in_file\": \"two\"}}}"};
    fixture f;
    acf_error e;
    open_fixture(&f, *state);
    assert_ok(check(&f, &e), &e);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tmpdir_write_text(tmpdir_path(f.run, "environment.json"), texts[i]);
        assert_ok(check(&f, &e), &e);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(holds_what_the_files_were),       TEST(the_same_content_elsewhere_agrees),
    TEST(another_content_is_refused),      TEST(a_split_that_came_or_went_is_refused),
    TEST(a_run_that_tells_nothing_agrees),
};

TEST_MAIN(tests)
