/* The configuration: what is accepted, filled in, printed, compared. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "schema: 1\ntask: sst2\ndata: {dir: d}\nmodel: {encoder: m}\n"

/* Tests run inside their scratch directory, so that messages and paths are short. */
static char start_dir[4096];

static int enter(void **state)
{
    if (tmpdir_setup(state) != 0 || getcwd(start_dir, sizeof start_dir) == NULL) return -1;
    if (chdir(*state) != 0) return -1;
    return mkdir("m", 0700); /* the encoder of most */
}

static int leave(void **state)
{
    if (chdir(start_dir) != 0) return -1;
    return tmpdir_teardown(state);
}

static void load(acf_config *cfg, const char *yaml, const char *set1, const char *set2)
{
    acf_error e = {0};
    acf_str problems = {0};
    const char *sets[] = {set1, set2};
    size_t n = set2 != NULL ? 2 : set1 != NULL;
    if (yaml != NULL) tmpdir_write_text("c.yaml", yaml);
    acf_status st = acf_config_load(cfg, &problems, yaml != NULL ? "c.yaml" : NULL, sets, n, &e);
    if (st != ACF_OK) fail_msg("%s\n%s", e.text, problems.data != NULL ? problems.data : "");
    acf_str_free(&problems);
}

/* One line of the resolved configuration, "key: value   # origin" with single blanks. */
static void assert_line(const acf_config *cfg, const char *want)
{
    acf_error e = {0};
    acf_str out = {0};
    bool found = false;
    assert_ok(acf_config_print(&out, cfg, true, &e), &e);
    for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char tidy[512];
        size_t n = 0;
        for (const char *c = line; *c != '\0' && n + 1 < sizeof tidy; c++)
            if (*c != ' ' || (n > 0 && tidy[n - 1] != ' ')) tidy[n++] = *c;
        tidy[n] = '\0';
        found = found || strcmp(tidy, want) == 0;
    }
    if (!found) fail_msg("no line '%s'", want);
    acf_str_free(&out);
}

static const char *in_dir(const void *dir, const char *name)
{
    return tmpdir_path(dir, "%s", name);
}

static void reads_what_behaviour_shows(void **state)
{
    acf_config c;
    load(&c,
         "schema: 1\n"
         "task: text\n"
         "data:\n"
         "  train: sub/../a.tsv\n"
         "  dev: /abs/b.tsv\n"
         "  columns: {text: sentence, text2: null, label: 2}\n"
         "  header: no\n"
         "  labels: [no, yes, 3, null]\n"
         "  max_train_samples: 100\n"
         "  on_bad_line: skip\n"
         "model: {encoder: bert-tiny, vocab: {size: 5000}, pooling: mean, max_length: 64, "
         "dropout: 0.1, freeze_layers: 1}\n"
         "loss: {type: scl, ce: 0.5, lambda: 2, tau: 0.05, form: ntxent, "
         "cor: {type: within, weight: 0.1}, class_weights: balanced, label_smoothing: 0.1}\n"
         "train:\n"
         "  epochs: 1.5\n"
         "  steps: 0\n"
         "  micro_batch: 8\n"
         "  optimizer: {name: sgd, lr: 2e-5, head_lr: 1e-3, betas: [0.8, 0.98], eps: 1E-6,\n"
         "              momentum: .5, nesterov: yes, layer_decay: 0.9}\n"
         "  schedule: {name: step, warmup: 100, milestones: [1 epochs, 2.5 epochs], gamma: 0.5}\n"
         "  clip: null\n"
         "  sampler: balanced\n"
         "  seeds: [1, 2, 3]\n"
         "  threads: 2\n"
         "eval: {every: 0.5 epochs, metric: macro_f1, head: label, "
         "early_stop: {patience: 4, min_delta: 1e-4}}\n"
         "save: {dir: out, every: 100 steps, keep_last: 1}\n"
         "log: {every: 7}\n",
         "data.columns.text=0", NULL);
    assert_string_equal(c.data.train, in_dir(*state, "a.tsv"));
    assert_string_equal(c.data.dev, "/abs/b.tsv");
    assert_null(c.data.test);
    assert_null(c.data.columns.text.name);
    assert_int_equal(c.data.columns.text.index, 0);
    assert_int_equal(c.data.columns.text2.index, ACF_UNSET);
    assert_int_equal(c.data.columns.label.index, 2);
    assert_int_equal(c.data.header, ACF_HEADER_NO);
    assert_int_equal(c.data.labels.n, 4);
    assert_string_equal(c.data.labels.item[0], "no");
    assert_string_equal(c.data.labels.item[2], "3");
    assert_string_equal(c.data.labels.item[3], "null");
    assert_int_equal(c.data.max_train_samples, 100);
    assert_int_equal(c.data.shots, ACF_UNSET);
    assert_int_equal(c.data.on_bad_line, ACF_BAD_SKIP);
    assert_true(c.model.encoder_is_preset);
    assert_string_equal(c.model.encoder, "bert-tiny");
    assert_int_equal(c.model.vocab.size, 5000);
    assert_int_equal(c.model.pooling, ACF_POOL_MEAN);
    assert_true(c.model.dropout == 0.1);
    assert_int_equal(c.loss.type, ACF_LOSS_SCL);
    assert_true(c.loss.ce == 0.5 && c.loss.lambda == 2.0 && c.loss.tau == 0.05);
    assert_int_equal(c.loss.form, ACF_FORM_NTXENT);
    assert_int_equal(c.loss.cor.type, ACF_COR_WITHIN);
    assert_int_equal(c.loss.class_weights, ACF_CFG_WEIGHTS_BALANCED);
    assert_true(c.train.epochs == 1.5 && c.train.steps == 0 && c.train.micro_batch == 8);
    assert_int_equal(c.train.optimizer.name, ACF_OPTIM_SGD);
    assert_true(c.train.optimizer.lr == 2e-5 && c.train.optimizer.eps == 1e-6);
    assert_true(c.train.optimizer.betas[0] == 0.8 && c.train.optimizer.betas[1] == 0.98);
    assert_true(c.train.optimizer.momentum == 0.5 && c.train.optimizer.nesterov);
    assert_int_equal(c.train.schedule.name, ACF_SCHEDULE_STEP);
    assert_true(c.train.schedule.warmup.value == 100.0);
    assert_int_equal(c.train.schedule.warmup.unit, ACF_UNIT_STEPS);
    assert_true(isnan(c.train.schedule.every.value));
    assert_int_equal(c.train.schedule.milestones.n, 2);
    assert_true(c.train.schedule.milestones.item[1].value == 2.5);
    assert_int_equal(c.train.schedule.milestones.item[1].unit, ACF_UNIT_EPOCHS);
    assert_true(c.train.clip == 0.0);
    assert_int_equal(c.train.sampler, ACF_SAMPLER_BALANCED);
    assert_int_equal(c.train.seeds.n, 3);
    assert_int_equal(c.train.threads, 2);
    assert_true(c.eval.every.value == 0.5 && c.eval.every.unit == ACF_UNIT_EPOCHS);
    assert_string_equal(c.eval.metric, "macro_f1");
    assert_int_equal(c.eval.head, ACF_HEAD_LABEL);
    assert_int_equal(c.eval.early_stop.patience, 4);
    assert_string_equal(c.save.dir, in_dir(*state, "out"));
    assert_true(c.log.every.value == 7.0 && c.log.every.unit == ACF_UNIT_STEPS);
    acf_config_free(&c);
}

static void fills_in_defaults(void **state)
{
    acf_config c;
    load(&c, ROOT, NULL, NULL);
    assert_string_equal(c.model.encoder, in_dir(*state, "m"));
    assert_false(c.model.encoder_is_preset);
    assert_int_equal(c.model.pooling, ACF_UNSET);
    assert_int_equal(c.model.vocab.size, ACF_UNSET);
    assert_true(isnan(c.model.dropout));
    assert_int_equal(c.loss.type, ACF_LOSS_ACF);
    assert_true(c.loss.ce == 1.0 && c.loss.lambda == 0.5 && c.loss.tau == 0.1);
    assert_int_equal(c.loss.cor.type, ACF_COR_FEATURE);
    assert_true(c.loss.cor.weight == 0.0);
    assert_true(c.train.epochs == 3.0 && c.train.batch_size == 32 && c.train.seed == 42);
    assert_int_equal(c.train.steps, ACF_UNSET);
    assert_int_equal(c.train.micro_batch, ACF_UNSET);
    assert_int_equal(c.train.threads, ACF_UNSET);
    assert_int_equal(c.data.seed, ACF_UNSET);
    assert_true(c.train.optimizer.head_lr == 1e-3);
    assert_int_equal(c.train.schedule.warmup.unit, ACF_UNIT_FRACTION);
    assert_string_equal(c.eval.metric, "accuracy");
    assert_int_equal(c.eval.head, ACF_HEAD_LINEAR);
    assert_int_equal(c.eval.early_stop.patience, ACF_UNSET);
    assert_string_equal(c.save.dir, in_dir(*state, "runs/sst2-acf"));
    acf_config_free(&c);
}

static void fills_in_presets(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        double ce, lambda, label_reg;
        acf_head head;
    } want[] = {
        {"ce", 1, 0, 0, ACF_HEAD_LINEAR},    {"cosine_ce", 0, 1, 0, ACF_HEAD_LABEL},
        {"icl", 1, 0.5, 0, ACF_HEAD_LINEAR}, {"lcl", 1, 0.5, 0, ACF_HEAD_LINEAR},
        {"scl", 1, 0.5, 0, ACF_HEAD_LINEAR}, {"paco", 1, 0.5, 0, ACF_HEAD_LINEAR},
        {"acf", 1, 0.5, 0, ACF_HEAD_LINEAR}, {"lacon", 0, 1, 0.1, ACF_HEAD_LABEL},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        acf_config c;
        char set[64];
        (void)snprintf(set, sizeof set, "loss.type=%s", want[i].type);
        load(&c, ROOT, set, NULL);
        assert_true(c.loss.ce == want[i].ce && c.loss.lambda == want[i].lambda);
        assert_true(c.loss.label_reg == want[i].label_reg);
        assert_int_equal(c.eval.head, want[i].head);
        acf_config_free(&c);
    }
}

/* What the file gives stays, except that ce is a baseline whatever the other keys say. */
static void preset_yields_to_the_file(void **state)
{
    acf_config c;
    static const char yaml[] = ROOT "loss: {type: lacon, ce: 0.25, lambda: 3}\n";
    load(&c, yaml, NULL, NULL);
    assert_true(c.loss.ce == 0.25 && c.loss.lambda == 3.0 && c.loss.label_reg == 0.1);
    assert_line(&c, "ce: 0.25 # c.yaml:5");
    assert_line(&c, "label_reg: 0.1 # preset lacon");
    assert_line(&c, "head: label # preset lacon");
    acf_config_free(&c);

    load(&c, yaml, "loss.type=ce", "loss.cor.weight=0.5");
    assert_true(c.loss.ce == 0.25 && c.loss.lambda == 0.0 && c.loss.cor.weight == 0.0);
    assert_line(&c, "lambda: 0 # preset ce");
    assert_string_equal(c.save.dir, in_dir(*state, "runs/sst2-ce"));
    acf_config_free(&c);
}

static void fills_in_by_task_and_encoder(void **state)
{
    (void)state;
    acf_config c;
    load(&c, ROOT, "task=cola", "model.encoder=bert-mini");
    assert_string_equal(c.eval.metric, "mcc");
    assert_int_equal(c.model.vocab.size, 8000);
    assert_int_equal(c.model.pooling, ACF_POOL_POOLER);
    assert_line(&c, "metric: mcc # task cola");
    assert_line(&c, "size: 8000 # encoder bert-mini");
    assert_line(&c, "label_init: normal # encoder of random weights");
    acf_config_free(&c);

    load(&c, ROOT, "task=cifar10", "model.encoder=resnet20");
    assert_true(c.train.optimizer.head_lr == c.train.optimizer.lr);
    assert_int_equal(c.model.pooling, ACF_POOL_GAP);
    assert_int_equal(c.model.vocab.size, ACF_UNSET);
    assert_true(acf_config_is_image(&c));
    acf_config_free(&c);

    load(&c, ROOT, "task=stsb", NULL);
    assert_int_equal(c.loss.type, ACF_LOSS_MSE);
    assert_true(acf_config_is_regression(&c));
    assert_line(&c, "type: mse # task stsb");
    assert_line(&c, "label_init: null # default");
    acf_config_free(&c);

    load(&c, ROOT, "task=cola", "model.encoder=some/dir");
    assert_line(&c, "label_init: means # encoder pre-trained");
    acf_config_free(&c);
    load(&c, ROOT, "model.vocab.size=5000", NULL); /* has no effect there */
    assert_int_equal(c.model.vocab.size, ACF_UNSET);
    assert_true(acf_config_drops_vocab(&c));
    assert_line(&c, "size: null # encoder brings its own");
    acf_config_free(&c);
    load(&c, ROOT, "model.vocab.size=5000", "model.encoder=bert-tiny");
    assert_false(acf_config_drops_vocab(&c));
    assert_line(&c, "size: 5000 # --set");
    acf_config_free(&c);
    load(&c, ROOT, "model.label_init=normal", "model.encoder=some/dir");
    assert_line(&c, "label_init: normal # --set");
    acf_config_free(&c);
}

static void remembers_origins(void **state)
{
    (void)state;
    acf_config c;
    load(&c, ROOT "train: {epochs: 2}\n", "train.epochs=4", "eval.early_stop={patience: 3}");
    assert_line(&c, "task: sst2 # c.yaml:2");
    assert_line(&c, "epochs: 4 # --set");
    assert_line(&c, "patience: 3 # --set");
    assert_line(&c, "batch_size: 32 # default");
    acf_config_free(&c);
}

static void overrides_are_relative_to_here(void **state)
{
    acf_config c;
    acf_error e = {0};
    acf_str problems = {0};
    const char *sets[] = {"data.test=x/t.tsv", "save.dir=r"};
    assert_ok(acf_make_dirs("sub/dir/m", &e), &e);
    tmpdir_write_text("sub/dir/c.yaml", ROOT);
    assert_ok(acf_config_load(&c, &problems, "sub/dir/c.yaml", sets, 2, &e), &e);
    assert_string_equal(c.data.dir, in_dir(*state, "sub/dir/d"));
    assert_string_equal(c.data.test, in_dir(*state, "x/t.tsv"));
    assert_string_equal(c.save.dir, in_dir(*state, "r"));
    assert_string_equal(c.path, in_dir(*state, "sub/dir/c.yaml"));
    acf_config_free(&c);
}

static void works_without_a_file(void **state)
{
    acf_config c;
    acf_error e = {0};
    acf_str problems = {0};
    const char *sets[] = {"task=text", "data.train=@a b.tsv", "model.encoder=bert-tiny",
                          "data.labels=[no, \"yes\"]"};
    assert_ok(acf_config_load(&c, &problems, NULL, sets, 4, &e), &e);
    assert_string_equal(c.data.train, in_dir(*state, "@a b.tsv"));
    assert_string_equal(c.data.labels.item[0], "no");
    assert_string_equal(c.data.labels.item[1], "yes");
    acf_config_free(&c);
}

/* print, read, print: the same text, and no difference. */
static void assert_round_trip(const acf_config *c)
{
    acf_config again;
    acf_error e = {0};
    acf_str first = {0}, second = {0}, problems = {0};
    acf_difference *list;
    size_t n;
    assert_ok(acf_config_print(&first, c, true, &e), &e);
    tmpdir_write_text("resolved.yaml", first.data);
    if (acf_config_load(&again, &problems, "resolved.yaml", NULL, 0, &e) != ACF_OK)
        fail_msg("%s", problems.data != NULL ? problems.data : e.text);
    assert_ok(acf_config_diff(&list, &n, c, &again, &e), &e);
    if (n > 0) fail_msg("%s was %s is %s", list[0].key, list[0].was, list[0].is);
    assert_null(list);
    acf_str_clear(&first);
    assert_ok(acf_config_print(&first, c, false, &e), &e);
    assert_ok(acf_config_print(&second, &again, false, &e), &e);
    assert_string_equal(first.data, second.data);
    acf_config_free(&again);
    acf_str_free(&first);
    acf_str_free(&second);
}

static void printing_and_reading_agree(void **state)
{
    (void)state;
    static const char *const sets[][2] = {
        {NULL, NULL},
        {"loss.type=lacon", "train.schedule.warmup=10 epochs"},
        {"loss.type=ce", "loss.cor.weight=0.3"},
        {"task=stsb", "train.clip=0"},
        {"task=cifar100", "model.encoder=resnet18"},
        {"model.encoder=bert-small", "train.steps=0"},
        {"data.labels=[\"a b\", \"~\", \"null\", \"1e3\", \"x: y # z\", \"\\u00e9\\U0001F600\", "
         "\"back\\\\slash \\\"q\\\"\", \"\\u2028\"]",
         "train.seeds=[9007199254740991, 0]"},
        {"data.dir=/odd 'name' \"q\" \\ # : \xc3\xa9 \xc2\x85 \xf0\x9f\x98\x80 - ",
         "data.columns.text=\"3\""},
        {"train.optimizer.lr=1.2345678901234567e-7", "train.optimizer.eps=0.1"},
        {"data.columns={text: a, text2: 1, label: null}", "data.image={mean: null}"},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        acf_config c;
        load(&c, ROOT, sets[i][0], sets[i][1]);
        assert_round_trip(&c);
        acf_config_free(&c);
    }
}

static void compares_for_resume(void **state)
{
    (void)state;
    static const struct {
        const char *was, *is, *key;
        bool may_differ;
    } cases[] = {
        {"save.keep_last=2", "save.keep_last=5", "save.keep_last", true},
        {"save.dir=a", "save.dir=b", "save.dir", true},
        {"log.every=1", "log.every=2", "log.every", true},
        {"train.threads=1", "train.threads=auto", "train.threads", true},
        {"eval.every=10", "eval.every=20", "eval.every", true},
        {"train.epochs=2", "train.epochs=3", "train.epochs", true},
        {"train.epochs=3", "train.epochs=2", "train.epochs", false},
        {"train.steps=10", "train.steps=11", "train.steps", true},
        {"train.steps=10", "train.steps=9", "train.steps", false},
        {"train.steps=10", "train.steps=null", "train.steps", false},
        {"train.steps=null", "train.steps=1000000", "train.steps", false},
        {"train.seed=1", "train.seed=2", "train.seed", false},
        {"data.dir=a", "data.dir=b", "data.dir", false},
        {"data.test=a", "data.test=null", "data.test", false},
        {"data.test=a", "data.test=b", "data.test", false},
        {"model.encoder=a/MiniLM", "model.encoder=b/c/MiniLM", "model.encoder", true},
        {"model.encoder=a/MiniLM", "model.encoder=a/other", "model.encoder", false},
        {"model.encoder=x/run/best", "model.encoder=y/run/best", "model.encoder", true},
        {"model.encoder=x/run/best", "model.encoder=x/another/best", "model.encoder", false},
        {"train.optimizer.lr=1e-5", "train.optimizer.lr=1.00000000000001e-5", "train.optimizer.lr",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acf_config a, b;
        acf_error e = {0};
        acf_difference *list;
        size_t n;
        load(&a, ROOT, cases[i].was, NULL);
        load(&b, ROOT, cases[i].is, NULL);
        assert_ok(acf_config_diff(&list, &n, &a, &b, &e), &e);
        assert_int_equal(n, 1);
        assert_string_equal(list[0].key, cases[i].key);
        if (list[0].may_differ != cases[i].may_differ) fail_msg("case %zu", i);
        bool is_place =
            strncmp(cases[i].key, "data.", 5) == 0 && strstr(cases[i].is, "=null") == NULL;
        if (list[0].is_place != is_place) fail_msg("case %zu: a place?", i);
        acf_free(list);
        acf_config_free(&a);
        acf_config_free(&b);
    }
}

/* The table itself: no holes, all in sections that exist, all explained, in the help. */
static void schema_is_complete(void **state)
{
    (void)state;
    acf_error e = {0};
    acf_str help = {0};
    assert_ok(acf_config_help(&help, &e), &e);
    for (int i = 0; i < ACF_N_KEYS; i++) {
        const acf_key *k = &acf_keys[i];
        assert_non_null(k->path);
        assert_int_equal(acf_key_find(k->path), i);
        assert_non_null(strstr(help.data, k->path));
        assert_non_null(strstr(help.data, k->meaning));
        int sections = 0;
        for (int s = 0; s < ACF_N_SECTIONS; s++)
            sections += acf_key_is_in(k->path, acf_sections[s].path);
        assert_int_equal(sections, 1);
        for (int j = 0; j < i; j++)
            assert_false(acf_keys[j].at == k->at);
    }
    for (const char *c = help.data, *line = c; *c != '\0'; c++) {
        if (*c != '\n') continue;
        if (c - line > 110) fail_msg("a line of %d: %.*s", (int)(c - line), 60, line);
        if (c > line && c[-1] == ' ') fail_msg("trailing blank: %.*s", 60, line);
        line = c + 1;
    }
    acf_str_free(&help);
    const acf_choice *task = acf_keys[acf_key_find("task")].choices;
    for (int i = 0; acf_task_at(i) != NULL; i++, task++) { /* those of data/tasks, in its order */
        assert_non_null(task->name);
        assert_string_equal(task->name, acf_task_at(i)->name);
    }
    assert_null(task->name);
    assert_true(acf_in_range("[0, 1)", 0.0) && !acf_in_range("[0, 1)", 1.0));
    assert_true(acf_in_range("(0, 10]", 10.0) && !acf_in_range("(0, 10]", 0.0));
    assert_false(acf_in_range("[0, 1)", (double)NAN));
}

/* Every file in configs/ is a right configuration, and so is its resolved form. */
static void reads_the_configs_that_come_along(void **state)
{
    (void)state;
    acf_error e = {0};
    acf_str problems = {0};
    char **names;
    size_t n, n_yaml = 0;
    const char *root = getenv("SRC");
    char dir[4200]; /* tmpdir_path's own buffers are used again */
    (void)snprintf(dir, sizeof dir, "%s/configs", root != NULL ? root : start_dir);
    assert_ok(acf_list_dir(&names, &n, dir, &e), &e);
    for (size_t i = 0; i < n; i++) {
        acf_config c;
        if (strstr(names[i], ".yaml") == NULL) continue;
        n_yaml++;
        if (acf_config_load(&c, &problems, tmpdir_path(dir, "%s", names[i]), NULL, 0, &e) != ACF_OK)
            fail_msg("%s\n%s", e.text, problems.data != NULL ? problems.data : "");
        assert_round_trip(&c);
        acf_config_free(&c);
    }
    acf_free_names(names, n);
    assert_true(n_yaml >= 9);
}

/* Out of memory at every allocation in turn: a clean error, nothing lost, nothing freed twice. */
static void survives_lack_of_memory(void **state)
{
    (void)state;
    static const char yaml[] = ROOT "train: {seeds: [1, 2], schedule: {name: step, "
                                    "milestones: [1 epochs, 2 epochs]}}\n"
                                    "eval: {early_stop: null, evry: 1}\n";
    static const char *const sets[] = {"data.labels=[a, b]", "data.columns.text=x"};
    size_t held = acf_mem_held();
    tmpdir_write_text("c.yaml", yaml);
    for (size_t n = 1;; n++) {
        acf_config c;
        acf_str problems = {0};
        acf_error e = {0};
        acf_mem_fail_at(n);
        acf_status st = acf_config_load(&c, &problems, "c.yaml", sets, 2, &e);
        acf_mem_fail_at(0);
        acf_str_free(&problems);
        assert_int_equal(acf_mem_held(), held);
        if (st == ACF_ERR_USAGE) break; /* no allocation was left to fail: the typing error */
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_true(n < 2000);
    }
}

int main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)
    const struct CMUnitTest tests[] = {
        T(reads_what_behaviour_shows),
        T(fills_in_defaults),
        T(fills_in_presets),
        T(preset_yields_to_the_file),
        T(fills_in_by_task_and_encoder),
        T(remembers_origins),
        T(overrides_are_relative_to_here),
        T(works_without_a_file),
        T(printing_and_reading_agree),
        T(compares_for_resume),
        T(schema_is_complete),
        T(reads_the_configs_that_come_along),
        T(survives_lack_of_memory),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
