#include "support/memory_faults.h"

#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/eval_work.h"
#include "cli/train_series.h"
#include "config/config.h"
#include "infer/held_out.h"
#include "model/model_dir.h"
#include "infer/predict.h"
#include "run/trainer.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* What the cases share. */
typedef struct faults {
    char dir[256];
    char model[300]; /* a run directory */
    char table[300];
    char bert[1024], resnet[1024], images[1024]; /* where these are */
    char texts[2048];                            /* the lines of data */
} faults;

typedef acf_status (*work)(const faults *f, acf_error *e);

static acf_status configure(acf_config *cfg, const char *yaml, acf_error *e)
{
    acf_str problems = {0};
    acf_status st =
        acf_config_load_text(cfg, &problems, yaml, strlen(yaml), "faults.yaml", NULL, 0, e);
    acf_str_free(&problems);
    return st;
}

/* A run in dir/name with the YAML lines of `rest`; stop: end before the first update. */
static acf_status train(const faults *f, const char *name, const char *rest, acf_run_mode mode,
                        bool stop, acf_error *e)
{
    acf_config cfg;
    acf_str summary = {0};
    char yaml[8192];
    (void)snprintf(yaml, sizeof yaml, "schema: 1\nsave: {dir: %s/%s}\n%s", f->dir, name, rest);
    ACF_TRY(configure(&cfg, yaml, e));
    const acf_train_options opt = {
        .mode = mode, .command = "acf-train", .max_time_s = stop ? 1e-12 : 0};
    acf_status st = acf_series_wanted(&cfg) ? acf_train_series(&summary, &cfg, 1, &opt, e)
                                            : acf_train(&summary, &cfg, &opt, e);
    acf_str_free(&summary);
    acf_config_free(&cfg);
    return st;
}

static const char *text_config(char out[4096], const faults *f, const char *model, const char *rest)
{
    (void)snprintf(out, 4096,
                   "task: text\n%smodel: {encoder: %s, max_length: 16}\n"
                   "train: {steps: 2, batch_size: 8, threads: 1%s}\n",
                   f->texts, model, rest);
    return out;
}

static void clear(const faults *f, const char *name)
{
    acf_error e = {ACF_OK, ""};
    const char *path = tmpdir_path(f->dir, "%s", name);
    if (acf_path_exists(path)) assert_ok(acf_remove_tree(path, &e), &e);
}

static acf_status train_preset(const faults *f, acf_error *e)
{
    char text[4096];
    return train(f, "run", text_config(text, f, "bert-tiny", ""), ACF_RUN_FRESH, false, e);
}

static acf_status train_series(const faults *f, acf_error *e)
{
    char text[4096];
    return train(f, "run", text_config(text, f, f->bert, ", seeds: [1, 2]"), ACF_RUN_FRESH, false,
                 e);
}

static acf_status train_images(const faults *f, acf_error *e)
{
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "task: image\ndata: {dir: %s, image: {size: 21}, augment: {crop_pad: 2, "
                   "random_resized_crop: 0.5, hflip: yes}}\n"
                   "model: {encoder: %s}\n"
                   "train: {steps: 2, batch_size: 8, threads: 1, optimizer: {name: sgd}}\n",
                   f->images, f->resnet);
    return train(f, "run", text, ACF_RUN_FRESH, false, e);
}

/* Of the model's own run, which has been over since long: read, checked, told again. */
static acf_status resume(const faults *f, acf_error *e)
{
    char text[4096];
    return train(f, "model", text_config(text, f, f->bert, ""), ACF_RUN_RESUME, false, e);
}

/* A longer one: stops before its next update. */
static acf_status resume_longer(const faults *f, acf_error *e)
{
    char text[4096];
    text_config(text, f, f->bert, "");
    char *steps = strstr(text, "steps: 2");
    assert_non_null(steps);
    steps[7] = '9';
    acf_status st = train(f, "model", text, ACF_RUN_RESUME, true, e);
    return st == ACF_STOPPED ? ACF_OK : st;
}

static acf_status open_model(acf_model *m, const faults *f, acf_error *e)
{
    char *dir;
    const acf_model_load load = {.pooling = -1, .dropout = -1};
    ACF_TRY(acf_model_resolve(&dir, f->model, e));
    acf_status st = acf_model_open(m, dir, &load, e);
    acf_free(dir);
    return st;
}

static acf_status evaluate(const faults *f, acf_error *e)
{
    acf_model m;
    acf_held_out h = {0};
    acf_str out = {0};
    char predictions[300], errors[300];
    (void)snprintf(predictions, sizeof predictions, "%s/predictions.tsv", f->dir);
    (void)snprintf(errors, sizeof errors, "%s/errors.tsv", f->dir);
    const acf_eval_arguments a = {.model = f->model,
                                  .predictions = predictions,
                                  .errors = errors,
                                  .reject_at = 0.5,
                                  .json = true};
    const acf_held_out_options opt = {.split = ACF_DEV, .data = f->table};
    ACF_TRY(open_model(&m, f, e));
    acf_status st = acf_held_out_open(&h, &out, &m, &opt, e);
    if (st == ACF_OK) st = acf_eval_figures(&out, &a, &m, &h, e);
    acf_held_out_close(&h);
    acf_model_free(&m);
    acf_str_free(&out);
    return st;
}

static acf_status add_class(const faults *f, acf_error *e)
{
    acf_model m;
    acf_str out = {0}, problems = {0};
    char output[300], list[400];
    const char *item[1] = {list};
    (void)snprintf(output, sizeof output, "%s/run", f->dir);
    (void)snprintf(list, sizeof list, "more=%s", f->table);
    const acf_eval_arguments a = {
        .model = f->model, .output = output, .classes = {.item = item, .n = 1}};
    ACF_TRY(open_model(&m, f, e));
    const acf_log log = {0};
    acf_status st = acf_eval_add_classes(&out, &problems, &a, &m, &log, e);
    acf_model_free(&m);
    acf_str_free(&out);
    acf_str_free(&problems);
    return st;
}

static acf_status drop(void *payload, const char *bytes, size_t len, acf_error *e)
{
    (void)payload, (void)bytes, (void)len, (void)e;
    return ACF_OK;
}

static acf_status predict(const faults *f, acf_error *e)
{
    acf_model m;
    int64_t n;
    char features[300];
    (void)snprintf(features, sizeof features, "%s/features.npy", f->dir);
    ACF_TRY(open_model(&m, f, e));
    acf_predict_options opt = {.format = ACF_PREDICT_JSONL,
                               .top_k = 1,
                               .reject = 0.1,
                               .tokens = true,
                               .features = features,
                               .name = f->table,
                               .emit = drop};
    opt.input = open(f->table, O_RDONLY | O_CLOEXEC);
    assert_true(opt.input >= 0);
    acf_status st = acf_predict(&n, &m, &opt, e);
    (void)close(opt.input);
    acf_model_free(&m);
    return st;
}

static acf_status predict_table(const faults *f, acf_error *e)
{
    acf_model m;
    int64_t n;
    ACF_TRY(open_model(&m, f, e));
    const acf_predict_options opt = {
        .top_k = 1, .reject = -1, .path = f->table, .text = "text", .emit = drop};
    acf_status st = acf_predict_table(&n, &m, &opt, e);
    acf_model_free(&m);
    return st;
}

/* All n of one case. */
static size_t case_faults(const faults *f, const char *name, work run, size_t stride)
{
    size_t n = 1, failed = 0, tries = 0;
    for (bool is_through = false; !is_through; n += stride) {
        acf_error e = {ACF_OK, ""};
        clear(f, "run");
        size_t held = acf_mem_held();
        (void)acf_mem_fail_at(n);
        acf_status st = run(f, &e);
        is_through = acf_mem_fail_at(0) < n;
        if (st != ACF_OK && st != ACF_ERR_RESOURCE)
            fail_msg("%s, allocation %zu: status %d: %s", name, n, (int)st, e.text);
        if (st != ACF_OK && (e.status != st || e.text[0] == '\0'))
            fail_msg("%s, allocation %zu: no message (%d '%s')", name, n, (int)e.status, e.text);
        if (is_through && st != ACF_OK) fail_msg("%s: fails without cause: %s", name, e.text);
        if (acf_mem_held() != held)
            fail_msg("%s, allocation %zu: %zu bytes are lost: %s", name, n, acf_mem_held() - held,
                     e.text);
        failed += st != ACF_OK;
        tries++;
    }
    if (2 * failed < tries) fail_msg("%s: %zu of %zu tries failed", name, failed, tries);
    printf("%s: %zu allocations failed, %zu of them fatal\n", name, tries - 1, failed);
    (void)fflush(stdout);
    return tries - 1;
}

size_t memory_faults(const char *dir, size_t stride)
{
    static const struct {
        const char *name;
        work run;
    } cases[] = {{"table", predict_table}, {"lines", predict},        {"evaluation", evaluate},
                 {"class", add_class},     {"longer", resume_longer}, {"images", train_images},
                 {"resume", resume},       {"series", train_series},  {"texts", train_preset}};
    faults f;
    acf_error e = {ACF_OK, ""};
    char text[4096];
    size_t total = 0;
    acf_json_start(); /* as the programs do */
    (void)snprintf(f.dir, sizeof f.dir, "%s", dir);
    (void)snprintf(f.model, sizeof f.model, "%s/model", dir);
    (void)snprintf(f.table, sizeof f.table, "%s", source_path("data/sample-text/dev.tsv"));
    (void)snprintf(f.bert, sizeof f.bert, "%s", source_path("tests/golden/tiny-bert"));
    (void)snprintf(f.resnet, sizeof f.resnet, "%s", source_path("tests/golden/tiny-resnet-cifar"));
    (void)snprintf(f.images, sizeof f.images, "%s", source_path("data/sample-image"));
    (void)snprintf(f.texts, sizeof f.texts, "data: {train: %s, dev: %s}\n",
                   source_path("data/sample-text/train.tsv"), f.table);
    assert_ok(train(&f, "model", text_config(text, &f, f.bert, ""), ACF_RUN_FRESH, false, &e), &e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        total += case_faults(&f, cases[i].name, cases[i].run, stride);
    return total;
}
