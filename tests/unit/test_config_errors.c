/* Wrong configurations: what exactly is said, where, and that all of it is said at once. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "config/config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "schema: 1\ntask: sst2\ndata: {dir: d}\nmodel: {encoder: m}\n" /* 4 lines */

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

/* The configuration must be refused with exactly these lines. */
static void assert_refused_bytes(const char *yaml, size_t len, const char *const *sets,
                                 size_t n_sets, const char *want)
{
    acf_config c;
    acf_str problems = {0};
    acf_error e = {0};
    tmpdir_write("c.yaml", yaml, len);
    assert_int_equal(acf_config_load(&c, &problems, "c.yaml", sets, n_sets, &e), ACF_ERR_USAGE);
    const char *got = problems.data != NULL ? problems.data : "";
    if (strcmp(got, want) != 0) fail_msg("got\n%s\nexpected\n%s", got, want);
    assert_null(c.origins);
    assert_non_null(strstr(e.text, "in the configuration"));
    acf_str_free(&problems);
}

static void assert_refused(const char *yaml, const char *want)
{
    assert_refused_bytes(yaml, strlen(yaml), NULL, 0, want);
}

typedef struct broken {
    const char *yaml, *message;
} broken;

static void assert_all_refused(const broken *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_refused(b[i].yaml, b[i].message);
}
#define ALL_REFUSED(b) assert_all_refused((b), sizeof(b) / sizeof *(b))

static void rejects_unknown_keys(void **state)
{
    (void)state;
    static const broken cases[] = {
        {ROOT "train:\n  learning_rate: 2e-5\n",
         "c.yaml:6:3: error: unknown key 'learning_rate' under 'train'\n"
         "    6 |   learning_rate: 2e-5\n"
         "      |   ^~~~~~~~~~~~~\n"
         "      hint: it belongs under train.optimizer as 'lr'\n"},
        {ROOT "eval:\n  early_stoping: {patience: 2}\n",
         "c.yaml:6:3: error: unknown key 'early_stoping': did you mean 'early_stop'?\n"
         "    6 |   early_stoping: {patience: 2}\n"
         "      |   ^~~~~~~~~~~~~\n"},
        {ROOT "train: {weight_decay: 0.1}\n",
         "c.yaml:5:9: error: unknown key 'weight_decay' under 'train'\n"
         "    5 | train: {weight_decay: 0.1}\n"
         "      |         ^~~~~~~~~~~~\n"
         "      hint: it belongs under train.optimizer\n"},
        {ROOT "seed: 1\n", "c.yaml:5:1: error: unknown key 'seed'\n"
                           "    5 | seed: 1\n"
                           "      | ^~~~\n"
                           "      hint: it belongs under data or train\n"},
        {ROOT "train: {task: sst2}\n", "c.yaml:5:9: error: unknown key 'task' under 'train'\n"
                                       "    5 | train: {task: sst2}\n"
                                       "      |         ^~~~\n"
                                       "      hint: it belongs at the top level\n"},
        {ROOT "num_train_epochs: 3\n", "c.yaml:5:1: error: unknown key 'num_train_epochs'\n"
                                       "    5 | num_train_epochs: 3\n"
                                       "      | ^~~~~~~~~~~~~~~~\n"
                                       "      hint: it belongs under train as 'epochs'\n"},
        {ROOT "train: {epoch: 3}\n",
         "c.yaml:5:9: error: unknown key 'epoch': did you mean 'epochs'?\n"
         "    5 | train: {epoch: 3}\n"
         "      |         ^~~~~\n"},
        {ROOT "train: {Batch-Size: 3}\n",
         "c.yaml:5:9: error: unknown key 'Batch-Size': did you mean 'batch_size'?\n"
         "    5 | train: {Batch-Size: 3}\n"
         "      |         ^~~~~~~~~~\n"},
        {ROOT "fp16: yes\n", "c.yaml:5:1: error: unknown key 'fp16'\n"
                             "    5 | fp16: yes\n"
                             "      | ^~~~\n"
                             "      hint: numbers are 32-bit floats\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: d}\nmodel: {encoder: m, name: x}\n",
         "c.yaml:4:21: error: unknown key 'name': did you mean 'encoder'?\n"
         "    4 | model: {encoder: m, name: x}\n"
         "      |                     ^~~~\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: d, text_column: a, label_column: b}\n"
         "model: {encoder: m}\n",
         "c.yaml:3:16: error: unknown key 'text_column' under 'data'\n"
         "    3 | data: {dir: d, text_column: a, label_column: b}\n"
         "      |                ^~~~~~~~~~~\n"
         "      hint: it belongs under data.columns as 'text'\n"
         "c.yaml:3:32: error: unknown key 'label_column' under 'data'\n"
         "    3 | data: {dir: d, text_column: a, label_column: b}\n"
         "      |                                ^~~~~~~~~~~~\n"
         "      hint: it belongs under data.columns as 'label'\n"},
        {ROOT "save: {frobnicate: 1}\n",
         "c.yaml:5:8: error: unknown key 'frobnicate' under 'save'\n"
         "    5 | save: {frobnicate: 1}\n"
         "      |        ^~~~~~~~~~\n"
         "      hint: keys here: dir, every, keep_last, results_only\n"},
        {ROOT "train.epochs: 3\n",
         "c.yaml:5:1: error: unknown key 'train.epochs'\n"
         "    5 | train.epochs: 3\n"
         "      | ^~~~~~~~~~~~\n"
         "      hint: in the file the levels of 'train.epochs' stand one below the other\n"},
        {ROOT "optimizer: {lr: 1}\n", "c.yaml:5:1: error: unknown key 'optimizer'\n"
                                      "    5 | optimizer: {lr: 1}\n"
                                      "      | ^~~~~~~~~\n"
                                      "      hint: it belongs under train\n"},
    };
    ALL_REFUSED(cases);
}

static void rejects_wrong_values(void **state)
{
    (void)state;
    static const broken cases[] = {
        {ROOT "loss: {tau: 0}\n", "c.yaml:5:13: error: loss.tau = 0 is out of range [0.001, 10]\n"
                                  "    5 | loss: {tau: 0}\n"
                                  "      |             ^\n"},
        {ROOT "loss: {tau: 1e999}\n",
         "c.yaml:5:13: error: loss.tau = 1e999 is out of range [0.001, 10]\n"
         "    5 | loss: {tau: 1e999}\n"
         "      |             ^~~~~\n"},
        {ROOT "loss: {tau: .inf}\n", "c.yaml:5:13: error: loss.tau = .inf is not a number\n"
                                     "    5 | loss: {tau: .inf}\n"
                                     "      |             ^~~~\n"},
        {ROOT "loss: {tau: 0x1p-3}\n", "c.yaml:5:13: error: loss.tau = 0x1p-3 is not a number\n"
                                       "    5 | loss: {tau: 0x1p-3}\n"
                                       "      |             ^~~~~~\n"},
        {ROOT "train: {batch_size: 2.5}\n",
         "c.yaml:5:21: error: train.batch_size = 2.5 is not a whole number\n"
         "    5 | train: {batch_size: 2.5}\n"
         "      |                     ^~~\n"},
        {ROOT "train: {batch_size: 0}\n",
         "c.yaml:5:21: error: train.batch_size = 0 is out of range [1, 65536]\n"
         "    5 | train: {batch_size: 0}\n"
         "      |                     ^\n"},
        {ROOT "train: {batch_size: 99999999999999999999}\n",
         "c.yaml:5:21: error: train.batch_size = 99999999999999999999 is out of range [1, 65536]\n"
         "    5 | train: {batch_size: 99999999999999999999}\n"
         "      |                     ^~~~~~~~~~~~~~~~~~~~\n"},
        {ROOT "train: {epochs: \"3\"}\n",
         "c.yaml:5:17: error: train.epochs = \"3\" is a text, not a number\n"
         "    5 | train: {epochs: \"3\"}\n"
         "      |                 ^~~\n"
         "      hint: drop the quotes\n"},
        {ROOT "train: {epochs: }\n", "c.yaml:5:17: error: train.epochs: needs a value\n"
                                     "    5 | train: {epochs: }\n"
                                     "      |                 ^\n"},
        {ROOT "train: {epochs: null}\n",
         "c.yaml:5:17: error: train.epochs: needs a value, not null\n"
         "    5 | train: {epochs: null}\n"
         "      |                 ^~~~\n"},
        {ROOT "train: {epochs: [3]}\n",
         "c.yaml:5:17: error: train.epochs: expected a number, got a list\n"
         "    5 | train: {epochs: [3]}\n"
         "      |                 ^\n"},
        {ROOT "train: {optimizer: adamw}\n",
         "c.yaml:5:20: error: train.optimizer: expected a section with keys below it, got adamw\n"
         "    5 | train: {optimizer: adamw}\n"
         "      |                    ^~~~~\n"
         "      hint: write optimizer: {name: adamw}\n"},
        {ROOT "train: {optimizer: {betas: [0.9]}}\n",
         "c.yaml:5:28: error: train.optimizer.betas: 1 numbers, expected 2\n"
         "    5 | train: {optimizer: {betas: [0.9]}}\n"
         "      |                            ^\n"},
        {ROOT "train: {optimizer: {betas: [0.9, 1]}}\n",
         "c.yaml:5:34: error: train.optimizer.betas = 1 is out of range [0, 1)\n"
         "    5 | train: {optimizer: {betas: [0.9, 1]}}\n"
         "      |                                  ^\n"},
        {ROOT "train: {optimizer: {name: adam}}\n",
         "c.yaml:5:27: error: train.optimizer.name = adam is none of adamw, sgd\n"
         "    5 | train: {optimizer: {name: adam}}\n"
         "      |                           ^~~~\n"
         "      hint: did you mean 'adamw'?\n"},
        {ROOT "train: {seeds: 1}\n",
         "c.yaml:5:16: error: train.seeds: expected a list of whole numbers, got one value\n"
         "    5 | train: {seeds: 1}\n"
         "      |                ^\n"
         "      hint: write [1]\n"},
        {ROOT "train: {seeds: [1, 1]}\n",
         "c.yaml:5:20: error: train.seeds: 1 stands twice in the list\n"
         "    5 | train: {seeds: [1, 1]}\n"
         "      |                    ^\n"},
        {ROOT "eval: {every: 0.5}\n",
         "c.yaml:5:15: error: eval.every = 0.5: steps are whole; fractions go with 'epochs'\n"
         "    5 | eval: {every: 0.5}\n"
         "      |               ^~~\n"},
        {ROOT "eval: {every: 2 minutes}\n",
         "c.yaml:5:15: error: eval.every = 2 minutes is not N steps or N epochs\n"
         "    5 | eval: {every: 2 minutes}\n"
         "      |               ^~~~~~~~~\n"},
        {ROOT "eval: {every: 0}\n", "c.yaml:5:15: error: eval.every = 0 is out of range [1, 1e9]\n"
                                    "    5 | eval: {every: 0}\n"
                                    "      |               ^\n"},
        {ROOT "eval: {metric: acc}\n",
         "c.yaml:5:16: error: eval.metric = acc is none of accuracy, balanced_accuracy, f1, "
         "macro_f1, mcc, loss, pearson, spearman\n"
         "    5 | eval: {metric: acc}\n"
         "      |                ^~~\n"
         "      hint: did you mean 'accuracy'?\n"},
        {ROOT "train: {schedule: {warmup: 1.5}}\n",
         "c.yaml:5:28: error: train.schedule.warmup = 1.5: steps are whole; fractions go with "
         "'epochs'\n"
         "    5 | train: {schedule: {warmup: 1.5}}\n"
         "      |                            ^~~\n"},
        {"schema: 1\ntask: text\ndata: {train: a.tsv, labels: [a]}\nmodel: {encoder: bert-tiny}\n",
         "c.yaml:3:30: error: data.labels: 1 names, expected 2 to 100000\n"
         "    3 | data: {train: a.tsv, labels: [a]}\n"
         "      |                              ^\n"},
        {"schema: 1\ntask: text\ndata: {train: a.tsv, labels: [a, b, a]}\nmodel: {encoder: "
         "bert-tiny}\n",
         "c.yaml:3:37: error: data.labels: 'a' stands twice in the list\n"
         "    3 | data: {train: a.tsv, labels: [a, b, a]}\n"
         "      |                                     ^\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: \"\"}\nmodel: {encoder: bert-tny}\n",
         "c.yaml:3:13: error: data.dir: an empty path\n"
         "    3 | data: {dir: \"\"}\n"
         "      |             ^~\n"
         "c.yaml:4:18: error: model.encoder = bert-tny is neither a preset nor a directory\n"
         "    4 | model: {encoder: bert-tny}\n"
         "      |                  ^~~~~~~~\n"
         "      hint: did you mean 'bert-tiny'?\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: d}\nmodel: {encoder: bert-base-uncased}\n",
         "c.yaml:4:18: error: model.encoder = bert-base-uncased is neither a preset nor a "
         "directory\n"
         "    4 | model: {encoder: bert-base-uncased}\n"
         "      |                  ^~~~~~~~~~~~~~~~~\n"
         "      hint: presets: bert-tiny, bert-mini, bert-small, resnet20, resnet32, resnet44, "
         "resnet56, resnet110, resnet18, resnet34, resnet50\n"
         "      hint: a model of Hugging Face is fetched first: scripts/get-model.sh --list\n"},
        {ROOT "data: {columns: {text: -1}}\n", "c.yaml:5:1: error: duplicate key 'data'\n"
                                               "    5 | data: {columns: {text: -1}}\n"
                                               "      | ^~~~\n"
                                               "      hint: it stands first in line 3\n"},
    };
    ALL_REFUSED(cases);
}

static void rejects_bad_yaml(void **state)
{
    (void)state;
    static const broken cases[] = {
        {"", "c.yaml: error: the file is empty\n"},
        {"# nothing\n", "c.yaml: error: the file is empty\n"},
        {"- a\n", "c.yaml:1:1: error: expected a section with keys below it, got a list\n"
                  "    1 | - a\n"
                  "      | ^\n"},
        {"hello\n", "c.yaml:1:1: error: expected a section with keys below it, got hello\n"
                    "    1 | hello\n"
                    "      | ^~~~~\n"},
        {ROOT "loss: {tau: 0.1\n",
         "c.yaml:6:1: error: not valid YAML: did not find expected ',' or '}' while parsing a flow "
         "mapping that starts in line 5\n"},
        {ROOT "loss:\n\ttau: 0.1\n",
         "c.yaml:6:1: error: not valid YAML: found character that cannot start any token while "
         "scanning for the next token\n"
         "    6 | \ttau: 0.1\n"
         "      | ^\n"
         "      hint: indent with spaces, not tabs, and put quotes around a text that starts with "
         "@, ` or %\n"},
        {ROOT "save: {dir: *x}\n", "c.yaml:5:13: error: aliases are not supported: '*x'\n"
                                   "    5 | save: {dir: *x}\n"
                                   "      |             ^~\n"},
        {ROOT "save: &x {dir: a}\n", "c.yaml:5:7: error: anchors are not supported: '&x'\n"
                                     "    5 | save: &x {dir: a}\n"
                                     "      |       ^~~~\n"},
        {ROOT "save: {keep_last: !!int \"3\"}\n",
         "c.yaml:5:19: error: tags are not supported: 'tag:yaml.org,2002:int'\n"
         "    5 | save: {keep_last: !!int \"3\"}\n"
         "      |                   ^~~~~~~~~\n"
         "c.yaml:5:19: error: save.keep_last = \"3\" is a text, not a whole number\n"
         "    5 | save: {keep_last: !!int \"3\"}\n"
         "      |                   ^~~~~~~~~\n"
         "      hint: drop the quotes\n"},
        {ROOT "---\nschema: 1\n",
         "c.yaml:5:1: error: a second document: one file holds one configuration\n"
         "    5 | ---\n"
         "      | ^~~\n"},
        {ROOT "? [a]\n: b\n", "c.yaml:5:3: error: a key must be a plain word, not a list\n"
                              "    5 | ? [a]\n"
                              "      |   ^\n"},
        {ROOT "a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n",
         "c.yaml:5:19: error: nested deeper than 16 levels\n"
         "    5 | a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n"
         "      |                   ^\n"},
        {ROOT "save: {dir: \"a\\0b\"}\n", "c.yaml:5:13: error: the text contains a NUL character\n"
                                          "    5 | save: {dir: \"a\\0b\"}\n"
                                          "      |             ^~~~~~\n"},
        {ROOT "save: {dir: a\xff}\n", "c.yaml:5:14: error: byte 0xff is not valid UTF-8\n"
                                      "    5 | save: {dir: a\xff}\n"
                                      "      |              ^\n"},
    };
    ALL_REFUSED(cases);
    static const char nul[] = "schema: 1\ntask: s\0st2\n";
    assert_refused_bytes(nul, sizeof nul - 1, NULL, 0,
                         "c.yaml:2:8: error: a NUL byte: this is not a text file\n"
                         "    2 | task: s?st2\n"
                         "      |        ^\n");
}

static void rejects_what_does_not_go_together(void **state)
{
    (void)state;
#define MODEL "model: {encoder: m}\n"
    static const broken cases[] = {
        {"task: sst2\ndata: {dir: d}\n" MODEL, "c.yaml: error: key 'schema' is missing\n"
                                               "      hint: the first line is 'schema: 1'\n"},
        {"schema: 2\ntask: sst2\ndata: {dir: d}\n" MODEL,
         "c.yaml:1:9: error: schema = 2: this program reads schema 1\n"
         "    1 | schema: 2\n"
         "      |         ^\n"},
        {"schema: 1\ntask: sst2\n",
         "c.yaml: error: key 'model.encoder' is missing\n"
         "      hint: model directory or checkpoint, or a preset with random weights\n"
         "c.yaml: error: key 'data.dir' or 'data.train' is missing\n"
         "      hint: where are the files of task 'sst2'?\n"},
        {"schema: 1\ntask: sst2\ndata:\n  dir: d\n  train: t.tsv\n" MODEL,
         "c.yaml:5:10: error: data.train and data.dir exclude each other\n"
         "    5 |   train: t.tsv\n"
         "      |          ^~~~~\n"
         "      hint: what is not meant is cleared with --set data.dir=null\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: d, shots: 4, max_train_samples: 9}\n" MODEL,
         "c.yaml:3:23: error: data.shots and data.max_train_samples exclude each other\n"
         "    3 | data: {dir: d, shots: 4, max_train_samples: 9}\n"
         "      |                       ^\n"},
        {"schema: 1\ntask: text\ndata: {train: t, dev: d, dev_fraction: 0.1}\n" MODEL,
         "c.yaml:3:40: error: data.dev_fraction and data.dev exclude each other\n"
         "    3 | data: {train: t, dev: d, dev_fraction: 0.1}\n"
         "      |                                        ^~~\n"},
        {"schema: 1\ntask: text\ndata: {train: t, header: no, columns: {text: a, label: 0, text2: "
         "0}}\n" MODEL,
         "c.yaml:3:46: error: data.columns.text is a name, but data.header = no: there are no "
         "names\n"
         "    3 | data: {train: t, header: no, columns: {text: a, label: 0, text2: 0}}\n"
         "      |                                              ^\n"
         "      hint: give the column's number, from 0\n"
         "c.yaml:3:56: error: data.columns.text2 and data.columns.label are the same column\n"
         "    3 | data: {train: t, header: no, columns: {text: a, label: 0, text2: 0}}\n"
         "      |                                                        ^\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: d, augment: {hflip: yes}}\n" MODEL,
         "c.yaml:3:33: error: data.augment.hflip is for images; task 'sst2' has texts\n"
         "    3 | data: {dir: d, augment: {hflip: yes}}\n"
         "      |                                 ^~~\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: d}\nmodel: {encoder: resnet20}\n",
         "c.yaml:4:18: error: model.encoder = resnet20 encodes images; task 'sst2' has texts\n"
         "    4 | model: {encoder: resnet20}\n"
         "      |                  ^~~~~~~~\n"},
        {"schema: 1\ntask: sst2\ndata: {dir: d}\nmodel: {encoder: m, vocab: {size: 500}, pooling: "
         "gap}\n",
         "c.yaml:4:50: error: model.pooling: gap is for images\n"
         "    4 | model: {encoder: m, vocab: {size: 500}, pooling: gap}\n"
         "      |                                                  ^~~\n"
         "      hint: write pooler, cls or mean\n"},
        {"schema: 1\ntask: image\ndata: {train: d}\nmodel: {encoder: m, vocab: {size: 500}}\n",
         "c.yaml:4:35: error: model.vocab.size is for texts\n"
         "    4 | model: {encoder: m, vocab: {size: 500}}\n"
         "      |                                   ^~~\n"
         "      hint: write null\n"},
        {ROOT "loss: {form: ntxent, label_weight: 2}\n",
         "c.yaml:5:36: error: loss.form = ntxent needs loss.label_weight = 1\n"
         "    5 | loss: {form: ntxent, label_weight: 2}\n"
         "      |                                    ^\n"},
        {"schema: 1\ntask: stsb\ndata: {dir: d}\n" MODEL "loss: {type: acf}\n",
         "c.yaml:5:14: error: task 'stsb' is a regression: this loss needs classes\n"
         "    5 | loss: {type: acf}\n"
         "      |              ^~~\n"
         "      hint: write mse, or leave loss.type out\n"},
        {ROOT "loss: {type: mse}\n",
         "c.yaml:5:14: error: loss.type = mse is for regression; task 'sst2' has classes\n"
         "    5 | loss: {type: mse}\n"
         "      |              ^~~\n"},
        {ROOT "loss: {ce: 0, lambda: 0}\n",
         "c.yaml:5:12: error: loss.ce and the contrastive term weigh 0: nothing teaches the "
         "classes\n"
         "    5 | loss: {ce: 0, lambda: 0}\n"
         "      |            ^\n"
         "      hint: give loss.ce a weight above 0\n"},
        {ROOT "train: {batch_size: 8, micro_batch: 9}\n",
         "c.yaml:5:37: error: train.micro_batch = 9 is more than train.batch_size = 8\n"
         "    5 | train: {batch_size: 8, micro_batch: 9}\n"
         "      |                                     ^\n"},
        {ROOT "train: {schedule: {name: step}}\n",
         "c.yaml:5:26: error: train.schedule.name = step needs one of every and milestones\n"
         "    5 | train: {schedule: {name: step}}\n"
         "      |                          ^~~~\n"
         "      hint: such as every: 30 epochs\n"},
        {ROOT "train: {optimizer: {name: sgd, momentum: 0, nesterov: yes}}\n",
         "c.yaml:5:55: error: train.optimizer.nesterov needs train.optimizer.momentum above 0\n"
         "    5 | train: {optimizer: {name: sgd, momentum: 0, nesterov: yes}}\n"
         "      |                                                       ^~~\n"},
        {ROOT "eval: {metric: pearson}\n",
         "c.yaml:5:16: error: eval.metric = pearson is for regression (loss.type = mse)\n"
         "    5 | eval: {metric: pearson}\n"
         "      |                ^~~~~~~\n"},
        {"schema: 1\ntask: text\ndata: {train: t.tsv}\nmodel: {encoder: m}\nloss: {type: mse}\n"
         "eval: {metric: f1}\n",
         "c.yaml:6:16: error: eval.metric = f1 is for classes\n"
         "    6 | eval: {metric: f1}\n"
         "      |                ^~\n"
         "      hint: of numbers it is pearson, spearman or loss\n"},
        {ROOT "eval: {early_stop: {min_delta: 0.1}}\n",
         "c.yaml:5:32: error: eval.early_stop.min_delta needs eval.early_stop.patience\n"
         "    5 | eval: {early_stop: {min_delta: 0.1}}\n"
         "      |                                ^~~\n"},
        {"schema: 1\ntask: text\ndata: {train: t}\n" MODEL "eval: {early_stop: {patience: 2}}\n",
         "c.yaml:5:31: error: eval.early_stop needs data.dev, data.dev_fraction or data.folds\n"
         "    5 | eval: {early_stop: {patience: 2}}\n"
         "      |                               ^\n"
         "      hint: without dev rows it is cleared with --set eval.early_stop=null\n"},
        {"schema: 1\ntask: ax\ndata: {dir: d}\n" MODEL,
         "c.yaml:2:7: error: task 'ax' has no training data: train task 'mnli', then acf-eval\n"
         "    2 | task: ax\n"
         "      |       ^~\n"},
    };
    ALL_REFUSED(cases);
}

static void tells_all_problems_at_once(void **state)
{
    (void)state;
    assert_refused("schema: 1\n"
                   "task: sst3\n"
                   "data: {dri: d}\n"
                   "model: {encoder: m}\n"
                   "train:\n"
                   "  epochs: 4\n"
                   "  weight_decay: 0.1\n"
                   "  epochs: 5\n"
                   "log: {every: no}\n",
                   "c.yaml:2:7: error: task = sst3 is none of cola, sst2, mrpc, stsb, qqp, mnli, "
                   "qnli, rte, wnli, ax, cifar10, cifar100, fashion-mnist, text, image\n"
                   "    2 | task: sst3\n"
                   "      |       ^~~~\n"
                   "      hint: did you mean 'sst2'?\n"
                   "c.yaml:3:8: error: unknown key 'dri': did you mean 'dir'?\n"
                   "    3 | data: {dri: d}\n"
                   "      |        ^~~\n"
                   "c.yaml:7:3: error: unknown key 'weight_decay' under 'train'\n"
                   "    7 |   weight_decay: 0.1\n"
                   "      |   ^~~~~~~~~~~~\n"
                   "      hint: it belongs under train.optimizer\n"
                   "c.yaml:8:3: error: duplicate key 'epochs'\n"
                   "    8 |   epochs: 5\n"
                   "      |   ^~~~~~\n"
                   "      hint: it stands first in line 6\n"
                   "c.yaml:9:14: error: log.every = no is not N steps or N epochs\n"
                   "    9 | log: {every: no}\n"
                   "      |              ^~\n");
}

static void names_overrides(void **state)
{
    (void)state;
    static const char *const sets[] = {"train.lr=3e-5",
                                       "lr=1",
                                       "loss.tau=100",
                                       "train.epochs=",
                                       "epochs",
                                       "=3",
                                       "train.optimizer.betas=[0.9,",
                                       "train.seeds=1,2",
                                       "eval={evry: 3}",
                                       "model.encoder=x\xff",
                                       "loss.form=ntxent",
                                       "loss.label_weight=3"};
    assert_refused_bytes(
        ROOT, strlen(ROOT), sets, sizeof sets / sizeof *sets,
        "--set train.lr=3e-5: error: unknown key 'lr' under 'train'\n"
        "      hint: it belongs under train.optimizer\n"
        "--set lr=1: error: unknown key 'lr'\n"
        "      hint: it belongs under train.optimizer\n"
        "--set loss.tau=100: error: loss.tau = 100 is out of range [0.001, 10]\n"
        "--set train.epochs=: error: no value after '='\n"
        "      hint: for no value write train.epochs=null\n"
        "--set epochs: error: expected KEY=VALUE\n"
        "--set =3: error: expected KEY=VALUE\n"
        "--set train.optimizer.betas=[0.9,: error: not valid YAML: did not find expected node "
        "content while parsing a flow node\n"
        "--set train.seeds=1,2: error: train.seeds: expected a list of whole numbers, got one "
        "value\n"
        "      hint: write [1,2]\n"
        "--set eval={evry: 3}: error: unknown key 'evry': did you mean 'every'?\n"
        "--set model.encoder=x\xff: error: byte 0xff is not valid UTF-8\n"
        "--set loss.label_weight=3: error: loss.form = ntxent needs loss.label_weight = 1\n");
}

/* The last line names the file when something is wrong in it. */
static void names_the_file_only_for_its_own_problems(void **state)
{
    (void)state;
    static const char *const sets[] = {"train.epochs=x"};
    acf_config c;
    acf_str problems = {0};
    acf_error e = {0};
    tmpdir_write_text("c.yaml", ROOT);
    assert_int_equal(acf_config_load(&c, &problems, "c.yaml", sets, 1, &e), ACF_ERR_USAGE);
    assert_string_equal(e.text, "1 problem in the configuration");
    tmpdir_write_text("c.yaml", ROOT "save: {frobnicate: 1}\n");
    assert_int_equal(acf_config_load(&c, &problems, "c.yaml", sets, 1, &e), ACF_ERR_USAGE);
    assert_string_equal(e.text, "c.yaml: 2 problems in the configuration");
    acf_str_free(&problems);
}

static void says_how_to_clear_what_the_file_has(void **state)
{
    (void)state;
    static const char yaml[] = "schema: 1\ntask: text\ndata: {train: t.tsv, dev: d.tsv}\n"
                               "model: {encoder: m}\n";
    static const char *const sets[] = {"data.dir=d"};
    assert_refused_bytes(yaml, strlen(yaml), sets, 1,
                         "c.yaml:3:15: error: data.train and data.dir exclude each other\n"
                         "    3 | data: {train: t.tsv, dev: d.tsv}\n"
                         "      |               ^~~~~\n"
                         "      hint: what is not meant is cleared with --set data.train=null "
                         "--set data.dev=null\n");
}

/* What a message shows cannot move the cursor of the terminal. */
static void shows_no_control_characters(void **state)
{
    (void)state;
    assert_refused(ROOT "task\x1b[2J: 1\n",
                   "c.yaml:5:5: error: not valid YAML: control characters are not allowed "
                   "(U+001B)\n"
                   "    5 | task?[2J: 1\n"
                   "      |     ^\n");
    assert_refused(ROOT "\"a\\e[2J\\x85\": 1\n",
                   "c.yaml:5:1: error: unknown key 'a?[2J?\?'\n"
                   "    5 | \"a\\e[2J\\x85\": 1\n"
                   "      | ^~~~~~~~~~~~\n"
                   "      hint: keys here: schema, task, data, model, "
                   "loss, train, eval, save, log\n");
}

static void rejects_files_that_cannot_be_read(void **state)
{
    acf_config c;
    acf_str problems = {0};
    acf_error e = {0};
    assert_fails(acf_config_load(&c, &problems, "none.yaml", NULL, 0, &e), ACF_ERR_USAGE,
                 "none.yaml: cannot open: No such file or directory", &e);
    assert_fails(acf_config_load(&c, &problems, *state, NULL, 0, &e), ACF_ERR_USAGE,
                 "is a directory", &e);
    assert_null(problems.data);
    static char big[300000];
    memset(big, '#', sizeof big);
    tmpdir_write("big.yaml", big, sizeof big);
    assert_fails(acf_config_load(&c, &problems, "big.yaml", NULL, 0, &e), ACF_ERR_USAGE,
                 "holds 300000 bytes, more than the 262144 allowed", &e);
    if (geteuid() != 0) {
        tmpdir_write_text("secret.yaml", ROOT);
        assert_int_equal(chmod("secret.yaml", 0), 0);
        assert_fails(acf_config_load(&c, &problems, "secret.yaml", NULL, 0, &e), ACF_ERR_USAGE,
                     "secret.yaml: cannot open: Permission denied", &e);
    }
}

int main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, enter, leave)
    const struct CMUnitTest tests[] = {
        T(rejects_unknown_keys),
        T(rejects_wrong_values),
        T(rejects_bad_yaml),
        T(rejects_what_does_not_go_together),
        T(tells_all_problems_at_once),
        T(names_overrides),
        T(names_the_file_only_for_its_own_problems),
        T(says_how_to_clear_what_the_file_has),
        T(shows_no_control_characters),
        T(rejects_files_that_cannot_be_read),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
