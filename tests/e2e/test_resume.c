/* A run that was stopped and resumed ends as the one that never stopped, bit for bit. */
#include "base/io.h"
#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sysio.h"
#include "run/signals.h"
#include "store/checkpoint.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* dir/name, kept apart from the rotating buffers. */
static const char *run_dir(char out[256], const char *dir, const char *name)
{
    (void)snprintf(out, 256, "%s/%s", dir, name);
    return out;
}

static void whole_run(const char *dir, const char *const *sets)
{
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, dir, sets), &run.e);
}

/* Start a run, stop it after each of the updates (before or after its evaluation), resume. */
static void stop_and_resume(const char *dir, const char *const *sets, const int64_t *stops,
                            bool after_eval)
{
    for (int i = 0;; i++) {
        tiny_run run = {.mode = i == 0 ? ACF_RUN_FRESH : ACF_RUN_RESUME};
        if (after_eval)
            run.stop_at_eval = stops[i];
        else
            run.stop_at = stops[i];
        if (stops[i] == 0) {
            assert_ok(tiny_train(&run, dir, sets), &run.e);
            return;
        }
        char text[64];
        (void)snprintf(text, sizeof text, "stopped after update %lld of", (long long)stops[i]);
        assert_fails(tiny_train(&run, dir, sets), ACF_STOPPED, text, &run.e);
        assert_int_equal(run.n_done, stops[i] - (i > 0 ? stops[i - 1] : 0));
        assert_int_equal(acf_checkpoint_linked(dir, "last"), stops[i]);
    }
}

static void compare_stops(const char *dir, const char *const *sets)
{
    char whole[256], part[256];
    acf_error e = {ACF_OK, ""};
    whole_run(run_dir(whole, dir, "whole"), sets);
    static const struct {
        int64_t at[6];
        bool after_eval;
    } stops[] = {
        {{1}, false},            /* at once */
        {{5}, false},            /* in the middle of an epoch */
        {{8}, false},            /* where an epoch, an evaluation and a checkpoint are due */
        {{4, 8, 12, 24}, false}, /* before evaluations, also the last */
        {{4, 8, 16, 20}, true},  /* after evaluations */
        {{2, 3, 11, 21}, false},
    };
    for (size_t k = 0; k < sizeof stops / sizeof *stops; k++) {
        run_dir(part, dir, "part");
        stop_and_resume(part, sets, stops[k].at, stops[k].after_eval);
        check_same_run(whole, part);
        assert_int_equal(tmpdir_count(part, "tmp"), 0);
        assert_ok(acf_remove_tree(part, &e), &e);
    }
}

static void resumes_with_dropout(void **state)
{
    compare_stops(*state, NULL);
}

static void resumes_every_part_of_the_objective(void **state)
{
    static const char *const sets[] = {"loss.cor.weight=0.1",
                                       "loss.label_smoothing=0.1",
                                       "loss.class_weights=balanced",
                                       "train.sampler=balanced",
                                       "train.micro_batch=3",
                                       "train.optimizer.name=sgd",
                                       "train.optimizer.nesterov=yes",
                                       "train.schedule.name=cosine",
                                       "eval.metric=loss",
                                       "eval.head=label",
                                       "model.pooling=mean",
                                       NULL};
    compare_stops(*state, sets);
}

/* The vocabulary learnt at the start is read back; dev rows are drawn again. */
static void resumes_a_preset(void **state)
{
    char whole[256], part[256];
    static const char *const sets[] = {"model.encoder=bert-tiny", "data.dev=null",
                                       "data.dev_fraction=0.2",   "train.batch_size=16",
                                       "train.epochs=2",          "train.optimizer.lr=5e-4",
                                       "eval.every=0.5 epochs",   NULL};
    static const int64_t stops[] = {2, 3, 0};
    whole_run(run_dir(whole, *state, "whole"), sets);
    stop_and_resume(run_dir(part, *state, "part"), sets, stops, false);
    check_same_run(whole, part);
}

/* The count of evaluations without a better one is part of the state. */
static void resumes_early_stop(void **state)
{
    char whole[256], part[256];
    static const char *const sets[] = {"train.epochs=20", "eval.early_stop.patience=3",
                                       "eval.every=2 steps", "train.optimizer.lr=0", NULL};
    static const int64_t stops[] = {5, 7, 0};
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, run_dir(whole, *state, "whole"), sets), &run.e);
    assert_true(run.n_done < 160);
    assert_true(run.n_done >= 8);
    assert_non_null(strstr(run.log, "early stop: no better accuracy in 3 evaluations"));
    stop_and_resume(run_dir(part, *state, "part"), sets, stops, false);
    check_same_run(whole, part);

    run.mode = ACF_RUN_RESUME; /* it is over, and stays so */
    assert_ok(tiny_train(&run, part, sets), &run.e);
    assert_int_equal(run.n_done, 0);
    check_same_run(whole, part);
}

static void a_finished_run_is_told_again(void **state)
{
    char whole[256], again[256];
    tiny_run run = {.mode = ACF_RUN_FRESH};
    whole_run(run_dir(whole, *state, "whole"), NULL);
    assert_ok(tiny_train(&run, run_dir(again, *state, "again"), NULL), &run.e);
    assert_fails(tiny_train(&run, again, NULL), ACF_ERR_USAGE, "is not empty; --resume", &run.e);
    run.mode = ACF_RUN_RESUME;
    assert_ok(tiny_train(&run, again, NULL), &run.e);
    assert_int_equal(run.n_done, 0);
    check_same_run(whole, again);
    run.mode = ACF_RUN_OVERWRITE;
    assert_ok(tiny_train(&run, again, NULL), &run.e);
    assert_int_equal(run.n_done, 24);
    check_same_run(whole, again);
    run.mode = ACF_RUN_RESUME; /* nothing there: a fresh run */
    assert_ok(tiny_train(&run, run_dir(again, *state, "fresh"), NULL), &run.e);
    assert_int_equal(run.n_done, 24);
    check_same_run(whole, again);
}

/* All updates are saved by then: only the figures are missing. */
static void stopped_in_the_last_evaluation(void **state)
{
    char whole[256], part[256];
    whole_run(run_dir(whole, *state, "whole"), NULL);
    tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at_eval = 24};
    run_dir(part, *state, "part");
    assert_fails(tiny_train(&run, part, NULL), ACF_STOPPED,
                 "stopped in the last evaluation, all updates are saved; --resume", &run.e);
    assert_int_equal(run.summary_len, 0);
    assert_false(acf_path_exists(tmpdir_path(part, "eval_results.json")));
    assert_int_equal(acf_checkpoint_linked(part, "last"), 24);
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, part, NULL), &run.e);
    assert_int_equal(run.n_done, 0);
    check_same_run(whole, part);
}

/* Undo what a process does last in saving: it may die in between. */
static void links_that_a_dead_process_left_are_moved(void **state)
{
    char whole[256], part[256];
    acf_error e = {ACF_OK, ""};
    whole_run(run_dir(whole, *state, "whole"), NULL);
    int64_t best = acf_checkpoint_linked(whole, "best");
    tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at_eval = best};
    run_dir(part, *state, "part");
    assert_int_equal(tiny_train(&run, part, NULL), ACF_STOPPED);
    assert_int_equal(acf_checkpoint_linked(part, "best"), best);
    assert_ok(acf_remove_tree(tmpdir_path(part, "best"), &e), &e);
    assert_ok(acf_remove_tree(tmpdir_path(part, "last"), &e), &e);
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, part, NULL), &run.e);
    check_same_run(whole, part);
}

/* Events that were written after the checkpoint, and the start of one more. */
static void events_after_the_checkpoint_are_dropped(void **state)
{
    char whole[256], part[256];
    whole_run(run_dir(whole, *state, "whole"), NULL);
    tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at = 8};
    run_dir(part, *state, "part");
    assert_int_equal(tiny_train(&run, part, NULL), ACF_STOPPED);
    FILE *f = fopen(tmpdir_path(part, "metrics.jsonl"), "ab");
    assert_non_null(f);
    (void)fputs(
        "{\"event\":\"eval\",\"step\":8}\n{\"event\":\"train\",\"step\":9}\n{\"event\":\"tr", f);
    (void)fclose(f);
    tmpdir_write_text(tmpdir_path(part, "metrics.csv.77.tmp"), "event");
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, part, NULL), &run.e);
    check_same_run(whole, part);
    assert_int_equal(tmpdir_count(part, "tmp"), 0);
}

/* examples_per_s and tokens_per_s of the last train event. */
static void last_rates(double *examples, double *tokens, const char *dir)
{
    cJSON *events = read_events(dir);
    *examples = *tokens = 0;
    for (const cJSON *event = events->child; event != NULL; event = event->next) {
        if (strcmp(cJSON_GetObjectItem(event, "event")->valuestring, "train") != 0) continue;
        *examples = cJSON_GetObjectItem(event, "examples_per_s")->valuedouble;
        *tokens = cJSON_GetObjectItem(event, "tokens_per_s")->valuedouble;
    }
    cJSON_Delete(events);
}

/* The rates of an event are those of the updates whose time is known: after seven updates before a
 * stop and one after it, of the one; then of each. */
static void rates_are_of_the_updates_since_the_start(void **state)
{
    static const char *const sets[][2] = {{"log.every=8 steps", NULL}, {"log.every=1", NULL}};
    static const int64_t stop[] = {8, 10};
    char part[256];
    tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at = 7};
    run_dir(part, *state, "part");
    assert_int_equal(tiny_train(&run, part, sets[0]), ACF_STOPPED);
    for (int k = 0; k < 2; k++) {
        double examples, tokens;
        run = (tiny_run){.mode = ACF_RUN_RESUME, .stop_at = stop[k]};
        assert_int_equal(tiny_train(&run, part, sets[k]), ACF_STOPPED);
        last_rates(&examples, &tokens, part);
        if (!(examples > 0.999 * run.rate && examples < 1.001 * run.rate))
            fail_msg("%g examples a second, the update made %g", examples, run.rate);
        assert_true(tokens > 2 * examples && tokens <= 16 * examples); /* max_length */
    }
}

/* The newest checkpoint is broken: the one before it is taken, saying so. */
static void a_broken_checkpoint_is_skipped(void **state)
{
    char whole[256], part[256];
    static const char *const sets[] = {"save.every=5 steps", NULL};
    whole_run(run_dir(whole, *state, "whole"), sets);
    tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at = 11};
    run_dir(part, *state, "part");
    assert_int_equal(tiny_train(&run, part, sets), ACF_STOPPED);
    tmpdir_write_text(tmpdir_path(part, "last/model.safetensors"), "not a model");
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, part, sets), &run.e);
    assert_non_null(strstr(run.log, "checkpoint-000011"));
    assert_int_equal(run.n_done, 24 - 10);
    check_same_run(whole, part);
}

/* Steps of the evaluations in metrics.jsonl, "4 8 12 ". */
static void check_evaluations(const char *dir, const char *want)
{
    char got[256] = "";
    cJSON *events = read_events(dir);
    for (const cJSON *event = events->child; event != NULL; event = event->next) {
        size_t used = strlen(got);
        if (strcmp(cJSON_GetObjectItem(event, "event")->valuestring, "eval") == 0)
            (void)snprintf(got + used, sizeof got - used, "%d ",
                           cJSON_GetObjectItem(event, "step")->valueint);
    }
    assert_string_equal(got, want);
    cJSON_Delete(events);
}

static void check_best(const char *dir, int64_t step)
{
    cJSON *results;
    acf_error e = {ACF_OK, ""};
    assert_ok(acf_json_read_in(&results, dir, "eval_results.json", (size_t)1 << 20, &e), &e);
    assert_int_equal(cJSON_GetObjectItem(results, "step")->valueint, step);
    cJSON_Delete(results);
    assert_int_equal(acf_checkpoint_linked(dir, "best"), step);
    assert_ok(acf_checkpoint_verify(tmpdir_path(dir, "best"), &e), &e);
}

/* Nothing is learnt, the first evaluation is the best; its checkpoint breaks. */
static void a_broken_best_is_chosen_anew(void **state)
{
    static const char *const sets[] = {"train.optimizer.lr=0", "train.optimizer.head_lr=0", NULL};
    static const struct {
        int64_t stop, best;
        const char *evaluations;
    } cases[] = {
        {10, 10, "4 8 10 12 16 20 24 "}, /* between evaluations */
        {12, 12, "4 8 12 16 20 24 "},    /* before one */
        {0, 24, "4 8 12 16 20 24 "},     /* finished */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char part[256], text[80];
        (void)snprintf(text, sizeof text, "part-%zu", k);
        run_dir(part, *state, text);
        tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at = cases[k].stop};
        assert_int_equal(tiny_train(&run, part, sets), cases[k].stop > 0 ? ACF_STOPPED : ACF_OK);
        assert_int_equal(acf_checkpoint_linked(part, "best"), 4);
        tmpdir_write_text(tmpdir_path(part, "best/model.safetensors"), "not a model");
        tmpdir_write_text(tmpdir_path(part, "predictions.test.tsv"), "of another best");
        run = (tiny_run){.mode = ACF_RUN_RESUME};
        assert_ok(tiny_train(&run, part, sets), &run.e);
        (void)snprintf(text, sizeof text, "it was the best: the choice begins anew at update %d",
                       (int)cases[k].best);
        assert_non_null(strstr(run.log, "checkpoint-000004/model.safetensors: has changed"));
        assert_non_null(strstr(run.log, text));
        assert_int_equal(run.n_done, cases[k].stop > 0 ? 24 - cases[k].stop : 0);
        check_best(part, cases[k].best);
        check_evaluations(part, cases[k].evaluations);
        assert_int_equal(tmpdir_count(part, "predictions.test"), 0);

        run = (tiny_run){.mode = ACF_RUN_RESUME}; /* it is over, and stays so */
        assert_ok(tiny_train(&run, part, sets), &run.e);
        assert_null(strstr(run.log, "begins anew"));
        assert_int_equal(run.n_done, 0);
        check_best(part, cases[k].best);
    }
}

/* A run that stopped early, whose best is gone, does not go on; one that is made longer does, and
 * its last evaluation, at no multiple of eval.every, stays. */
static void a_best_that_is_gone_is_chosen_anew(void **state)
{
    static const char *const early[] = {"train.epochs=20",           "eval.early_stop.patience=3",
                                        "eval.every=2 steps",        "train.optimizer.lr=0",
                                        "train.optimizer.head_lr=0", NULL};
    static const char *const short_run[] = {"eval.every=9 steps", "train.optimizer.lr=0",
                                            "train.optimizer.head_lr=0", NULL};
    static const char *const longer[] = {"eval.every=9 steps", "train.optimizer.lr=0",
                                         "train.optimizer.head_lr=0", "train.epochs=4", NULL};
    acf_error e = {ACF_OK, ""};
    char dir[256];
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, run_dir(dir, *state, "early"), early), &run.e);
    int64_t last = acf_checkpoint_linked(dir, "last"), best = acf_checkpoint_linked(dir, "best");
    assert_true(last < 160 && best < last);
    assert_ok(acf_remove_tree(tmpdir_path(dir, "checkpoint-%06d", (int)best), &e), &e);
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, dir, early), &run.e);
    assert_int_equal(run.n_done, 0);
    check_best(dir, last);

    whole_run(run_dir(dir, *state, "longer"), short_run);
    assert_ok(acf_remove_tree(tmpdir_path(dir, "checkpoint-000009"), &e), &e);
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, dir, longer), &run.e);
    assert_int_equal(run.n_done, 8);
    check_best(dir, 24);
    check_evaluations(dir, "9 18 24 27 32 ");
}

static void a_start_that_died_can_be_resumed(void **state)
{
    char part[256];
    acf_error e = {ACF_OK, ""};
    tiny_run run = {.mode = ACF_RUN_FRESH, .stop_at = 1};
    run_dir(part, *state, "part");
    assert_int_equal(tiny_train(&run, part, NULL), ACF_STOPPED);
    static const char *const late[] = {"checkpoint-000001", "last",        "train.log",
                                       "metrics.jsonl",     "metrics.csv", "environment.json"};
    for (int k = 0; k < 6; k++)
        assert_ok(acf_remove_tree(tmpdir_path(part, "%s", late[k]), &e), &e);
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, part, NULL), &run.e);
    assert_int_equal(run.n_done, 24);

    run_dir(part, *state, "early");
    assert_ok(acf_make_dirs(part, &e), &e);
    tmpdir_write_text(tmpdir_path(part, "config.yaml.123.tmp"), "schema: 1");
    run = (tiny_run){.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, part, NULL), &run.e);
    assert_int_equal(tmpdir_count(part, "tmp"), 0);
}

/* The process can change nothing from its n-th system call on, for every n: as if it had died, but
 * sooner or later in any place of any save. */
static void may_die_at_any_call(void **state)
{
    char whole[256], part[256];
    static const char *const sets[] = {"train.epochs=1", "eval.every=3 steps", "eval.metric=loss",
                                       "save.every=2 steps", NULL};
    acf_error e = {ACF_OK, ""};
    (void)acf_sys_fail_at(0, 0, 0);
    whole_run(run_dir(whole, *state, "whole"), sets);
    size_t n_calls = acf_sys_fail_at(0, 0, 0), n_died = 0;
    assert_true(n_calls > 200);
    /* All of the start and the end, every third in between. */
    for (size_t n = 1; n <= n_calls; n += n < 40 || n + 40 > n_calls ? 1 : 5) {
        run_dir(part, *state, "part");
        tiny_run run = {.mode = ACF_RUN_RESUME};
        (void)acf_sys_fail_at(n, SIZE_MAX / 2, EROFS);
        acf_status st = tiny_train(&run, part, sets);
        (void)acf_sys_fail_at(0, 0, 0);
        if (st != ACF_OK && st != ACF_ERR_RESOURCE) fail_msg("call %zu: %s", n, run.e.text);
        n_died += st != ACF_OK;
        if (tiny_train(&run, part, sets) != ACF_OK) fail_msg("after call %zu: %s", n, run.e.text);
        check_same_run(whole, part);
        assert_int_equal(tmpdir_count(part, "tmp"), 0);
        assert_ok(acf_remove_tree(part, &e), &e);
    }
    assert_true(n_died > 80);
}

/* More epochs: goes on where the shorter run ended. */
static void a_finished_run_can_be_made_longer(void **state)
{
    char dir[256];
    static const char *const longer[] = {"train.epochs=4", NULL};
    static const char *const other[] = {"train.epochs=4", "train.optimizer.lr=1", NULL};
    whole_run(run_dir(dir, *state, "run"), NULL);
    tiny_run run = {.mode = ACF_RUN_RESUME};
    assert_fails(tiny_train(&run, dir, other), ACF_ERR_USAGE,
                 "cannot resume with another config: train.optimizer.lr (was 0.002, is 1", &run.e);
    tmpdir_write_text(tmpdir_path(dir, "predictions.test.tsv"), "answers");
    tmpdir_write_text(tmpdir_path(dir, "predictions.test_mismatched.tsv"), "answers");
    tmpdir_write_text(tmpdir_path(dir, "predictions.test2.tsv"), "somebody's");
    assert_ok(tiny_train(&run, dir, NULL), &run.e); /* the same model */
    assert_int_equal(tmpdir_count(dir, "predictions.test"), 3);
    assert_ok(tiny_train(&run, dir, longer), &run.e);
    assert_int_equal(run.n_done, 8);
    assert_int_equal(acf_checkpoint_linked(dir, "last"), 32);
    assert_int_equal(tmpdir_count(dir, "predictions.test"), 1);
    assert_non_null(strstr(run.log, "predictions of test removed: they are an earlier model's"));
}

static void ask_for_a_checkpoint(int64_t update)
{
    if (update == 6) (void)raise(SIGUSR1);
}

static void ask_to_end(int64_t update)
{
    if (update == 6) (void)raise(SIGTERM);
}

/* Last: the request to stop stays with the process. */
static void signals_save_and_stop(void **state)
{
    char whole[256], part[256];
    acf_signals_install();
    whole_run(run_dir(whole, *state, "whole"), NULL);
    tiny_run run = {.mode = ACF_RUN_FRESH, .at_update = ask_for_a_checkpoint, .stop_at = 7};
    run_dir(part, *state, "part");
    assert_int_equal(tiny_train(&run, part, NULL), ACF_STOPPED);
    assert_true(acf_path_is_dir(tmpdir_path(part, "checkpoint-000006")));
    assert_true(acf_path_is_dir(tmpdir_path(part, "checkpoint-000007")));
    run = (tiny_run){.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&run, part, NULL), &run.e);
    check_same_run(whole, part);

    run = (tiny_run){.mode = ACF_RUN_FRESH, .at_update = ask_to_end};
    run_dir(part, *state, "term");
    assert_fails(tiny_train(&run, part, NULL), ACF_STOPPED, "stopped after update 6 of 24, saved",
                 &run.e);
    assert_int_equal(acf_checkpoint_linked(part, "last"), 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(resumes_with_dropout),
    TEST(resumes_every_part_of_the_objective),
    TEST(resumes_a_preset),
    TEST(resumes_early_stop),
    TEST(a_finished_run_is_told_again),
    TEST(stopped_in_the_last_evaluation),
    TEST(links_that_a_dead_process_left_are_moved),
    TEST(events_after_the_checkpoint_are_dropped),
    TEST(rates_are_of_the_updates_since_the_start),
    TEST(a_broken_checkpoint_is_skipped),
    TEST(a_broken_best_is_chosen_anew),
    TEST(a_best_that_is_gone_is_chosen_anew),
    TEST(a_start_that_died_can_be_resumed),
    TEST(may_die_at_any_call),
    TEST(a_finished_run_can_be_made_longer),
    TEST(signals_save_and_stop),
};

TEST_MAIN(tests)
