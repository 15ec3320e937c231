/* From files to splits: presets, free columns, labels, bad lines, drawing; and what is refused. */
#include "base/mem.h"
#include "data/data_summary.h"
#include "support/cm.h"
#include "support/data.h"
#include "support/tmpdir.h"

#include <stdio.h>

#define SST2_TRAIN "sentence\tlabel\ngood \t1\nbad \t0\nfine \t1\n"

static void assert_split_row(const acf_split *s, int i, int line, int label, const char *text,
                             const char *text2)
{
    assert_true(i < s->n);
    assert_int_equal(s->line[i], line);
    assert_int_equal(s->label[i], label);
    assert_string_equal(s->text[i], text);
    if (text2 != NULL)
        assert_string_equal(s->text2[i], text2);
    else
        assert_null(s->text2);
}

static void opens_sst2_with_all_splits(void **state)
{
    data_put(*state, "train.tsv", SST2_TRAIN);
    data_put(*state, "dev.tsv", "sentence\tlabel\nso \"so\t0\n");
    data_put(*state, "test.tsv", "index\tsentence\n0\tuneasy\n1\teasy\n");
    acf_data_options opt = data_options("sst2", *state);
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->K, 2);
    assert_string_equal(d->labels[0], "0");
    assert_string_equal(d->labels[1], "1");
    assert_false(d->pair);
    assert_int_equal(d->split[ACF_TRAIN].n, 3);
    assert_split_row(&d->split[ACF_TRAIN], 0, 2, 1, "good ", NULL);
    assert_split_row(&d->split[ACF_TRAIN], 2, 4, 1, "fine ", NULL);
    assert_split_row(&d->split[ACF_DEV], 0, 2, 0, "so \"so", NULL);
    assert_int_equal(d->split[ACF_TEST].n, 2);
    assert_false(d->split[ACF_TEST].is_labelled);
    assert_split_row(&d->split[ACF_TEST], 1, 3, -1, "easy", NULL);
    acf_data_close(&d);
    assert_null(d);
}

static void opens_cola_without_header(void **state)
{
    data_put(*state, "train.tsv", "gj04\t1\t\tShe ran.\ngj04\t0\t*\tRan she the.\n");
    data_put(*state, "dev.tsv", "gj04\t1\t\tHe sat."); /* no final newline */
    data_put(*state, "test.tsv", "index\tsentence\n0\tWho?\n");
    acf_data_options opt = data_options("cola", *state);
    acf_dataset *d = data_open_ok(&opt);
    assert_split_row(&d->split[ACF_TRAIN], 0, 1, 1, "She ran.", NULL);
    assert_split_row(&d->split[ACF_TRAIN], 1, 2, 0, "Ran she the.", NULL);
    assert_split_row(&d->split[ACF_DEV], 0, 1, 1, "He sat.", NULL);
    assert_split_row(&d->split[ACF_TEST], 0, 2, -1, "Who?", NULL);
    acf_data_close(&d);
}

static void opens_mrpc_pairs_with_bom_and_quotes(void **state)
{
    data_put(*state, "train.tsv",
             "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
             "1\t7\t8\tHe said \"no.\tHe said no.\r\n0\t9\t10\t\"Yes\tMaybe\r\n");
    acf_data_options opt = data_options("mrpc", *state);
    acf_dataset *d = data_open_ok(&opt);
    assert_true(d->pair);
    assert_split_row(&d->split[ACF_TRAIN], 0, 2, 1, "He said \"no.", "He said no.");
    assert_split_row(&d->split[ACF_TRAIN], 1, 3, 0, "\"Yes", "Maybe");
    assert_null(d->split[ACF_DEV].path);
    assert_int_equal(d->split[ACF_DEV].n, 0);
    acf_data_close(&d);
}

static void maps_entailment_by_name(void **state)
{
    data_put(
        *state, "train.tsv",
        "index\tquestion\tsentence\tlabel\n0\tq1\ts1\tnot_entailment\n1\tq2\ts2\tentailment\n");
    acf_data_options opt = data_options("qnli", *state);
    acf_dataset *d = data_open_ok(&opt);
    assert_string_equal(d->labels[0], "entailment");
    assert_split_row(&d->split[ACF_TRAIN], 0, 2, 1, "q1", "s1");
    assert_split_row(&d->split[ACF_TRAIN], 1, 3, 0, "q2", "s2");
    acf_data_close(&d);

    /* The same files where another order of labels is asked for. */
    const char *order[] = {"not_entailment", "entailment"};
    opt.labels = order;
    opt.n_labels = 2;
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].label[0], 0);
    acf_data_close(&d);
}

static void opens_free_columns_by_name_and_number(void **state)
{
    data_put(*state, "train.tsv", "id\ttopic\tbody\tmore\n1\tsea\twaves\tw\n2\tLand\thills\th\n");
    acf_data_options opt = data_options("text", *state);
    opt.text = "body";
    opt.label = "topic";
    acf_dataset *d = data_open_ok(&opt);
    assert_string_equal(d->labels[0], "Land"); /* sorted by bytes */
    assert_string_equal(d->labels[1], "sea");
    assert_split_row(&d->split[ACF_TRAIN], 0, 2, 1, "waves", NULL);
    acf_data_close(&d);

    opt.text = "2";
    opt.text2 = "3";
    opt.label = "1";
    opt.header = ACF_HEADER_YES;
    d = data_open_ok(&opt);
    assert_split_row(&d->split[ACF_TRAIN], 1, 3, 0, "hills", "h");
    acf_data_close(&d);
}

static void finds_default_columns(void **state)
{
    data_put(*state, "train.tsv", "label\tsentence\na\tx\nb\ty\n");
    acf_data_options opt = data_options("text", *state);
    acf_dataset *d = data_open_ok(&opt);
    assert_split_row(&d->split[ACF_TRAIN], 1, 3, 1, "y", NULL);
    acf_data_close(&d);
}

static void opens_one_file_with_given_labels(void **state)
{
    const char *labels[] = {"b", "a"};
    const char *path = data_put(*state, "some.tsv", "label\ttext\na\tx\nb\ty\n");
    acf_data_options opt = data_options("text", NULL);
    opt.path[ACF_DEV] = path;
    opt.splits = 1u << ACF_DEV;
    opt.labels = labels;
    opt.n_labels = 2;
    opt.label_optional = true;
    acf_dataset *d = data_open_ok(&opt);
    assert_split_row(&d->split[ACF_DEV], 0, 2, 1, "x", NULL);
    assert_int_equal(d->split[ACF_TRAIN].n, 0);
    acf_data_close(&d);

    data_put(*state, "some.tsv", "id\ttext\n1\tx\n");
    d = data_open_ok(&opt);
    assert_false(d->split[ACF_DEV].is_labelled);
    assert_split_row(&d->split[ACF_DEV], 0, 2, -1, "x", NULL);
    acf_data_close(&d);

    data_put(*state, "some.tsv", "label\ttext\na\tx\nc\ty\n");
    data_refuse(&opt, ACF_ERR_DATA,
                "some.tsv:3: label 'c', which data.labels does not list (known: 'b', 'a')");
    opt.label_optional = false;
    data_put(*state, "some.tsv", "id\ttext\n1\tx\n");
    data_refuse(&opt, ACF_ERR_DATA,
                "some.tsv:1: the header has no column 'label' (data.columns.label)"
                ": 'id', 'text'; give its name, or its number from 0 where line 1 is a row");
    opt.labels = NULL;
    data_refuse(&opt, ACF_ERR_USAGE, "data.labels: needed where the training file is not read");
}

static void refuses_or_skips_bad_lines(void **state)
{
    data_put(*state, "train.tsv", "sentence\tlabel\ngood\t1\nbad\nno\t\nfine\t0\n");
    acf_data_options opt = data_options("sst2", *state);
    data_refuse(
        &opt, ACF_ERR_DATA,
        "train.tsv:3: has 1 column, expected 2 (data.on_bad_line: skip leaves such lines out)");
    opt.on_bad = ACF_BAD_SKIP;
    acf_dataset *d = data_open_ok(&opt);
    const acf_split *s = &d->split[ACF_TRAIN];
    assert_int_equal(s->n, 2);
    assert_int_equal(s->n_bad, 2);
    assert_int_equal(s->bad[0].line, 3);
    assert_int_equal(s->bad[1].line, 4);
    assert_string_equal(s->bad[1].reason, "has an empty label");
    assert_split_row(s, 1, 5, 0, "fine", NULL);
    acf_data_close(&d);

    data_put(*state, "train.tsv", "sentence\tlabel\ngood\t1\nbad\nno\t0\tx\nfine\t0\n");
    opt.on_bad = ACF_BAD_ERROR;
    data_refuse(&opt, ACF_ERR_DATA, "expected 2, the first of 2 bad lines (data.on_bad_line");
    data_put(*state, "train.tsv", "sentence\tlabel\ngood\t\nbad\t\n");
    data_refuse(&opt, ACF_ERR_DATA, "train.tsv:2: has an empty label, the first of 2");
    opt.on_bad = ACF_BAD_SKIP;
    data_refuse(&opt, ACF_ERR_DATA, "train.tsv: has no rows after the header but bad lines");
}

static void refuses_unknown_labels(void **state)
{
    data_put(*state, "train.tsv", "text\tlabel\nx\ta\ny\tb\n");
    data_put(*state, "dev.tsv", "text\tlabel\nx\ta\ny\tA\n");
    acf_data_options opt = data_options("text", *state);
    opt.on_bad = ACF_BAD_SKIP; /* does not cover labels */
    data_refuse(&opt, ACF_ERR_DATA,
                "dev.tsv:3: label 'A', which training does not have (known: 'a', 'b')");
    data_put(*state, "dev.tsv", "text\tlabel\nx\ta\n");
    data_put(*state, "test.tsv", "text\tlabel\nx\tc\n");
    data_refuse(&opt, ACF_ERR_DATA, "test.tsv:2: label 'c', which training does not have");
    data_put(*state, "train.tsv", "text\tlabel\nx\ta\ny\ta\n");
    data_put(*state, "dev.tsv", "text\tlabel\nx\tc\n"); /* which is not what is wrong */
    data_refuse(&opt, ACF_ERR_DATA, "train.tsv: all 2 training rows have the label 'a'");
    data_put(*state, "train.tsv", "sentence\tlabel\nx\t1\ny\t2\n");
    opt.task = "sst2";
    data_refuse(&opt, ACF_ERR_DATA,
                "train.tsv:3: label '2', which the task does not have (known: '0', '1')");
}

static void refuses_other_layouts(void **state)
{
    acf_data_options opt = data_options("rte", *state);
    data_put(*state, "train.tsv", "index\tpremise\tsentence2\tlabel\n0\ta\tb\tentailment\n");
    data_refuse(&opt, ACF_ERR_DATA,
                "train.tsv:1: column 1 of the header is 'premise', task rte expects 'sentence1'; "
                "data.columns sets another layout");
    data_put(*state, "train.tsv", "index\tsentence1\n0\ta\n");
    data_refuse(&opt, ACF_ERR_DATA,
                "train.tsv:1: has 2 columns, but task rte needs column 2 ('sentence2')");
    opt = data_options("text", *state);
    data_put(*state, "train.tsv", "text\tclass\nx\ta\ny\tb\n");
    data_refuse(
        &opt, ACF_ERR_DATA,
        "train.tsv:1: the header has no column 'label' (data.columns.label): 'text', 'class'");
    opt.text = "0";
    opt.label = "2";
    data_refuse(&opt, ACF_ERR_DATA,
                "train.tsv: data.columns.label is column 2, but the file has 2 (0 to 1)");
    opt.label = "class";
    opt.header = ACF_HEADER_NO;
    data_refuse(&opt, ACF_ERR_USAGE, "data.columns.label: 'class' is a name, but ");
    opt.label = "0";
    data_refuse(&opt, ACF_ERR_USAGE,
                "train.tsv: data.columns.text and data.columns.label are both column 0: give each "
                "its own");
}

static void refuses_missing_and_empty_data(void **state)
{
    acf_data_options opt = data_options("sst2", *state);
    data_refuse(&opt, ACF_ERR_DATA, "train.tsv: cannot open: No such file or directory");
    opt.dir = tmpdir_path(*state, "none");
    data_refuse(&opt, ACF_ERR_DATA, "none: there is no such directory (data.dir)");
    opt.dir = NULL;
    data_refuse(&opt, ACF_ERR_USAGE, "data: neither data.dir nor data.train is given");
    opt.dir = *state;
    data_put(*state, "train.tsv", "sentence\tlabel\n");
    data_refuse(&opt, ACF_ERR_DATA, "train.tsv: has no rows after the header");
    data_put(*state, "train.tsv", "sentence\tlabel\nx\t1\ny\t1\n");
    data_refuse(
        &opt, ACF_ERR_DATA,
        "train.tsv: all 2 training rows have the label '1', at least two labels are needed");
    data_put(*state, "train.tsv", "sentence\tlabel\n\t1\n\t0\n");
    data_refuse(&opt, ACF_ERR_DATA, "train.tsv: column 0, the text, is empty in all 2 rows");
    data_put(*state, "train.tsv", SST2_TRAIN);
    opt.path[ACF_DEV] = tmpdir_path(*state, "dev2.tsv");
    data_refuse(&opt, ACF_ERR_DATA, "dev2.tsv: cannot open");
    data_put(*state, "dev2.tsv", "sentence\tlabel\n");
    data_refuse(&opt, ACF_ERR_DATA, "dev2.tsv: has no rows after the header");
}

static void refuses_options_that_exclude_each_other(void **state)
{
    acf_data_options opt = data_options("sst3", *state);
    data_refuse(&opt, ACF_ERR_USAGE, "task: 'sst3' is no task (there are: cola sst2 ");
    opt.task = "sst2";
    opt.dev_fraction = 1.0;
    data_refuse(&opt, ACF_ERR_USAGE, "data.dev_fraction = 1 is out of range [0, 1)");
    opt.dev_fraction = 0.5;
    opt.path[ACF_DEV] = "dev.tsv";
    data_refuse(&opt, ACF_ERR_USAGE, "data.dev_fraction = 0.5 and data.dev are both given");
    opt.dev_fraction = 0.0;
    opt.max_train_samples = 5;
    opt.shots = 1;
    data_refuse(&opt, ACF_ERR_USAGE,
                "data.max_train_samples = 5 and data.shots = 1 are both given");
    opt = data_options("text", *state);
    const char *twice[] = {"a", "b", "a"};
    opt.labels = twice;
    opt.n_labels = 3;
    data_refuse(&opt, ACF_ERR_USAGE, "data.labels: 'a' is listed twice");
    opt.n_labels = 1;
    data_refuse(&opt, ACF_ERR_USAGE, "data.labels: holds 1 label, at least two are needed");
}

/* 60 rows of a, 30 of b, 10 of c, mixed; the text is the line's number. */
static void put_hundred(void **state)
{
    char text[2000] = "text\tlabel\n";
    size_t at = strlen(text);
    for (int i = 0; i < 100; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%d\t%s\n", i + 2,
                               i % 10 < 6   ? "a"
                               : i % 10 < 9 ? "b"
                                            : "c");
    data_put(*state, "train.tsv", text);
}

static void assert_counts(const acf_dataset *d, acf_split_id id, int a, int b, int c)
{
    int32_t count[3];
    const acf_split *s = &d->split[id];
    assert_int_equal(acf_data_count(count, s, 3), 0);
    assert_int_equal(count[0], a);
    assert_int_equal(count[1], b);
    assert_int_equal(count[2], c);
    for (int i = 0; i < s->n; i++) { /* rows stay whole and in the file's order */
        char line[16];
        (void)snprintf(line, sizeof line, "%d", (int)s->line[i]);
        assert_string_equal(s->text[i], line);
        if (i > 0) assert_true(s->line[i] > s->line[i - 1]);
    }
}

static void draws_in_proportion(void **state)
{
    put_hundred(state);
    acf_data_options opt = data_options("text", *state);
    opt.seed = 7;
    opt.max_train_samples = 25; /* 15, 7.5, 2.5: the tie goes to b */
    acf_dataset *d = data_open_ok(&opt);
    assert_counts(d, ACF_TRAIN, 15, 8, 2);
    assert_true(d->split[ACF_TRAIN].is_drawn);
    assert_int_equal(d->split[ACF_TRAIN].n_file, 100);
    int32_t line[25];
    memcpy(line, d->split[ACF_TRAIN].line, sizeof line);
    acf_data_close(&d);

    d = data_open_ok(&opt);
    assert_memory_equal(line, d->split[ACF_TRAIN].line, sizeof line);
    acf_data_close(&d);
    opt.seed = 8;
    d = data_open_ok(&opt);
    assert_memory_not_equal(line, d->split[ACF_TRAIN].line, sizeof line);
    acf_data_close(&d);

    opt.max_train_samples = 0;
    opt.shots = 12;
    d = data_open_ok(&opt);
    assert_counts(d, ACF_TRAIN, 12, 12, 10);
    acf_data_close(&d);

    opt.shots = 0;
    opt.max_train_samples = 100;
    d = data_open_ok(&opt);
    assert_false(d->split[ACF_TRAIN].is_drawn);
    acf_data_close(&d);
    opt.max_train_samples = 1;
    data_refuse(&opt, ACF_ERR_DATA, "the only training row has the label 'a', at least");
}

static void cuts_dev_from_training(void **state)
{
    put_hundred(state);
    acf_data_options opt = data_options("text", *state);
    opt.dev_fraction = 0.2;
    acf_dataset *d = data_open_ok(&opt);
    assert_counts(d, ACF_TRAIN, 48, 24, 8);
    assert_counts(d, ACF_DEV, 12, 6, 2);
    assert_string_equal(d->split[ACF_DEV].name, "dev");
    assert_string_equal(d->split[ACF_DEV].path, d->split[ACF_TRAIN].path);
    bool seen[102] = {false};
    for (int id = ACF_TRAIN; id <= ACF_DEV; id++)
        for (int i = 0; i < d->split[id].n; i++) {
            assert_false(seen[d->split[id].line[i]]);
            seen[d->split[id].line[i]] = true;
        }
    int32_t line[20];
    memcpy(line, d->split[ACF_DEV].line, sizeof line);
    acf_data_close(&d);

    opt.max_train_samples = 40; /* does not move dev */
    d = data_open_ok(&opt);
    assert_counts(d, ACF_TRAIN, 24, 12, 4);
    assert_memory_equal(line, d->split[ACF_DEV].line, sizeof line);
    acf_data_close(&d);

    opt.splits = 1u << ACF_DEV; /* as an evaluation asks for it: training is read to draw from */
    opt.max_train_samples = 0;
    d = data_open_ok(&opt);
    assert_memory_equal(line, d->split[ACF_DEV].line, sizeof line);
    acf_data_close(&d);

    opt.splits = 0;
    opt.dev_fraction = 0.99; /* every class keeps a training row */
    d = data_open_ok(&opt);
    assert_counts(d, ACF_TRAIN, 1, 1, 1);
    assert_counts(d, ACF_DEV, 59, 29, 9);
    acf_data_close(&d);
    opt.dev_fraction = 0.001;
    data_refuse(
        &opt, ACF_ERR_DATA,
        "data.dev_fraction = 0.001 of 100 rows leaves no row for dev: give a larger one, or "
        "a file with data.dev");
    data_put(*state, "train.tsv", "text\tlabel\nx\ta\ny\tb\nz\tc\n");
    opt.dev_fraction = 0.4;
    data_refuse(&opt, ACF_ERR_DATA,
                "data.dev_fraction = 0.4 of 3 rows leaves no row for dev, which takes rows only of "
                "labels that have two or more, as 0 of 3 do: give a file with data.dev");
}

static void deals_folds(void **state)
{
    put_hundred(state);
    acf_data_options opt = data_options("text", *state);
    int seen[102] = {0}, most = 0, least = 100;
    opt.folds = 7;
    opt.seed = 5;
    for (opt.fold = 1; opt.fold <= 7; opt.fold++) {
        acf_dataset *d = data_open_ok(&opt);
        int32_t count[3];
        const acf_split *dev = &d->split[ACF_DEV];
        assert_int_equal(dev->n + d->split[ACF_TRAIN].n, 100);
        (void)acf_data_count(count, dev, d->K);
        for (int k = 0; k < 3; k++) {
            int32_t size[3];
            (void)acf_data_count(size, &d->split[ACF_TRAIN], d->K);
            int all = size[k] + count[k];
            assert_in_range(count[k], all / 7, (all + 6) / 7);
        }
        for (int i = 0; i < dev->n; i++)
            seen[dev->line[i]]++;
        most = dev->n > most ? dev->n : most;
        least = dev->n < least ? dev->n : least;
        acf_data_close(&d);
    }
    for (int line = 2; line <= 101; line++)
        assert_int_equal(seen[line], 1);
    assert_int_equal(most - least, 1);

    opt.fold = 8;
    data_refuse(&opt, ACF_ERR_USAGE, "data.fold = 8 is out of range [1, 7]");
    opt.fold = 1;
    opt.dev_fraction = 0.1;
    data_refuse(&opt, ACF_ERR_USAGE, "data.folds = 7 and data.dev_fraction are both given");
    opt.dev_fraction = 0;
    opt.folds = 101;
    data_refuse(&opt, ACF_ERR_DATA, "100 rows cannot be dealt into data.folds = 101 parts");
}

static void every_fold_leaves_two_labels(void **state)
{
    data_put(*state, "train.tsv", "text\tlabel\na\tx\nb\tx\nc\tx\nd\tx\ne\ty\n");
    acf_data_options opt = data_options("text", *state);
    opt.folds = 5;
    for (opt.fold = 1; opt.fold <= 4; opt.fold++) {
        opt.every_fold = false; /* one of them alone */
        acf_dataset *d = data_open_ok(&opt);
        acf_data_close(&d);
        opt.every_fold = true;
        data_refuse(&opt, ACF_ERR_DATA,
                    "train.tsv: without part 5 of data.folds = 5 all training rows have the label "
                    "'x': two labels need two rows each");
    }
    opt.fold = 1;
    data_put(*state, "train.tsv", "text\tlabel\na\tx\nb\tx\nc\ty\nd\ty\ne\tz\n");
    acf_dataset *d = data_open_ok(&opt);
    acf_data_close(&d);
}

static void summarizes(void **state)
{
    acf_str out = {0};
    acf_error e;
    put_hundred(state);
    data_put(*state, "test.tsv", "text\nq\n\nr\n");
    acf_data_options opt = data_options("text", *state);
    opt.max_train_samples = 50;
    opt.on_bad = ACF_BAD_SKIP;
    acf_dataset *d = data_open_ok(&opt);
    assert_ok(acf_data_summary(&out, d, &e), &e);
    char want[600];
    (void)snprintf(want, sizeof want,
                   "data   task text, single texts, 3 labels\n"
                   "train  50 of 100 rows after a header: %s/train.tsv\n"
                   "       a 30 (60.0 %%), b 15 (30.0 %%), c 5 (10.0 %%)\n"
                   "test   2 rows after a header, unlabelled: %s/test.tsv\n"
                   "       1 bad line skipped: line 3 is empty\n",
                   (const char *)*state, (const char *)*state);
    assert_string_equal(out.data, want);
    acf_str_clear(&out);
    assert_ok(acf_data_bad_lines(&out, d, &e), &e);
    (void)snprintf(want, sizeof want, "file\tline\treason\n%s/test.tsv\t3\tis empty\n",
                   (const char *)*state);
    assert_string_equal(out.data, want);
    acf_str_free(&out);
    acf_data_close(&d);
}

static void survives_failing_allocations(void **state)
{
    acf_dataset *d;
    acf_error e = {0};
    put_hundred(state);
    data_put(*state, "test.tsv", "text\nq\n\nr\n");
    acf_data_options opt = data_options("text", *state);
    opt.dev_fraction = 0.1;
    opt.shots = 3;
    opt.on_bad = ACF_BAD_SKIP;
    size_t held = acf_mem_held();
    for (size_t n = 1;; n++) {
        (void)acf_mem_fail_at(n);
        acf_status st = acf_data_open(&d, &opt, NULL, &e);
        (void)acf_mem_fail_at(0);
        if (st == ACF_OK) {
            assert_true(n > 20);
            break;
        }
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_null(d);
        assert_int_equal(acf_mem_held(), held);
    }
    acf_data_close(&d);
    assert_int_equal(acf_mem_held(), held);
}

static void knows_its_tasks(void **state)
{
    (void)state;
    for (int i = 0; acf_task_at(i) != NULL; i++) {
        const acf_task *t = acf_task_at(i);
        assert_ptr_equal(acf_task_find(t->name), t);
        assert_non_null(t->metric[0]);
        if (!t->preset || t->image) continue;
        assert_int_equal(t->K, t->regression                                                ? 1
                               : strcmp(t->name, "mnli") == 0 || strcmp(t->name, "ax") == 0 ? 3
                                                                                            : 2);
        assert_int_equal(t->labels == NULL, t->regression);
        assert_int_equal(t->file[ACF_TEST_MM] != NULL, t->submission_mm != NULL);
        assert_non_null(t->submission);
        assert_int_equal(t->pair, t->train.text2.at >= 0);
        assert_int_equal(t->pair, t->test.text2.at >= 0);
        assert_int_equal(t->test.label.at == ACF_COLUMN_NONE, strcmp(t->name, "ax") != 0);
    }
    assert_null(acf_task_find("SST2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(opens_sst2_with_all_splits),
    TEST(opens_cola_without_header),
    TEST(opens_mrpc_pairs_with_bom_and_quotes),
    TEST(maps_entailment_by_name),
    TEST(opens_free_columns_by_name_and_number),
    TEST(finds_default_columns),
    TEST(opens_one_file_with_given_labels),
    TEST(refuses_or_skips_bad_lines),
    TEST(refuses_unknown_labels),
    TEST(refuses_other_layouts),
    TEST(refuses_missing_and_empty_data),
    TEST(refuses_options_that_exclude_each_other),
    TEST(draws_in_proportion),
    TEST(cuts_dev_from_training),
    TEST(deals_folds),
    TEST(every_fold_leaves_two_labels),
    TEST(summarizes),
    TEST(survives_failing_allocations),
    cmocka_unit_test(knows_its_tasks),
};

TEST_MAIN(tests)
