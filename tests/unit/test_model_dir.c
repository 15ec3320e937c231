/* Model directories: what they must hold, and that saving and loading is the identity. */
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/head_labels.h"
#include "model/model_dir.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <unistd.h>

static const char *const file[] = {"config.json", "vocab.txt", "tokenizer_config.json",
                                   "tokenizer.json", "model.safetensors"};
enum { N_FILES = sizeof file / sizeof *file };

/* tests/golden/tiny-bert as dir/model, its config.json edited by `edit` (may be NULL). */
static const char *copy_model(char out[256], const char *dir, void (*edit)(cJSON *config))
{
    acf_error e;
    (void)snprintf(out, 256, "%s/model", dir);
    assert_ok(acf_remove_tree(out, &e), &e);
    assert_ok(acf_make_dirs(out, &e), &e);
    for (int k = 0; k < N_FILES; k++) {
        size_t len;
        char *text =
            tmpdir_read(source_path(tmpdir_path("tests/golden/tiny-bert", "%s", file[k])), &len);
        if (k == 0 && edit != NULL) {
            cJSON *config;
            assert_ok(acf_json_parse(&config, text, len, file[k], &e), &e);
            edit(config);
            acf_free(text);
            text = acf_json_print(config, true, &e);
            len = strlen(text);
            cJSON_Delete(config);
        }
        tmpdir_write(tmpdir_path(out, "%s", file[k]), text, len);
        acf_free(text);
    }
    return out;
}

static const acf_model_load as_it_is = {.pooling = -1, .dropout = -1};

static void finds_the_directory_that_is_meant(void **state)
{
    acf_error e;
    char model[256], *dir;
    copy_model(model, *state, NULL);
    assert_ok(acf_model_resolve(&dir, model, &e), &e);
    assert_string_equal(dir, model);
    acf_free(dir);
    assert_int_equal(symlink("model", tmpdir_path(*state, "best")), 0);
    assert_ok(acf_model_resolve(&dir, *state, &e), &e); /* a run directory */
    assert_string_equal(dir, tmpdir_path(*state, "best"));
    acf_free(dir);
    assert_ok(acf_make_dirs(tmpdir_path(*state, "run"), &e), &e);
    assert_int_equal(symlink("../model", tmpdir_path(*state, "run/best")), 0);
    assert_fails(acf_model_resolve(&dir, tmpdir_path(*state, "run"), &e), ACF_ERR_MODEL,
                 "run/best: is a link that leads out of the run directory", &e);

    assert_fails(acf_model_resolve(&dir, tmpdir_path(*state, "none"), &e), ACF_ERR_MODEL,
                 "none: there is no such model directory", &e);
    assert_fails(acf_model_resolve(&dir, tmpdir_path(model, "vocab.txt"), &e), ACF_ERR_MODEL,
                 "vocab.txt: is a file, expected a model or run directory", &e);
    assert_ok(acf_make_dirs(tmpdir_path(*state, "empty"), &e), &e);
    assert_fails(acf_model_resolve(&dir, tmpdir_path(*state, "empty"), &e), ACF_ERR_MODEL,
                 "holds neither config.json (a model directory) nor best/config.json", &e);
    assert_null(dir);
}

static void largest_config(cJSON *config)
{
    static const char *const key[] = {"hidden_size", "intermediate_size", "num_hidden_layers"};
    static const int value[] = {65536, 262144, 256};
    for (int k = 0; k < 3; k++)
        cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(config, key[k]), value[k]);
}

/* A terabyte of parameters: the weights that are there tell that they cannot be meant. */
static void takes_no_memory_on_a_config_s_word(void **state)
{
    acf_error e;
    acf_model m;
    char model[256];
    copy_model(model, *state, largest_config);
    assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL, "the model expects [",
                 &e);
    assert_ok(acf_remove_tree(tmpdir_path(model, "model.safetensors"), &e), &e);
    assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL,
                 "holds no model.safetensors", &e);
    assert_true(acf_mem_peak() < (size_t)64 << 20);
}

/* As Hugging Face's cache keeps a model: every file a link to one that lies elsewhere. */
static void follows_the_links_of_a_foreign_model(void **state)
{
    acf_error e;
    acf_model m;
    char model[256], snapshot[256];
    copy_model(model, *state, NULL);
    (void)snprintf(snapshot, sizeof snapshot, "%s/snapshot", (const char *)*state);
    assert_ok(acf_make_dirs(snapshot, &e), &e);
    for (int k = 0; k < N_FILES; k++)
        assert_int_equal(
            symlink(tmpdir_path("../model", "%s", file[k]), tmpdir_path(snapshot, "%s", file[k])),
            0);
    assert_ok(acf_model_open(&m, snapshot, &as_it_is, &e), &e);
    acf_model_free(&m);
}

static void needs_its_files(void **state)
{
    acf_error e;
    char model[256];
    acf_model m;
    static const struct {
        const char *name, *message;
    } cases[] = {{"config.json", "config.json: cannot open"},
                 {"model.safetensors", "model.safetensors"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        copy_model(model, *state, NULL);
        assert_ok(acf_remove_tree(tmpdir_path(model, "%s", cases[i].name), &e), &e);
        assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL, cases[i].message, &e);
        assert_null(m.enc);
    }
    copy_model(model, *state, NULL);
    tmpdir_write_text(tmpdir_path(model, "config.json"), "{\"model_type\": ");
    assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL, "malformed JSON", &e);
    copy_model(model, *state, NULL);
    tmpdir_write_text(tmpdir_path(model, "acf.json"), "{\"pooling\": \"max\"}");
    assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL,
                 "acf.json: pooling 'max' is not known", &e);
    tmpdir_write_text(tmpdir_path(model, "acf.json"), "{\"tau\": 0}");
    assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL,
                 "'tau' = 0 is out of range", &e);
    tmpdir_write_text(tmpdir_path(model, "acf.json"), "{}");
    tmpdir_write_text(tmpdir_path(model, "SHA256SUMS"), "0  config.json\n");
    assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL, model, &e);
}

static void set_labels(cJSON *config, const char *json)
{
    assert_true(cJSON_ReplaceItemInObject(config, "id2label", cJSON_Parse(json)));
}
static void twice(cJSON *config)
{
    set_labels(config, "{\"0\": \"a\", \"1\": \"a\", \"2\": \"b\"}");
}
static void gap(cJSON *config)
{
    set_labels(config, "{\"0\": \"a\", \"3\": \"c\", \"2\": \"b\"}");
}
static void repeated_id(cJSON *config)
{
    set_labels(config, "{\"0\": \"a\", \"00\": \"c\", \"2\": \"b\"}");
}
static void no_name(cJSON *config)
{
    set_labels(config, "{\"0\": \"a\", \"1\": 5, \"2\": \"b\"}");
}
static void one(cJSON *config)
{
    set_labels(config, "{\"0\": \"a\"}");
    cJSON_DeleteItemFromObject(config, "problem_type");
    assert_non_null(cJSON_AddStringToObject(config, "problem_type", "single_label_classification"));
}
static void one_number(cJSON *config) /* a regression, but for the file's three rows */
{
    set_labels(config, "{\"0\": \"LABEL_0\"}");
    cJSON_DeleteItemFromObject(config, "problem_type");
}
static void not_a_map(cJSON *config)
{
    set_labels(config, "[\"a\", \"b\"]");
}
static void none(cJSON *config)
{
    cJSON_DeleteItemFromObject(config, "id2label");
}
static void four(cJSON *config)
{
    set_labels(config, "{\"0\": \"a\", \"1\": \"b\", \"2\": \"c\", \"3\": \"d\"}");
}

static void set_problem(cJSON *config, const char *problem)
{
    cJSON_DeleteItemFromObject(config, "problem_type");
    assert_non_null(cJSON_AddStringToObject(config, "problem_type", problem));
}
static void many_at_once(cJSON *config)
{
    set_problem(config, "multi_label_classification");
}
static void three_numbers(cJSON *config)
{
    set_problem(config, "regression");
}

static void refuses_impossible_labels(void **state)
{
    static const struct {
        void (*edit)(cJSON *config);
        const char *message;
    } cases[] = {
        {twice, "config.json: id2label names 'a' twice"},
        {gap, "config.json: id2label '3' is no id of 0 .. 2 with a name, each once"},
        {repeated_id, "id2label '00' is no id of 0 .. 2"},
        {no_name, "id2label '1' is no id of 0 .. 2"},
        {one, "config.json: id2label has one label, but problem_type is "
              "'single_label_classification': two or more are needed"},
        {one_number, "tensor 'classifier.bias' is [3], the model expects [1]"},
        {many_at_once, "config.json: problem_type is 'multi_label_classification', only"},
        {three_numbers, "config.json: problem_type is 'regression', only"},
        {not_a_map, "config.json: id2label has 0 entries"},
        {none,
         "tensor 'classifier.bias' is [3], the model expects [2]"}, /* two labels by default, the
                                                                       file has three rows */
        {four, "model.safetensors: tensor 'classifier.bias' is [3], the model expects [4]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acf_error e;
        char model[256];
        acf_model m;
        copy_model(model, *state, cases[i].edit);
        assert_fails(acf_model_open(&m, model, &as_it_is, &e), ACF_ERR_MODEL, cases[i].message, &e);
        assert_null(m.labels);
    }
}

static void saving_and_loading_is_the_identity(void **state)
{
    acf_error e;
    char model[256], name[40];
    acf_model a, b;
    acf_checkpoint *ck;
    copy_model(model, *state, NULL);
    static const acf_pooling poolings[] = {ACF_POOL_POOLER, ACF_POOL_CLS, ACF_POOL_MEAN};
    for (int k = 0; k < 3; k++) {
        acf_model_load load = as_it_is;
        load.pooling = (int)poolings[k];
        load.max_length = 11;
        assert_ok(acf_model_open(&a, model, &load, &e), &e);
        assert_int_equal(a.K, 3);
        a.card = cJSON_CreateObject();
        assert_non_null(cJSON_AddStringToObject(a.card, "pooling", acf_pooling_name(poolings[k])));
        assert_non_null(cJSON_AddStringToObject(a.card, "head", "label"));
        assert_non_null(cJSON_AddNumberToObject(a.card, "tau", 0.07));
        assert_non_null(cJSON_AddNumberToObject(a.card, "max_length", 11));
        assert_non_null(cJSON_AddBoolToObject(a.card, "pair", true));
        acf_checkpoint_name(name, k);
        assert_ok(acf_checkpoint_begin(&ck, *state, name, 1000, &e), &e);
        assert_ok(acf_model_save(&a, ck, &e), &e);
        assert_ok(acf_checkpoint_commit(&ck, &e), &e);

        assert_ok(acf_model_open(&b, tmpdir_path(*state, "checkpoint-00000%d", k), &as_it_is, &e),
                  &e);
        assert_int_equal(b.enc->pooling, poolings[k]);
        assert_int_equal(b.max_length, 11);
        assert_int_equal(b.head, ACF_HEAD_LABEL);
        assert_true(b.pair && b.tau == 0.07);
        assert_true(b.enc->head_dropout == a.enc->head_dropout);
        for (int i = 0; i < 3; i++)
            assert_string_equal(a.labels[i], b.labels[i]);
        assert_int_equal(a.params.n, b.params.n);
        for (size_t i = 0; i < a.params.n; i++)
            assert_string_equal(a.params.slice[i].name, b.params.slice[i].name);
        assert_memory_equal(a.params.value, b.params.value, a.params.len * sizeof(real));
        assert_int_equal(acf_tokenizer_vocab_size(a.tok), acf_tokenizer_vocab_size(b.tok));
        acf_model_free(&a);
        acf_model_free(&b);
    }
}

static void keep_line(void *payload, acf_log_level level, const char *line)
{
    (void)level;
    (void)snprintf(payload, 300, "%s", line);
}

static void a_classifier_of_other_labels_is_dropped_or_refused(void **state)
{
    char told[300] = "";
    const acf_log log = {keep_line, told};
    static char yes[] = "yes", no[] = "no";
    char *const labels[] = {no, yes};
    acf_error e;
    acf_model m;
    char model[256];
    acf_model_load load = as_it_is;
    copy_model(model, *state, NULL);
    load.labels = labels;
    load.K = 2;
    load.log = &log;
    assert_ok(acf_model_open(&m, model, &load, &e), &e);
    assert_true(m.is_new_head && m.K == 2);
    assert_non_null(strstr(told, "its classifier has other labels than the data (3 and 2; '"));
    acf_model_free(&m);
    copy_model(model, *state, none);
    assert_ok(acf_model_open(&m, model, &load, &e), &e);
    assert_non_null(strstr(told, "its classifier has no names of labels: dropped, starting a new"));
    acf_model_free(&m);
    copy_model(model, *state, NULL);
    load.labels_must_match = true;
    assert_fails(acf_model_open(&m, model, &load, &e), ACF_ERR_USAGE,
                 "model: its classifier has other labels than the data (3 and 2; '", &e);
    assert_null(m.enc);

    acf_model own;
    assert_ok(acf_model_open(&own, model, &as_it_is, &e), &e);
    load.labels = own.labels;
    load.K = own.K;
    assert_ok(acf_model_open(&m, model, &load, &e), &e);
    assert_false(m.is_new_head);
    acf_model_free(&m);
    acf_model_free(&own);
}

static void placeholders_are_known(void **state)
{
    (void)state;
    static char l0[] = "LABEL_0", l1[] = "LABEL_1", l2[] = "yes";
    char *const generic[] = {l0, l1}, *const turned[] = {l1, l0}, *const own[] = {l0, l2};
    assert_true(acf_labels_are_generic(generic, 2));
    assert_false(acf_labels_are_generic(turned, 2));
    assert_false(acf_labels_are_generic(own, 2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(takes_no_memory_on_a_config_s_word), /* first: it asks for the peak */
    TEST(finds_the_directory_that_is_meant),
    TEST(needs_its_files),
    TEST(follows_the_links_of_a_foreign_model),
    TEST(refuses_impossible_labels),
    TEST(saving_and_loading_is_the_identity),
    TEST(a_classifier_of_other_labels_is_dropped_or_refused),
    cmocka_unit_test(placeholders_are_known),
};

TEST_MAIN(tests)
