#include "run/run_files.h"

#include "store/checkpoint.h"

#include <stddef.h>
#include <string.h>

static const char *const marks[] = {"config.yaml", "train.log", NULL};

static const char *const contents[] = {"command.txt",
                                       "environment.json",
                                       "rows.tsv",
                                       "bad_lines.tsv",
                                       "status.json",
                                       "summary.json",
                                       "metrics.jsonl",
                                       "metrics.csv",
                                       "eval_results.json",
                                       "best",
                                       "predictions.dev.tsv",
                                       "predictions.dev_mismatched.tsv",
                                       "last",
                                       NULL};

/* The user has acf-eval write them; they answer by the best model of their time. */
static const char *const test_answers[] = {"predictions.test.tsv",
                                           "predictions.test_mismatched.tsv", NULL};

const char *const acf_sweep_file_names[] = {"sweep.yaml", "table.md",      "table.csv",
                                            "table.json", "results.jsonl", NULL};

static bool is_listed(const char *name, const char *const *list)
{
    while (*list != NULL && strcmp(name, *list) != 0)
        list++;
    return *list != NULL;
}

/* Is it "NAME.4711.tmp" of a listed name? */
static bool is_unfinished_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++) {
        size_t len = strlen(*list);
        if (strncmp(name, *list, len) != 0 || name[len] != '.') continue;
        size_t digits = strspn(name + len + 1, "0123456789");
        if (digits > 0 && strcmp(name + len + 1 + digits, ".tmp") == 0) return true;
    }
    return false;
}

bool acf_run_file_is_unfinished(const char *name)
{
    return is_unfinished_of(name, marks) || is_unfinished_of(name, contents) ||
           is_unfinished_of(name, test_answers) || is_unfinished_of(name, acf_sweep_file_names);
}

bool acf_run_file_is_mark(const char *name)
{
    return is_listed(name, marks);
}

/* What store/checkpoint.h writes before it has its name. */
static bool is_hidden(const char *name)
{
    static const char *const begins[] = {".checkpoint-", ".best.tmp-", ".last.tmp-"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0) return true;
    return false;
}

bool acf_run_file_is_test(const char *name)
{
    return is_listed(name, test_answers);
}

bool acf_run_file_is_content(const char *name)
{
    return is_listed(name, contents) || acf_run_file_is_test(name) ||
           acf_checkpoint_step(name) >= 0 || is_hidden(name) || acf_run_file_is_unfinished(name);
}

bool acf_run_file_is_part(const char *name)
{
    if (strncmp(name, "seed-", 5) != 0 && strncmp(name, "fold-", 5) != 0) return false;
    return name[5] != '\0' && name[5 + strspn(name + 5, "0123456789")] == '\0';
}

bool acf_run_file_is_foreign(const char *name)
{
    return !acf_run_file_is_mark(name) && !acf_run_file_is_content(name) &&
           !acf_run_file_is_part(name) && strcmp(name, ".lock") != 0;
}
