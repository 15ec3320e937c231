#include "sweep/sweep.h"

#include "base/io.h"
#include "base/path.h"
#include "base/mem.h"
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

void acf_sweep_run_name(char name[320], const acf_sweep *s, int run)
{
    const acf_sweep_cell *c = &s->cell[s->run[run].cell];
    const char *part = c->series.name[s->run[run].index];
    (void)snprintf(name, 320, "%s/%s%s%s", s->file.variant[c->variant].name,
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

static bool has_open_runs(const acf_sweep *s, const acf_sweep_cell *c)
{
    for (int i = c->first; i < c->first + c->series.n; i++)
        if (s->run[i].is_ours && s->run[i].state == ACF_SWEEP_OPEN) return true;
    return false;
}

/* Runs that are compared were trained alike: not even longer, as --resume may do. */
static acf_status check_run(const acf_config *cfg, acf_error *e)
{
    bool is_resumed;
    acf_difference d = {0};
    ACF_TRY(acf_run_dir_check(&is_resumed, cfg, ACF_RUN_RESUME, e));
    if (is_resumed) ACF_TRY(acf_run_difference(&d, cfg, e));
    if (d.key == NULL) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE,
                    "%s: was begun with another configuration: %s (was %s, is %s); choose another "
                    "--out, or remove it",
                    cfg->save.dir, d.key, d.was, d.is);
}

/* Does the directory hold a run of a series, of whatever seeds? */
static acf_status has_runs(bool *found, const char *dir, acf_error *e)
{
    char **names;
    size_t n;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, dir, e), e);
    *found = false;
    for (size_t i = 0; i < n; i++)
        if (strncmp(names[i], "seed-", 5) == 0 || strncmp(names[i], "fold-", 5) == 0) *found = true;
    acf_free_names(names, n);
    return ACF_OK;
}

/* A series of which no run has begun (their data were not found, say) may become another one. */
static acf_status forget_unbegun(const acf_series *series, acf_error *e)
{
    static const char *const files[] = {"config.yaml", "command.txt", "train.log", "summary.json",
                                        "best"};
    bool is_resumed, found;
    if (!acf_series_wanted(series->cfg) || !acf_path_is_dir(series->cfg->save.dir)) return ACF_OK;
    if (acf_run_dir_check(&is_resumed, series->cfg, ACF_RUN_RESUME, NULL) == ACF_OK) return ACF_OK;
    ACF_TRY(has_runs(&found, series->cfg->save.dir, e));
    if (found) return ACF_OK; /* acf_series_begin tells what is wrong */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = acf_path_join(series->cfg->save.dir, files[i], e);
        acf_status st = path == NULL ? ACF_ERR_RESOURCE : acf_remove_tree(path, e);
        acf_free(path);
        ACF_TRY(st);
    }
    return ACF_OK;
}

acf_status acf_sweep_begin(acf_sweep *s, const char *command, acf_error *e)
{
    const acf_train_options opt = {.mode = ACF_RUN_RESUME, .command = command};
    for (int i = 0; i < s->n_runs; i++) /* before anything is changed */
        if (s->run[i].is_ours && s->run[i].state == ACF_SWEEP_OPEN)
            ACF_TRY(check_run(acf_sweep_config(s, i), e));
    ACF_TRY(acf_run_dir_sweep(s->dir, e));
    ACF_TRY(acf_write_in(s->dir, "sweep.yaml", s->text, s->text_len, e));
    ACF_TRY(acf_run_dir_note(s->dir, "command.txt", command, e));
    for (int i = 0; i < s->n_cells; i++) {
        const acf_config *cfg = &s->cell[i].cfg;
        if (acf_series_wanted(cfg) && acf_path_is_dir(cfg->save.dir))
            ACF_TRY(acf_run_dir_sweep(cfg->save.dir, e));
        if (!has_open_runs(s, &s->cell[i])) continue;
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
        if (s->run[i].state != ACF_SWEEP_FINISHED) return ACF_OK;
    acf_status st = acf_series_finish(&text, &c->series, e);
    acf_str_free(&text);
    return st;
}
