/* acf-train: one configuration in, a run directory out. */
#include "base/mem.h"
#include "cli/about.h"
#include "cli/program.h"
#include "cli/train_series.h"
#include "run/config.h"
#include "run/signals.h"
#include "run/trainer.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct train_arguments {
    int argc;
    char **argv;
    const char *config;
    acf_words sets;
    bool resume, overwrite, dry_run, print_config, help_config;
    double max_time_s;
    const char *dump_steps, *dump_file, *seeds;
    int64_t jobs;
} train_arguments;

static void show(void *payload, const acf_progress *p)
{
    char line[256];
    int seconds = (int)p->eta_s;
    (void)snprintf(line, sizeof line,
                   "step %lld/%lld  epoch %.2f  loss %.4f (ce %.4f contrast %.4f cor %.3f)  excess "
                   "%.4f  |g| %.3f  lr %.2e  %.0f ex/s  eta %d:%02d:%02d",
                   (long long)p->update, (long long)p->total, p->epoch, p->loss.total, p->loss.ce,
                   p->loss.contrast, p->loss.cor, p->loss.has_excess ? p->loss.excess : 0.0,
                   p->grad_norm, p->lr, p->examples_per_s, seconds / 3600, seconds / 60 % 60,
                   seconds % 60);
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

static acf_status command_line(acf_str *out, int argc, char **argv, acf_error *e)
{
    for (int i = 0; i < argc; i++) {
        bool plain =
            argv[i][strcspn(argv[i], " '\"$&|;<>()*?[]#~\\\n\t")] == '\0' && *argv[i] != '\0';
        ACF_TRY(acf_str_printf(out, e, plain ? "%s%s" : "%s'%s'", i > 0 ? " " : "", argv[i]));
    }
    return ACF_OK;
}

/* "1..5" or "1,2,3" as a setting of train.seeds. */
static acf_status seeds_setting(acf_str *out, const char *text, acf_error *e)
{
    char *end = NULL;
    const char *dots = strstr(text, "..");
    if (dots == NULL) return acf_str_printf(out, e, "train.seeds=[%s]", text);
    long first = strtol(text, &end, 10), last = strtol(dots + 2, NULL, 10);
    bool good = end == dots && end > text && strspn(dots + 2, "0123456789") == strlen(dots + 2) &&
                dots[2] != '\0' && first >= 0 && last >= first && last - first < 1000;
    if (!good)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--seeds '%s': expected a list like 1,2,3 or a range like 1..5 of at most "
                        "1000 seeds",
                        text);
    ACF_TRY(acf_str_puts(out, "train.seeds=[", e));
    for (long seed = first; seed <= last; seed++)
        ACF_TRY(acf_str_printf(out, e, "%s%ld", seed > first ? ", " : "", seed));
    return acf_str_puts(out, "]", e);
}

/* What --config, --set and --seeds say. */
static acf_status load_config(acf_config *cfg, acf_str *text, const train_arguments *a,
                              acf_error *e)
{
    acf_str seeds = {0};
    acf_status st = ACF_OK;
    const char **sets = acf_alloc(a->sets.n + 1, sizeof *sets, "settings", e);
    if (sets == NULL) return ACF_ERR_RESOURCE;
    size_t n = 0;
    for (; n < a->sets.n; n++)
        sets[n] = a->sets.item[n];
    if (a->seeds != NULL) {
        st = seeds_setting(&seeds, a->seeds, e);
        sets[n++] = seeds.data;
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
                             .log = acf_console_log(console),
                             .progress = show,
                             .payload = console};
    acf_status st = ACF_OK;
    if (a->help_config) {
        st = acf_config_help(&text, e);
        goto done;
    }
    if (a->config == NULL) {
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
    st = load_config(&cfg, &text, a, e);
    if (st != ACF_OK) goto done;
    if (a->print_config) {
        st = acf_config_print(&text, &cfg, true, e);
    } else {
        acf_signals_install();
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
     .help = "override a key, like train.optimizer.lr=3e-5; may be repeated"},
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
    {.name = "jobs",
     .letter = 'j',
     .arg = "N",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(train_arguments, jobs),
     .low = 1,
     .high = 1024,
     .help = "runs of a series at the same time (default 1)"},
    {.name = "dump-step",
     .arg = "N FILE",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(train_arguments, dump_steps),
     .has_second = true,
     .second = offsetof(train_arguments, dump_file),
     .help = "write inputs, loss and gradients of update N (or 1-20, FILE with %d)"},
};

static const acf_program program = {.name = "acf-train",
                                    .summary = "Fine-tune a classifier with aligned contrastive "
                                               "finetuning.",
                                    .usage = "--config FILE [options]",
                                    .option = option,
                                    .n_options = sizeof option / sizeof *option,
                                    .version = acf_about_version};

int main(int argc, char **argv)
{
    train_arguments a = {.argc = argc, .argv = argv};
    return acf_program_main(&program, train, &a, argc, argv);
}
