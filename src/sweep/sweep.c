#include "sweep/sweep.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "run/run_files.h"
#include "run/run_status.h"
#include "sweep/sweep_result.h"

#include <stdio.h>
#include <string.h>

void acf_sweep_close(acf_sweep *s)
{
    for (int i = 0; i < s->n_runs; i++) {
        cJSON_Delete(s->run[i].results);
        acf_free(s->run[i].line);
    }
    for (int i = 0; i < s->n_cells; i++) {
        acf_series_close(&s->cell[i].series);
        acf_config_free(&s->cell[i].cfg);
    }
    acf_free(s->run);
    acf_free(s->cell);
    acf_sweep_file_free(&s->file);
    acf_free(s->text);
    acf_free(s->name);
    acf_free(s->dir);
    *s = (acf_sweep){0};
}

void acf_sweep_run_name(char name[ACF_SWEEP_RUN_NAME], const acf_sweep *s, int run)
{
    const acf_sweep_cell *c = &s->cell[s->run[run].cell];
    const char *part = c->series.name[s->run[run].index];
    (void)snprintf(name, ACF_SWEEP_RUN_NAME, "%s/%s%s%s", s->file.variant[c->variant].name,
                   s->file.task[c->task].name, *part != '\0' ? "/" : "", part);
}

acf_status acf_sweep_look(acf_sweep *s, int run, acf_error *e)
{
    acf_sweep_run *r = &s->run[run];
    acf_run_status status;
    ACF_TRY(acf_run_status_of(&status, acf_sweep_config(s, run), e));
    bool diverged = status.ended == acf_exit_code(ACF_ERR_NUMERIC);
    if (status.ended != acf_exit_code(ACF_OK) && !diverged) return ACF_OK;
    if (r->line != NULL) return ACF_OK; /* seen before */
    r->state = diverged ? ACF_SWEEP_DIVERGED : ACF_SWEEP_FINISHED;
    r->seconds = status.seconds;
    if (!diverged) ACF_TRY(acf_series_results(&r->results, &s->cell[r->cell].series, r->index, e));
    return acf_sweep_line(&r->line, s, run, &status, e);
}

bool acf_sweep_has_open_runs(const acf_sweep *s, int cell)
{
    const acf_sweep_cell *c = &s->cell[cell];
    for (int i = c->first; i < c->first + c->series.n; i++)
        if (s->run[i].is_ours && s->run[i].state == ACF_SWEEP_OPEN) return true;
    return false;
}

/* Runs that are compared were trained alike: not even longer, as --resume may do. */
static acf_status check_alike(const acf_config *cfg, acf_error *e)
{
    bool is_resumed;
    acf_difference d = {0};
    acf_error why = {0};
    acf_status st = acf_run_dir_check(&is_resumed, cfg, ACF_RUN_RESUME, e);
    if (st == ACF_OK ? !is_resumed : st != ACF_ERR_USAGE) return st;
    if (acf_run_difference(&d, cfg, &why) == ACF_ERR_RESOURCE) {
        acf_error_give(e, &why);
        return ACF_ERR_RESOURCE;
    }
    if (d.key == NULL) return st;
    return acf_fail(e, ACF_ERR_USAGE,
                    "%s: was begun with another configuration: %s (was %s, is %s); choose another "
                    "--out, or remove it",
                    cfg->save.dir, d.key, d.was, d.is);
}

typedef enum content { NOTHING, RUNS_OF_A_SERIES, A_RUN } content;

/* What a directory holds beside what is written before the first run begins. */
static acf_status look_into(content *found, const char *dir, acf_error *e)
{
    static const char *const of_run[] = {"status.json",         "environment.json",
                                         "metrics.jsonl",       "eval_results.json",
                                         "predictions.dev.tsv", NULL};
    char **names;
    size_t n;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, dir, e), e);
    *found = NOTHING;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(names[i], "checkpoint-", 11) == 0) *found = A_RUN;
        for (const char *const *file = of_run; *file != NULL; file++)
            if (strcmp(names[i], *file) == 0) *found = A_RUN;
        bool is_part = strncmp(names[i], "seed-", 5) == 0 || strncmp(names[i], "fold-", 5) == 0;
        if (is_part && *found == NOTHING) *found = RUNS_OF_A_SERIES;
    }
    acf_free_names(names, n);
    return ACF_OK;
}

/* May the series stand in its directory? */
static acf_status check_series(const acf_series *series, acf_error *e)
{
    const acf_config *cfg = series->cfg;
    content found;
    if (!acf_series_wanted(cfg) || !acf_path_is_dir(cfg->save.dir)) return ACF_OK;
    ACF_TRY(look_into(&found, cfg->save.dir, e));
    if (found == A_RUN)
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s: holds a single run, not one of a series; choose another --out, or "
                        "remove it",
                        cfg->save.dir);
    bool is_resumed; /* seeds may be others */
    return found == NOTHING ? ACF_OK : acf_run_dir_check(&is_resumed, cfg, ACF_RUN_RESUME, e);
}

/* A series of which no run has begun (their data were not found, say) may become another one: what
 * acf_sweep_check let pass although it is another configuration's. */
static acf_status forget_unbegun(const acf_series *series, acf_error *e)
{
    static const char *const files[] = {"config.yaml", "command.txt", "train.log", "summary.json",
                                        "best"};
    const char *dir = series->cfg->save.dir;
    bool is_resumed;
    if (!acf_series_wanted(series->cfg) || !acf_path_is_dir(dir)) return ACF_OK;
    if (acf_run_dir_check(&is_resumed, series->cfg, ACF_RUN_RESUME, NULL) == ACF_OK) return ACF_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = acf_path_join(dir, files[i], e);
        acf_status st = path == NULL ? ACF_ERR_RESOURCE : acf_remove_tree(path, e);
        acf_free(path);
        ACF_TRY(st);
    }
    return ACF_OK;
}

/* A run stands in a directory of its own, and files of a sweep's names where no sweep has begun are
 * somebody's.  command.txt is not the mark of a sweep: every run has one. */
static acf_status check_directory(const char *dir, acf_error *e)
{
    const char *const *file = acf_sweep_file_names;
    bool is_run, has_command, has_file, there = false;
    ACF_TRY(acf_path_holds(&is_run, dir, "config.yaml", e));
    if (is_run)
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s: holds a run or a series (config.yaml), not a sweep; choose another "
                        "--out",
                        dir);
    for (; *file != NULL && !there; file++)
        ACF_TRY(acf_path_holds(&there, dir, *file, e));
    if (!there) return ACF_OK;
    /* Only now: the sweep may be beginning at this moment, in another process. */
    ACF_TRY(acf_path_holds(&has_command, dir, "command.txt", e));
    ACF_TRY(acf_path_holds(&has_file, dir, "sweep.yaml", e));
    if (has_command && has_file) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE,
                    "%s: holds %s, but no sweep was begun there (it lacks %s); choose another "
                    "--out, or move the file away",
                    dir, file[-1], has_command ? "sweep.yaml" : "command.txt");
}

acf_status acf_sweep_check(const acf_sweep *s, acf_error *e)
{
    ACF_TRY(check_directory(s->dir, e));
    for (int i = 0; i < s->n_runs; i++)
        if (s->run[i].is_ours && s->run[i].state == ACF_SWEEP_OPEN)
            ACF_TRY(check_alike(acf_sweep_config(s, i), e));
    for (int i = 0; i < s->n_cells; i++)
        if (acf_sweep_has_open_runs(s, i)) ACF_TRY(check_series(&s->cell[i].series, e));
    return ACF_OK;
}

acf_status acf_sweep_begin(acf_sweep *s, const char *command, acf_error *e)
{
    const acf_train_options opt = {.mode = ACF_RUN_RESUME, .command = command};
    ACF_TRY(acf_sweep_check(s, e));
    ACF_TRY(acf_run_dir_sweep(s->dir, e));
    /* First command.txt: a sweep.yaml without it is somebody's. */
    ACF_TRY(acf_run_dir_note(s->dir, "command.txt", command, e));
    ACF_TRY(acf_write_in(s->dir, "sweep.yaml", s->text, s->text_len, e));
    for (int i = 0; i < s->n_cells; i++) {
        const acf_config *cfg = &s->cell[i].cfg;
        if (acf_series_wanted(cfg) && acf_path_is_dir(cfg->save.dir))
            ACF_TRY(acf_run_dir_sweep(cfg->save.dir, e));
        if (!acf_sweep_has_open_runs(s, i)) continue;
        acf_status st = forget_unbegun(&s->cell[i].series, e);
        if (st == ACF_OK) st = acf_series_begin(&s->cell[i].series, &opt, e);
        acf_lock_release(&s->cell[i].series.lock); /* dir's is held, and runs have their own */
        ACF_TRY(st);
    }
    return ACF_OK;
}

acf_status acf_sweep_summarize(const acf_sweep *s, int cell, acf_error *e)
{
    const acf_sweep_cell *c = &s->cell[cell];
    acf_str text = {0};
    for (int i = c->first; i < c->first + c->series.n; i++)
        if (s->run[i].state != ACF_SWEEP_FINISHED && s->run[i].state != ACF_SWEEP_DIVERGED)
            return ACF_OK;
    acf_status st = acf_series_finish(&text, &c->series, e);
    acf_str_free(&text);
    return st;
}
