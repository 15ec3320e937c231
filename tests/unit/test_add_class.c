/* New classes from examples: where the row points, how long it is, what its bias is. */
#include "base/mem.h"
#include "model/model_dir.h"
#include "num/gemm.h"
#include "infer/add_class.h"
#include "infer/evaluate.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <math.h>
#include <stdlib.h>

static acf_error e;

static acf_model open_model(void)
{
    acf_model m;
    const acf_model_load load = {.pooling = ACF_POOL_CLS, .dropout = -1};
    assert_ok(acf_gemm_start(&e), &e);
    assert_ok(acf_model_open(&m, source_path("tests/golden/tiny-bert"), &load, &e), &e);
    return m;
}

static double norm(const double *x, int d)
{
    double square = 0;
    for (int j = 0; j < d; j++)
        square += x[j] * x[j];
    return sqrt(square);
}

/* The definition: mean of the features of a file's rows, scaled to `length`; [d], to be freed. */
static double *row_by_definition(acf_model *m, const char *file, double length)
{
    acf_held_out h;
    acf_evaluation ev;
    acf_str problems = {0};
    const acf_held_out_options opt = {
        .split = ACF_DEV, .data = file, .ignore_labels = true, .task = "text"};
    const acf_evaluate_options how = {.keep_features = true};
    assert_ok(acf_held_out_open(&h, &problems, m, &opt, &e), &e);
    assert_ok(acf_evaluate(&ev, m, h.part[0].source, &how, &e), &e);
    double *mean = calloc((size_t)ev.d, sizeof *mean);
    assert_non_null(mean);
    for (int i = 0; i < ev.n * ev.d; i++)
        mean[i % ev.d] += (double)ev.features[i] / ev.n;
    double size = norm(mean, ev.d);
    for (int j = 0; j < ev.d; j++)
        mean[j] *= length / size;
    acf_evaluation_free(&ev);
    acf_held_out_close(&h);
    acf_str_free(&problems);
    return mean;
}

static void rows_are_means_as_long_as_the_others(void **state)
{
    acf_str out = {0}, problems = {0};
    acf_model m = open_model();
    int K = m.K, d = m.enc->d;
    double length = 0, bias = 0, *want[2];
    char *file[2] = {strdup(tmpdir_path(*state, "one.tsv")),
                     strdup(tmpdir_path(*state, "two.tsv"))};
    acf_new_class cls[2] = {{.name = (char[]){"one"}, .file = file[0]},
                            {.name = (char[]){"two"}, .file = file[1]}};
    const acf_held_out_options opt = {.split = ACF_DEV, .task = "text"};
    tmpdir_write_text(file[0], "text\nthe cat\nno\na dog or a cat\n");
    tmpdir_write_text(file[1], "text\nyes !\n");
    for (int k = 0; k < K; k++) {
        double row[64];
        for (int j = 0; j < d; j++)
            row[j] = (double)acf_value(&m.params, m.W)[k * d + j];
        length += norm(row, d) / K;
        bias += (double)acf_value(&m.params, m.b)[k] / K;
    }
    for (int i = 0; i < 2; i++)
        want[i] = row_by_definition(&m, file[i], length);

    assert_ok(acf_model_add_classes(&m, cls, 2, &opt, &out, &problems, &e), &e);
    assert_int_equal(m.K, K + 2);
    assert_string_equal(m.labels[K], "one");
    assert_string_equal(m.labels[K + 1], "two");
    assert_int_equal(m.head, ACF_HEAD_LABEL);
    for (int i = 0; i < 2; i++) {
        const real *row = acf_value(&m.params, m.W) + (K + i) * d;
        for (int j = 0; j < d; j++)
            assert_number((double)row[j], want[i][j], 1e-5);
        assert_number((double)acf_value(&m.params, m.b)[K + i], bias, 1e-6);
        free(want[i]);
        free(file[i]);
    }
    acf_str_free(&out);
    acf_str_free(&problems);
    acf_model_free(&m);
}

/* Features of zero, as a last norm without scale and shift gives them, point nowhere. */
static void refuses_a_mean_of_zero(void **state)
{
    static const char *const name[] = {"bert.encoder.layer.1.output.LayerNorm.weight",
                                       "bert.encoder.layer.1.output.LayerNorm.bias"};
    acf_str out = {0}, problems = {0};
    acf_model m = open_model();
    const char *file = tmpdir_path(*state, "one.tsv");
    const acf_new_class cls = {.name = (char[]){"one"}, .file = file};
    const acf_held_out_options opt = {.split = ACF_DEV, .task = "text"};
    tmpdir_write_text(file, "text\nthe cat\nno\n");
    for (int i = 0; i < 2; i++) {
        int id = acf_params_find(&m.params, name[i]);
        assert_true(id >= 0);
        memset(acf_value(&m.params, id), 0, m.params.slice[id].len * sizeof(real));
    }
    assert_fails(acf_model_add_classes(&m, &cls, 1, &opt, &out, &problems, &e), ACF_ERR_NUMERIC,
                 "one.tsv: the mean of the features of 2 examples is zero", &e);
    acf_str_free(&out);
    acf_str_free(&problems);
    acf_model_free(&m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(rows_are_means_as_long_as_the_others),
    TEST(refuses_a_mean_of_zero),
};

TEST_MAIN(tests)
