/* Everything of a run before its first update: the directory, what it goes on from, set-up. */
#include "run/trainer_internal.h"

#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "data/data_summary.h"
#include "store/checkpoint.h"

/* The checkpoint that a resumed run goes on from, if any. */
static acf_status find_checkpoint(acf_trainer *t, acf_error *e)
{
    char name[40];
    const char *dir = t->cfg->save.dir;
    ACF_TRY_AS(ACF_ERR_MODEL, acf_checkpoint_newest_valid(&t->restored, dir, &t->log, e), e);
    if (t->restored < 0) return ACF_OK;
    acf_checkpoint_name(name, t->restored);
    t->checkpoint = acf_path_join(dir, name, e);
    return t->checkpoint == NULL ? ACF_ERR_RESOURCE : ACF_OK;
}

/* Has the run ended, and are its checkpoints gone? */
static acf_status look_for_end(acf_trainer *t, acf_error *e)
{
    ACF_TRY(acf_run_status_of(&t->before, t->cfg, e));
    t->is_empty = t->before.ended == acf_exit_code(ACF_OK);
    return ACF_OK;
}

/* May the run start here, and what is there of it?  One that is resumed is locked from here on. */
static acf_status look(acf_trainer *t, acf_error *e)
{
    const char *dir = t->cfg->save.dir;
    ACF_TRY(acf_run_dir_check(&t->is_resumed, t->cfg, t->opt->mode, e));
    ACF_TRY(acf_output_check_dir(dir, e));
    if (!t->is_resumed || t->opt->dry_run) return ACF_OK;
    ACF_TRY(acf_lock_take(&t->lock, dir, e));
    ACF_TRY(acf_checkpoint_sweep(dir, &t->log, e));
    ACF_TRY(find_checkpoint(t, e));
    /* It may have ended with results only, or died while its checkpoints were removed for that, the
     * best before the newest. */
    bool may_be_empty = t->checkpoint == NULL ||
                        (t->cfg->save.results_only && acf_checkpoint_linked(dir, "best") < 0);
    return may_be_empty ? look_for_end(t, e) : ACF_OK;
}

/* Data, model and plan, as the checkpoint has them. */
static acf_status set_up(acf_trainer *t, acf_error *e)
{
    const acf_setup_options setup = {.checkpoint = t->checkpoint,
                                     .same_data_as =
                                         t->is_resumed ? t->cfg->save.dir : t->opt->sibling,
                                     .tokens = t->opt->tokens,
                                     .log = &t->log,
                                     .poll = {acf_train_should_stop, t}};
    ACF_TRY(acf_setup_open(&t->setup, t->cfg, &setup, e));
    ACF_TRY(acf_train_plan(t, e));
    if (t->checkpoint == NULL) return ACF_OK;
    ACF_TRY(acf_train_restore(t, t->checkpoint, e));
    return acf_train_check_best(t, e);
}

/* From here on the run is open, until its end is noted. */
static acf_status begin_status(acf_trainer *t, acf_error *e)
{
    const char *dir = t->cfg->save.dir;
    ACF_TRY(acf_run_status_read(&t->before, dir, e));
    t->before.ended = ACF_RUN_OPEN;
    t->before.starts++;
    return acf_run_status_write(&t->before, dir, e);
}

/* What is known of the run before its first update. */
static acf_status describe(const acf_trainer *t, acf_error *e)
{
    cJSON *environment;
    acf_str rows = {0}, bad_lines = {0};
    ACF_TRY(acf_train_environment(&environment, t, e));
    acf_status st = acf_data_chosen_rows(&rows, t->setup.data, e);
    if (st == ACF_OK) st = acf_data_bad_lines(&bad_lines, t->setup.data, e);
    if (st == ACF_OK)
        st = acf_run_dir_describe(t->cfg, t->opt->command, environment, rows.data, bad_lines.data,
                                  e);
    cJSON_Delete(environment);
    acf_str_free(&rows);
    acf_str_free(&bad_lines);
    return st;
}

/* Take the directory of a new run; config.yaml comes first: a run that holds it can be resumed. */
static acf_status make_dir(acf_trainer *t, acf_error *e)
{
    bool has_begun = false;
    const char *dir = t->cfg->save.dir;
    ACF_TRY(acf_run_dir_make(t->cfg, ACF_RUN_FRESH, e));
    ACF_TRY(acf_lock_take(&t->lock, dir, e));
    if (t->opt->mode != ACF_RUN_OVERWRITE)
        ACF_TRY(acf_run_dir_check(&has_begun, t->cfg, t->opt->mode, e));
    if (has_begun)
        return acf_fail(e, ACF_ERR_BUSY, "%s: was begun by another process meanwhile", dir);
    ACF_TRY(acf_run_dir_make(t->cfg, t->opt->mode, e));
    ACF_TRY(acf_run_dir_sweep(dir, e));
    ACF_TRY(describe(t, e));
    return begin_status(t, e);
}

/* The same where a run was begun; an old status is about the old configuration. */
static acf_status reopen_dir(acf_trainer *t, acf_error *e)
{
    ACF_TRY(acf_run_dir_sweep(t->cfg->save.dir, e));
    ACF_TRY(begin_status(t, e));
    return describe(t, e);
}

/* Every update that is to be dumped is made, now or before this start. */
static acf_status check_dump(const acf_trainer *t, acf_error *e)
{
    const acf_dump *dump = &t->opt->dump;
    if (dump->last > t->step.total)
        return acf_fail(e, ACF_ERR_USAGE, "--dump-step %lld: the run has %lld updates",
                        (long long)dump->last, (long long)t->step.total);
    if (dump->first > 0 && dump->first <= t->update)
        acf_log_warn(&t->log, "--dump-step: updates up to %lld were made before, none is written",
                     (long long)t->update);
    return ACF_OK;
}

acf_status acf_train_begin(acf_trainer *t, acf_error *e)
{
    ACF_TRY(look(t, e));
    if (t->is_empty) return ACF_OK;
    ACF_TRY(set_up(t, e));
    ACF_TRY(check_dump(t, e));
    if (t->opt->dry_run) return acf_train_plan_print(t, e);
    ACF_TRY(t->is_resumed ? reopen_dir(t, e) : make_dir(t, e));
    ACF_TRY(acf_run_log_open(&t->run_log, t->cfg->save.dir, t->restored, t->evaluated, e));
    if (t->checkpoint == NULL) return acf_train_plan_print(t, e);
    ACF_TRY(acf_train_link(t, e));
    acf_log_info(&t->log, "resuming from %s: update %lld of %lld", t->checkpoint,
                 (long long)t->update, (long long)t->step.total);
    return ACF_OK;
}
