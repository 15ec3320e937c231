#include "support/tiny_run.h"

#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/checkpoint.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <stdlib.h>

const char *source_path(const char *path)
{
    static char paths[8][4096];
    static int next;
    char *out = paths[next++ % 8];
    const char *src = getenv("SRC");
    char *full = acf_path_absolute(src != NULL ? src : ".", NULL);
    assert_non_null(full);
    (void)snprintf(out, sizeof paths[0], "%s/%s", full, path);
    acf_free(full);
    return out;
}

void tiny_config(acf_config *cfg, const char *dir, const char *const *sets)
{
    char yaml[8192];
    acf_str problems = {0};
    acf_error e = {ACF_OK, ""};
    size_t n_sets = 0;
    while (sets != NULL && sets[n_sets] != NULL)
        n_sets++;
    int len =
        snprintf(yaml, sizeof yaml,
                 "schema: 1\n"
                 "task: text\n"
                 "data: {train: %s, dev: %s}\n"
                 "model: {encoder: %s, max_length: 16}\n"
                 "train:\n"
                 "  epochs: 3\n"
                 "  batch_size: 8\n"
                 "  threads: 1\n"
                 "  optimizer: {lr: 2e-3, head_lr: 1e-2}\n"
                 "eval: {every: 4 steps}\n"
                 "save: {dir: %s, every: 1 epochs, keep_last: 2}\n"
                 "log: {every: 3 steps}\n",
                 source_path("data/sample-text/train.tsv"), source_path("data/sample-text/dev.tsv"),
                 source_path("tests/golden/tiny-bert"), dir);
    if (acf_config_load_text(cfg, &problems, yaml, (size_t)len, "tiny.yaml", sets, n_sets, &e) !=
        ACF_OK)
        fail_msg("%s: %s", e.text, problems.data != NULL ? problems.data : "");
    acf_str_free(&problems);
}

/* A run that is going on. */
typedef struct running {
    tiny_run *run;
    acf_train_options opt;
    int64_t update;
} running;

/* The shortest time limit there is: over at the next look. */
static void ask_to_stop(running *r)
{
    r->opt.max_time_s = 1e-12;
}

static void on_update(void *payload, const acf_progress *p)
{
    running *r = payload;
    r->update = p->update;
    r->run->loss = p->loss;
    r->run->rate = p->examples_per_s;
    r->run->n_done++;
    if (r->run->at_update != NULL) r->run->at_update(p->update);
    if (r->run->stop_at == p->update) ask_to_stop(r);
}

static void on_line(void *payload, acf_log_level level, const char *line)
{
    (void)level;
    running *r = payload;
    size_t used = strlen(r->run->log);
    (void)snprintf(r->run->log + used, sizeof r->run->log - used, "%s\n", line);
    if (r->run->stop_at < 0 && strstr(line, "updates") != NULL) ask_to_stop(r); /* the plan */
    long long step;
    if (sscanf(line, "step %lld/", &step) == 1 && strstr(line, "  dev ") != NULL && step > 0 &&
        step == r->run->stop_at_eval)
        ask_to_stop(r);
}

acf_status tiny_train(tiny_run *run, const char *dir, const char *const *sets)
{
    acf_config cfg;
    acf_str summary = {0};
    tiny_config(&cfg, dir, sets);
    running r = {.run = run};
    r.opt = (acf_train_options){.mode = run->mode,
                                .command = "acf-train",
                                .log = {.write = on_line, .payload = &r},
                                .progress = on_update,
                                .payload = &r};
    run->log[0] = '\0';
    run->n_done = 0;
    run->e = (acf_error){ACF_OK, ""};
    acf_status st = acf_train(&summary, &cfg, &r.opt, &run->e);
    run->summary_len = summary.len;
    acf_str_free(&summary);
    acf_config_free(&cfg);
    return st;
}

void check_same_file(const char *a, const char *b)
{
    size_t n_a, n_b;
    char *text_a = tmpdir_read(a, &n_a), *text_b = tmpdir_read(b, &n_b);
    if (n_a != n_b) fail_msg("%s has %zu bytes, %s has %zu", a, n_a, b, n_b);
    for (size_t i = 0; i < n_a; i++)
        if (text_a[i] != text_b[i]) fail_msg("%s and %s differ from byte %zu on", a, b, i);
    acf_free(text_a);
    acf_free(text_b);
}

cJSON *read_events(const char *dir)
{
    size_t len;
    acf_error e = {ACF_OK, ""};
    char *text = tmpdir_read(tmpdir_path(dir, "metrics.jsonl"), &len);
    cJSON *list = cJSON_CreateArray();
    for (char *at = text; *at != '\0';) {
        size_t n = strcspn(at, "\n");
        cJSON *event;
        assert_int_equal(at[n], '\n');
        assert_ok(acf_json_parse(&event, at, n, "metrics.jsonl", &e), &e);
        assert_true(cJSON_AddItemToArray(list, event));
        at += n + 1;
    }
    acf_free(text);
    return list;
}

static void check_same_events(const char *a, const char *b)
{
    static const char *const timed[] = {"seconds", "examples_per_s", "tokens_per_s"};
    cJSON *list[2] = {read_events(a), read_events(b)};
    char *text[2];
    for (int k = 0; k < 2; k++) {
        for (cJSON *event = list[k]->child; event != NULL; event = event->next)
            for (int i = 0; i < 3; i++)
                cJSON_DeleteItemFromObjectCaseSensitive(event, timed[i]);
        text[k] = cJSON_Print(list[k]);
        assert_non_null(text[k]);
        cJSON_Delete(list[k]);
    }
    if (strcmp(text[0], text[1]) != 0)
        fail_msg("events of %s and %s differ:\n%s\n%s", a, b, text[0], text[1]);
    for (int k = 0; k < 2; k++)
        cJSON_free(text[k]);
}

void check_same_run(const char *a, const char *b)
{
    static const char *const file[] = {"last/model.safetensors",     "best/model.safetensors",
                                       "last/optimizer.safetensors", "best/optimizer.safetensors",
                                       "last/trainer_state.json",    "best/trainer_state.json",
                                       "predictions.dev.tsv"};
    assert_int_equal(acf_checkpoint_linked(a, "best"), acf_checkpoint_linked(b, "best"));
    assert_int_equal(acf_checkpoint_linked(a, "last"), acf_checkpoint_linked(b, "last"));
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        check_same_file(tmpdir_path(a, "%s", file[i]), tmpdir_path(b, "%s", file[i]));
    check_same_events(a, b);
}
