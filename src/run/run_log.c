#include "run/run_log.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sysio.h"
#include "loss/head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_EVENTS_BYTES ((size_t)1 << 32)

enum { TEXT, JSONL, CSV, N_FILES };

struct acf_run_log {
    char *path[N_FILES];
    FILE *file[N_FILES];
};

/* Columns of metrics.csv; "linear.accuracy" is a member of a member. */
static const char *const column[] = {"event",
                                     "step",
                                     "epoch",
                                     "loss",
                                     "loss_ce",
                                     "loss_contrast",
                                     "loss_cor",
                                     "excess",
                                     "grad_norm",
                                     "lr",
                                     "lr_head",
                                     "examples_per_s",
                                     "tokens_per_s",
                                     "linear.accuracy",
                                     "linear.macro_f1",
                                     "linear.f1",
                                     "linear.mcc",
                                     "linear.loss",
                                     "label.accuracy",
                                     "label.macro_f1",
                                     "label.f1",
                                     "label.mcc",
                                     "label.loss",
                                     "split",
                                     "linear.pearson",
                                     "linear.spearman",
                                     "linear.balanced_accuracy",
                                     "label.balanced_accuracy"};
enum { N_COLUMNS = sizeof column / sizeof *column };

static const cJSON *cell(const cJSON *event, const char *name)
{
    for (int h = ACF_HEAD_LINEAR; h <= ACF_HEAD_LABEL; h++) {
        const char *head = acf_head_name((acf_head)h);
        size_t n = strlen(head);
        if (strncmp(name, head, n) != 0 || name[n] != '.') continue;
        const cJSON *figures = cJSON_GetObjectItemCaseSensitive(event, head);
        return cJSON_GetObjectItemCaseSensitive(figures, name + n + 1);
    }
    return cJSON_GetObjectItemCaseSensitive(event, name);
}

static acf_status csv_line(acf_str *out, const cJSON *event, acf_error *e)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        const cJSON *item = cell(event, column[i]);
        if (i > 0) ACF_TRY(acf_str_puts(out, ",", e));
        if (cJSON_IsString(item)) ACF_TRY(acf_str_puts(out, item->valuestring, e));
        if (cJSON_IsNumber(item)) ACF_TRY(acf_str_printf(out, e, "%.9g", item->valuedouble));
    }
    return acf_str_puts(out, "\n", e);
}

static acf_status csv_header(acf_str *out, acf_error *e)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (i > 0) ACF_TRY(acf_str_puts(out, ",", e));
        for (const char *c = column[i]; *c != '\0'; c++)
            ACF_TRY(acf_str_append(out, *c == '.' ? "_" : c, 1, e));
    }
    return acf_str_puts(out, "\n", e);
}

/* The last steps of which events stay, all and those of evaluations. */
typedef struct log_end {
    int64_t step, eval;
} log_end;

static bool stays(const cJSON *event, log_end end)
{
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(event, "step");
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(event, "event");
    if (!cJSON_IsNumber(step) || !cJSON_IsString(kind)) return false;
    int64_t last =
        strcmp(kind->valuestring, "eval") == 0 && end.eval < end.step ? end.eval : end.step;
    return step->valuedouble <= (double)last;
}

/* The events of `text` that stay, and their table; a torn last line is dropped. */
static acf_status keep_events(acf_str *jsonl, acf_str *csv, const char *text, size_t len,
                              log_end last, acf_error *e)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        if (end == NULL) return ACF_OK;
        size_t n = (size_t)(end - text) - at;
        acf_error why = {ACF_OK, ""};
        cJSON *event;
        acf_status st = acf_json_parse(&event, text + at, n, "metrics.jsonl", &why);
        if (st == ACF_ERR_RESOURCE) return acf_error_give(e, &why);
        if (st == ACF_OK) {
            if (stays(event, last)) {
                st = acf_str_append(jsonl, text + at, n + 1, e);
                if (st == ACF_OK) st = csv_line(csv, event, e);
            }
            cJSON_Delete(event);
            ACF_TRY(st);
        }
        at += n + 1;
    }
    return ACF_OK;
}

/* Rewrite metrics.jsonl and metrics.csv with what stays. */
static acf_status rewind_events(const acf_run_log *log, log_end last, acf_error *e)
{
    acf_str jsonl = {0}, csv = {0};
    char *text = NULL;
    size_t len = 0;
    acf_status st = csv_header(&csv, e);
    if (st == ACF_OK && last.step >= 0 && acf_path_exists(log->path[JSONL])) {
        st = acf_read_file(&text, &len, log->path[JSONL], MAX_EVENTS_BYTES, e);
        if (st == ACF_OK) st = keep_events(&jsonl, &csv, text, len, last, e);
    }
    if (st == ACF_OK) st = acf_write_atomic(log->path[JSONL], jsonl.data, jsonl.len, e);
    if (st == ACF_OK) st = acf_write_atomic(log->path[CSV], csv.data, csv.len, e);
    acf_free(text);
    acf_str_free(&jsonl);
    acf_str_free(&csv);
    return acf_reclass(st, ACF_ERR_RESOURCE, e);
}

/* A file of the run directory to append to: no link out of it, no pipe that nobody reads. */
static acf_status open_file(FILE **out, const char *path, acf_error *e)
{
    struct stat s;
    int fd = acf_sys_create(path, O_APPEND | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &s) == 0 && !S_ISREG(s.st_mode)) {
        (void)close(fd);
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot append: is not a regular file", path);
    }
    *out = fd >= 0 ? fdopen(fd, "ab") : NULL;
    if (*out != NULL) return ACF_OK;
    acf_status st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot append: %s", path, strerror(errno));
    if (fd >= 0) (void)close(fd);
    return st;
}

acf_status acf_run_log_open(acf_run_log **out, const char *run_dir, int64_t last_step,
                            int64_t last_eval, acf_error *e)
{
    static const char *const name[N_FILES] = {"train.log", "metrics.jsonl", "metrics.csv"};
    *out = NULL;
    acf_run_log *log = acf_alloc(1, sizeof *log, "run log", e);
    if (log == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    for (int k = 0; k < N_FILES && st == ACF_OK; k++) {
        log->path[k] = acf_path_join(run_dir, name[k], e);
        if (log->path[k] == NULL) st = ACF_ERR_RESOURCE;
    }
    if (st == ACF_OK) st = rewind_events(log, (log_end){last_step, last_eval}, e);
    for (int k = 0; k < N_FILES && st == ACF_OK; k++)
        st = open_file(&log->file[k], log->path[k], e);
    if (st != ACF_OK) {
        acf_run_log_close(&log);
        return st;
    }
    *out = log;
    return ACF_OK;
}

static acf_status append(acf_run_log *log, int which, const char *text, size_t len, acf_error *e)
{
    if (fwrite(text, 1, len, log->file[which]) != len || fflush(log->file[which]) != 0)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot write %zu bytes: %s", log->path[which],
                        len, strerror(errno));
    return ACF_OK;
}

acf_status acf_run_log_event(acf_run_log *log, const cJSON *event, acf_error *e)
{
    acf_str line = {0};
    char *json = acf_json_print(event, false, e);
    acf_status st = json == NULL ? ACF_ERR_RESOURCE : acf_str_printf(&line, e, "%s\n", json);
    if (st == ACF_OK) st = append(log, JSONL, line.data, line.len, e);
    acf_str_clear(&line);
    if (st == ACF_OK) st = csv_line(&line, event, e);
    if (st == ACF_OK) st = append(log, CSV, line.data, line.len, e);
    acf_str_free(&line);
    acf_free(json);
    return st;
}

void acf_run_log_line(acf_run_log *log, acf_log_level level, const char *line)
{
    char now[32];
    acf_clock_utc(now);
    (void)fprintf(log->file[TEXT], "%s %s%s\n", now, level == ACF_LOG_WARN ? "warning: " : "",
                  line);
    (void)fflush(log->file[TEXT]);
}

acf_status acf_run_log_sync(acf_run_log *log, acf_error *e)
{
    for (int k = 0; k < N_FILES; k++)
        if (fflush(log->file[k]) != 0 || fsync(fileno(log->file[k])) != 0)
            return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot sync: %s", log->path[k],
                            strerror(errno));
    return ACF_OK;
}

void acf_run_log_close(acf_run_log **log)
{
    if (*log == NULL) return;
    for (int k = 0; k < N_FILES; k++) {
        if ((*log)->file[k] != NULL) (void)fclose((*log)->file[k]);
        acf_free((*log)->path[k]);
    }
    acf_free(*log);
    *log = NULL;
}
