/* Files of predictions, read again: what they say, and what is refused. */
#include "base/mem.h"
#include "compare/answers.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>

static acf_error e;

#define HEAD   "index\tgold\tpred\tprob\tcorrect\ttext\tlinear_pred\tlabel_pred\n"
#define SCORES "index\tgold\tpred\tprob\tcorrect\ttext\ttext2\n"

static acf_status read_text(acf_answers *a, acf_label_pool *pool, const char *dir, const char *text,
                            const char *column)
{
    const char *path = tmpdir_path(dir, "predictions.dev.tsv");
    tmpdir_write_text(path, text);
    return acf_answers_read(a, pool, path, column, &e);
}

static void labels_by_name(void **state)
{
    acf_answers a, b;
    acf_label_pool pool = {0};
    size_t row;
    int32_t id;
    assert_ok(acf_label_pool_add(&id, &pool, "no", &e), &e);
    assert_ok(acf_label_pool_add(&id, &pool, "yes", &e), &e);
    assert_ok(read_text(&a, &pool, *state,
                        HEAD "0\tyes\tno\t0.9\t0\tone\tno\tyes\n"
                             "1\tno\tno\t0.8\t1\t\tno\tmaybe\n",
                        "pred"),
              &e);
    assert_int_equal(a.n, 2);
    assert_false(a.is_regression);
    assert_int_equal(a.gold[0], 1);
    assert_int_equal(a.gold[1], 0);
    assert_int_equal(a.pred[0], 0);
    assert_int_equal(pool.K, 2);
    /* The other head's answers; correct still speaks of pred. */
    assert_ok(read_text(&b, &pool, *state,
                        HEAD "0\tyes\tno\t0.9\t0\tone\tno\tyes\n"
                             "1\tno\tno\t0.8\t1\tother\tno\tmaybe\n",
                        "label_pred"),
              &e);
    assert_int_equal(b.pred[0], 1);
    assert_int_equal(b.pred[1], 2);
    assert_string_equal(pool.name[2], "maybe");
    assert_true(acf_answers_same_labels(&row, &a, &b));
    assert_string_not_equal(a.texts, b.texts);
    b.gold[1] = 1;
    assert_false(acf_answers_same_labels(&row, &a, &b));
    assert_int_equal(row, 1);
    acf_answers_free(&a);
    acf_answers_free(&b);
    acf_label_pool_free(&pool);
}

static void numbers_of_a_regression(void **state)
{
    acf_answers a;
    acf_label_pool pool = {0};
    assert_ok(read_text(&a, &pool, *state,
                        SCORES "0\t4.25\t-0.500000\t\t\ta\tb\n1\t0\t1e-3\t\t\tc\td\n", "pred"),
              &e);
    assert_true(a.is_regression);
    assert_number(a.target[0], 4.25, 0);
    assert_number(a.value[0], -0.5, 0);
    assert_number(a.value[1], 0.001, 1e-18);
    acf_answers_free(&a);
    acf_label_pool_free(&pool);
}

static void refuses_broken_files(void **state)
{
    static const struct {
        const char *text, *column, *message;
    } broken[] = {
        {"", "pred", "predictions.dev.tsv: is empty"},
        {HEAD, "pred", "predictions.dev.tsv: has no rows"},
        {"a\tb\n1\t2\n", "pred", "column 1 is 'a', expected 'index'"},
        {"index\tgold\tpred\n0\tx\tx\n", "pred", "column 4 is '', expected 'prob'"},
        {"gold\tindex\tpred\tprob\tcorrect\n0\tx\tx\t1\t1\n", "pred", "column 1 is 'gold'"},
        {HEAD "0\tx\tx\t1\t1\tt\tx\n", "pred", ":2: has 7 columns, expected 8"},
        {HEAD "0\tx\tx\t1\t1\tt\tx\tx\n\n1\tx\tx\t1\t1\tt\tx\tx\n", "pred", ":3: is empty"},
        {HEAD "0\tx\tx\t1\t1\tt\tx\t\xff\n", "pred", ":2: is not valid UTF-8"},
        {HEAD "1\tx\tx\t1\t1\tt\tx\tx\n", "pred", ":2: index '1', expected 0"},
        {HEAD "0\tx\tx\t1\t1\tt\tx\tx\n2\tx\tx\t1\t1\tt\tx\tx\n", "pred",
         ":3: index '2', expected 1"},
        {HEAD "00\tx\tx\t1\t1\tt\tx\tx\n", "pred", "index '00'"},
        {HEAD "0\t\tx\t1\t\tt\tx\tx\n", "pred", ":2: has no label"},
        {HEAD "0\tx\t\t1\t0\tt\tx\tx\n", "pred", ":2: answer '', expected a label"},
        {HEAD "0\tx\tx\t1\t1\tt\tx\t\n", "label_pred", ":2: answer '', expected a label"},
        {HEAD "0\tx\ty\t1\t1\tt\tx\tx\n", "pred", ":2: correct '1', expected 0"},
        {HEAD "0\tx\tx\t1\tyes\tt\tx\tx\n", "pred", ":2: correct 'yes', expected 1"},
        {HEAD "0\tx\tx\t1\t1\tt\tx\tx\n1\tx\tx\t1\t\tt\tx\tx\n", "pred",
         ":3: correct '', expected 1"},
        {SCORES "0\t1\t2\t\t\ta\tb\n1\t1\t1\t\t1\ta\tb\n", "pred",
         ":3: correct '1', expected nothing"},
        {SCORES "0\tone\t2\t\t\ta\tb\n", "pred", ":2: gold 'one', expected a number"},
        {SCORES "0\t1\tnan\t\t\ta\tb\n", "pred", ":2: pred 'nan', expected a number"},
        {SCORES "0\t1\t1e999\t\t\ta\tb\n", "pred", ":2: pred '1e999', expected a number"},
        {SCORES "0\t1\t\t\t\ta\tb\n", "pred", ":2: pred '', expected a number"},
        {"index\tgold\tpred\tprob\tcorrect\ttext\n0\tx\tx\t1\t1\tt\n", "label_pred",
         "has no column 'label_pred'"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        acf_answers a;
        acf_label_pool pool = {0};
        assert_fails(read_text(&a, &pool, *state, broken[i].text, broken[i].column), ACF_ERR_DATA,
                     broken[i].message, &e);
        assert_null(a.gold);
        acf_label_pool_free(&pool);
    }
}

/* A good file cut off anywhere is refused or shorter, never more. */
static void cut_anywhere(void **state)
{
    static const char whole[] = HEAD "0\tx\ty\t0.5\t0\tt\ty\tx\n1\ty\ty\t0.75\t1\tu\ty\ty\n";
    const char *path = tmpdir_path(*state, "predictions.dev.tsv");
    for (size_t len = 0; len < sizeof whole; len++) {
        acf_answers a;
        acf_label_pool pool = {0};
        tmpdir_write(path, whole, len);
        if (acf_answers_read(&a, &pool, path, "pred", &e) == ACF_OK) {
            assert_true(a.n <= 2);
            acf_answers_free(&a);
        }
        acf_label_pool_free(&pool);
    }
}

static void memory_gives_out(void **state)
{
    acf_answers a;
    acf_label_pool pool = {0};
    const char *path = tmpdir_path(*state, "predictions.dev.tsv");
    tmpdir_write_text(path, HEAD "0\tx\ty\t0.5\t0\tt\ty\tx\n1\ty\ty\t0.75\t1\tu\ty\ty\n");
    acf_status st = ACF_ERR_RESOURCE;
    for (size_t n = 1; st != ACF_OK && n < 100; n++) {
        acf_mem_fail_at(n);
        st = acf_answers_read(&a, &pool, path, "pred", &e);
        acf_mem_fail_at(0);
        if (st != ACF_OK) assert_int_equal(st, ACF_ERR_RESOURCE);
    }
    assert_int_equal(st, ACF_OK);
    acf_answers_free(&a);
    acf_label_pool_free(&pool);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(labels_by_name, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(numbers_of_a_regression, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_broken_files, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(cut_anywhere, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(memory_gives_out, tmpdir_setup, tmpdir_teardown),
};

TEST_MAIN(tests)
