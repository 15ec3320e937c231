/* Files of result lines: figures, gains, and lines that cannot be used. */
#include "base/json.h"
#include "base/mem.h"
#include "compare/results.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const acf_results_options usual = {.metric = -1, .head = -1, .n_draws = 1000};

/* A line with accuracy 0 at the other head, so that a wrong head is seen. */
static void put(acf_str *text, const char *variant, const char *task, int seed, double value)
{
    assert_int_equal(
        acf_str_printf(text, NULL,
                       "{\"variant\":\"%s\",\"task\":\"%s\",\"seed\":%d,\"ended\":0,\"metric\":"
                       "\"accuracy\",\"head\":\"label\",\"linear\":{\"accuracy\":0,\"mcc\":%.17g},"
                       "\"label\":{\"accuracy\":%.17g,\"loss\":%.17g}}\n",
                       variant, task, seed, -value, value, 10 * value),
        ACF_OK);
}

static const char *write_text(const char *dir, const char *name, acf_str *text)
{
    const char *path = tmpdir_path(dir, "%s", name);
    tmpdir_write(path, text->data, text->len);
    acf_str_free(text);
    return path;
}

static void assert_json_holds(const acf_results *r, const char *want)
{
    acf_error e = {ACF_OK, ""};
    cJSON *json;
    assert_ok(acf_results_json(&json, r, &e), &e);
    char *text = acf_json_print(json, false, &e);
    assert_non_null(text);
    if (strstr(text, want) == NULL) fail_msg("'%s' is not in %s", want, text);
    acf_free(text);
    cJSON_Delete(json);
}

/* Two tasks in two files; "b" has one seed more on "one", and on "two" one that diverged. */
static void write_two(const char *dir, const char *path[2])
{
    acf_str text = {0};
    put(&text, "a", "one", 1, 0.5);
    put(&text, "a", "one", 2, 0.6);
    put(&text, "b", "one", 2, 0.7);
    put(&text, "b", "one", 1, 0.65);
    put(&text, "b", "one", 3, 0.9);
    path[0] = write_text(dir, "one.jsonl", &text);
    put(&text, "a", "two", 1, 0.8);
    put(&text, "b", "two", 1, 0.79);
    assert_int_equal(acf_str_puts(&text,
                                  "\n{\"variant\":\"b\",\"task\":\"two\",\"seed\":2,\"ended\":5,"
                                  "\"metric\":\"accuracy\",\"head\":\"label\"}\n",
                                  NULL),
                     ACF_OK);
    path[1] = write_text(dir, "two.jsonl", &text);
}

static void figures_and_gains_over_common_seeds(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    const char *path[2];
    write_two(*state, path);
    assert_ok(acf_results_open(&r, path, 2, &usual, &e), &e);
    assert_int_equal(r.n, 8);
    assert_string_equal(r.task[1], "two");
    assert_string_equal(r.variant[r.baseline], "a");
    const acf_result_cell *b_one = &r.cell[1], *b_two = &r.cell[3];
    assert_int_equal(b_one->n, 3);
    assert_number(b_one->sample.mean, 0.75, 1e-15);
    assert_number(b_one->sample.sd, sqrt((0.01 + 0.0025 + 0.0225) / 2), 1e-12);
    assert_int_equal(b_two->n, 1);
    assert_int_equal(b_two->n_diverged, 1);

    const acf_gains *g = &r.gain[1].gains;
    assert_int_equal(g->n_tasks, 2);
    assert_int_equal(g->wins, 1);
    assert_int_equal(g->losses, 1);
    assert_number(g->gain, (0.125 - 0.01) / 2, 1e-12);
    assert_number(g->wilcoxon.p, 1.0, 1e-12);
    /* "two" is drawn twice with probability 1/4, "one" with means 0.15 and 0.15 with 1/64 (too rare
     * for the 97.5 % quantile), with 0.15 and 0.125 with 1/16 */
    assert_number(g->ci.low, -0.01, 1e-12);
    assert_number(g->ci.high, 0.1375, 1e-12);
    assert_int_equal(r.gain[0].gains.n_tasks, 0);
    assert_int_equal(b_one->n_alone, r.cell[0].n + 3 - 2 * 2);
    acf_str out = {0};
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(
        strstr(out.data, "\n\nNot all have the same seeds and tasks: figures are over what"));
    acf_str_free(&out);
    acf_results_close(&r);
}

static void metric_head_and_baseline_can_be_chosen(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    const char *path[2];
    acf_results_options opt = usual;
    write_two(*state, path);
    opt.baseline = "b";
    opt.metric = ACF_METRIC_LOSS; /* less is better */
    assert_ok(acf_results_open(&r, path, 2, &opt, &e), &e);
    assert_number(r.cell[0].sample.mean, 5.5, 1e-12);
    assert_number(r.gain[0].gains.gain, (1.25 - 0.1) / 2, 1e-12);
    acf_results_close(&r);
    opt.metric = ACF_METRIC_MCC;
    opt.head = ACF_HEAD_LINEAR;
    assert_ok(acf_results_open(&r, path, 1, &opt, &e), &e);
    assert_number(r.cell[0].sample.mean, -0.55, 1e-12);
    assert_number(r.gain[0].gains.gain, 0.125, 1e-12);
    acf_results_close(&r);
    opt = usual;
    opt.baseline = "c";
    assert_fails(acf_results_open(&r, path, 2, &opt, &e), ACF_ERR_USAGE,
                 "no line is of a variant 'c'; the first is 'a'", &e);
}

static void what_is_no_result_is_named(void **state)
{
    static const struct {
        const char *second, *message;
    } cases[] = {
        {"{", "bad.jsonl: line 2: malformed JSON"},
        {"[1]", "line 2: is no result line"},
        {"{\"variant\":\"a\",\"task\":\"one\"}", "line 2: is no result line"},
        {"{\"variant\":\"a\",\"task\":\"one\",\"seed\":2,\"metric\":\"speed\"}",
         "line 2: 'metric' is 'speed', which is no metric"},
        {"{\"variant\":\"a\",\"task\":\"one\",\"seed\":2,\"metric\":\"accuracy\",\"head\":"
         "\"label\","
         "\"label\":{\"accuracy\":\"0.5\"}}",
         "line 2: 'accuracy' is not a number"},
        {"{\"variant\":\"a\",\"task\":\"one\",\"seed\":2,\"metric\":\"mcc\",\"head\":\"label\","
         "\"label\":{\"mcc\":0.5}}",
         "line 2: task 'one' by mcc, earlier lines have it by accuracy"},
        {"{\"variant\":\"a\",\"task\":\"one\",\"seed\":1,\"ended\":5,\"metric\":\"accuracy\"}",
         "line 2: 'a' on 'one' with seed 1 has another figure in an earlier line; --sweep NAME"},
        {"{\"variant\":\"a\",\"task\":\"one\",\"seed\":1,\"fold\":0,\"metric\":\"accuracy\"}",
         "line 2: 'fold' = 0 is out of range"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acf_error e = {ACF_OK, ""};
        acf_results r;
        acf_str text = {0};
        put(&text, "a", "one", 1, 0.5);
        assert_int_equal(acf_str_printf(&text, NULL, "%s\n", cases[i].second), ACF_OK);
        const char *path = write_text(*state, "bad.jsonl", &text);
        assert_fails(acf_results_open(&r, &path, 1, &usual, &e), ACF_ERR_DATA, cases[i].message,
                     &e);
        assert_int_equal(r.n, 0);
    }
}

/* A line that stands twice counts once; of two sweeps that share a run one can be chosen. */
static void lines_of_several_sweeps(void **state)
{
    static const char format[] = "{\"sweep\":\"%s\",\"variant\":\"a\",\"task\":\"one\",\"seed\":1,"
                                 "\"metric\":\"accuracy\",\"linear\":{\"accuracy\":%g}}\n";
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0};
    acf_results_options opt = usual;
    for (int i = 0; i < 2; i++)
        assert_int_equal(acf_str_printf(&text, NULL, format, "first", 0.5), ACF_OK);
    assert_int_equal(acf_str_printf(&text, NULL, format, "second", 0.75), ACF_OK);
    const char *path = write_text(*state, "both.jsonl", &text);
    assert_fails(acf_results_open(&r, &path, 1, &opt, &e), ACF_ERR_DATA, "line 3: 'a' on 'one'",
                 &e);
    const char *const sweep[] = {"first", "second"};
    for (int i = 0; i < 2; i++) {
        opt.sweep = sweep[i];
        assert_ok(acf_results_open(&r, &path, 1, &opt, &e), &e);
        assert_int_equal(r.n, 1);
        assert_number(r.line[0].value, i == 0 ? 0.5 : 0.75, 0);
        acf_results_close(&r);
    }
    opt.sweep = "third";
    assert_fails(acf_results_open(&r, &path, 1, &opt, &e), ACF_ERR_USAGE,
                 "--sweep: none of the 3 lines is of sweep 'third'; they are of 'first', 'second'",
                 &e);
}

/* Lines of other tasks are not looked at. */
static void lines_of_some_tasks(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    const char *path[2];
    acf_results_options opt = usual;
    write_two(*state, path);
    opt.tasks = "two";
    assert_ok(acf_results_open(&r, path, 2, &opt, &e), &e);
    assert_int_equal(r.n_tasks, 1);
    assert_int_equal(r.n, 3);
    assert_string_equal(r.task[0], "two");
    assert_int_equal(r.gain[1].gains.n_tasks, 1);
    acf_results_close(&r);
    opt.tasks = "two,one";
    assert_ok(acf_results_open(&r, path, 2, &opt, &e), &e);
    assert_int_equal(r.n, 8);
    acf_results_close(&r);
    static const char *const wrong[][2] = {{"two,on", "'on'"}, {"one,,two", "''"}, {"", "''"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        opt.tasks = wrong[i][0];
        assert_fails(acf_results_open(&r, path, 2, &opt, &e), ACF_ERR_USAGE,
                     "--tasks: no line is of a task ", &e);
        assert_non_null(strstr(e.text, wrong[i][1]));
        assert_non_null(strstr(e.text, "'one'"));
        assert_non_null(strstr(e.text, "'two'"));
    }
}

static void takes_the_lines_of_a_directory(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0};
    put(&text, "a", "one", 1, 0.5);
    assert_fails(acf_results_open(&r, (const char *const *)state, 1, &usual, &e), ACF_ERR_DATA,
                 "/results.jsonl: cannot open", &e);
    (void)write_text(*state, "results.jsonl", &text);
    assert_ok(acf_results_open(&r, (const char *const *)state, 1, &usual, &e), &e);
    assert_int_equal(r.n, 1);
    acf_results_close(&r);
}

static void nothing_to_show_is_an_error(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    const char *path = tmpdir_path(*state, "empty.jsonl");
    tmpdir_write_text(path, "\n");
    assert_fails(acf_results_open(&r, &path, 1, &usual, &e), ACF_ERR_DATA, "hold no result line",
                 &e);
    acf_str text = {0};
    put(&text, "a", "one", 1, 0.5);
    path = write_text(*state, "other.jsonl", &text);
    acf_results_options opt = usual;
    opt.metric = ACF_METRIC_F1;
    opt.head = ACF_HEAD_LABEL;
    assert_fails(acf_results_open(&r, &path, 1, &opt, &e), ACF_ERR_DATA,
                 "no line has the figure that is asked for: f1 of the head label", &e);
    path = tmpdir_path(*state, "missing.jsonl");
    assert_fails(acf_results_open(&r, &path, 1, &usual, &e), ACF_ERR_DATA, "missing.jsonl", &e);
}

/* A run without the figure is counted, not averaged, and refuses nothing; Windows' line ends. */
static void an_undefined_figure_is_counted(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0}, out = {0};
    put(&text, "a", "one", 1, 0.5);
    put(&text, "b", "one", 1, 0.7);
    assert_int_equal(acf_str_puts(&text,
                                  " \r\n{\"variant\":\"b\",\"task\":\"one\",\"seed\":2,"
                                  "\"metric\":\"accuracy\",\"label\":{\"accuracy\":null}}\r\n"
                                  "{\"variant\":\"c\",\"task\":\"one\",\"seed\":1,"
                                  "\"metric\":\"accuracy\"}\n",
                                  NULL),
                     ACF_OK);
    const char *path = write_text(*state, "undefined.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &usual, &e), &e);
    assert_int_equal(r.cell[1].n, 1);
    assert_int_equal(r.cell[1].n_undefined, 1);
    assert_int_equal(r.cell[1].n_diverged, 0);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(strstr(out.data, "| **70.0** (1 undefined) | undefined |\n"));
    assert_non_null(strstr(out.data, "\n| c | 0 | - | - | 0, 0, 0 | - | - |\n"));
    acf_str_free(&out);
    assert_json_holds(&r, "{\"variant\":\"c\",\"tasks\":0,\"gain\":null,\"ci\":null,\"wins\":0,"
                          "\"ties\":0,\"losses\":0,\"p\":null,\"p_holm\":null}");
    acf_results_close(&r);
}

/* Folds have one seed; each is compared with the same fold. */
static void folds_are_parts_like_seeds(void **state)
{
    static const double value[2][3] = {{0.5, 0.7, 0.6}, {0.55, 0.8, 0.65}};
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0};
    for (int k = 0; k < 6; k++) { /* the second's folds backwards */
        int v = k / 3, fold = v > 0 ? 3 - k % 3 : k % 3 + 1;
        assert_int_equal(acf_str_printf(&text, NULL,
                                        "{\"variant\":\"%c\",\"task\":\"one\",\"seed\":42,\"fold\":"
                                        "%d,\"metric\":\"accuracy\",\"linear\":{\"accuracy\":%g},"
                                        "\"settings\":{\"data.folds\":5}}\n",
                                        'a' + v, fold, value[v][fold - 1]),
                         ACF_OK);
    }
    const char *path = write_text(*state, "folds.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &usual, &e), &e);
    assert_int_equal(r.cell[1].n, 3);
    assert_number(r.gain[1].gains.gain, (0.05 + 0.1 + 0.05) / 3, 1e-12);
    /* three of five folds: error sd sqrt(1/3 + 1/4), of figures and of the one task's gains */
    assert_number(r.cell[0].sample.high - r.cell[0].sample.low,
                  2 * 4.302652729911275 * 0.1 * sqrt(7.0 / 12), 1e-9);
    assert_number(r.gain[1].gains.ci.high - r.gain[1].gains.ci.low,
                  2 * 4.302652729911275 * 0.05 / sqrt(3) * sqrt(7.0 / 12), 1e-9);
    acf_results_close(&r);
}

/* One fold with several seeds is no cross-validation. */
static void seeds_of_one_fold_are_seeds(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0};
    for (int seed = 1; seed <= 3; seed++)
        assert_int_equal(
            acf_str_printf(&text, NULL,
                           "{\"variant\":\"a\",\"task\":\"one\",\"seed\":%d,\"fold\":2,"
                           "\"metric\":\"accuracy\",\"linear\":{\"accuracy\":0.%d},"
                           "\"settings\":{\"data.folds\":5}}\n",
                           seed, 4 + seed),
            ACF_OK);
    const char *path = write_text(*state, "fold.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &usual, &e), &e);
    assert_number(r.cell[0].sample.high - r.cell[0].sample.low,
                  2 * 4.302652729911275 * 0.1 / sqrt(3), 1e-9);
    acf_results_close(&r);
}

/* Holm over the variants; points of a hundred where more is better, else as they are; no gain over
 * metrics of both directions. */
static void several_variants_are_corrected(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0}, out = {0};
    acf_results_options opt = usual;
    for (int task = 0; task < 6; task++)
        for (int v = 0; v < 3; v++) {
            char name[16];
            (void)snprintf(name, sizeof name, "t%d", task);
            double value = 0.5 + 0.01 * task;
            put(&text,
                v == 0   ? "a"
                : v == 1 ? "b"
                         : "c",
                name, 1,
                v == 1                ? value + 0.02 + 0.001 * task
                : v == 2 && task == 0 ? value - 0.001
                : v == 2              ? value + 0.01 * task
                                      : value);
        }
    const char *path = write_text(*state, "many.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &opt, &e), &e);
    assert_number(r.gain[1].gains.p, 2.0 / 64, 1e-12);
    assert_number(r.gain[1].p_holm, 4.0 / 64, 1e-12);
    assert_number(r.gain[2].gains.p, 4.0 / 64, 1e-12);
    assert_number(r.gain[2].p_holm, 4.0 / 64, 1e-12);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(strstr(
        out.data, "\n\nA test at 5 % needs 7 tasks that differ with 2 tests: b has 6, c has 6.\n"));
    acf_str_clear(&out);
    acf_results_close(&r);
    opt.metric = ACF_METRIC_LOSS;
    assert_ok(acf_results_open(&r, &path, 1, &opt, &e), &e);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(strstr(out.data, "\n| b | 6 | -0.2250 | "));
    acf_str_free(&out);
    acf_results_close(&r);

    put(&text, "a", "one", 1, 0.5);
    put(&text, "b", "one", 1, 0.7);
    assert_int_equal(
        acf_str_puts(
            &text,
            "{\"variant\":\"a\",\"task\":\"two\",\"seed\":1,\"metric\":\"mse\",\"linear\":{"
            "\"mse\":10}}\n{\"variant\":\"b\",\"task\":\"two\",\"seed\":1,\"metric\":"
            "\"mse\",\"linear\":{\"mse\":9}}\n",
            NULL),
        ACF_OK);
    path = write_text(*state, "mixed.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &usual, &e), &e);
    assert_true(r.gain[1].gains.is_mixed && isnan(r.gain[1].gains.gain));
    assert_true(isnan(r.gain[1].gains.p) && isnan(r.gain[1].p_holm));
    assert_int_equal(r.gain[1].gains.wins, 2);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(strstr(out.data, "\n| b | 2 | - | - | 2, 0, 0 | - | - |\n"));
    assert_json_holds(&r, "\"gains\":[{\"variant\":\"b\",\"tasks\":2,\"gain\":null,\"ci\":null,"
                          "\"wins\":2,\"ties\":0,\"losses\":0,\"p\":null,\"p_holm\":null}]");
    acf_str_free(&out);
    acf_results_close(&r);
}

static void tables_say_what_the_figures_are(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str out = {0};
    cJSON *json;
    const char *path[2];
    write_two(*state, path);
    assert_ok(acf_results_open(&r, path, 2, &usual, &e), &e);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_string_equal(
        out.data,
        "| task | metric | seeds | a | b |\n|---|---|---|---|---|\n"
        "| one | accuracy | 2 to 3 | 55.0 ± 7.1 | **75.0** ± 13.2 |\n"
        "| two | accuracy | 1 to 2 | **80.0** | 79.0 (1 diverged) |\n"
        "| mean of 2 | | | 67.50 | 77.00 (1 diverged) |\n"
        "| head | | | label | label |\n"
        "\n| over a | tasks | mean gain | 95 % interval | wins, ties, losses | p | Holm |\n"
        "|---|---|---|---|---|---|---|\n"
        "| b | 2 | +5.75 | -1.00 to +13.75 | 1, 0, 1 | 1.0000 | 1.0000 |\n"
        "\nA test at 5 % needs 6 tasks that differ: b has 2.\n"
        "\nNot all have the same seeds and tasks: figures are over what each has, "
        "gains over what a has, too.\n");
    acf_str_free(&out);
    assert_ok(acf_results_json(&json, &r, &e), &e);
    char *text = acf_json_print(json, false, &e);
    assert_non_null(
        strstr(text, "{\"task\":\"two\",\"metric\":\"accuracy\",\"variants\":[{"
                     "\"variant\":\"a\",\"n\":1,\"diverged\":0,\"undefined\":0,\"mean\":0.8"));
    assert_non_null(strstr(text, "\"gains\":[{\"variant\":\"b\",\"tasks\":2,\"gain\":0.0575"));
    acf_free(text);
    cJSON_Delete(json);
    acf_results_close(&r);
}

/* The line of a test that too few tasks keep from 5 % names a few variants. */
static void many_variants_share_a_hint(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0}, out = {0};
    for (int v = 0; v < 11; v++) {
        const char name[] = {(char)('a' + v), '\0'};
        put(&text, name, "one", 1, 0.5 + 0.01 * v);
        put(&text, name, "two", 1, 0.5 + 0.01 * v);
    }
    const char *path = write_text(*state, "variants.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &usual, &e), &e);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(strstr(out.data, "needs 9 tasks that differ with 10 tests: b has 2, c has 2,"));
    assert_non_null(strstr(out.data, ", i has 2, 2 more have too few.\n"));
    acf_str_free(&out);
    acf_results_close(&r);
}

/* A variant that lost a run is not the best. */
static void what_diverged_is_not_the_best(void **state)
{
    static const char lost[] =
        "{\"variant\":\"%s\",\"task\":\"one\",\"seed\":2,\"ended\":5,\"metric\":\"accuracy\"}\n";
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0}, out = {0};
    put(&text, "a", "one", 1, 0.5);
    put(&text, "b", "one", 1, 0.9);
    put(&text, "c", "one", 1, 0.6);
    assert_int_equal(acf_str_printf(&text, NULL, lost, "b"), ACF_OK);
    const char *path = write_text(*state, "lost.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &usual, &e), &e);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(strstr(out.data, " | 50.0 | 90.0 (1 diverged) | **60.0** |\n"));
    acf_str_free(&out);
    acf_results_close(&r);
}

/* Each line names its head, unless one is asked for. */
static void heads_of_variants_are_told(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_results r;
    acf_str text = {0}, out = {0};
    acf_results_options opt = usual;
    put(&text, "a", "one", 1, 0.5);
    put(&text, "b", "one", 1, 0.7);
    assert_int_equal(
        acf_str_puts(&text,
                     "{\"variant\":\"b\",\"task\":\"one\",\"seed\":2,\"metric\":\"accuracy\"}\n"
                     "{\"variant\":\"c\",\"task\":\"one\",\"seed\":1,\"metric\":\"accuracy\","
                     "\"linear\":{\"accuracy\":0.5}}\n",
                     NULL),
        ACF_OK);
    const char *path = write_text(*state, "heads.jsonl", &text);
    assert_ok(acf_results_open(&r, &path, 1, &opt, &e), &e);
    assert_ok(acf_results_markdown(&out, &r, &e), &e);
    assert_non_null(strstr(out.data, "\n| head | | | label | mixed | linear |\n"));
    acf_str_free(&out);
    assert_json_holds(&r, "\"heads\":[{\"variant\":\"a\",\"head\":\"label\"},{\"variant\":\"b\","
                          "\"head\":\"mixed\"},{\"variant\":\"c\",\"head\":\"linear\"}]");
    acf_results_close(&r);
    opt.head = ACF_HEAD_LINEAR;
    assert_ok(acf_results_open(&r, &path, 1, &opt, &e), &e);
    assert_string_equal(acf_results_head(&r, 1), "linear");
    acf_results_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(figures_and_gains_over_common_seeds, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(metric_head_and_baseline_can_be_chosen, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_result_is_named, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(lines_of_several_sweeps, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(lines_of_some_tasks, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(takes_the_lines_of_a_directory, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(nothing_to_show_is_an_error, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(an_undefined_figure_is_counted, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(folds_are_parts_like_seeds, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(seeds_of_one_fold_are_seeds, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(several_variants_are_corrected, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(heads_of_variants_are_told, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(many_variants_share_a_hint, tmpdir_setup, tmpdir_teardown),
        cmocka_unit_test_setup_teardown(what_diverged_is_not_the_best, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(tables_say_what_the_figures_are, tmpdir_setup,
                                        tmpdir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
