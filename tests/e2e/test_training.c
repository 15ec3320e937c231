/* What a run must do: learn eight rows by heart, repeat itself for any number of threads, judge as
 * the stored model judges, start from its own checkpoints, and stop before it breaks. */
#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "data/text_source.h"
#include "infer/evaluate.h"
#include "metrics/metrics_json.h"
#include "model/model_dir.h"
#include "run/setup.h"
#include "store/checkpoint.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <stdio.h>

static const char *run_dir(char out[256], const char *dir, const char *name)
{
    (void)snprintf(out, 256, "%s/%s", dir, name);
    return out;
}

static void learn_by_heart(const char *dir, const char *loss, acf_loss *last)
{
    static const char *sets[] = {"model.encoder=bert-tiny",
                                 "model.dropout=0",
                                 "data.max_train_samples=8",
                                 "train.steps=150",
                                 "train.optimizer.lr=5e-4",
                                 "train.optimizer.weight_decay=0",
                                 "eval.every=150 steps",
                                 "save.every=150 steps",
                                 NULL,
                                 NULL};
    sets[8] = loss;
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, dir, sets), &run.e);
    *last = run.loss;
}

static void learns_eight_rows_with_acf(void **state)
{
    acf_loss loss;
    learn_by_heart(*state, "loss.type=acf", &loss);
    assert_true(loss.has_excess);
    assert_true(loss.ce < 0.01);
    assert_true(loss.excess >= 0 && loss.excess < 0.05);
}

static void learns_eight_rows_with_ce(void **state)
{
    acf_loss loss;
    learn_by_heart(*state, "loss.type=ce", &loss);
    assert_true(loss.ce < 0.01);
    assert_number(loss.total, loss.ce, 0);
}

static bool differ(const char *a, const char *b)
{
    size_t n_a, n_b;
    char *text_a = tmpdir_read(a, &n_a), *text_b = tmpdir_read(b, &n_b);
    bool differs = n_a != n_b || memcmp(text_a, text_b, n_a) != 0;
    acf_free(text_a);
    acf_free(text_b);
    return differs;
}

static void threads_do_not_matter_and_seeds_do(void **state)
{
    char first[256], other[256];
    static const char *const sets[][6] = {
        {"model.encoder=bert-tiny", "train.steps=6", "train.batch_size=16", "train.threads=1"},
        {"model.encoder=bert-tiny", "train.steps=6", "train.batch_size=16", "train.threads=2"},
        {"model.encoder=bert-tiny", "train.steps=6", "train.batch_size=16", "train.threads=3"},
        {"model.encoder=bert-tiny", "train.steps=6", "train.batch_size=16", "train.threads=1"},
        {"model.encoder=bert-tiny", "train.steps=6", "train.batch_size=16", "train.threads=1",
         "train.seed=43"}};
    for (int k = 0; k < 5; k++) {
        tiny_run run = {.mode = ACF_RUN_FRESH};
        char name[8];
        (void)snprintf(name, sizeof name, "%d", k);
        assert_ok(tiny_train(&run, run_dir(k == 0 ? first : other, *state, name), sets[k]), &run.e);
        if (k == 4) {
            assert_true(differ(tmpdir_path(first, "last/model.safetensors"),
                               tmpdir_path(other, "last/model.safetensors")));
        } else if (k > 0) {
            check_same_run(first, other);
        }
    }
}

/* Micro-batches change rounding, not results. */
static void micro_batches_train_alike(void **state)
{
    char whole[256], pieces[256];
    static const char *const plain[] = {"train.steps=1", "train.optimizer.name=sgd", NULL};
    static const char *const micro[] = {"train.steps=1", "train.optimizer.name=sgd",
                                        "train.micro_batch=3", NULL};
    tiny_run a = {.mode = ACF_RUN_FRESH}, b = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&a, run_dir(whole, *state, "whole"), plain), &a.e);
    assert_ok(tiny_train(&b, run_dir(pieces, *state, "pieces"), micro), &b.e);
    assert_number(a.loss.total, b.loss.total, 1e-6);
}

static void open_model(acf_model *m, const char *dir)
{
    acf_error e = {ACF_OK, ""};
    const acf_model_load load = {.pooling = -1, .dropout = -1};
    assert_ok(acf_model_open(m, dir, &load, &e), &e);
}

/* The event of an evaluation at `step`, to be deleted. */
static cJSON *eval_event(const char *dir, int64_t step)
{
    cJSON *list = read_events(dir);
    for (int i = 0; i < cJSON_GetArraySize(list); i++) {
        cJSON *event = cJSON_GetArrayItem(list, i);
        if (strcmp(cJSON_GetObjectItem(event, "event")->valuestring, "eval") != 0) continue;
        if ((int64_t)cJSON_GetObjectItem(event, "step")->valuedouble != step) continue;
        event = cJSON_DetachItemFromArray(list, i);
        cJSON_Delete(list);
        return event;
    }
    fail_msg("%s: no evaluation at %lld", dir, (long long)step);
    return NULL;
}

static void check_same_figures(const cJSON *event, const char *head, const acf_metrics *m)
{
    cJSON *got = cJSON_CreateObject();
    assert_int_equal(acf_metrics_json_values(got, m, "", NULL), ACF_OK);
    assert_true(cJSON_GetArraySize(got) > 2);
    if (!cJSON_Compare(got, cJSON_GetObjectItem(event, head), true))
        fail_msg("%s: %s, expected %s", head, cJSON_Print(got),
                 cJSON_Print(cJSON_GetObjectItem(event, head)));
    cJSON_Delete(got);
}

static void the_stored_model_judges_as_the_run_did(void **state)
{
    const char *dir = *state;
    acf_error e = {ACF_OK, ""};
    acf_config cfg;
    acf_setup setup;
    acf_model m;
    acf_evaluation ev;
    static const char *const sets[] = {"model.encoder=bert-tiny", "train.optimizer.lr=5e-4",
                                       "train.epochs=2", "model.pooling=mean", NULL};
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, dir, sets), &run.e);
    int64_t best = acf_checkpoint_linked(dir, "best");
    assert_true(best > 0);

    tiny_config(&cfg, dir, sets);
    const acf_setup_options options = {.checkpoint = tmpdir_path(dir, "best")};
    static const acf_log quiet = {0};
    acf_setup_options with_log = options;
    with_log.log = &quiet;
    assert_ok(acf_setup_open(&setup, &cfg, &with_log, &e), &e);
    open_model(&m, tmpdir_path(dir, "best"));
    const acf_evaluate_options how = {.head = ACF_HEAD_LINEAR};
    assert_ok(acf_evaluate(&ev, &m, setup.source[ACF_DEV], &how, &e), &e);
    cJSON *event = eval_event(dir, best);
    check_same_figures(event, "linear", &ev.result.linear);
    check_same_figures(event, "label", &ev.result.label);
    cJSON_Delete(event);
    acf_evaluation_free(&ev);
    acf_model_free(&m);
    acf_setup_close(&setup);
    acf_config_free(&cfg);
}

static bool stop_at_once(void *payload)
{
    (*(int *)payload)++;
    return true;
}

static void an_evaluation_can_be_stopped(void **state)
{
    acf_error e = {ACF_OK, ""};
    acf_config cfg;
    acf_setup setup;
    acf_evaluation ev;
    static const acf_log quiet = {0};
    int n_asked = 0;
    tiny_config(&cfg, *state, NULL);
    const acf_setup_options options = {.log = &quiet};
    assert_ok(acf_setup_open(&setup, &cfg, &options, &e), &e);
    const acf_evaluate_options how = {.poll = {stop_at_once, &n_asked}};
    assert_fails(acf_evaluate(&ev, &setup.model, setup.source[ACF_DEV], &how, &e), ACF_STOPPED,
                 "evaluation: stopped at row 0 of 20", &e);
    assert_int_equal(n_asked, 1);
    assert_null(ev.logits);
    acf_setup_close(&setup);
    acf_config_free(&cfg);
}

/* Row of the classifier by label name. */
static const real *row_of(const acf_model *m, const char *label, real *bias)
{
    for (int k = 0; k < m->K; k++)
        if (strcmp(m->labels[k], label) == 0) {
            *bias = acf_value(&m->params, m->b)[k];
            return acf_value(&m->params, m->W) + (size_t)k * (size_t)m->enc->d;
        }
    fail_msg("no label '%s'", label);
    return NULL;
}

/* data/sample-text with each label led by `mark`, as dir/name. */
static void mark_labels(const char *dir, const char *name, const char *mark)
{
    size_t len;
    acf_str out = {0};
    char *text = tmpdir_read(source_path("data/sample-text/train.tsv"), &len);
    int line = 0;
    for (char *at = text; *at != '\0'; line++) {
        size_t n = strcspn(at, "\n"), head = strcspn(at, "\t") + 1;
        assert_int_equal(acf_str_printf(&out, NULL, "%.*s%s%.*s\n", (int)head, at,
                                        line > 0 ? mark : "", (int)(n - head), at + head),
                         ACF_OK);
        at += n + 1;
    }
    tmpdir_write(tmpdir_path(dir, "%s", name), out.data, out.len);
    acf_str_free(&out);
    acf_free(text);
}

static void classifiers_are_kept_by_name(void **state)
{
    char first[256], second[256], encoder[300];
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, run_dir(first, *state, "first"), NULL), &run.e);

    (void)snprintf(encoder, sizeof encoder, "model.encoder=%s", first);
    const char *const turned[] = {encoder, "data.labels=[weather, cooking, music, garden]",
                                  "train.steps=0", NULL};
    run = (tiny_run){.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, run_dir(second, *state, "second"), turned), &run.e);

    acf_model a, b;
    open_model(&a, tmpdir_path(first, "best"));
    open_model(&b, tmpdir_path(second, "last"));
    static const char *const name[] = {"cooking", "garden", "music", "weather"};
    assert_string_equal(a.labels[0], "cooking");
    assert_string_equal(b.labels[0], "weather");
    for (int k = 0; k < 4; k++) {
        real bias_a, bias_b;
        const real *row_a = row_of(&a, name[k], &bias_a), *row_b = row_of(&b, name[k], &bias_b);
        assert_memory_equal(row_a, row_b, (size_t)a.enc->d * sizeof *row_a);
        assert_memory_equal(&bias_a, &bias_b, sizeof bias_a);
    }
    acf_model_free(&a);
    acf_model_free(&b);
}

static void classifiers_of_other_labels_are_dropped(void **state)
{
    char first[256], second[256], encoder[300], train[300], dev[300];
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, run_dir(first, *state, "first"), NULL), &run.e);
    mark_labels(*state, "other.tsv", "my-");
    (void)snprintf(encoder, sizeof encoder, "model.encoder=%s", first);
    (void)snprintf(train, sizeof train, "data.train=%s/other.tsv", (char *)*state);
    (void)snprintf(dev, sizeof dev, "data.dev=%s/other.tsv", (char *)*state);
    const char *const other[] = {encoder, train, dev, "train.steps=0", NULL};
    run = (tiny_run){.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, run_dir(second, *state, "second"), other), &run.e);
    assert_non_null(strstr(run.log, "its classifier has other labels than the data (4 and 4; "
                                    "'cooking' only in the model): dropped, starting a new one"));
    acf_model a, b;
    open_model(&a, tmpdir_path(first, "best"));
    open_model(&b, tmpdir_path(second, "last"));
    size_t d = (size_t)a.enc->d;
    double was = 0, is = 0; /* the new one is small: drawn with deviation 0.02 */
    for (size_t i = 0; i < 4 * d; i++) {
        was += (double)(acf_value(&a.params, a.W)[i] * acf_value(&a.params, a.W)[i]);
        is += (double)(acf_value(&b.params, b.W)[i] * acf_value(&b.params, b.W)[i]);
    }
    assert_true(is < 4 * (double)d * 0.03 * 0.03);
    assert_true(was > is);
    int id = acf_params_find(&a.params, "bert.encoder.layer.1.output.dense.weight");
    assert_true(id >= 0);
    assert_memory_equal(acf_value(&a.params, id), acf_value(&b.params, id),
                        a.params.slice[id].len * sizeof(real));
    acf_model_free(&a);
    acf_model_free(&b);
}

/* An encoder whose config.json names our labels but which has no classifier yet. */
static void an_encoder_without_classifier_gets_one(void **state)
{
    char model[256], run_to[256], encoder[300];
    acf_error e = {ACF_OK, ""};
    size_t len;
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(acf_make_dirs(run_dir(model, *state, "model"), &e), &e);
    static const char *const file[] = {"config.json", "vocab.txt", "tokenizer_config.json",
                                       "tokenizer.json", "model.safetensors"};
    for (int k = 0; k < 5; k++) {
        char *text =
            tmpdir_read(source_path(tmpdir_path("tests/golden/tiny-bert", "%s", file[k])), &len);
        if (k == 0) {
            cJSON *config;
            assert_ok(acf_json_parse(&config, text, len, file[k], &e), &e);
            static const char *const name[] = {"cooking", "garden", "music", "weather"};
            cJSON *map = cJSON_CreateObject();
            for (int i = 0; i < 4; i++)
                (void)cJSON_AddStringToObject(map, (char[]){(char)('0' + i), '\0'}, name[i]);
            assert_true(cJSON_ReplaceItemInObject(config, "id2label", map));
            acf_free(text);
            text = acf_json_print(config, true, &e);
            len = strlen(text);
            cJSON_Delete(config);
        }
        if (k == 4) /* hide the classifier: names of equal length that are ignored */
            for (size_t i = 0; i + 11 < len; i++)
                if (memcmp(text + i, "\"classifier.", 12) == 0)
                    memcpy(text + i, "\"cls.ignored.", 12);
        tmpdir_write(tmpdir_path(model, "%s", file[k]), text, len);
        acf_free(text);
    }
    (void)snprintf(encoder, sizeof encoder, "model.encoder=%s", model);
    const char *const sets[] = {encoder, "train.steps=1", NULL};
    assert_ok(tiny_train(&run, run_dir(run_to, *state, "run"), sets), &run.e);

    acf_model m;
    const acf_model_load load = {.pooling = -1, .dropout = -1};
    assert_fails(acf_model_open(&m, model, &load, &e), ACF_ERR_MODEL,
                 "it is an encoder without a classifier, train it first", &e);
}

/* Nothing changes from one evaluation to the next: the first one is the best. */
static void the_earliest_of_equals_is_the_best(void **state)
{
    const char *dir = *state;
    static const char *const sets[] = {"train.optimizer.lr=0", "train.optimizer.head_lr=0",
                                       "save.every=4 steps", "save.keep_last=9", NULL};
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, dir, sets), &run.e);
    assert_int_equal(acf_checkpoint_linked(dir, "best"), 4);
    assert_int_equal(acf_checkpoint_linked(dir, "last"), 24);
}

/* Each evaluation is better than the one before, but by less than min_delta: the best moves on, and
 * patience is over all the same. */
static void gains_below_min_delta_cost_patience(void **state)
{
    const char *dir = *state;
    static const char *const sets[] = {"eval.metric=loss",
                                       "eval.early_stop={patience: 2, min_delta: 10}", NULL};
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, dir, sets), &run.e);
    assert_non_null(strstr(run.log, "early stop: no better loss in 2 evaluations"));
    assert_int_equal(run.n_done, 12);
    assert_int_equal(acf_checkpoint_linked(dir, "best"), 12);
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* Features of random weights are all alike: told from the end of the first epoch on, which is the
 * second of three evaluations.  Those of tiny-bert are at 0.976. */
static void tells_features_that_have_collapsed(void **state)
{
    static const char warning[] = "the features have collapsed: mean cosine between dev examples";
    static const char *const random[] = {"model.encoder=bert-tiny", "train.optimizer.lr=0",
                                         "train.optimizer.head_lr=0", "train.steps=12", NULL};
    static const char *const apart[] = {"model.pooling=mean", "train.optimizer.lr=0",
                                        "train.optimizer.head_lr=0", "train.steps=12", NULL};
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, tmpdir_path(*state, "random"), random), &run.e);
    assert_int_equal(count(run.log, "  dev accuracy: "), 3);
    assert_int_equal(count(run.log, warning), 2);
    run = (tiny_run){.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, tmpdir_path(*state, "apart"), apart), &run.e);
    assert_int_equal(count(run.log, "  dev accuracy: "), 3);
    assert_int_equal(count(run.log, warning), 0);
}

static void stops_before_a_number_breaks(void **state)
{
    const char *dir = *state;
    static const char *const sets[] = {"model.encoder=bert-tiny",
                                       "train.optimizer.name=sgd",
                                       "train.optimizer.lr=100",
                                       "train.optimizer.head_lr=100",
                                       "train.optimizer.momentum=0.99",
                                       "train.optimizer.weight_decay=10",
                                       "train.clip=0",
                                       "train.schedule.name=constant",
                                       "train.schedule.warmup=0",
                                       "train.epochs=20",
                                       "save.every=1 steps",
                                       "eval.every=1000 steps",
                                       NULL};
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_fails(tiny_train(&run, dir, sets), ACF_ERR_NUMERIC, "; batch of lines ", &run.e);
    char update[64];
    (void)snprintf(update, sizeof update, "update %lld: ", (long long)run.n_done + 1);
    assert_non_null(strstr(run.e.text, update));
    assert_non_null(strstr(run.e.text, "sample-text/train.tsv; nothing was updated"));
    assert_true(run.n_done > 0);
    assert_int_equal(acf_checkpoint_linked(dir, "last"), run.n_done);

    acf_model m;
    open_model(&m, tmpdir_path(dir, "last"));
    for (size_t i = 0; i < m.params.len; i++)
        if (!(m.params.value[i] - m.params.value[i] == 0)) fail_msg("parameter %zu is lost", i);
    acf_model_free(&m);
}

/* The run's own processor time, as status.json has it, whatever the process did before. */
static void tells_its_own_time(void **state)
{
    char dir[256];
    double told;
    acf_error e = {ACF_OK, ""};
    cJSON *status;
    tiny_run run = {.mode = ACF_RUN_FRESH};
    while (acf_clock_cpu_s() < 3) {
    }
    assert_ok(tiny_train(&run, run_dir(dir, *state, "run"), NULL), &run.e);
    const char *at = strstr(run.log, " (processor ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, " (processor %lf s", &told), 1);
    assert_ok(acf_json_read(&status, tmpdir_path(dir, "status.json"), 1 << 16, &e), &e);
    double own = cJSON_GetObjectItem(status, "cpu_seconds")->valuedouble;
    if (!(told > own - 1.0 && told < own + 1.0))
        fail_msg("'finished' tells %g s of processor, status.json %g", told, own);
    cJSON_Delete(status);
}

/* Every batch of one example has no pair; epochs of 60 updates, and what remains at the end. */
static void tells_batches_without_a_pair(void **state)
{
    static const char *const scl[] = {"loss.type=scl", "train.batch_size=1", "train.steps=65",
                                      "eval.every=1000 steps", NULL};
    static const char *const acf[] = {"loss.type=acf", "train.batch_size=1", "train.steps=65",
                                      "eval.every=1000 steps", NULL};
    tiny_run run = {.mode = ACF_RUN_FRESH}, aligned = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, tmpdir_path(*state, "scl"), scl), &run.e);
    assert_non_null(strstr(run.log, "epoch 1: 60 batches had no pair of one class: the contrast"));
    assert_non_null(strstr(run.log, "epoch 2: 5 batches had no pair of one class: the contrast"));
    assert_ok(tiny_train(&aligned, tmpdir_path(*state, "acf"), acf), &aligned.e);
    assert_null(strstr(aligned.log, "had no pair"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(learns_eight_rows_with_acf),
    TEST(learns_eight_rows_with_ce),
    TEST(threads_do_not_matter_and_seeds_do),
    TEST(micro_batches_train_alike),
    TEST(the_stored_model_judges_as_the_run_did),
    TEST(an_evaluation_can_be_stopped),
    TEST(classifiers_are_kept_by_name),
    TEST(classifiers_of_other_labels_are_dropped),
    TEST(an_encoder_without_classifier_gets_one),
    TEST(the_earliest_of_equals_is_the_best),
    TEST(gains_below_min_delta_cost_patience),
    TEST(tells_features_that_have_collapsed),
    TEST(stops_before_a_number_breaks),
    TEST(tells_its_own_time),
    TEST(tells_batches_without_a_pair),
};

TEST_MAIN(tests)
