/* Label embeddings that begin as the means of their classes. */
#include "base/mem.h"
#include "num/gemm.h"
#include "infer/evaluate.h"
#include "run/label_init.h"
#include "run/run_status.h"
#include "run/setup.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct fixture {
    acf_config cfg;
    acf_setup setup;
    acf_error e;
} fixture;

static void open_fixture(fixture *f)
{
    static const acf_log quiet = {0};
    const acf_setup_options options = {.log = &quiet};
    *f = (fixture){0};
    assert_ok(acf_gemm_start(&f->e), &f->e);
    tiny_config(&f->cfg, "/nonexistent", NULL);
    assert_ok(acf_setup_open(&f->setup, &f->cfg, &options, &f->e), &f->e);
}

static void close_fixture(fixture *f)
{
    acf_setup_close(&f->setup);
    acf_config_free(&f->cfg);
}

static real *rows_of(const fixture *f)
{
    const acf_model *m = &f->setup.model;
    return acf_value(&m->params, m->W);
}

/* The definition, from the features that an evaluation keeps; is_taken [n] or NULL: all rows. */
static void rows_by_definition(double *row, fixture *f, const bool *is_taken)
{
    acf_model *m = &f->setup.model;
    acf_source *train = f->setup.source[ACF_TRAIN];
    acf_evaluation ev;
    const acf_evaluate_options how = {.keep_features = true};
    int K = m->K, d = m->enc->d;
    assert_ok(acf_evaluate(&ev, m, train, &how, &f->e), &f->e);
    memset(row, 0, (size_t)(K * d) * sizeof *row);
    for (int k = 0; k < K; k++) {
        int n = 0;
        for (int i = 0; i < ev.n; i++) {
            if (train->label[i] != k || (is_taken != NULL && !is_taken[i])) continue;
            n++;
            for (int j = 0; j < d; j++)
                row[k * d + j] += (double)ev.features[i * d + j];
        }
        assert_true(n > 0);
        for (int j = 0; j < d; j++)
            row[k * d + j] /= n;
    }
    for (int j = 0; j < d; j++) {
        double all = 0;
        for (int k = 0; k < K; k++)
            all += row[k * d + j] / K;
        for (int k = 0; k < K; k++)
            row[k * d + j] -= all;
    }
    for (int k = 0; k < K; k++) {
        double square = 0;
        for (int j = 0; j < d; j++)
            square += row[k * d + j] * row[k * d + j];
        for (int j = 0; j < d; j++)
            row[k * d + j] *= 0.02 * sqrt((double)d / square);
    }
    acf_evaluation_free(&ev);
}

static void rows_are_centred_means_of_the_length_of_drawn_ones(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    const acf_model *m = &f.setup.model;
    const acf_label_init_options opt = {0};
    size_t n = (size_t)m->K * (size_t)m->enc->d;
    double *exact = acf_alloc(n, sizeof *exact, "rows", &f.e);
    real *expected = acf_alloc(n, sizeof *expected, "rows", &f.e);
    assert_true(exact != NULL && expected != NULL);
    rows_by_definition(exact, &f, NULL);
    for (size_t i = 0; i < n; i++)
        expected[i] = (real)exact[i];
    assert_ok(acf_label_init_means(NULL, &f.setup.model, f.setup.source[ACF_TRAIN], &opt, &f.e),
              &f.e);
    assert_close(rows_of(&f), expected, n, 1e-8, 1e-5);
    acf_free(exact);
    acf_free(expected);
    close_fixture(&f);
}

/* Of fifteen rows four: the i-th where 4 i / 15 reaches a whole number. */
static void of_a_large_class_rows_from_all_over_it_are_taken(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    acf_source *train = f.setup.source[ACF_TRAIN];
    size_t n = (size_t)f.setup.model.K * (size_t)f.setup.model.enc->d;
    const acf_label_init_options four = {.most_rows = 4}, fifteen = {.most_rows = 15};
    bool is_taken[60] = {false};
    int seen[4] = {0}, n_rows;
    double *exact = acf_alloc(n, sizeof *exact, "rows", &f.e);
    real *expected = acf_alloc(n, sizeof *expected, "rows", &f.e);
    assert_true(exact != NULL && expected != NULL && train->n == 60 && f.setup.model.K == 4);
    for (int i = 0; i < 60; i++) {
        int place = ++seen[train->label[i]];
        is_taken[i] = place == 4 || place == 8 || place == 12 || place == 15;
    }
    assert_true(seen[0] == 15 && seen[1] == 15 && seen[2] == 15 && seen[3] == 15);
    rows_by_definition(exact, &f, is_taken);
    for (size_t i = 0; i < n; i++)
        expected[i] = (real)exact[i];
    assert_ok(acf_label_init_means(&n_rows, &f.setup.model, train, &four, &f.e), &f.e);
    assert_int_equal(n_rows, 16);
    assert_close(rows_of(&f), expected, n, 1e-8, 1e-5);
    assert_ok(acf_label_init_means(&n_rows, &f.setup.model, train, &fifteen, &f.e), &f.e);
    assert_int_equal(n_rows, 60);
    acf_free(exact);
    acf_free(expected);
    close_fixture(&f);
}

static void a_class_without_rows_keeps_its_own(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    const acf_label_init_options opt = {0};
    acf_source *train = f.setup.source[ACF_TRAIN];
    size_t d = (size_t)f.setup.model.enc->d;
    real before[2][512];
    assert_true(d <= 512 && f.setup.model.K >= 3);
    memcpy(before[0], rows_of(&f), d * sizeof(real));
    memcpy(before[1], rows_of(&f) + d, d * sizeof(real));
    int32_t *label = acf_alloc((size_t)train->n, sizeof *label, "labels", &f.e);
    assert_non_null(label);
    for (int i = 0; i < train->n; i++)
        label[i] = train->label[i] == 1 ? 0 : train->label[i];
    const int32_t *own = train->label;
    train->label = label;
    assert_ok(acf_label_init_means(NULL, &f.setup.model, train, &opt, &f.e), &f.e);
    assert_memory_not_equal(before[0], rows_of(&f), d * sizeof(real));
    assert_memory_equal(before[1], rows_of(&f) + d, d * sizeof(real));
    train->label = own;
    acf_free(label);
    close_fixture(&f);
}

static bool stop_at_once(void *payload)
{
    (void)payload;
    return true;
}

static void stopped_or_without_numbers_nothing_has_changed(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    acf_model *m = &f.setup.model;
    const acf_label_init_options stopping = {.poll = {.stops = stop_at_once}}, opt = {0};
    size_t bytes = (size_t)m->K * (size_t)m->enc->d * sizeof(real);
    real *before = acf_alloc(bytes, 1, "rows", &f.e);
    assert_non_null(before);
    memcpy(before, rows_of(&f), bytes);
    assert_fails(acf_label_init_means(NULL, m, f.setup.source[ACF_TRAIN], &stopping, &f.e),
                 ACF_STOPPED, "means of the classes: stopped at row 0 of", &f.e);
    assert_memory_equal(before, rows_of(&f), bytes);
    /* the word embeddings come first */
    for (size_t i = 0; i < m->params.slice[0].len; i++)
        m->params.value[i] = (real)NAN;
    assert_fails(acf_label_init_means(NULL, m, f.setup.source[ACF_TRAIN], &opt, &f.e),
                 ACF_ERR_NUMERIC, "training row 1: its features are not finite", &f.e);
    assert_memory_equal(before, rows_of(&f), bytes);
    acf_free(before);
    close_fixture(&f);
}

static const char *const means[] = {"model.label_init=means", "train.epochs=1", NULL};

static void a_run_begins_with_them_and_its_heirs_do_not(void **state)
{
    char first[600], second[600], encoder[700];
    (void)snprintf(first, sizeof first, "%s", tmpdir_path(*state, "first"));
    (void)snprintf(second, sizeof second, "%s", tmpdir_path(*state, "second"));
    (void)snprintf(encoder, sizeof encoder, "model.encoder=%s", first);
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, first, means), &run.e);
    assert_non_null(strstr(run.log, "label embeddings: means of their classes over 60 training"));
    const char *const sets[] = {encoder, "train.epochs=1", NULL};
    tiny_run heir = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&heir, second, sets), &heir.e);
    assert_non_null(strstr(heir.log, "label embeddings: those of "));
}

static void stopped_and_resumed_the_run_is_the_same(void **state)
{
    char whole[600], parts[600];
    (void)snprintf(whole, sizeof whole, "%s", tmpdir_path(*state, "whole"));
    (void)snprintf(parts, sizeof parts, "%s", tmpdir_path(*state, "parts"));
    tiny_run run = {.mode = ACF_RUN_FRESH}, first = {.mode = ACF_RUN_FRESH, .stop_at = 3};
    assert_ok(tiny_train(&run, whole, means), &run.e);
    assert_int_equal(tiny_train(&first, parts, means), ACF_STOPPED);
    tiny_run rest = {.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&rest, parts, means), &rest.e);
    assert_null(strstr(rest.log, "means of their classes"));
    check_same_run(whole, parts);
}

/* An end before the first update is noted as any other, and is not the end of the run. */
static void stopped_while_it_begins_the_run_says_so(void **state)
{
    char whole[600], parts[600];
    acf_run_status s;
    (void)snprintf(whole, sizeof whole, "%s", tmpdir_path(*state, "whole"));
    (void)snprintf(parts, sizeof parts, "%s", tmpdir_path(*state, "parts"));
    tiny_run run = {.mode = ACF_RUN_FRESH}, first = {.mode = ACF_RUN_FRESH, .stop_at = -1};
    assert_ok(tiny_train(&run, whole, means), &run.e);
    assert_fails(tiny_train(&first, parts, means), ACF_STOPPED,
                 "means of the classes: stopped at row 0 of 60", &first.e);
    assert_ok(acf_run_status_read(&s, parts, &first.e), &first.e);
    assert_int_equal(s.ended, 75);
    assert_int_equal(s.step, 0);
    assert_int_equal(s.starts, 1);
    assert_true(s.seconds > 0);
    tiny_run rest = {.mode = ACF_RUN_RESUME};
    assert_ok(tiny_train(&rest, parts, means), &rest.e);
    check_same_run(whole, parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_centred_means_of_the_length_of_drawn_ones),
        cmocka_unit_test(of_a_large_class_rows_from_all_over_it_are_taken),
        cmocka_unit_test(a_class_without_rows_keeps_its_own),
        cmocka_unit_test(stopped_or_without_numbers_nothing_has_changed),
        cmocka_unit_test_setup_teardown(a_run_begins_with_them_and_its_heirs_do_not, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(stopped_and_resumed_the_run_is_the_same, tmpdir_setup,
                                        tmpdir_teardown),
        cmocka_unit_test_setup_teardown(stopped_while_it_begins_the_run_says_so, tmpdir_setup,
                                        tmpdir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
