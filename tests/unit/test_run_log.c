/* metrics.jsonl, metrics.csv and train.log: appended, and rewound on resume. */
#include "base/json.h"
#include "base/mem.h"
#include "run/run_log.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <stdlib.h>

static acf_run_log *open_log(const char *dir, int64_t step, int64_t eval)
{
    acf_error e;
    acf_run_log *log;
    assert_ok(acf_run_log_open(&log, dir, step, eval, &e), &e);
    return log;
}

static void put(acf_run_log *log, const char *json)
{
    acf_error e;
    cJSON *event;
    assert_ok(acf_json_parse(&event, json, strlen(json), "event", &e), &e);
    assert_ok(acf_run_log_event(log, event, &e), &e);
    cJSON_Delete(event);
}

static void check_file(const char *dir, const char *name, const char *want)
{
    size_t len;
    char *text = tmpdir_read(tmpdir_path(dir, "%s", name), &len);
    assert_string_equal(text, want);
    acf_free(text);
}

#define TRAIN_3                                                                                    \
    "{\"event\":\"train\",\"step\":3,\"epoch\":0.375,\"loss\":1.25,\"excess\":null,\"lr\":0.001}"  \
    "\n"
#define TRAIN_6 "{\"event\":\"train\",\"step\":6,\"epoch\":0.75,\"loss\":0.5,\"lr\":0.0005}\n"
#define EVAL_4                                                                                     \
    "{\"event\":\"eval\",\"step\":4,\"epoch\":0.5,\"linear\":{\"accuracy\":0.75,\"loss\":0.5},"    \
    "\"label\":{\"accuracy\":0.25}}\n"
#define EVAL_6 "{\"event\":\"eval\",\"step\":6,\"linear\":{\"accuracy\":1}}\n"

#define HEADER                                                                                     \
    "event,step,epoch,loss,loss_ce,loss_contrast,loss_cor,excess,grad_norm,lr,lr_head,"            \
    "examples_per_s,tokens_per_s,linear_accuracy,linear_macro_f1,linear_f1,linear_mcc,"            \
    "linear_loss,label_accuracy,label_macro_f1,label_f1,label_mcc,label_loss,split,linear_"        \
    "pearson,linear_spearman,linear_balanced_accuracy,label_balanced_accuracy\n"
#define CSV_TRAIN_3 "train,3,0.375,1.25,,,,,,0.001,,,,,,,,,,,,,,,,,,\n"
#define CSV_EVAL_4  "eval,4,0.5,,,,,,,,,,,0.75,,,,0.5,0.25,,,,,,,,,\n"
#define CSV_TRAIN_6 "train,6,0.75,0.5,,,,,,0.0005,,,,,,,,,,,,,,,,,,\n"

static void write_run(const char *dir)
{
    acf_error e;
    acf_run_log *log = open_log(dir, -1, -1);
    put(log, TRAIN_3);
    put(log, EVAL_4);
    put(log, TRAIN_6);
    assert_ok(acf_run_log_sync(log, &e), &e);
    acf_run_log_close(&log);
    assert_null(log);
    acf_run_log_close(&log);
}

static void keeps_events_in_both_forms(void **state)
{
    write_run(*state);
    check_file(*state, "metrics.jsonl", TRAIN_3 EVAL_4 TRAIN_6);
    check_file(*state, "metrics.csv", HEADER CSV_TRAIN_3 CSV_EVAL_4 CSV_TRAIN_6);
}

static void a_fresh_run_starts_empty(void **state)
{
    write_run(*state);
    acf_run_log *log = open_log(*state, -1, -1);
    acf_run_log_close(&log);
    check_file(*state, "metrics.jsonl", "");
    check_file(*state, "metrics.csv", HEADER);
}

static void drops_events_after_the_last_step(void **state)
{
    static const struct {
        int64_t step, eval;
        const char *jsonl, *csv;
    } cases[] = {
        {100, 100, TRAIN_3 EVAL_4 TRAIN_6, HEADER CSV_TRAIN_3 CSV_EVAL_4 CSV_TRAIN_6},
        {6, 4, TRAIN_3 EVAL_4 TRAIN_6, HEADER CSV_TRAIN_3 CSV_EVAL_4 CSV_TRAIN_6},
        {5, 4, TRAIN_3 EVAL_4, HEADER CSV_TRAIN_3 CSV_EVAL_4},
        {4, 4, TRAIN_3 EVAL_4, HEADER CSV_TRAIN_3 CSV_EVAL_4},
        {4, 0, TRAIN_3, HEADER CSV_TRAIN_3},
        {6, -1, TRAIN_3 TRAIN_6, HEADER CSV_TRAIN_3 CSV_TRAIN_6},
        {3, 8, TRAIN_3, HEADER CSV_TRAIN_3},
        {0, 0, "", HEADER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_run(*state);
        acf_run_log *log = open_log(*state, cases[i].step, cases[i].eval);
        check_file(*state, "metrics.jsonl", cases[i].jsonl);
        check_file(*state, "metrics.csv", cases[i].csv);
        put(log, EVAL_6); /* and goes on behind them */
        acf_run_log_close(&log);
        size_t len;
        char *text = tmpdir_read(tmpdir_path(*state, "metrics.jsonl"), &len);
        assert_int_equal(len, strlen(cases[i].jsonl) + strlen(EVAL_6));
        assert_string_equal(text + strlen(cases[i].jsonl), EVAL_6);
        acf_free(text);
    }
    assert_int_equal(tmpdir_count(*state, NULL), 3);
}

/* A process that died while it wrote, at any byte. */
static void drops_torn_lines(void **state)
{
    static const char all[] = TRAIN_3 EVAL_4;
    for (size_t cut = strlen(TRAIN_3); cut < strlen(all); cut++) {
        tmpdir_write(tmpdir_path(*state, "metrics.jsonl"), all, cut);
        acf_run_log *log = open_log(*state, 100, 100);
        acf_run_log_close(&log);
        check_file(*state, "metrics.jsonl", TRAIN_3);
        check_file(*state, "metrics.csv", HEADER CSV_TRAIN_3);
    }
}

static void drops_what_is_no_event(void **state)
{
    tmpdir_write_text(
        tmpdir_path(*state, "metrics.jsonl"),
        "\n[1]\n{\"event\":\"train\"}\n{\"step\":1}\nnonsense\n{\"event\":3,\"step\":1}\n"
        "{\"event\":\"train\",\"step\":\"1\"}\n" TRAIN_3);
    acf_run_log *log = open_log(*state, 100, 100);
    acf_run_log_close(&log);
    check_file(*state, "metrics.jsonl", TRAIN_3);
}

/* Memory that gives out is no malformed line: nothing is dropped. */
static void keeps_events_without_memory(void **state)
{
    size_t n_failed = 0;
    acf_json_start();
    write_run(*state);
    for (size_t n = 1;; n++) {
        acf_error e = {ACF_OK, ""};
        acf_run_log *log;
        (void)acf_mem_fail_at(n);
        acf_status st = acf_run_log_open(&log, *state, 100, 100, &e);
        (void)acf_mem_fail_at(0);
        acf_run_log_close(&log);
        check_file(*state, "metrics.jsonl", TRAIN_3 EVAL_4 TRAIN_6);
        if (st == ACF_OK) break;
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_true(e.text[0] != '\0');
        n_failed++;
    }
    assert_true(n_failed > 20);
}

static void log_lines_are_never_dropped(void **state)
{
    acf_run_log *log = open_log(*state, -1, -1);
    acf_run_log_line(log, ACF_LOG_INFO, "first");
    acf_run_log_close(&log);
    log = open_log(*state, 0, 0);
    acf_run_log_line(log, ACF_LOG_WARN, "second");
    acf_run_log_close(&log);
    size_t len;
    char *text = tmpdir_read(tmpdir_path(*state, "train.log"), &len);
    char *second = strchr(text, '\n') + 1;
    assert_int_equal(strncmp(text + 20, " first\n", 7), 0); /* after 2026-01-31T12:00:00Z */
    assert_string_equal(second + 20, " warning: second\n");
    acf_free(text);
}

static void needs_a_directory(void **state)
{
    acf_error e;
    acf_run_log *log;
    assert_fails(acf_run_log_open(&log, tmpdir_path(*state, "none"), -1, -1, &e), ACF_ERR_RESOURCE,
                 "none/metrics.jsonl", &e);
    assert_null(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(keeps_events_in_both_forms),       TEST(a_fresh_run_starts_empty),
    TEST(drops_events_after_the_last_step), TEST(drops_torn_lines),
    TEST(drops_what_is_no_event),           TEST(keeps_events_without_memory),
    TEST(log_lines_are_never_dropped),      TEST(needs_a_directory),
};

TEST_MAIN(tests)
