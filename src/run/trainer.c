#include "run/trainer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "config/interval.h"
#include "data/sampler.h"
#include "num/gemm.h"
#include "num/threads.h"
#include "run/event.h"
#include "run/label_init.h"
#include "run/signals.h"
#include "run/trainer_internal.h"
#include "store/checkpoint.h"

#include <string.h>

/* The caller's log and train.log, once there is one. */
static void log_both(void *payload, acf_log_level level, const char *line)
{
    acf_trainer *t = payload;
    if (t->opt->log.write != NULL) t->opt->log.write(t->opt->log.payload, level, line);
    if (t->run_log != NULL) acf_run_log_line(t->run_log, level, line);
}

bool acf_train_should_stop(void *payload)
{
    const acf_trainer *t = payload;
    if (acf_signals_stop(NULL)) return true;
    return t->opt->max_time_s > 0 && acf_clock_s() - t->begin_s >= t->opt->max_time_s;
}

static acf_status fetch(acf_trainer *t, acf_error *e)
{
    acf_source *train = t->setup.source[ACF_TRAIN];
    const acf_config *cfg = t->cfg;
    int64_t epoch = t->update / t->per_epoch, place = t->update % t->per_epoch;
    int B = cfg->train.batch_size;
    if (t->ordered != epoch) {
        ACF_TRY(acf_sampler_order(t->order, train->n, cfg->train.sampler, train->label,
                                  t->setup.data->K, (uint64_t)cfg->train.seed, (uint64_t)epoch, e));
        t->ordered = epoch;
        ACF_TRY(acf_source_announce(train, t->order + place * B, train->n - (int)(place * B), e));
    }
    int64_t first = place * B;
    int n = train->n - first < B ? (int)(train->n - first) : B;
    const acf_fetch how = {
        .train = true, .seed = (uint64_t)cfg->train.seed, .epoch = (uint64_t)epoch};
    return acf_source_fetch(train, &t->batch, t->order + first, n, &how, e);
}

static void add_sums(acf_trainer *t, const acf_step_result *r, double seconds)
{
    acf_train_sums *s = &t->sums;
    t->speed.examples += t->batch.N;
    t->speed.tokens += t->batch.input.T;
    t->speed.seconds += seconds;
    s->updates++;
    s->total += r->loss.total;
    s->ce += r->loss.ce;
    s->contrast += r->loss.contrast;
    s->cor += r->loss.cor;
    s->grad_norm += r->grad_norm;
    if (r->loss.has_excess) {
        s->excess += r->loss.excess;
        s->n_excess++;
    }
    if (r->loss.has_contrast && r->loss.n_anchor == 0) s->n_no_anchor++;
}

/* Names the lines of the batch whose loss or gradient is not finite. */
static acf_status blame_batch(const acf_trainer *t, acf_error *e)
{
    const acf_split *s = &t->setup.data->split[ACF_TRAIN];
    acf_str lines = {0};
    for (int i = 0; i < t->batch.N && i < 16; i++)
        if (acf_str_printf(&lines, NULL, "%s%d", i > 0 ? " " : "",
                           s->line != NULL ? (int)s->line[t->batch.row[i]]
                                           : (int)t->batch.row[i]) != ACF_OK)
            break;
    char text[ACF_ERROR_TEXT];
    memcpy(text, e->text, sizeof text);
    acf_status st = acf_fail(e, ACF_ERR_NUMERIC,
                             "%.300s; batch of lines %.200s%s of %.250s; nothing was updated, %s",
                             text, lines.data != NULL ? lines.data : "?",
                             t->batch.N > 16 ? " ..." : "", s->path, acf_train_what_now(t));
    acf_str_free(&lines);
    return st;
}

static acf_status log_train(acf_trainer *t, const acf_step_result *r, acf_error *e)
{
    acf_train_sums *s = &t->sums;
    cJSON *event;
    const acf_event_means means = {.sums = s,
                                   .speed = &t->speed,
                                   .lr = r->lr,
                                   .lr_head = r->lr_head,
                                   .step = t->update,
                                   .epoch = (double)t->update / (double)t->per_epoch};
    ACF_TRY(acf_event_train(&event, &means, e));
    acf_status st = acf_run_log_event(t->run_log, event, e);
    cJSON_Delete(event);
    *s = (acf_train_sums){.n_no_anchor = s->n_no_anchor};
    t->speed = (acf_train_speed){0};
    return st;
}

static void show_progress(const acf_trainer *t, const acf_step_result *r, double seconds,
                          bool is_logged)
{
    if (t->opt->progress == NULL) return;
    acf_progress p = {.update = t->update,
                      .total = t->step.total,
                      .epoch = (double)t->update / (double)t->per_epoch,
                      .loss = r->loss,
                      .grad_norm = r->grad_norm,
                      .lr = r->lr,
                      .lr_head = r->lr_head,
                      .examples_per_s = t->batch.N / seconds,
                      .eta_s = (double)(t->step.total - t->update) * (acf_clock_s() - t->loop_s) /
                               (double)(t->update - t->loop_update),
                      .is_logged = is_logged};
    t->opt->progress(t->opt->payload, &p);
}

/* At the end of each epoch, and of the run. */
static void tell_no_anchor(acf_trainer *t)
{
    bool is_due = t->update % t->per_epoch == 0 || t->update == t->step.total;
    if (!is_due || t->sums.n_no_anchor == 0) return;
    acf_log_warn(
        &t->log, "epoch %lld: %lld batches had no pair of one class: the contrastive term was 0",
        (long long)((t->update + t->per_epoch - 1) / t->per_epoch), (long long)t->sums.n_no_anchor);
    t->sums.n_no_anchor = 0;
}

static acf_status one_update(acf_trainer *t, acf_error *e)
{
    acf_step_result r;
    double begin = acf_clock_s();
    ACF_TRY(fetch(t, e));
    acf_status st = acf_step_gradients(&r, &t->step, &t->batch, t->update, e);
    if (st == ACF_ERR_NUMERIC) return blame_batch(t, e);
    ACF_TRY(st);
    ACF_TRY(acf_dump_step(&t->opt->dump, &t->step, &t->batch, &r.loss, t->update + 1, e));
    acf_step_update(&r, &t->step, t->update);
    t->update++;

    double seconds = acf_clock_s() - begin;
    add_sums(t, &r, seconds);
    bool log_due =
        acf_interval_due(&t->cfg->log.every, t->update, t->per_epoch) || t->update == t->step.total;
    show_progress(t, &r, seconds, log_due);
    if (log_due) ACF_TRY(log_train(t, &r, e));
    tell_no_anchor(t);
    return ACF_OK;
}

/* Save and give the status of an early end. */
static acf_status stop(acf_trainer *t, acf_error *e)
{
    if (t->saved != t->update) ACF_TRY(acf_train_save(t, e));
    return acf_fail(e, ACF_STOPPED,
                    "%s: stopped after update %lld of %lld, saved; --resume goes on from there",
                    t->cfg->save.dir, (long long)t->update, (long long)t->step.total);
}

static acf_status loop(acf_trainer *t, acf_error *e)
{
    const acf_config *cfg = t->cfg;
    const bool has_dev = t->setup.source[ACF_DEV] != NULL;
    t->loop_s = acf_clock_s();
    t->loop_update = t->update;
    while (!t->is_over || t->is_best_lost) {
        bool at_end = t->is_over || t->update >= t->step.total;
        bool eval_due = at_end || t->is_best_lost ||
                        acf_interval_due(&cfg->eval.every, t->update, t->per_epoch);
        bool save_due = acf_interval_due(&cfg->save.every, t->update, t->per_epoch);
        if (has_dev && eval_due && t->evaluated < t->update) {
            save_due |= t->saved == t->update; /* stopped before this evaluation, then resumed */
            acf_status st = acf_train_evaluate(t, e);
            if (st == ACF_STOPPED) return stop(t, e);
            ACF_TRY(st);
            if (t->best == t->update) ACF_TRY(acf_run_dir_forget_test(cfg->save.dir, &t->log, e));
            if (cfg->eval.early_stop.patience >= 0 &&
                t->bad_evaluations >= cfg->eval.early_stop.patience && !at_end) {
                acf_log_info(&t->log, "early stop: no better %s in %lld evaluations",
                             cfg->eval.metric, (long long)t->bad_evaluations);
                at_end = true;
            }
        }
        t->is_best_lost = false;
        t->is_over = at_end;
        save_due |= acf_signals_take_save() || t->best == t->update || at_end;
        if (save_due && t->saved < t->update) ACF_TRY(acf_train_save(t, e));
        if (at_end) break;
        if (acf_train_should_stop(t)) return stop(t, e);
        if (t->update == t->loop_update)
            ACF_TRY(acf_run_dir_forget_test(cfg->save.dir, &t->log, e));
        ACF_TRY(one_update(t, e));
    }
    return ACF_OK;
}

static acf_status note_end(const acf_trainer *t, acf_status ended, acf_error *e)
{
    acf_run_status s = t->before;
    s.ended = acf_exit_code(ended);
    s.step = t->update;
    s.epochs = (double)t->update / (double)t->per_epoch;
    s.seconds += acf_clock_s() - t->begin_s;
    s.cpu_seconds += acf_clock_cpu_s() - t->begin_cpu_s;
    return acf_run_status_write(&s, t->cfg->save.dir, e);
}

/* Before the first update: a checkpoint has what became of them. */
static acf_status init_labels(acf_trainer *t, acf_error *e)
{
    acf_model *m = &t->setup.model;
    acf_source *train = t->setup.source[ACF_TRAIN];
    if (t->cfg->model.label_init != ACF_LABELS_MEANS) return ACF_OK;
    if (!m->is_new_head) {
        acf_log_info(&t->log, "label embeddings: those of %s", t->cfg->model.encoder);
        return ACF_OK;
    }
    double begin = acf_clock_s();
    int n_rows;
    const acf_label_init_options opt = {.poll = {acf_train_should_stop, t}};
    ACF_TRY(acf_label_init_means(&n_rows, m, train, &opt, e));
    acf_log_info(&t->log, "label embeddings: means of their classes over %d training rows (%.1fs)",
                 n_rows, acf_clock_s() - begin);
    return ACF_OK;
}

/* What only updates need.  A final evaluation reads the best checkpoint beside the model that is
 * here: without this it would be the peak of the run's memory. */
static void end_updates(acf_trainer *t)
{
    acf_optimizer_close(&t->step.optimizer);
    acf_arena_free(&t->step.arena);
    acf_batch_free(&t->batch);
    acf_params_free_grad(&t->setup.model.params);
}

static void trainer_free(acf_trainer *t)
{
    end_updates(t);
    acf_evaluation_free(&t->best_dev[0]);
    acf_evaluation_free(&t->best_dev[1]);
    acf_setup_close(&t->setup);
    acf_run_log_close(&t->run_log);
    acf_lock_release(&t->lock);
    acf_free(t->checkpoint);
    acf_free(t->order);
    acf_free(t->milestones);
}

acf_status acf_train(acf_str *summary, const acf_config *cfg, const acf_train_options *opt,
                     acf_error *e)
{
    acf_trainer t = {.cfg = cfg,
                     .opt = opt,
                     .evaluated = -1,
                     .saved = -1,
                     .best = -1,
                     .best_value = 0,
                     .restored = -1,
                     .begin_s = acf_clock_s(),
                     .begin_cpu_s = acf_clock_cpu_s()};
    acf_error own;
    if (e == NULL) e = &own; /* its text goes into the log */
    t.log = (acf_log){.write = log_both, .payload = &t};
    acf_threads_set(cfg->train.threads > 0 ? cfg->train.threads : acf_threads_available());
    acf_status st = acf_gemm_start(e);
    if (st == ACF_OK) st = acf_train_begin(&t, e);
    if (st == ACF_OK && t.is_empty) {
        if (cfg->save.results_only) st = acf_checkpoint_remove_all(cfg->save.dir, e);
        if (st == ACF_OK)
            st = acf_str_printf(summary, e,
                                "%s: has ended, its checkpoints were removed (save.results_only); "
                                "the figures are in eval_results.json\n",
                                cfg->save.dir);
    } else if (st == ACF_OK && !opt->dry_run) {
        if (t.checkpoint == NULL) st = init_labels(&t, e);
        if (st == ACF_OK) st = loop(&t, e);
        end_updates(&t);
        if (st == ACF_OK) st = acf_train_report(summary, &t, e);
        if (st != ACF_OK) acf_run_log_line(t.run_log, ACF_LOG_WARN, e->text);
        acf_status noted = note_end(&t, st, st == ACF_OK ? e : NULL);
        if (st == ACF_OK) st = noted;
        if (st == ACF_OK && cfg->save.results_only)
            st = acf_checkpoint_remove_all(cfg->save.dir, e);
    }
    trainer_free(&t);
    return st;
}
