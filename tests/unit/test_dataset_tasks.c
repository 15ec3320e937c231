/* Data sets that are not one file of classes a split: scores of STS-B, MNLI's two files, the
 * diagnostic file, and the same rows in every format. */
#include "base/mem.h"
#include "data/data_summary.h"
#include "support/cm.h"
#include "support/data.h"
#include "support/close.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <zlib.h>

#define STSB_HEADER                                                                                \
    "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
#define STSB(i, a, b, score)                                                                       \
    i "\tmain-news\theadlines\t2013\t0001\tnone\tnone\t" a "\t" b "\t" score "\n"

#define MNLI_HEADER                                                                                \
    "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\t"             \
    "sentence1_parse\tsentence2_parse\tsentence1\tsentence2"
#define MNLI(i, a, b) i "\t1p\t1e\tfiction\t( x )\t( y )\t(R)\t(R)\t" a "\t" b

static void put_stsb(void **state)
{
    data_put(*state, "train.tsv",
             STSB_HEADER STSB("0", "A cat.", "One cat.", "4.750") STSB("1", "A \"dog", "Rain.", "0")
                 STSB("2", "Sun.", "Sun.", "5.000"));
    data_put(*state, "dev.tsv", STSB_HEADER STSB("0", "x", "y", "2.5"));
}

static void opens_scores(void **state)
{
    acf_str out = {0};
    acf_error e;
    put_stsb(state);
    data_put(*state, "test.tsv",
             "index\tg\tf\ty\to\ts\ts\tsentence1\tsentence2\n0\t\t\t\t\t\t\tu\tv\n");
    acf_data_options opt = data_options("stsb", *state);
    acf_dataset *d = data_open_ok(&opt);
    const acf_split *train = &d->split[ACF_TRAIN];
    assert_true(d->regression);
    assert_true(d->pair);
    assert_int_equal(d->K, 1);
    assert_string_equal(d->labels[0], "LABEL_0");
    assert_int_equal(train->n, 3);
    assert_number(train->target[0], 4.75, 0);
    assert_number(train->target[1], 0, 0);
    assert_number(train->target[2], 5, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(train->label[i], 0);
    assert_string_equal(train->text[1], "A \"dog");
    assert_number(d->split[ACF_DEV].target[0], 2.5, 0);
    assert_int_equal(d->split[ACF_TEST].label[0], -1);
    assert_string_equal(d->split[ACF_TEST].text2[0], "v");
    assert_ok(acf_data_summary(&out, d, &e), &e);
    assert_non_null(strstr(out.data, "data   task stsb, pairs of texts, a number to predict\n"));
    assert_non_null(strstr(out.data, "       scores from 0 to 5, mean 3.250\n"));
    acf_str_free(&out);
    acf_data_close(&d);
}

static void draws_from_scores(void **state)
{
    put_stsb(state);
    acf_data_options opt = data_options("stsb", *state);
    opt.dev_fraction = 0.34;
    acf_dataset *d = data_open_ok(&opt);
    const acf_split *train = &d->split[ACF_TRAIN], *dev = &d->split[ACF_DEV];
    assert_int_equal(train->n, 2);
    assert_int_equal(dev->n, 1);
    double sum = train->target[0] + train->target[1] + dev->target[0];
    assert_number(sum, 9.75, 0); /* every score went with its row */
    for (int i = 0; i < 2; i++)
        assert_number(train->target[i],
                      train->line[i] == 2   ? 4.75
                      : train->line[i] == 3 ? 0
                                            : 5,
                      0);
    acf_data_close(&d);
}

static void refuses_what_is_no_score(void **state)
{
    static const struct {
        const char *score, *message;
    } cases[] = {{"high", "dev.tsv:2: has the label 'high', expected a number"},
                 {"0x1", "dev.tsv:2: has the label '0x1', expected a number"},
                 {"nan", "expected a number"},
                 {"1e999", "has the label '1e999', expected a number"},
                 {"1,5", "expected a number"},
                 {"2.5.1", "expected a number"},
                 {" 2", "has the label ' 2', expected a number"},
                 {"-", "expected a number"},
                 {"5.01", "dev.tsv:2: has the score 5.01, out of range [0, 5]"},
                 {"-0.1", "has the score -0.1, out of range [0, 5]"},
                 {"", "dev.tsv:2: has an empty label"}};
    put_stsb(state);
    acf_data_options opt = data_options("stsb", *state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        (void)snprintf(text, sizeof text, STSB_HEADER STSB("0", "x", "y", "%s"), cases[i].score);
        data_put(*state, "dev.tsv", text);
        data_refuse(&opt, ACF_ERR_DATA, cases[i].message);
    }
    data_put(*state, "dev.tsv", STSB_HEADER STSB("0", "x", "y", "7") STSB("1", "x", "y", "1e0"));
    opt.on_bad = ACF_BAD_SKIP;
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_DEV].n, 1);
    assert_int_equal(d->split[ACF_DEV].n_bad, 1);
    assert_number(d->split[ACF_DEV].target[0], 1, 0);
    acf_data_close(&d);
}

/* Of one's own: any finite numbers. */
static void opens_own_scores(void **state)
{
    acf_data_options opt = data_options("text", NULL);
    opt.path[ACF_TRAIN] = data_put(*state, "t.csv", "text,label\nx,-7.5\ny,1e3\n");
    opt.regression = true;
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->K, 1);
    assert_number(d->split[ACF_TRAIN].target[0], -7.5, 0);
    assert_number(d->split[ACF_TRAIN].target[1], 1000, 0);
    acf_data_close(&d);
}

static void put_mnli(void **state)
{
    data_put(*state, "train.tsv",
             MNLI_HEADER "\tlabel1\tgold_label\n" MNLI("0", "a", "b") "\tneutral\tneutral\n" MNLI(
                 "1", "c", "d") "\tentailment\tentailment\n");
    data_put(*state, "dev_matched.tsv",
             MNLI_HEADER "\tlabel1\tlabel2\tlabel3\tlabel4\tlabel5\tgold_label\n" MNLI(
                 "0", "m", "n") "\tx\tx\tx\tx\tx\tcontradiction\n");
    data_put(
        *state, "dev_mismatched.tsv",
        MNLI_HEADER "\tlabel1\tlabel2\tlabel3\tlabel4\tlabel5\tgold_label\n" MNLI(
            "0", "o", "p") "\tx\tx\tx\tx\tx\tneutral\n" MNLI("1", "q",
                                                             "r") "\tx\tx\tx\tx\tx\tentailment\n");
    data_put(*state, "test_matched.tsv", MNLI_HEADER "\n" MNLI("0", "s", "t") "\n");
    data_put(*state, "test_mismatched.tsv", MNLI_HEADER "\n" MNLI("0", "u", "v") "\n");
}

static void opens_both_files_of_mnli(void **state)
{
    put_mnli(state);
    acf_data_options opt = data_options("mnli", *state);
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->K, 3);
    assert_string_equal(d->labels[2], "contradiction");
    assert_int_equal(d->split[ACF_TRAIN].label[0], 1);
    assert_int_equal(d->split[ACF_DEV].n, 1);
    assert_int_equal(d->split[ACF_DEV].label[0], 2);
    assert_int_equal(d->split[ACF_DEV_MM].n, 2);
    assert_string_equal(d->split[ACF_DEV_MM].name, "dev_mismatched");
    assert_string_equal(d->split[ACF_DEV_MM].text2[1], "r");
    assert_string_equal(d->split[ACF_TEST].text[0], "s");
    assert_string_equal(d->split[ACF_TEST_MM].text2[0], "v");
    acf_data_close(&d);

    opt.splits = 1u << ACF_DEV | 1u << ACF_DEV_MM; /* a file that is given stands alone */
    opt.path[ACF_DEV] = tmpdir_path(*state, "dev_mismatched.tsv");
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_DEV].n, 2);
    assert_null(d->split[ACF_DEV_MM].path);
    acf_data_close(&d);

    opt.path[ACF_DEV] = NULL; /* the second may be missing, the first may not */
    assert_int_equal(remove(tmpdir_path(*state, "dev_mismatched.tsv")), 0);
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_DEV_MM].n, 0);
    acf_data_close(&d);
    assert_int_equal(remove(tmpdir_path(*state, "dev_matched.tsv")), 0);
    data_refuse(&opt, ACF_ERR_DATA, "dev_matched.tsv: cannot open");
}

static void opens_the_diagnostic_file(void **state)
{
    acf_data_options opt = data_options("ax", *state);
    opt.splits = 1u << ACF_DEV;
    opt.label_optional = true;
    data_put(*state, "diagnostic.tsv", "index\tsentence1\tsentence2\n0\ta\tb\n");
    acf_dataset *d = data_open_ok(&opt);
    assert_false(d->split[ACF_DEV].is_labelled);
    assert_string_equal(d->split[ACF_DEV].text2[0], "b");
    acf_data_close(&d);
    data_put(*state, "diagnostic.tsv",
             "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tcontradiction\n");
    d = data_open_ok(&opt);
    assert_true(d->split[ACF_DEV].is_labelled);
    assert_int_equal(d->split[ACF_DEV].label[0], 2);
    acf_data_close(&d);
}

/* The same three rows, whatever they are written in. */
static void opens_every_format(void **state)
{
    static const struct {
        const char *name, *text;
    } file[] = {{"t.tsv", "label\ttext\nx\tone\ny\t\"two\ny\tthree, 3\n"},
                {"t.csv", "text,label\none,x\n\"\"\"two\",y\n\"three, 3\",y\n"},
                {"t.jsonl", "{\"text\": \"one\", \"label\": \"x\"}\n"
                            "{\"label\": \"y\", \"text\": \"\\\"two\"}\n"
                            "{\"text\": \"three, 3\", \"label\": \"y\"}\n"},
                {"t.txt", "__label__x one\n__label__y \"two\n__label__y three, 3\n"}};
    for (int i = 0; i < 8; i++) {
        acf_data_options opt = data_options("text", NULL);
        const char *path = data_put(*state, file[i / 2].name, file[i / 2].text);
        if (i % 2 != 0) {
            const char *packed = tmpdir_path(*state, "%s.gz", file[i / 2].name);
            gzFile f = gzopen(packed, "wb");
            assert_true(gzputs(f, file[i / 2].text) > 0);
            assert_int_equal(gzclose(f), Z_OK);
            path = packed;
        }
        opt.path[ACF_TRAIN] = path;
        acf_dataset *d = data_open_ok(&opt);
        const acf_split *s = &d->split[ACF_TRAIN];
        assert_int_equal(s->n, 3);
        assert_int_equal(d->K, 2);
        assert_string_equal(s->text[0], "one");
        assert_string_equal(s->text[1], "\"two");
        assert_string_equal(s->text[2], "three, 3");
        assert_int_equal(s->label[0], 0);
        assert_int_equal(s->label[2], 1);
        assert_int_equal(s->line[2], i < 4 ? 4 : 3); /* tables have a header */
        acf_data_close(&d);
    }
}

/* Labels that are numbers stay as they are written; bad lines are told by their line. */
static void takes_json_labels_and_skips_bad_lines(void **state)
{
    acf_data_options opt = data_options("text", NULL);
    opt.path[ACF_TRAIN] = data_put(*state, "t.jsonl",
                                   "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":1.0}\n"
                                   "{\"text\":\"c\"}\n{\"text\":\"d\",\"label\":null}\n");
    data_refuse(&opt, ACF_ERR_DATA,
                "t.jsonl:3: has no key 'label', which line 1 has (data.on_bad_line: skip leaves");
    opt.on_bad = ACF_BAD_SKIP;
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].n, 2);
    assert_int_equal(d->split[ACF_TRAIN].n_bad, 2);
    assert_string_equal(d->split[ACF_TRAIN].bad[1].reason, "has an empty label");
    assert_string_equal(d->labels[0], "1");
    assert_string_equal(d->labels[1], "1.0");
    acf_data_close(&d);
}

/* A preset's columns by name where the order of columns means nothing. */
static void opens_a_preset_in_another_format(void **state)
{
    acf_data_options opt = data_options("rte", NULL);
    opt.path[ACF_TRAIN] =
        data_put(*state, "t.jsonl",
                 "{\"label\":\"entailment\",\"sentence2\":\"b\",\"sentence1\":\"a\"}\n"
                 "{\"label\":\"not_entailment\",\"sentence2\":\"d\",\"sentence1\":\"c\"}\n");
    acf_dataset *d = data_open_ok(&opt);
    assert_string_equal(d->split[ACF_TRAIN].text[1], "c");
    assert_string_equal(d->split[ACF_TRAIN].text2[1], "d");
    acf_data_close(&d);
    opt.path[ACF_TRAIN] =
        data_put(*state, "u.jsonl", "{\"label\":\"entailment\",\"premise\":\"b\"}\n");
    data_refuse(&opt, ACF_ERR_DATA, "u.jsonl:1: the header has no column 'sentence1'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(opens_scores),
    TEST(draws_from_scores),
    TEST(refuses_what_is_no_score),
    TEST(opens_own_scores),
    TEST(opens_both_files_of_mnli),
    TEST(opens_the_diagnostic_file),
    TEST(opens_every_format),
    TEST(takes_json_labels_and_skips_bad_lines),
    TEST(opens_a_preset_in_another_format),
};

TEST_MAIN(tests)
