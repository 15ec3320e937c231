/* acf-eval: figures of a stored model on held-out data. */
#include "base/mem.h"
#include "base/path.h"
#include "cli/about.h"
#include "cli/eval_work.h"
#include "cli/program.h"
#include "metrics/assertion.h"
#include "model/model_dir.h"
#include "num/gemm.h"
#include "num/threads.h"

#include <stddef.h>
#include <stdio.h>

static acf_status open_model(acf_model *m, const acf_eval_arguments *a, const acf_log *log,
                             acf_error *e)
{
    char *dir;
    const acf_model_load load = {.pooling = -1, .dropout = -1, .log = log};
    ACF_TRY(acf_gemm_start(e));
    ACF_TRY(acf_model_resolve(&dir, a->model, e));
    acf_status st = acf_eval_spare_model(a, dir, e);
    if (st == ACF_OK) st = acf_model_open(m, dir, &load, e);
    acf_free(dir);
    return st;
}

/* Several operands, but neither --compare nor --results: is the first a model at all? */
static acf_status refuse_more(const acf_eval_arguments *a, const char *given, acf_error *e)
{
    char *dir;
    if (acf_path_is_dir(a->model) && acf_path_is_dir(given))
        return acf_fail(e, ACF_ERR_USAGE, "'%s': one argument too many; did you mean --compare?",
                        given);
    ACF_TRY(acf_model_resolve(&dir, a->model, e));
    acf_free(dir);
    return acf_fail(e, ACF_ERR_USAGE, "'%s': one argument too many%s%s%s", given,
                    a->data == NULL ? "; did you mean --data " : "", a->data == NULL ? given : "",
                    a->data == NULL ? "?" : "");
}

/* Figures of a model, or a model with a class more, into out. */
static acf_status evaluate(acf_str *out, acf_eval_arguments *a, const acf_log *log, acf_error *e)
{
    acf_model m = {0};
    acf_held_out h = {0};
    acf_str problems = {0}; /* of the configuration, each on a line of its own */
    acf_assertion parsed;
    for (size_t i = 0; i < a->asserts.n; i++)
        ACF_TRY(acf_assertion_parse(&parsed, a->asserts.item[i], e));
    if (a->submission != NULL && a->split == 1)
        return acf_fail(e, ACF_ERR_USAGE, "--glue-submission is about test, --split says dev");
    if (a->submission != NULL && a->json)
        return acf_fail(e, ACF_ERR_USAGE, "--glue-submission and --json exclude each other");
    if (a->metric != NULL || a->head > 0 || a->draws > 0)
        return acf_fail(e, ACF_ERR_USAGE, "--%s is for --compare and --results",
                        a->metric != NULL ? "metric"
                        : a->head > 0     ? "head"
                                          : "draws");
    ACF_TRY(acf_eval_check_outputs(a, e));
    acf_threads_set(a->threads > 0 ? (int)a->threads : acf_threads_available());
    acf_status st = open_model(&m, a, log, e);
    if (st == ACF_OK && a->classes.n > 0) {
        st = acf_eval_add_classes(out, &problems, a, &m, log, e);
        if (st != ACF_OK) acf_str_clear(out); /* of classes that are in no model */
    } else if (st == ACF_OK) {
        bool is_test = a->split == 2 || a->submission != NULL;
        const acf_held_out_options opt = {.split = is_test ? ACF_TEST : ACF_DEV,
                                          .data = a->data,
                                          .task = a->task,
                                          .sets = a->sets.item,
                                          .n_sets = a->sets.n,
                                          .log = log};
        st = acf_held_out_open(&h, &problems, &m, &opt, e);
        if (st == ACF_OK) st = acf_eval_figures(out, a, &m, &h, e);
    }
    if (st != ACF_OK && problems.len > 0) (void)fputs(problems.data, stderr);
    acf_str_free(&problems);
    acf_held_out_close(&h);
    acf_model_free(&m);
    return st;
}

static acf_status run(acf_console *console, void *arguments, const acf_words *operands,
                      acf_error *e)
{
    acf_eval_arguments *a = arguments;
    acf_str out = {0};
    acf_log log = acf_console_log(console);
    acf_status st;
    a->model = operands->item[0];
    if (a->compare && a->results)
        st = acf_fail(e, ACF_ERR_USAGE, "--compare and --results exclude each other");
    else if ((a->baseline != NULL || a->sweep != NULL || a->tasks != NULL) && !a->results)
        st = acf_fail(e, ACF_ERR_USAGE, "--%s is for --results",
                      a->baseline != NULL ? "baseline"
                      : a->sweep != NULL  ? "sweep"
                                          : "tasks");
    else if (a->output != NULL && a->classes.n == 0)
        st = acf_fail(e, ACF_ERR_USAGE,
                      "--output is for --add-class; the report goes to standard output");
    else if (a->results)
        st = acf_eval_results(&out, a, operands, e);
    else if (a->compare)
        st = acf_eval_compare(&out, a, operands, &log, e);
    else if (operands->n > 1)
        st = refuse_more(a, operands->item[1], e);
    else
        st = evaluate(&out, a, &log, e);
    if (out.len > 0) (void)fwrite(out.data, 1, out.len, stdout);
    acf_str_free(&out);
    return st;
}

static const char *const splits[] = {"", "dev", "test", NULL};

static const char *const heads[] = {"", "linear", "label", NULL};

static const acf_option option[] = {
    {.name = "split",
     .arg = "dev|test",
     .kind = ACF_OPTION_CHOICE,
     .to = offsetof(acf_eval_arguments, split),
     .choices = splits,
     .help = "which split of the training run's data (default dev)"},
    {.name = "data",
     .arg = "FILE|DIR",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, data),
     .help = "this file instead, with the columns of the training run; or the task's files"},
    {.name = "set",
     .letter = 's',
     .arg = "data.KEY=VALUE",
     .kind = ACF_OPTION_TEXTS,
     .to = offsetof(acf_eval_arguments, sets),
     .help = "override a data key of the training run; may be repeated"},
    {.name = "task",
     .arg = "TASK",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, task),
     .help = "read the data as this task (for models trained elsewhere; ax for mnli's)"},
    {.name = "json",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(acf_eval_arguments, json),
     .help = "print one JSON object instead of the report"},
    {.name = "predictions",
     .arg = "FILE",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, predictions),
     .help = "write index, gold, pred, prob, correct and text of every row (TSV)"},
    {.name = "errors",
     .arg = "FILE",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, errors),
     .help = "the same for wrong predictions only, most confident first"},
    {.name = "glue-submission",
     .arg = "DIR",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, submission),
     .help = "predict the task's test files and write GLUE's submission files into DIR"},
    {.name = "assert",
     .arg = "EXPR",
     .kind = ACF_OPTION_TEXTS,
     .to = offsetof(acf_eval_arguments, asserts),
     .help = "exit 1 unless it holds: 'accuracy>=0.87', 'label.mcc>0.4'; may be repeated"},
    {.name = "reject-at",
     .arg = "SHARE",
     .kind = ACF_OPTION_NUMBER,
     .to = offsetof(acf_eval_arguments, reject_at),
     .low = 1e-6,
     .high = 1,
     .help = "find the confidence that this share of the rows reaches, to reject others"},
    {.name = "add-class",
     .arg = "NAME=FILE",
     .kind = ACF_OPTION_TEXTS,
     .to = offsetof(acf_eval_arguments, classes),
     .help = "add a class from examples, without training, as a new model; may be repeated"},
    {.name = "output",
     .letter = 'o',
     .arg = "DIR",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, output),
     .help = "where --add-class writes the model (default: MODEL+NAME)"},
    {.name = "compare",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(acf_eval_arguments, compare),
     .help = "compare finished runs, series, or directories of tasks, each with each"},
    {.name = "results",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(acf_eval_arguments, results),
     .help = "tables and gains from files of result lines, results.jsonl of sweeps"},
    {.name = "baseline",
     .arg = "VARIANT",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, baseline),
     .help = "with --results: gains over this one (default: the first)"},
    {.name = "sweep",
     .arg = "NAME",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, sweep),
     .help = "with --results: only lines of the sweep of this name"},
    {.name = "tasks",
     .arg = "LIST",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, tasks),
     .help = "with --results: only lines of these tasks, rte,mrpc"},
    {.name = "metric",
     .arg = "NAME",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(acf_eval_arguments, metric),
     .help = "with --compare, --results: by this metric (default: the runs' eval.metric)"},
    {.name = "head",
     .arg = "linear|label",
     .kind = ACF_OPTION_CHOICE,
     .to = offsetof(acf_eval_arguments, head),
     .choices = heads,
     .help = "with --compare, --results: of this head (default: the runs' eval.head)"},
    {.name = "draws",
     .arg = "N",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(acf_eval_arguments, draws),
     .low = 100,
     .high = 1e7,
     .help = "with --compare, --results: draws of resampling (default 10000)"},
    {.name = "threads",
     .arg = "N",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(acf_eval_arguments, threads),
     .low = 1,
     .high = 1024,
     .help = "threads to use (default: all that this process may use)"},
};

static const char *operands_of(const void *arguments)
{
    const acf_eval_arguments *a = arguments;
    return a->results   ? "FILE, which --results needs: result lines, results.jsonl of sweeps"
           : a->compare ? "RUN RUN, which --compare needs: two finished runs or more"
                        : "MODEL, a run directory or a model directory";
}

enum { MAX_RUNS = 64 }; /* of --compare */

static const acf_program program = {
    .name = "acf-eval",
    .summary = "Evaluate a model on held-out data.",
    .usage = "MODEL [options]\n       acf-eval --compare RUN RUN... "
             "[--metric NAME] [--head linear|label] [--json]\n"
             "       acf-eval --results FILE|DIR... [--baseline VARIANT] [--sweep NAME] "
             "[--tasks LIST]",
    .option = option,
    .n_options = sizeof option / sizeof *option,
    .min_operands = 1,
    .max_operands = MAX_RUNS,
    .operands_of = operands_of,
    .version = acf_about_version};

int main(int argc, char **argv)
{
    acf_eval_arguments a = {0};
    return acf_program_main(&program, run, &a, argc, argv);
}
