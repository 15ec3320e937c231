/* The tables of a sweep and the lines of its runs, and whether its runs fit it. */
#include "support/cm.h"
#include "support/sweep_files.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "run/run_status.h"
#include "sweep/sweep_result.h"
#include "sweep/sweep_table.h"

#include <stdio.h>
#include <string.h>

/* A run directory as a run would leave it. */
static void put_run(const acf_sweep *s, int run, int ended, double linear, double label)
{
    acf_error e = {0};
    acf_str yaml = {0};
    char text[400];
    const acf_config *cfg = acf_sweep_config(s, run);
    const acf_run_status status = {
        .ended = ended, .step = 10, .epochs = 2.5, .starts = 2, .seconds = 3, .cpu_seconds = 6};
    assert_ok(acf_make_dirs(cfg->save.dir, &e), &e);
    assert_ok(acf_config_print(&yaml, cfg, true, &e), &e);
    tmpdir_write_text(tmpdir_path(cfg->save.dir, "config.yaml"), yaml.data);
    tmpdir_write_text(tmpdir_path(cfg->save.dir, "environment.json"),
                      "{\"version\": \"9\", \"commit\": \"abc\"}");
    (void)snprintf(text, sizeof text,
                   "{\"epoch\": 2, \"linear\": {\"accuracy\": %g, \"loss\": %g}, \"label\": "
                   "{\"accuracy\": %g}}",
                   linear, 1 - linear, label);
    tmpdir_write_text(tmpdir_path(cfg->save.dir, "eval_results.json"), text);
    assert_ok(acf_run_status_write(&status, cfg->save.dir, &e), &e);
    acf_str_free(&yaml);
}

static const char tabled[] =
    "schema: 1\nseeds: 1..2\ntasks:\n  - {name: p, config: c.yaml}\n  - {name: q, config: c.yaml, "
    "metrics: [accuracy, loss], seeds: [5]}\nvariants: {a: {loss.type: ce}, b: {loss.type: acf}}\n";

static void look_at_all(acf_sweep *s)
{
    acf_error e = {0};
    for (int i = 0; i < s->n_runs; i++)
        assert_ok(acf_sweep_look(s, i, &e), &e);
}

static void makes_tables(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    acf_str text = {0};
    sweep_open_ok(&s, tabled, &sweep_plain);
    put_run(&s, 0, 0, 0.5, 0.25);
    put_run(&s, 1, 0, 0.75, 0.25);
    put_run(&s, 2, 0, 0.5, 0.5);
    put_run(&s, 3, 0, 0.625, 0.875);
    put_run(&s, 4, 5, 0, 0);
    put_run(&s, 5, 75, 0.1, 0.1);
    look_at_all(&s);
    assert_ok(acf_sweep_markdown(&text, &s, &e), &e);
    assert_string_equal(text.data,
                        "| variant | head | p, accuracy | q, accuracy | q, loss | mean |\n"
                        "|---|---|---|---|---|---|\n"
                        "| a | linear | **62.50 ± 17.68** | **50.00** | **0.5000** | **56.25** |\n"
                        "| a | label | 25.00 ± 0.00 | 50.00 | - | 37.50 |\n"
                        "| b | linear | 62.50 (1 diverged) | - | - | - |\n"
                        "| b | label | 87.50 (1 diverged) | - | - | - |\n");
    acf_str_clear(&text);
    assert_ok(acf_sweep_csv(&text, &s, &e), &e);
    assert_non_null(strstr(text.data, "\na,p,accuracy,linear,2,0,0,0,0.625,0.176776695,-0.963"));
    assert_non_null(strstr(text.data, "\nb,p,accuracy,label,1,1,0,0,0.875,,,,\n"));
    assert_non_null(strstr(text.data, "\nb,q,accuracy,linear,0,0,0,1,,,,,\n"));
    acf_str_free(&text);
    assert_ok(acf_sweep_write(&s, &e), &e);
    size_t len;
    char *lines = tmpdir_read("out/results.jsonl", &len);
    assert_non_null(strstr(lines,
                           "{\"sweep\":\"s\",\"variant\":\"b\",\"task\":\"p\",\"data\":\"text\","
                           "\"seed\":2,\"ended\":5,\"metric\":\"accuracy\",\"head\":\"linear\","
                           "\"epochs\":2.5,\"steps\":10,\"seconds\":3,\"cpu_seconds\":6,"
                           "\"starts\":2,\"version\":\"9\",\"commit\":\"abc\",\"settings\":{"
                           "\"data.train\":\"t.tsv\",\"data.dev\":\"d.tsv\","
                           "\"model.encoder\":\"bert-tiny\""));
    acf_free(lines);
    acf_sweep_close(&s);
}

/* Memory that gives out is told, and costs no line. */
static void keeps_lines_without_memory(void **state)
{
    (void)state;
    static const char others[] = "{\"sweep\":\"another\",\"seed\":1}\nno line\n";
    acf_sweep s;
    size_t n_failed = 0, len;
    sweep_open_ok(&s, tabled, &sweep_plain);
    acf_error e = {0};
    assert_ok(acf_make_dirs("out", &e), &e);
    tmpdir_write_text("out/results.jsonl", others);
    for (size_t n = 1;; n++) {
        e = (acf_error){0};
        (void)acf_mem_fail_at(n);
        acf_status st = acf_sweep_write_lines(&s, &e);
        (void)acf_mem_fail_at(0);
        char *lines = tmpdir_read("out/results.jsonl", &len);
        assert_string_equal(lines, others);
        acf_free(lines);
        if (st == ACF_OK) break;
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_true(e.text[0] != '\0');
        n_failed++;
    }
    assert_true(n_failed > 5);
    acf_sweep_close(&s);
}

/* Less is better of a loss.  The best of all is c's, one of whose runs is open. */
static void the_best_of_a_column_is_whole(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    acf_str text = {0};
    sweep_open_ok(&s,
                  "schema: 1\nseeds: 1..2\ntasks: [{config: c.yaml, metrics: [accuracy, loss]}]\n"
                  "variants: {a: , b: , c: , d: }\n",
                  &sweep_plain);
    static const double linear[] = {0.5, 0.5, 0.75, 0.75, 0.9, 0, 0.625, 0.625};
    for (int i = 0; i < 8; i++)
        if (linear[i] > 0) put_run(&s, i, 0, linear[i], 0.25);
    look_at_all(&s);
    assert_ok(acf_sweep_markdown(&text, &s, &e), &e);
    assert_non_null(strstr(text.data, "\n| a | linear | 50.00 ± 0.00 | 0.5000 ± 0.0000 |\n"));
    assert_non_null(strstr(text.data, "\n| b | linear | **75.00 ± 0.00** | **0.2500 ± 0.0000** |"));
    assert_non_null(strstr(text.data, "\n| c | linear | 90.00 (1 of 2) | 0.1000 (1 of 2) |\n"));
    assert_non_null(strstr(text.data, "\n| d | linear | 62.50 ± 0.00 | 0.3750 ± 0.0000 |\n"));
    acf_str_free(&text);
    acf_sweep_close(&s);
}

/* A figure that one of two runs does not have. */
static void tells_undefined_figures(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    acf_str text = {0};
    sweep_open_ok(
        &s, "schema: 1\nseeds: 1..2\ntasks: [c.yaml, {name: q, config: c.yaml}]\nvariants: {a: }\n",
        &sweep_plain);
    for (int i = 0; i < 4; i++)
        put_run(&s, i, 0, 0.5, 0.25);
    tmpdir_write_text(tmpdir_path(acf_sweep_config(&s, 1)->save.dir, "eval_results.json"),
                      "{\"linear\": {\"loss\": 1}, \"label\": {\"accuracy\": 0.25}}");
    look_at_all(&s);
    assert_ok(acf_sweep_csv(&text, &s, &e), &e);
    assert_non_null(strstr(text.data, "variant,task,metric,head,n,diverged,undefined,open,mean,"));
    assert_non_null(strstr(text.data, "\na,c,accuracy,linear,1,0,1,0,0.5,,,,yes\n"));
    assert_non_null(strstr(text.data, "\na,c,accuracy,label,2,0,0,0,0.25,0,0.25,0.25,\n"));
    assert_non_null(strstr(text.data, "\na,mean,,linear,,0,,,0.5,,,,yes\n"));
    acf_str_clear(&text);
    assert_ok(acf_sweep_markdown(&text, &s, &e), &e);
    assert_non_null(strstr(text.data, "| a | linear | **50.00** (1 undefined) |"));
    acf_str_free(&text);
    acf_sweep_close(&s);
}

/* summary.json of a series: of a loss the least is the best, of equal ones the earliest. */
static void names_the_best_of_a_series(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    cJSON *c;
    static const double linear[] = {0.5, 0.75, 0.25, 0.75};
    tmpdir_write_text("c.yaml", CONFIG "eval: {metric: loss}\n");
    sweep_open_ok(&s, "schema: 1\nseeds: 1..4\ntasks: [c.yaml]\nvariants: {a: }\n", &sweep_plain);
    for (int i = 0; i < 4; i++)
        put_run(&s, i, 0, linear[i], linear[i]);
    look_at_all(&s);
    assert_ok(acf_sweep_summarize(&s, 0, &e), &e);
    assert_ok(acf_json_read(&c, "out/a/c/summary.json", 1 << 16, &e), &e);
    assert_string_equal(cJSON_GetObjectItem(c, "best")->valuestring, "seed-2");
    const cJSON *head = cJSON_GetObjectItem(c, "linear");
    static const char *const metric[] = {"accuracy", "loss"};
    for (int k = 0; k < 2; k++) {
        const cJSON *figure = cJSON_GetObjectItem(head, metric[k]);
        assert_string_equal(cJSON_GetObjectItem(figure, "best")->valuestring, "seed-2");
    }
    cJSON_Delete(c);
    acf_sweep_close(&s);
}

/* A variant that lost a run may have the larger mean only because of that. */
static void a_mean_that_lacks_a_run_is_not_the_best(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    acf_str text = {0};
    cJSON *c;
    sweep_open_ok(
        &s,
        "schema: 1\nseeds: 1..2\ntasks: [{name: p, config: c.yaml}, {name: q, config: c.yaml}]\n"
        "variants: {a: , b: }\n",
        &sweep_plain);
    for (int i = 0; i < 8; i++)
        put_run(&s, i, i == 5 ? 5 : 0, i < 4 ? 0.5 : 0.75, 0.25);
    look_at_all(&s);
    assert_ok(acf_sweep_markdown(&text, &s, &e), &e);
    assert_non_null(
        strstr(text.data, "\n| a | linear | **50.00 ± 0.00** | 50.00 ± 0.00 | **50.00** |\n"));
    assert_non_null(
        strstr(text.data,
               "\n| b | linear | 75.00 (1 diverged) | **75.00 ± 0.00** | 75.00 (1 diverged) |\n"));
    acf_str_clear(&text);
    assert_ok(acf_sweep_csv(&text, &s, &e), &e);
    assert_non_null(strstr(text.data, "\nb,mean,,linear,,1,,,0.75,,,,\n"));
    acf_str_free(&text);
    assert_ok(acf_sweep_json(&c, &s, &e), &e);
    const cJSON *mean = cJSON_GetArrayItem(cJSON_GetObjectItem(c, "means"), 2);
    assert_true(cJSON_GetObjectItem(mean, "diverged")->valuedouble == 1);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(mean, "best")));
    cJSON_Delete(c);
    acf_sweep_close(&s);
}

static void means_over_tasks(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    acf_str text = {0};
    cJSON *c;
    sweep_open_ok(&s,
                  "schema: 1\ntasks: [{name: p, config: c.yaml}, {name: q, config: c.yaml}]\n"
                  "variants: {a: , b: }\n",
                  &sweep_plain);
    put_run(&s, 0, 0, 0.5, 0.25);
    put_run(&s, 1, 0, 0.75, 0.5);
    put_run(&s, 2, 0, 0.5, 0.25);
    put_run(&s, 3, 0, 0.5, 0.9);
    look_at_all(&s);
    assert_ok(acf_sweep_markdown(&text, &s, &e), &e);
    assert_non_null(strstr(text.data, "| a | linear | **50.00** | 75.00 | **62.50** |\n"));
    assert_non_null(strstr(text.data, "| b | label | 25.00 | **90.00** | 57.50 |\n"));
    acf_str_free(&text);
    assert_ok(acf_sweep_json(&c, &s, &e), &e);
    const cJSON *means = cJSON_GetObjectItem(c, "means");
    assert_int_equal(cJSON_GetArraySize(means), 4);
    assert_true(cJSON_GetObjectItem(cJSON_GetArrayItem(means, 0), "mean")->valuedouble == 0.625);
    cJSON_Delete(c);
    acf_sweep_close(&s);
}

static void begins_only_what_fits(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    sweep_open_ok(&s, tabled, &sweep_plain);
    put_run(&s, 0, 0, 0.5, 0.25);
    acf_sweep_close(&s);
    tmpdir_write_text("c.yaml", CONFIG "train: {epochs: 4}\n"); /* longer: --resume would take it */
    sweep_open_ok(&s, tabled, &sweep_plain);
    look_at_all(&s);
    assert_int_equal(s.run[0].state, ACF_SWEEP_OPEN);
    assert_fails(acf_sweep_begin(&s, "acf-train", &e), ACF_ERR_USAGE,
                 "seed-1: was begun with another configuration: train.epochs (was 3, is 4)", &e);
    assert_false(acf_path_exists("out/sweep.yaml"));
    acf_sweep_close(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sweep_files_enter, sweep_files_leave)

static const struct CMUnitTest tests[] = {
    TEST(makes_tables),
    TEST(keeps_lines_without_memory),
    TEST(the_best_of_a_column_is_whole),
    TEST(tells_undefined_figures),
    TEST(names_the_best_of_a_series),
    TEST(a_mean_that_lacks_a_run_is_not_the_best),
    TEST(means_over_tasks),
    TEST(begins_only_what_fits),
};

TEST_MAIN(tests)
