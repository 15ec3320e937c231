/* Sweep files, their product of variants, tasks and seeds, and broken ones. */
#include "support/cm.h"
#include "support/sweep_files.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/mem.h"
#include "sweep/series_best.h"

#include <stdio.h>
#include <string.h>

/* Names of all runs, with blanks between them. */
static void assert_runs(const acf_sweep *s, const char *want)
{
    acf_str got = {0};
    acf_error e = {0};
    char name[ACF_SWEEP_RUN_NAME];
    for (int i = 0; i < s->n_runs; i++) {
        acf_sweep_run_name(name, s, i);
        assert_ok(acf_str_printf(&got, &e, "%s%s", i > 0 ? " " : "", name), &e);
    }
    assert_string_equal(got.data, want);
    acf_str_free(&got);
}

static void expands_variants_tasks_and_seeds(void **state)
{
    acf_sweep s;
    sweep_open_ok(&s,
                  "schema: 1\n"
                  "seeds: [7, 9]\n"
                  "set: {train: {epochs: 2}, data.shots: 8}\n"
                  "tasks:\n"
                  "  - {name: few, config: c.yaml}\n"
                  "  - {name: all, config: c.yaml, set: {data.shots: null}, seeds: 1..1}\n"
                  "variants:\n"
                  "  ce: {loss.type: ce}\n"
                  "  acf: {loss: {type: acf, cor.weight: 0.1}, data.train: sub/t.tsv}\n"
                  "  plain:\n",
                  &sweep_plain);
    assert_runs(&s, "ce/few/seed-7 ce/few/seed-9 ce/all/seed-1 acf/few/seed-7 acf/few/seed-9 "
                    "acf/all/seed-1 plain/few/seed-7 plain/few/seed-9 plain/all/seed-1");
    const acf_config *c = acf_sweep_config(&s, 4);
    assert_int_equal(c->train.seed, 9);
    assert_int_equal(c->train.seeds.n, 0);
    assert_true(c->train.epochs == 2.0 && c->loss.cor.weight == 0.1);
    assert_int_equal(c->data.shots, 8);
    assert_int_equal(acf_sweep_config(&s, 5)->data.shots, ACF_UNSET);
    assert_string_equal(c->data.train, tmpdir_path(*state, "sub/t.tsv"));
    assert_string_equal(c->data.dev, tmpdir_path(*state, "d.tsv"));
    assert_string_equal(c->save.dir, tmpdir_path(*state, "out/acf/few/seed-9"));
    assert_int_equal(acf_sweep_config(&s, 0)->loss.type, ACF_LOSS_CE);
    acf_sweep_close(&s);
}

static void takes_one_run_without_seeds(void **state)
{
    (void)state;
    acf_sweep s;
    sweep_open_ok(&s, "schema: 1\ntasks: [c.yaml]\nvariants: {x: }\n", &sweep_plain);
    assert_runs(&s, "x/c");
    assert_int_equal(acf_sweep_config(&s, 0)->train.seed, 42);
    acf_sweep_close(&s);
    /* ... and a series of folds. */
    sweep_open_ok(
        &s, "schema: 1\ntasks: [c.yaml]\nset: {data.folds: 3, data.dev: null}\nvariants: {x: }\n",
        &sweep_plain);
    assert_runs(&s, "x/c/fold-1 x/c/fold-2 x/c/fold-3");
    assert_int_equal(acf_sweep_config(&s, 1)->data.fold, 2);
    acf_sweep_close(&s);
}

static void orders_a_grid(void **state)
{
    (void)state;
    acf_sweep s;
    sweep_open_ok(
        &s,
        "schema: 1\ntasks: [c.yaml]\nvariants: {a: {loss.type: acf}, b: {loss.type: scl}}\n"
        "grid:\n"
        "  loss.tau: [0.1, 0.05]\n"
        "  train.optimizer.betas: [[0.9, 0.98]]\n"
        "  train.schedule.name: [linear, cosine]\n",
        &sweep_plain);
    assert_runs(&s, "a_tau=0.1_optimizer.betas=0.9__0.98_schedule.name=linear/c "
                    "a_tau=0.1_optimizer.betas=0.9__0.98_schedule.name=cosine/c "
                    "a_tau=0.05_optimizer.betas=0.9__0.98_schedule.name=linear/c "
                    "a_tau=0.05_optimizer.betas=0.9__0.98_schedule.name=cosine/c "
                    "b_tau=0.1_optimizer.betas=0.9__0.98_schedule.name=linear/c "
                    "b_tau=0.1_optimizer.betas=0.9__0.98_schedule.name=cosine/c "
                    "b_tau=0.05_optimizer.betas=0.9__0.98_schedule.name=linear/c "
                    "b_tau=0.05_optimizer.betas=0.9__0.98_schedule.name=cosine/c");
    const acf_config *c = acf_sweep_config(&s, 7);
    assert_true(c->loss.tau == 0.05 && c->train.optimizer.betas[1] == 0.98);
    assert_int_equal(c->loss.type, ACF_LOSS_SCL);
    assert_int_equal(c->train.schedule.name, ACF_SCHEDULE_COSINE);
    acf_sweep_close(&s);
}

/* The longest names that a file can give, to their last byte: seeds that differ in it stay apart.
 */
static void long_names_are_whole(void **state)
{
    (void)state;
    enum { VARIANT = 200, TASK = 100, GIVEN = 100 };
    acf_error e = {0};
    acf_sweep s;
    acf_str yaml = {0}, want = {0};
    char variant[VARIANT + 1], task[TASK + 1];
    memset(variant, 'v', VARIANT);
    memset(task, 't', TASK);
    variant[VARIANT] = task[TASK] = '\0';
    memcpy(variant + GIVEN, "_columns.label=", 15);
    assert_ok(acf_str_printf(&yaml, &e,
                             "schema: 1\nseeds: [9007199254740990, 9007199254740991]\n"
                             "tasks: [{name: %s, config: c.yaml}]\n"
                             "variants: {%.*s: {}}\ngrid: {data.columns.label: [%s]}\n",
                             task, GIVEN, variant, variant + GIVEN + 15),
              &e);
    assert_ok(acf_str_printf(&want, &e, "%s/%s/seed-9007199254740990 %s/%s/seed-9007199254740991",
                             variant, task, variant, task),
              &e);
    sweep_open_ok(&s, yaml.data, &sweep_plain);
    assert_runs(&s, want.data);
    acf_sweep_close(&s);
    acf_str_free(&yaml);
    acf_str_free(&want);
}

static void a_broken_summary_is_told_with_its_directory(void **state)
{
    (void)state;
    acf_error e = {0};
    acf_series_best best;
    assert_ok(acf_make_dirs("series", &e), &e);
    tmpdir_write_text("series/summary.json", "{\"best\": 1}");
    assert_fails(acf_series_best_read(&best, "series", &e), ACF_ERR_MODEL,
                 "series/summary.json: 'best'", &e);
}

static void takes_what_the_command_line_says(void **state)
{
    static const char yaml[] =
        "schema: 1\nseeds: 1..3\ntasks: [{name: p, config: c.yaml, set: {train.epochs: 9}}, "
        "{name: q, config: c.yaml}]\nvariants: {a: {loss.tau: 0.2}, bc: }\ngrid: {loss.lambda: "
        "[1, 2]}\n";
    static const char *const sets[] = {"train.epochs=4", "q:data.train=other.tsv",
                                       "q:train.epochs=5", "data.on_bad_line=skip"};
    const acf_sweep_options opt = {.dir = "o",
                                   .sets = sets,
                                   .n_sets = 4,
                                   .seeds = "4,8",
                                   .tasks = "q",
                                   .variants = "bc,a_lambda=2",
                                   .n_jobs = 1,
                                   .shard = 2,
                                   .n_shards = 3};
    acf_sweep s;
    sweep_open_ok(&s, yaml, &opt);
    assert_runs(&s, "a_lambda=2/q/seed-4 a_lambda=2/q/seed-8 bc_lambda=1/q/seed-4 "
                    "bc_lambda=1/q/seed-8 bc_lambda=2/q/seed-4 bc_lambda=2/q/seed-8");
    for (int i = 0; i < s.n_runs; i++)
        assert_int_equal(s.run[i].is_ours, i == 1 || i == 2);
    assert_true(acf_sweep_config(&s, 0)->train.epochs == 5.0);
    assert_string_equal(acf_sweep_config(&s, 0)->data.train, tmpdir_path(*state, "other.tsv"));
    acf_sweep_close(&s);
    const acf_sweep_options other = {
        .dir = "o", .sets = sets, .n_sets = 1, .tasks = "p", .n_jobs = 1};
    sweep_open_ok(&s, yaml, &other);
    assert_true(acf_sweep_config(&s, 0)->train.epochs == 4.0);
    acf_sweep_close(&s);
}

/* Of every task, and of all, each of three machines gets as many runs, give or take one. */
static void shares_are_even(void **state)
{
    static const char yaml[] =
        "schema: 1\nseeds: [1]\ntasks: [{name: p, config: c.yaml}, {name: q, config: c.yaml}, "
        "{name: r, config: c.yaml, seeds: 1..2}]\nvariants: {a: , b: , c: , d: , e: , f: , g: }\n";
    int taken[28] = {0};
    (void)state;
    for (int shard = 1; shard <= 3; shard++) {
        const acf_sweep_options opt = {.dir = "o", .n_jobs = 1, .shard = shard, .n_shards = 3};
        int of_task[3] = {0};
        acf_sweep s;
        sweep_open_ok(&s, yaml, &opt);
        assert_int_equal(s.n_runs, 28);
        for (int i = 0; i < s.n_runs; i++) {
            taken[i] += s.run[i].is_ours;
            of_task[s.cell[s.run[i].cell].task] += s.run[i].is_ours;
        }
        for (int task = 0; task < 3; task++)
            assert_in_range(of_task[task], task < 2 ? 2 : 4, task < 2 ? 3 : 5);
        acf_sweep_close(&s);
    }
    for (int i = 0; i < 28; i++)
        assert_int_equal(taken[i], 1);
}

/* The sweep must be refused, and `want` stand among the problems. */
static void assert_refused(const char *yaml, const acf_sweep_options *opt, const char *want)
{
    acf_sweep s;
    acf_error e = {0};
    acf_str problems = {0};
    tmpdir_write_text("s.yaml", yaml);
    acf_status st = acf_sweep_open(&s, &problems, "s.yaml", opt, &e);
    acf_sweep_close(&s);
    const char *got = problems.len > 0 ? problems.data : e.text;
    if (st != ACF_ERR_USAGE || strstr(got, want) == NULL)
        fail_msg("status %d, got\n%s\nexpected '%s'\nof\n%s", (int)st, got, want, yaml);
    acf_str_free(&problems);
}

static void refuses_broken_files(void **state)
{
    (void)state;
#define TASK  "tasks: [c.yaml]\n"
#define START "schema: 1\n" TASK
    static const char *const cases[][2] = {
        {"", "s.yaml: error: the file is empty"},
        {"[1]", "s.yaml:1:1: error: a sweep: expected keys such as tasks and variants"},
        {TASK "variants: {a: }\n", "key 'schema' is missing"},
        {"schema: 2\n" TASK "variants: {a: }\n", "s.yaml:1:9: error: schema = 2"},
        {"schema: 1\nvariants: {a: }\n", "key 'tasks' is missing"},
        {START, "neither 'variants' nor 'grid'"},
        {"schema: 1\ntasks: []\nvariants: {a: }\n", "s.yaml:2:8: error: tasks: the list is empty"},
        {"schema: 1\ntasks: 3\nvariants: {a: }\n", "s.yaml:2:8: error: tasks: expected a list"},
        {"schema: 1\ntasks: [{name: x}]\nvariants: {a: }\n", "a task needs the key 'config'"},
        {"schema: 1\ntasks: [{config: [x]}]\nvariants: {a: }\n", "config: expected the path"},
        {"schema: 1\ntasks: [{config: }]\nvariants: {a: }\n", "config: needs the path"},
        {"schema: 1\ntasks: [x.yaml]\nvariants: {a: }\n", "s.yaml:2:9: error: config: "},
        {"schema: 1\ntasks: [c.yaml, c.yaml]\nvariants: {a: }\n", "task 'c' stands twice"},
        {"schema: 1\ntasks: [{config: c.yaml, name: ../x}]\nvariants: {a: }\n", "is no name"},
        {"schema: 1\ntasks: [{config: c.yaml, metrics: acc}]\nvariants: {a: }\n",
         "metrics: 'acc' is no metric"},
        {"schema: 1\ntasks: [{config: c.yaml, sets: 1}]\nvariants: {a: }\n", "did you mean 'set'?"},
        {START "variants: {a: {loss.tau: 100}}\n", "s.yaml:3:26: error: loss.tau = 100"},
        {START "variants: {a: {loss.taus: 1}}\n", "unknown key 'taus': did you mean 'tau'?"},
        {START "variants: {a: {tau: 1}}\n", "it belongs under loss"},
        {START "variants: {a: {loss: 1}}\n", "loss: expected keys below it"},
        {START "variants: {a: {}, a: {}}\n", "duplicate key 'a'"},
        {START "variants: {a: {loss.tau: 1, loss.tau: 2}}\n", "duplicate key 'loss.tau'"},
        {START "variants: {.a: }\n", "variant '.a': is no name"},
        {START "variants: [a]\n", "variants: expected names with keys below them"},
        {START "variants: {a: {save.dir: x}}\n", "save.dir: cannot be set in a sweep"},
        {START "variants: {a: {train.seed: 1}}\n", "train.seed: cannot be set in a sweep"},
        {START "seeds: 3..1\nvariants: {a: }\n", "s.yaml:3:8: error: train.seeds: '3..1'"},
        {START "seeds: [1, 1]\nvariants: {a: }\n", "1 stands twice"},
        {START "grid: {loss.tau: 1}\n", "loss.tau: expected a list of values"},
        {START "grid: {loss.tau: []}\n", "loss.tau: no values"},
        {START "grid: {loss: {tau: [1]}}\n", "grid: 'loss' is a section"},
        {START "grid: {loss.tau: [0.1, 0.10]}\n", "two variants would be called 'tau=0.1'"},
        {START "variants: {a: {loss.tau: 1}}\ngrid: {loss.tau: [2]}\n",
         "variant 'a' sets loss.tau"},
        {START "variants: {a: {loss.form: ntxent, loss.label_weight: 2}}\n",
         "s.yaml:3:54: error: loss.form = ntxent needs loss.label_weight = 1"},
        {START "variants: {a: {train.batch_size: 4, train.micro_batch: 8}}\n",
         "train.micro_batch = 8 is more than train.batch_size = 4"},
        {START "variants: {a: {data.folds: 3, data.dev: null}}\nseeds: 1..2\n",
         "s.yaml:4:8: error: train.seeds and data.folds exclude each other"},
        {START "tasks: x\nvariants: {a: }\n", "duplicate key 'tasks'"},
        {START "variants: {a: &x {}}\n", "anchors are not supported"},
        {START "variants: {a: {\n", "not valid YAML"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i][0], &sweep_plain, cases[i][1]);
    tmpdir_write_text("c.yaml", "schema: 1\ntask: text\nmodel: {encoder: bert-tiny}\n");
    assert_refused(
        START "variants: {a: , b: }\n", &sweep_plain,
        "c.yaml: error: key 'data.dir' or 'data.train' is missing\n      hint: where are "
        "the files of task 'text'?\n      hint: that is task 'c' of the sweep, variant "
        "'a'\n");
}

static void tells_everything_at_once(void **state)
{
    (void)state;
    acf_sweep s;
    acf_error e = {0};
    acf_str problems = {0};
    size_t n = 0;
    tmpdir_write_text("s.yaml",
                      "schema: 1\nseeds: x\nfoo: 1\nset: {loss.tau: 100}\ntasks: [n.yaml]\n"
                      "variants: {a: {loss.typ: ce}}\n");
    assert_fails(acf_sweep_open(&s, &problems, "s.yaml", &sweep_plain, &e), ACF_ERR_USAGE,
                 "s.yaml: ", &e);
    for (const char *at = problems.data; (at = strstr(at, ": error: ")) != NULL; at++)
        n++;
    assert_int_equal(n, 5);
    acf_str_free(&problems);
    acf_sweep_close(&s);
}

static void refuses_command_lines(void **state)
{
    (void)state;
    static const char yaml[] = START "variants: {abc: {loss.tau: 1}}\n";
    static const char *const sets[][2] = {
        {"loss.tau=2", "--set loss.tau=2: error: variant 'abc' sets loss.tau"},
        {"x:train.epochs=2", "--set x:train.epochs=2: error: the sweep has no task 'x'"},
        {"save.dir=x", "a sweep decides where its runs are"},
        {"train.seeds=[1]", "of a sweep write --seeds"},
        {"train.epoch=2", "--set train.epoch=2: error: unknown key 'epoch'"},
        {"c:train.epochs=x", "train.epochs = x is not a number"},
        {"train.epochs", "expected KEY=VALUE"},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const acf_sweep_options opt = {.sets = &sets[i][0], .n_sets = 1, .n_jobs = 1};
        assert_refused(yaml, &opt, sets[i][1]);
    }
    assert_refused(yaml, &(acf_sweep_options){.tasks = "d"}, "--tasks: 'd' is not in the sweep");
    assert_refused(yaml, &(acf_sweep_options){.tasks = ""}, "--tasks: '' is not in the sweep");
    assert_refused(yaml, &(acf_sweep_options){.variants = "abd"},
                   "--variants: 'abd' is not in the sweep; did you mean 'abc'?");
    assert_refused(yaml, &(acf_sweep_options){.seeds = "1,x"}, "x is not a whole number");
}

/* --seeds means the same with a sweep and without. */
static void seeds_are_a_range_or_a_list(void **state)
{
    (void)state;
    static const char *const forms[][2] = {{"1..3", "train.seeds=1..3"},
                                           {"1,2,3", "train.seeds=[1,2,3]"},
                                           {"[1, 2, 3]", "train.seeds=[1, 2, 3]"},
                                           {"7", "train.seeds=[7]"}};
    acf_error e = {0};
    acf_str setting = {0};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        acf_sweep s;
        const acf_sweep_options opt = {.seeds = forms[i][0], .n_jobs = 1};
        acf_str_clear(&setting);
        assert_ok(acf_series_seeds(&setting, forms[i][0], &e), &e);
        assert_string_equal(setting.data, forms[i][1]);
        sweep_open_ok(&s, START "seeds: [8, 9]\nvariants: {a: {loss.tau: 0.2}}\n", &opt);
        assert_int_equal(s.cell[0].series.n, i < 3 ? 3 : 1);
        acf_sweep_close(&s);
    }
    acf_str_free(&setting);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    acf_error e = {0};
    size_t n = 0;
    tmpdir_write_text("s.yaml", START "seeds: 1..2\nvariants: {a: {loss.tau: 0.2}}\ngrid: "
                                      "{loss.lambda: [1, 2]}\n");
    for (acf_status st = ACF_ERR_RESOURCE; st != ACF_OK;) {
        acf_sweep s;
        acf_str problems = {0};
        size_t held = acf_mem_held();
        (void)acf_mem_fail_at(++n);
        st = acf_sweep_open(&s, &problems, "s.yaml", &sweep_plain, &e);
        (void)acf_mem_fail_at(0);
        acf_str_free(&problems);
        acf_sweep_close(&s);
        if (st != ACF_OK) assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_int_equal(acf_mem_held(), held);
    }
    assert_true(n > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sweep_files_enter, sweep_files_leave)

static const struct CMUnitTest tests[] = {
    TEST(expands_variants_tasks_and_seeds),
    TEST(takes_one_run_without_seeds),
    TEST(orders_a_grid),
    TEST(long_names_are_whole),
    TEST(a_broken_summary_is_told_with_its_directory),
    TEST(takes_what_the_command_line_says),
    TEST(shares_are_even),
    TEST(refuses_broken_files),
    TEST(tells_everything_at_once),
    TEST(refuses_command_lines),
    TEST(seeds_are_a_range_or_a_list),
    TEST(survives_failing_allocations),
};

TEST_MAIN(tests)
