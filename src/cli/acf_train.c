/* acf-train: one configuration in, a run directory out. */
#include "base/clock.h"
#include "base/cstring.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/about.h"
#include "cli/outputs.h"
#include "cli/program.h"
#include "cli/train_series.h"
#include "cli/train_sweep.h"
#include "config/config.h"
#include "run/signals.h"
#include "run/trainer.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ACF_COMMIT
#define ACF_COMMIT "" /* the Makefile gives it */
#endif

typedef struct train_arguments {
    int argc;
    char **argv;
    const char *config;
    acf_words sets;
    bool resume, overwrite, dry_run, print_config, help_config;
    double max_time_s;
    const char *dump_steps, *dump_file, *seeds;
    const char *sweep, *out, *tasks, *variants, *shard; /* of a sweep */
    int64_t jobs, folds;
} train_arguments;

static void show(void *payload, const acf_progress *p)
{
    char line[256], excess[32] = "-", eta[32];
    if (p->loss.has_excess) (void)snprintf(excess, sizeof excess, "%.4f", p->loss.excess);
    acf_clock_duration(eta, p->eta_s);
    (void)snprintf(line, sizeof line,
                   "step %lld/%lld  epoch %.2f  loss %.4f (ce %.4f contrast %.4f cor %.3f)  excess "
                   "%s  |g| %.3f  lr %.2e  %.0f ex/s  eta %s",
                   (long long)p->update, (long long)p->total, p->epoch, p->loss.total, p->loss.ce,
                   p->loss.contrast, p->loss.cor, excess, p->grad_norm, p->lr, p->examples_per_s,
                   eta);
    acf_console_progress(payload, p->is_logged, line);
}

/* "12" or "1-20". */
static acf_status dump_range(acf_dump *dump, const train_arguments *a, acf_error *e)
{
    *dump = (acf_dump){.path = a->dump_file};
    if (a->dump_steps == NULL) return ACF_OK;
    char *end;
    long first = strtol(a->dump_steps, &end, 10), last = first;
    if (*end == '-') last = strtol(end + 1, &end, 10);
    if (*end != '\0' || first < 1 || last < first)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--dump-step '%s': expected the number of an update or a range like 1-20",
                        a->dump_steps);
    if (last > first && strstr(a->dump_file, "%d") == NULL)
        return acf_fail(e, ACF_ERR_USAGE, "--dump-step '%s': FILE must hold %%d for the update",
                        a->dump_steps);
    dump->first = first;
    dump->last = last;
    return ACF_OK;
}

/* Will `path` be in the run directory, which need not be there yet? */
static acf_status is_in_run(bool *out, const char *path, const acf_config *cfg, acf_error *e)
{
    char *file = acf_path_absolute(path, e), *dir = acf_path_absolute(cfg->save.dir, e);
    bool ok = file != NULL && dir != NULL;
    size_t len = ok ? strlen(dir) : 0;
    *out = ok && strncmp(file, dir, len) == 0 && file[len] == '/';
    acf_free(file);
    acf_free(dir);
    return ok ? ACF_OK : ACF_ERR_RESOURCE;
}

/* FILE of --dump-step is an output: none of what is read, and where it can be written. */
static acf_status check_output(const char *path, const acf_config *cfg, const char *config,
                               acf_error *e)
{
    const acf_output output = {"dump-step", path};
    const char *const data[] = {cfg->data.dir, cfg->data.train, cfg->data.dev, cfg->data.test};
    const char *encoder = cfg->model.encoder;
    bool in_run, in_data = false;
    ACF_TRY(is_in_run(&in_run, path, cfg, e));
    if (!in_run) ACF_TRY(acf_outputs_check(&output, 1, e));
    ACF_TRY(acf_outputs_spare(&output, 1, config, "settings", e));
    if (encoder != NULL && acf_path_is_dir(encoder))
        ACF_TRY(acf_outputs_spare_model(&output, 1, encoder, e));
    for (int i = 0; i < 4; i++) {
        if (data[i] == NULL) continue;
        if (!acf_path_is_dir(data[i]))
            ACF_TRY(acf_outputs_spare(&output, 1, data[i], "rows", e));
        else if (!in_data && acf_path_exists(path) && !acf_ends_with(path, ".safetensors"))
            ACF_TRY(acf_path_is_inside(&in_data, path, data[i], e));
    }
    if (!in_data) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE,
                    "--dump-step: %s is in a directory of data; give another name, or one that "
                    "ends in .safetensors",
                    path);
}

static acf_status check_dump(const acf_dump *dump, const acf_config *cfg, const char *config,
                             acf_error *e)
{
    acf_str path = {0};
    if (dump->first == 0) return ACF_OK;
    acf_status st = acf_dump_path(&path, dump, dump->first, e);
    if (st == ACF_OK) st = check_output(path.data, cfg, config, e);
    acf_str_free(&path);
    return st;
}

static acf_status command_line(acf_str *out, int argc, char **argv, acf_error *e)
{
    for (int i = 0; i < argc; i++) {
        if (i > 0) ACF_TRY(acf_str_puts(out, " ", e));
        ACF_TRY(acf_str_put_word(out, argv[i], e));
    }
    return ACF_OK;
}

/* What --config, --set, --seeds and --cv say. */
static acf_status load_config(acf_config *cfg, acf_str *text, const train_arguments *a,
                              acf_error *e)
{
    char folds[40];
    acf_str seeds = {0};
    acf_status st = ACF_OK;
    const char **sets = acf_alloc(a->sets.n + 2, sizeof *sets, "settings", e);
    if (sets == NULL) return ACF_ERR_RESOURCE;
    size_t n = 0;
    for (; n < a->sets.n; n++)
        sets[n] = a->sets.item[n];
    if (a->seeds != NULL) {
        st = acf_series_seeds(&seeds, a->seeds, e);
        sets[n++] = seeds.data;
    }
    if (a->folds > 0) {
        (void)snprintf(folds, sizeof folds, "data.folds=%lld", (long long)a->folds);
        sets[n++] = folds;
    }
    if (st == ACF_OK) st = acf_config_load(cfg, text, a->config, sets, n, e);
    if (st != ACF_OK) {
        if (text->len > 0) (void)fputs(text->data, stderr);
        acf_str_clear(text);
    }
    acf_free(sets);
    acf_str_free(&seeds);
    return st;
}

/* "2/5": the second of five. */
static acf_status shard_of(acf_sweep_options *opt, const char *text, acf_error *e)
{
    char *end;
    if (text == NULL) return ACF_OK;
    long shard = strtol(text, &end, 10), n = *end == '/' ? strtol(end + 1, &end, 10) : 0;
    if (text[strspn(text, "0123456789/")] != '\0' || *end != '\0' || shard < 1 || n < shard ||
        n > 100000)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--shard '%s': expected I/N, such as 2/5, with I from 1 to N", text);
    opt->shard = (int)shard;
    opt->n_shards = (int)n;
    return ACF_OK;
}

static acf_status train_sweep(acf_str *text, acf_console *console, const train_arguments *a,
                              const acf_train_options *opt, acf_error *e)
{
    acf_sweep_options sweep = {.dir = a->out,
                               .sets = a->sets.item,
                               .n_sets = a->sets.n,
                               .seeds = a->seeds,
                               .tasks = a->tasks,
                               .variants = a->variants,
                               .n_jobs = a->jobs > 0 ? (int)a->jobs : 1};
    if (a->config != NULL)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--config and --sweep exclude each other: a sweep names "
                        "its configurations");
    if (a->overwrite || a->print_config || a->dump_steps != NULL)
        return acf_fail(e, ACF_ERR_USAGE, "--%s: is for one run, not for a sweep",
                        a->overwrite      ? "overwrite"
                        : a->print_config ? "print-config"
                                          : "dump-step");
    if (a->folds > 0)
        return acf_fail(e, ACF_ERR_USAGE, "--cv: of a sweep write --set data.folds=%lld",
                        (long long)a->folds);
    ACF_TRY(shard_of(&sweep, a->shard, e));
    acf_signals_install();
    return acf_train_sweep(text, console, a->sweep, &sweep, opt, e);
}

/* Options that mean nothing without a sweep. */
static acf_status check_sweep_options(const train_arguments *a, acf_error *e)
{
    const char *given = a->out != NULL        ? "out"
                        : a->tasks != NULL    ? "tasks"
                        : a->variants != NULL ? "variants"
                        : a->shard != NULL    ? "shard"
                                              : NULL;
    if (given == NULL) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE, "--%s: is for --sweep%s", given,
                    a->out != NULL ? "; of one run write --set save.dir=DIR" : "");
}

static acf_status train(acf_console *console, void *arguments, const acf_words *operands,
                        acf_error *e)
{
    (void)operands;
    const train_arguments *a = arguments;
    acf_config cfg = {0};
    acf_str text = {0}, command = {0};
    acf_train_options opt = {.mode = a->resume      ? ACF_RUN_RESUME
                                     : a->overwrite ? ACF_RUN_OVERWRITE
                                                    : ACF_RUN_FRESH,
                             .dry_run = a->dry_run,
                             .max_time_s = a->max_time_s,
                             .commit = *ACF_COMMIT != '\0' ? ACF_COMMIT : NULL,
                             .log = acf_console_log(console),
                             .progress = show,
                             .payload = console};
    acf_status st = ACF_OK;
    if (a->help_config) {
        st = acf_config_help(&text, e);
        goto done;
    }
    if (a->sweep == NULL) st = check_sweep_options(a, e);
    if (st != ACF_OK) goto done;
    if (a->config == NULL && a->sweep == NULL) {
        st = acf_fail(e, ACF_ERR_USAGE, "--config FILE is missing: see acf-train --help");
        goto done;
    }
    if (a->resume && a->overwrite) {
        st = acf_fail(e, ACF_ERR_USAGE, "--resume and --overwrite exclude each other");
        goto done;
    }
    st = dump_range(&opt.dump, a, e);
    if (st == ACF_OK) st = command_line(&command, a->argc, a->argv, e);
    if (st != ACF_OK) goto done;
    opt.command = command.data;
    if (a->sweep != NULL) {
        st = train_sweep(&text, console, a, &opt, e);
        goto done;
    }
    st = load_config(&cfg, &text, a, e);
    if (st == ACF_OK) st = check_dump(&opt.dump, &cfg, a->config, e);
    if (st != ACF_OK) goto done;
    if (a->print_config) {
        st = acf_config_print(&text, &cfg, true, e);
    } else {
        acf_signals_install();
        if (acf_config_drops_vocab(&cfg))
            acf_log_info(&opt.log, "model.vocab.size has no effect: %s brings its vocabulary",
                         cfg.model.encoder);
        console->is_kept = true; /* train.log, eval_results.json, summary.json */
        st = acf_series_wanted(&cfg)
                 ? acf_train_series(&text, &cfg, a->jobs > 0 ? (int)a->jobs : 1, &opt, e)
                 : acf_train(&text, &cfg, &opt, e);
    }
done:
    if (text.len > 0) (void)fwrite(text.data, 1, text.len, stdout);
    acf_config_free(&cfg);
    acf_str_free(&text);
    acf_str_free(&command);
    return st;
}

static const acf_option option[] = {
    {.name = "config",
     .letter = 'c',
     .arg = "FILE",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, config),
     .help = "the YAML file that describes the run"},
    {.name = "set",
     .letter = 's',
     .arg = "KEY=VALUE",
     .kind = ACF_OPTION_TEXTS,
     .to = offsetof(train_arguments, sets),
     .help = "override a key, like loss.tau=0.2 (in a sweep also TASK:KEY=VALUE); repeatable"},
    {.name = "resume",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(train_arguments, resume),
     .help = "go on with the run in save.dir, exactly where it was"},
    {.name = "overwrite",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(train_arguments, overwrite),
     .help = "remove the run in save.dir and start anew"},
    {.name = "dry-run",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(train_arguments, dry_run),
     .help = "read everything, print the plan, write nothing"},
    {.name = "print-config",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(train_arguments, print_config),
     .help = "print the resolved configuration with origins"},
    {.name = "help-config",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(train_arguments, help_config),
     .help = "list every configuration key"},
    {.name = "max-time",
     .arg = "TIME",
     .kind = ACF_OPTION_TIME,
     .to = offsetof(train_arguments, max_time_s),
     .help = "save and stop, resumable (exit 75), after 90s, 30m, 2h ..."},
    {.name = "seeds",
     .arg = "LIST",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, seeds),
     .help = "train once for each seed, 1..5 or 1,2,3, and sum up; wins over train.seeds"},
    {.name = "cv",
     .arg = "K",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(train_arguments, folds),
     .low = 2,
     .high = 1000,
     .help = "cross-validation: K runs, each judged by another part of the training rows"},
    {.name = "jobs",
     .letter = 'j',
     .arg = "N",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(train_arguments, jobs),
     .low = 1,
     .high = 1024,
     .help = "runs of a series or sweep at the same time (default 1)"},
    {.name = "sweep",
     .arg = "FILE",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, sweep),
     .help = "the runs of a YAML file of variants, tasks and seeds, and a table"},
    {.name = "out",
     .arg = "DIR",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, out),
     .help = "where the sweep's runs are (default runs/NAME of FILE)"},
    {.name = "tasks",
     .arg = "LIST",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, tasks),
     .help = "only these tasks of the sweep, rte,mrpc"},
    {.name = "variants",
     .arg = "LIST",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, variants),
     .help = "only these variants of the sweep, ce,acf"},
    {.name = "shard",
     .arg = "I/N",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, shard),
     .help = "only share I of N of the sweep's runs: for several machines"},
    {.name = "dump-step",
     .arg = "N FILE",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, dump_steps),
     .has_second = true,
     .second = offsetof(train_arguments, dump_file),
     .help = "write inputs, loss and gradients of update N (or 1-20, FILE with %d)"},
};

static const acf_program program = {
    .name = "acf-train",
    .summary = "Fine-tune a classifier with aligned contrastive "
               "finetuning.",
    .usage = "--config FILE [options]\n       acf-train --sweep FILE [options]",
    .option = option,
    .n_options = sizeof option / sizeof *option,
    .bare = "config",
    .version = acf_about_version};

int main(int argc, char **argv)
{
    train_arguments a = {.argc = argc, .argv = argv};
    return acf_program_main(&program, train, &a, argc, argv);
}
