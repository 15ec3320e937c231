/* Tokens of whole files for several runs: which files they are made of, and whom they fit.  That
 * runs are the same with them as without is cli/series.sh's. */
#include "base/mem.h"
#include "input/data_options.h"
#include "input/token_share.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <stdio.h>

static acf_error e;
static const acf_log quiet = {0};

/* The share of `n_runs` runs. */
static acf_token_share *open_share(const char *dir, const char *const *sets, int n_runs)
{
    acf_config cfg;
    acf_token_share *share;
    tiny_config(&cfg, dir, sets);
    assert_ok(acf_token_share_open(&share, &cfg, n_runs, (acf_poll){0}, &quiet, &e), &e);
    assert_non_null(share);
    acf_config_free(&cfg);
    return share;
}

/* How many rows of a run's split the share gives, cut to max_length; -1: it has them not. */
static int rows_given(const acf_token_share *share, const char *dir, const char *const *sets,
                      acf_split_id id, int max_length)
{
    acf_config cfg;
    acf_data_keys keys;
    acf_dataset *d;
    acf_source *source;
    tiny_config(&cfg, dir, sets);
    acf_data_keys_of(&keys, &cfg);
    assert_ok(acf_data_open(&d, &keys.options, NULL, &e), &e);
    assert_ok(acf_token_share_source(&source, share, &d->split[id], max_length, &quiet, &e), &e);
    int n = source != NULL ? source->n : -1;
    acf_source_close(&source);
    acf_data_close(&d);
    acf_config_free(&cfg);
    return n;
}

static bool fits(const acf_token_share *share, const char *dir, const char *set)
{
    acf_config cfg;
    const char *const sets[] = {set, NULL};
    tiny_config(&cfg, dir, sets);
    bool result = acf_token_share_fits(share, &cfg);
    acf_config_free(&cfg);
    return result;
}

static void fits_runs_with_the_same_tokens(void **state)
{
    static const char *const same[] = {"train.seed=7", "train.optimizer.lr=1", "loss.type=ce",
                                       "data.shots=3", "data.seed=3",          "train.steps=9"};
    static const char *const other[] = {
        "model.max_length=15",  "data.columns.text=label", "data.columns.text2=label",
        "data.train=other.tsv", "data.dev=other.tsv",      "model.encoder=./elsewhere",
        "loss.type=mse",        "data.header=no",          "data.columns.label=text",
        "data.test=other.tsv",  "data.on_bad_line=skip",   "data.labels=[a, b]"};
    acf_token_share *share = open_share(*state, NULL, 2);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (!fits(share, *state, same[i])) fail_msg("%s: does not fit", same[i]);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (fits(share, *state, other[i])) fail_msg("%s: fits", other[i]);
    acf_token_share_close(&share);
    assert_null(share);
}

/* 60 training rows in four classes, 20 of dev: two runs of 7 shots take 56 rows, of 8 shots 64. */
static void tokenizes_what_the_runs_take_together(void **state)
{
    static const char *const seven[] = {"data.shots=7", NULL};
    static const char *const eight[] = {"data.shots=8", NULL};
    static const char *const some[] = {"data.max_train_samples=30", NULL};
    static const char *const drawn[] = {"data.shots=1", "data.dev=null", "data.dev_fraction=0.2",
                                        NULL};
    acf_token_share *share = open_share(*state, seven, 2);
    assert_int_equal(rows_given(share, *state, seven, ACF_TRAIN, 16), -1);
    assert_int_equal(rows_given(share, *state, seven, ACF_DEV, 16), 20);
    acf_token_share_close(&share);
    share = open_share(*state, eight, 2);
    assert_int_equal(rows_given(share, *state, eight, ACF_TRAIN, 16), 32);
    assert_int_equal(rows_given(share, *state, NULL, ACF_TRAIN, 16), 60);
    assert_int_equal(rows_given(share, *state, NULL, ACF_TRAIN, 15), -1);
    acf_token_share_close(&share);
    share = open_share(*state, some, 2);
    assert_int_equal(rows_given(share, *state, some, ACF_TRAIN, 16), 30);
    acf_token_share_close(&share);
    share = open_share(*state, drawn, 2); /* dev is of the same file */
    assert_int_equal(rows_given(share, *state, drawn, ACF_TRAIN, 16), 4);
    assert_int_equal(rows_given(share, *state, drawn, ACF_DEV, 16), 12);
    acf_token_share_close(&share);
}

/* A row of the same length in place of another, after the file was tokenized. */
static void does_not_give_tokens_of_a_changed_file(void **state)
{
    char set[300];
    size_t len;
    const char *const sets[] = {set, NULL};
    const char *path = tmpdir_path(*state, "train.tsv");
    char *text = tmpdir_read(source_path("data/sample-text/train.tsv"), &len);
    tmpdir_write(path, text, len);
    (void)snprintf(set, sizeof set, "data.train=%s", path);
    acf_token_share *share = open_share(*state, sets, 2);
    assert_int_equal(rows_given(share, *state, sets, ACF_TRAIN, 16), 60);
    char *word = strstr(text, "onions");
    assert_non_null(word);
    memcpy(word, "apples", 6);
    tmpdir_write(path, text, len);
    assert_int_equal(rows_given(share, *state, sets, ACF_TRAIN, 16), -1);
    assert_int_equal(rows_given(share, *state, sets, ACF_DEV, 16), 20);
    acf_token_share_close(&share);
    acf_free(text);
}

static void shares_nothing_without_a_tokenizer(void **state)
{
    acf_config cfg;
    acf_token_share *share;
    static const char *const preset[] = {"model.encoder=bert-tiny", NULL};
    tiny_config(&cfg, *state, preset); /* each run learns a vocabulary of its own */
    assert_ok(acf_token_share_open(&share, &cfg, 2, (acf_poll){0}, &quiet, &e), &e);
    assert_null(share);
    acf_token_share_close(&share);
    acf_config_free(&cfg);
    assert_int_equal(rows_given(NULL, *state, NULL, ACF_TRAIN, 16), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(fits_runs_with_the_same_tokens),
    TEST(tokenizes_what_the_runs_take_together),
    TEST(does_not_give_tokens_of_a_changed_file),
    TEST(shares_nothing_without_a_tokenizer),
};

TEST_MAIN(tests)
