#include "run/trainer_internal.h"

#include "base/mem.h"
#include "base/path.h"
#include "model/model_dir.h"
#include "num/vec.h"
#include "store/checkpoint.h"
#include "store/state.h"
#include "store/weights.h"

#include <math.h>
#include <string.h>

#define STATE_FILE "trainer_state.json"
#define OPTIM_FILE "optimizer.safetensors"
#define FAR        ((int64_t)1 << 53)

typedef struct field_int {
    const char *key;
    int64_t *at;
    int64_t min;
} field_int;

typedef struct field_number {
    const char *key;
    double *at;
} field_number;

enum { N_INTS = 9, N_NUMBERS = 7 };

/* The one list of what is kept: written and read by the same loop. */
static void fields(field_int ints[N_INTS], field_number numbers[N_NUMBERS], acf_trainer *t)
{
    acf_train_sums *s = &t->sums;
    const field_int i[N_INTS] = {{"update", &t->update, 0},
                                 {"evaluated", &t->evaluated, -1},
                                 {"best", &t->best, -1},
                                 {"bad_evaluations", &t->bad_evaluations, 0},
                                 {"total", &t->step.total, 0},
                                 {"sum_updates", &s->updates, 0},
                                 {"sum_n_excess", &s->n_excess, 0},
                                 {"sum_no_anchor", &s->n_no_anchor, 0},
                                 {"optimizer_updates", &t->step.optimizer->n_done, 0}};
    const field_number n[N_NUMBERS] = {
        {"best_value", &t->best_value},      {"sum_loss", &s->total},   {"sum_loss_ce", &s->ce},
        {"sum_loss_contrast", &s->contrast}, {"sum_loss_cor", &s->cor}, {"sum_excess", &s->excess},
        {"sum_grad_norm", &s->grad_norm}};
    memcpy(ints, i, sizeof i);
    memcpy(numbers, n, sizeof n);
}

static acf_status save_state(acf_trainer *t, acf_checkpoint *ck, acf_error *e)
{
    field_int ints[N_INTS];
    field_number numbers[N_NUMBERS];
    fields(ints, numbers, t);
    acf_state *state = acf_state_new(e);
    char *path = acf_checkpoint_file(ck, STATE_FILE, e);
    acf_status st = state != NULL && path != NULL ? ACF_OK : ACF_ERR_RESOURCE;
    if (st == ACF_OK) st = acf_state_set_int(state, "format", 1, e);
    if (st == ACF_OK) st = acf_state_set_int(state, "is_over", t->is_over, e);
    for (int k = 0; k < N_INTS && st == ACF_OK; k++)
        st = acf_state_set_int(state, ints[k].key, *ints[k].at, e);
    for (int k = 0; k < N_NUMBERS && st == ACF_OK; k++)
        st = acf_state_set_number(state, numbers[k].key, *numbers[k].at, e);
    if (st == ACF_OK) st = acf_state_save(state, path, NULL, e);
    acf_state_close(&state);
    acf_free(path);
    return st;
}

static acf_status save_optimizer(const acf_trainer *t, acf_checkpoint *ck, acf_error *e)
{
    const acf_optimizer *o = t->step.optimizer;
    const char *name[ACF_OPTIM_MAX_BLOCKS];
    const real *block[ACF_OPTIM_MAX_BLOCKS];
    char digest[ACF_DIGEST_HEX + 1];
    for (int k = 0; k < o->n_blocks; k++) {
        name[k] = o->block[k].name;
        block[k] = o->block[k].x;
    }
    char *path = acf_checkpoint_file(ck, OPTIM_FILE, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_state_save_blocks(path, &t->setup.model.params, name, block,
                                          (size_t)o->n_blocks, digest, e);
    acf_free(path);
    ACF_TRY(st);
    return acf_checkpoint_note_digest(ck, OPTIM_FILE, digest, e);
}

const char *acf_train_what_now(const acf_trainer *t)
{
    static const char *const texts[2][2] = {
        {"and there is no checkpoint yet: a lower train.optimizer.lr, or train.clip: 1, usually "
         "helps",
         "and there is no checkpoint yet: a lower train.optimizer.lr or train.clip usually helps"},
        {"the last checkpoint is kept: a lower train.optimizer.lr, or train.clip: 1, usually helps",
         "the last checkpoint is kept: a lower train.optimizer.lr or train.clip usually helps"}};
    bool is_kept = acf_checkpoint_linked(t->cfg->save.dir, "last") >= 0;
    return texts[is_kept][t->cfg->train.clip > 0];
}

static acf_status check_block(const acf_trainer *t, const real *x, const char *what, acf_error *e)
{
    const acf_params *p = &t->setup.model.params;
    if (isfinite(acf_vec_square_sum(x, p->len))) return ACF_OK;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = p->slice[i].at; k < p->slice[i].at + p->slice[i].len; k++)
            if (!isfinite(x[k]))
                return acf_fail(e, ACF_ERR_NUMERIC,
                                "update %lld: %s of '%s' became %g; it is not saved, %s",
                                (long long)t->update, what, p->slice[i].name, (double)x[k],
                                acf_train_what_now(t));
    return ACF_OK;
}

/* An update can make what its finite gradient did not show: a checkpoint of it could not be loaded,
 * and would push out one that can. */
static acf_status check_finite(const acf_trainer *t, acf_error *e)
{
    const acf_optimizer *o = t->step.optimizer;
    ACF_TRY(check_block(t, t->setup.model.params.value, "the weights", e));
    for (int k = 0; k < o->n_blocks; k++)
        ACF_TRY(check_block(t, o->block[k].x, o->block[k].name, e));
    return ACF_OK;
}

acf_status acf_train_save(acf_trainer *t, acf_error *e)
{
    const char *dir = t->cfg->save.dir;
    const acf_model *m = &t->setup.model;
    acf_checkpoint *ck;
    char name[40];
    uint64_t bytes = acf_weights_bytes(&m->params) + ((uint64_t)4 << 20) +
                     acf_state_blocks_bytes(&m->params, (size_t)t->step.optimizer->n_blocks);
    acf_optimizer_settle(t->step.optimizer, &t->setup.model.params);
    ACF_TRY(check_finite(t, e));
    ACF_TRY(acf_run_log_sync(t->run_log, e));
    acf_checkpoint_name(name, t->update);
    ACF_TRY(acf_checkpoint_begin(&ck, dir, name, bytes, e));
    acf_status st = acf_model_save(m, ck, e);
    if (st == ACF_OK) st = save_optimizer(t, ck, e);
    if (st == ACF_OK) st = save_state(t, ck, e);
    if (st != ACF_OK) {
        acf_checkpoint_abort(&ck);
        return st;
    }
    ACF_TRY(acf_checkpoint_commit(&ck, e));
    t->saved = t->update;
    return acf_train_link(t, e);
}

/* Point RUN/name to the checkpoint of `step` when there is one. */
static acf_status link_to(const char *dir, const char *name, int64_t step, acf_error *e)
{
    char folder[40];
    if (step < 0 || acf_checkpoint_linked(dir, name) == step) return ACF_OK;
    acf_checkpoint_name(folder, step);
    char *path = acf_path_join(dir, folder, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st =
        acf_path_is_dir(path) ? acf_checkpoint_link(dir, name, step, e) : ACF_OK; /* pruned */
    acf_free(path);
    return st;
}

acf_status acf_train_link(const acf_trainer *t, acf_error *e)
{
    const char *dir = t->cfg->save.dir;
    /* Without a dev split, or before its first evaluation, the newest is the best. */
    int64_t best = t->best < 0 ? t->saved : t->best;
    ACF_TRY(link_to(dir, "last", t->saved, e));
    ACF_TRY(link_to(dir, "best", best, e));
    return acf_checkpoint_prune(dir, t->cfg->save.keep_last, best, e);
}

static acf_status restore_state(acf_trainer *t, const char *dir, acf_error *e)
{
    field_int ints[N_INTS];
    field_number numbers[N_NUMBERS];
    acf_state *state = NULL;
    int64_t format, total = t->step.total, is_over;
    char *path = acf_path_join(dir, STATE_FILE, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    fields(ints, numbers, t);
    acf_status st = acf_state_load(&state, path, e);
    if (st == ACF_OK) st = acf_state_get_int(&format, state, "format", 1, 1, e);
    if (st == ACF_OK) st = acf_state_get_int(&is_over, state, "is_over", 0, 1, e);
    for (int k = 0; k < N_INTS && st == ACF_OK; k++)
        st = acf_state_get_int(ints[k].at, state, ints[k].key, ints[k].min, FAR, e);
    for (int k = 0; k < N_NUMBERS && st == ACF_OK; k++)
        st = acf_state_get_number(numbers[k].at, state, numbers[k].key, -INFINITY, INFINITY, e);
    acf_state_close(&state);
    acf_free(path);
    if (st != ACF_OK) return st;
    /* A longer run than the one that was saved goes on where that one ended. */
    t->is_over = is_over != 0 && total <= t->step.total;
    t->step.total = total;
    t->saved = t->update;
    return ACF_OK;
}

acf_status acf_train_restore(acf_trainer *t, const char *dir, acf_error *e)
{
    acf_optimizer *o = t->step.optimizer;
    const char *name[ACF_OPTIM_MAX_BLOCKS];
    real *block[ACF_OPTIM_MAX_BLOCKS];
    for (int k = 0; k < o->n_blocks; k++) {
        name[k] = o->block[k].name;
        block[k] = o->block[k].x;
    }
    ACF_TRY_AS(ACF_ERR_MODEL, restore_state(t, dir, e), e);
    char *path = acf_path_join(dir, OPTIM_FILE, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st =
        acf_state_load_blocks(path, &t->setup.model.params, name, block, (size_t)o->n_blocks, e);
    acf_free(path);
    return acf_reclass(st, ACF_ERR_MODEL, e);
}

/* As the end of the run will open it: without sums, it is taken as it is (model/model_dir.h). */
static acf_status verify_stored(const char *path, acf_error *e)
{
    bool has_sums;
    ACF_TRY(acf_checkpoint_has_sums(&has_sums, path, e));
    return has_sums || !acf_path_is_dir(path) ? acf_checkpoint_verify(path, e) : ACF_OK;
}

acf_status acf_train_check_best(acf_trainer *t, acf_error *e)
{
    acf_error why = {ACF_OK, ""};
    char name[40];
    if (t->best < 0 || t->best == t->update) return ACF_OK;
    acf_checkpoint_name(name, t->best);
    char *path = acf_path_join(t->cfg->save.dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = verify_stored(path, &why);
    acf_free(path);
    if (st != ACF_ERR_MODEL) {
        if (st != ACF_OK) acf_error_give(e, &why);
        return st;
    }
    acf_log_warn(&t->log, "%s; it was the best: the choice begins anew at update %lld", why.text,
                 (long long)t->update);
    t->best = -1;
    t->bad_evaluations = 0;
    if (t->evaluated >= t->update) t->evaluated = t->update - 1; /* its events come again */
    t->is_best_lost = true;
    return ACF_OK;
}
