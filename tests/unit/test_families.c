/* Directories of every family of text encoders: reading, writing, names, and configurations that
 * cannot be. */
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "encoder/families.h"
#include "model/model_dir.h"
#include "store/weights.h"
#include "support/choice.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <stdio.h>

enum { N_FAMILIES = 4 };
static const struct {
    const char *name, *model_class, *body_class, *head, *pooler;
    int n_types, max_length;
} family[N_FAMILIES] = {
    {"bert", "BertForSequenceClassification", "BertModel", "classifier.weight",
     "bert.pooler.dense.weight", 2, 20},
    {"roberta", "RobertaForSequenceClassification", "RobertaModel", "classifier.out_proj.weight",
     "classifier.dense.weight", 1, 20},
    {"distilbert", "DistilBertForSequenceClassification", "DistilBertModel", "classifier.weight",
     "pre_classifier.weight", 0, 20},
    {"electra", "ElectraForSequenceClassification", "ElectraModel", "classifier.out_proj.weight",
     "classifier.dense.weight", 2, 20},
};

static const acf_model_load as_it_is = {.pooling = -1, .dropout = -1};

/* The lines that were logged, one after the other. */
static acf_str logged;
static void take_line(void *payload, acf_log_level level, const char *line)
{
    acf_error e;
    (void)payload;
    assert_ok(acf_str_printf(&logged, &e, "%s%s\n", level == ACF_LOG_WARN ? "! " : "", line), &e);
}
static const acf_log log_here = {.write = take_line};

static const char *golden_dir(int k)
{
    return source_path(tmpdir_path("tests/golden", "tiny-%s", family[k].name));
}

static cJSON *read_config(const char *dir)
{
    acf_error e;
    cJSON *config;
    assert_ok(acf_json_read(&config, tmpdir_path(dir, "config.json"), 1 << 20, &e), &e);
    return config;
}

static void save(const acf_model *m, const char *dir, const char *name)
{
    acf_error e;
    acf_checkpoint *ck;
    assert_ok(acf_checkpoint_begin(&ck, dir, name, 1000, &e), &e);
    assert_ok(acf_model_save(m, ck, &e), &e);
    assert_ok(acf_checkpoint_commit(&ck, &e), &e);
}

static void check_same(const acf_model *a, const acf_model *b)
{
    acf_error e;
    acf_encoding x = {0}, y = {0};
    assert_int_equal(a->params.n, b->params.n);
    for (size_t i = 0; i < a->params.n; i++)
        assert_string_equal(a->params.slice[i].name, b->params.slice[i].name);
    assert_memory_equal(a->params.value, b->params.value, a->params.len * sizeof(real));
    assert_true(a->enc->head_dropout == b->enc->head_dropout);
    static const char text[] = "The cats'  sat, [MASK] <mask>";
    assert_ok(acf_tokenizer_encode(a->tok, &x, text, sizeof text - 1, "un", 2, 0, &e), &e);
    assert_ok(acf_tokenizer_encode(b->tok, &y, text, sizeof text - 1, "un", 2, 0, &e), &e);
    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.ids, y.ids, x.n * sizeof *x.ids);
    acf_encoding_free(&x);
    acf_encoding_free(&y);
}

static void check_described(const char *dir, const char *want_class)
{
    cJSON *config = read_config(dir);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(config, "architectures");
    assert_int_equal(cJSON_GetArraySize(list), 1);
    assert_string_equal(cJSON_GetArrayItem(list, 0)->valuestring, want_class);
    cJSON_Delete(config);
}

static void saving_and_loading_is_the_identity(void **state)
{
    acf_error e;
    acf_model a, b;
    for (int k = 0; k < N_FAMILIES; k++) {
        for (int pooling = ACF_POOL_POOLER; pooling <= ACF_POOL_MEAN; pooling++) {
            acf_model_load load = as_it_is;
            char name[64];
            load.pooling = pooling;
            (void)snprintf(name, sizeof name, "%s-%d", family[k].name, pooling);
            assert_ok(acf_model_open(&a, golden_dir(k), &load, &e), &e);
            assert_int_equal(a.max_length, family[k].max_length);
            assert_int_equal(a.enc->n_types, family[k].n_types);
            assert_string_equal(a.enc->ops->family, family[k].name);
            assert_string_equal(a.params.slice[a.W].name, family[k].head);
            bool pools = pooling == ACF_POOL_POOLER;
            assert_int_equal(acf_params_find(&a.params, family[k].pooler) >= 0, pools);
            save(&a, *state, name);
            const char *dir = tmpdir_path(*state, "%s", name);
            check_described(dir, pools ? family[k].model_class : family[k].body_class);
            assert_ok(acf_model_open(&b, dir, &load, &e), &e);
            check_same(&a, &b);
            acf_model_free(&a);
            acf_model_free(&b);
        }
    }
}

/* config.json keeps every setting that transformers wrote and this code reads. */
static void describes_what_it_read(void **state)
{
    (void)state;
    acf_error e;
    for (int k = 0; k < N_FAMILIES; k++) {
        cJSON *config = read_config(golden_dir(k));
        acf_encoder *enc;
        assert_ok(acf_encoder_open(&enc, config, ACF_POOL_POOLER, -1, "config", &e), &e);
        cJSON *ours = enc->ops->describe(enc, &e);
        assert_non_null(ours);
        int n_same = 0;
        for (const cJSON *item = ours->child; item != NULL; item = item->next) {
            const cJSON *theirs = cJSON_GetObjectItemCaseSensitive(config, item->string);
            if (theirs == NULL) continue; /* position_embedding_type: no longer written */
            if (!cJSON_Compare(item, theirs, true))
                fail_msg("%s: %s", family[k].name, item->string);
            n_same++;
        }
        assert_true(n_same >= 13 && n_same >= cJSON_GetArraySize(ours) - 1);
        cJSON_Delete(ours);
        cJSON_Delete(config);
        acf_encoder_close(&enc);
    }
}

/* A directory as golden_dir's, with the weights of m alone. */
static void put_weights(const acf_model *m, const char *dir, int k)
{
    static const char *const files[] = {"config.json", "tokenizer.json", "tokenizer_config.json"};
    acf_error e;
    assert_ok(acf_make_dirs(dir, &e), &e);
    for (int i = 0; i < 3; i++) {
        size_t len;
        char *text = tmpdir_read(tmpdir_path(golden_dir(k), "%s", files[i]), &len);
        tmpdir_write(tmpdir_path(dir, "%s", files[i]), text, len);
        acf_free(text);
    }
    assert_ok(acf_weights_save(&m->params, tmpdir_path(dir, "model.safetensors"), NULL, &e), &e);
}

static void rename_slice(acf_model *m, const char *from, const char *to)
{
    int id = acf_params_find(&m->params, from);
    if (id < 0) fail_msg("no slice '%s'", from);
    (void)snprintf(m->params.slice[id].name, ACF_PARAM_NAME_MAX, "%s", to);
}

/* What a pre-trained encoder's file holds: no pooler but BERT's, no head, names without prefix. */
static void starts_from_an_encoder_alone(void **state)
{
    static char no[] = "no", yes[] = "yes";
    static char *const labels[] = {no, yes};
    acf_error e;
    for (int k = 0; k < N_FAMILIES; k++) {
        char dir[256], prefix[32], weight[512];
        acf_model bare, m;
        acf_model_load load = as_it_is;
        load.pooling = ACF_POOL_MEAN; /* no pooler */
        assert_ok(acf_model_open(&bare, golden_dir(k), &load, &e), &e);
        size_t n_prefix = (size_t)snprintf(prefix, sizeof prefix, "%s.", family[k].name);
        for (size_t i = 0; i < bare.params.n; i++) {
            char *name = bare.params.slice[i].name;
            if (strncmp(name, prefix, n_prefix) == 0)
                memmove(name, name + n_prefix, strlen(name + n_prefix) + 1);
        }
        rename_slice(&bare, family[k].head, "cls.predictions.bias");
        if (k == 1) rename_slice(&bare, "cls.predictions.bias", "lm_head.bias");
        if (k == 2) rename_slice(&bare, "cls.predictions.bias", "vocab_projector.bias");
        if (k == 3) rename_slice(&bare, "cls.predictions.bias", "discriminator_predictions.x");
        rename_slice(&bare, bare.params.slice[bare.b].name, "nonsense");
        (void)snprintf(dir, sizeof dir, "%s/%s", (char *)*state, family[k].name);
        put_weights(&bare, dir, k);
        acf_model_free(&bare);

        load = (acf_model_load){
            .pooling = -1, .dropout = -1, .labels = labels, .K = 2, .log = &log_here};
        acf_str_clear(&logged);
        assert_ok(acf_model_open(&m, dir, &load, &e), &e);
        acf_model_free(&m);
        (void)snprintf(weight, sizeof weight,
                       "! %s: tensor '%s' is missing, starts from random values\n", dir,
                       family[k].pooler);
        assert_non_null(strstr(logged.data, weight));
        assert_non_null(strstr(logged.data, "tensor 'nonsense' is not part of this model"));
        size_t n_lines = 0;
        for (const char *c = logged.data; *c != '\0'; c++)
            n_lines += *c == '\n';
        /* The pooler's weight and bias, and "nonsense"; there is no classifier to drop. */
        assert_int_equal(n_lines, 3);

        assert_fails(acf_model_open(&m, dir, &as_it_is, &e), ACF_ERR_MODEL, "has no tensor", &e);
    }
    acf_str_free(&logged);
}

/* RoBERTa's files may hold a pooler that its classifier does not use. */
static void leaves_robertas_own_pooler_aside(void **state)
{
    acf_error e;
    acf_model a, b;
    char dir[256];
    assert_ok(acf_model_open(&a, golden_dir(1), &as_it_is, &e), &e);
    rename_slice(&a, "classifier.dense.weight", "roberta.pooler.dense.weight");
    (void)snprintf(dir, sizeof dir, "%s/m", (char *)*state);
    put_weights(&a, dir, 1);
    acf_model_free(&a);
    assert_fails(acf_model_open(&b, dir, &as_it_is, &e), ACF_ERR_MODEL,
                 "has no tensor 'classifier.dense.weight': its answers would be random", &e);
}

static void replaces_every_dropout(void **state)
{
    (void)state;
    acf_error e;
    for (int k = 0; k < N_FAMILIES; k++) {
        cJSON *config = read_config(golden_dir(k));
        acf_encoder *enc;
        assert_ok(acf_encoder_open(&enc, config, ACF_POOL_POOLER, -1, "config", &e), &e);
        assert_true(enc->head_dropout == (k == 2 ? 0.2 : 0.1));
        acf_encoder_close(&enc);
        assert_ok(acf_encoder_open(&enc, config, ACF_POOL_POOLER, 0.4, "config", &e), &e);
        assert_true(enc->head_dropout == 0.4);
        cJSON *ours = enc->ops->describe(enc, &e);
        cJSON_Delete(config);
        acf_encoder_close(&enc);
        assert_ok(acf_encoder_open(&enc, ours, ACF_POOL_POOLER, -1, "config", &e), &e);
        assert_true(enc->head_dropout == 0.4);
        cJSON_Delete(ours);
        acf_encoder_close(&enc);
    }
}

static void refuses_what_it_would_compute_wrongly(void **state)
{
    (void)state;
    static const struct {
        int family;
        const char *key, *value, *message; /* value NULL: without the key */
    } cases[] = {
        {0, "model_type", "\"xlnet\"",
         "c.json: model_type 'xlnet' is not supported (bert, roberta, distilbert, electra, resnet"},
        {0, "model_type", NULL, "c.json: 'model_type' is missing"},
        {0, "is_decoder", "true", "c.json: 'is_decoder' is true: decoders are not supported"},
        {1, "is_decoder", "true", "c.json: 'is_decoder' is true: decoders are not supported"},
        {1, "position_embedding_type", "\"relative_key\"",
         "c.json: position_embedding_type 'relative_key' is not supported"},
        {1, "pad_token_id", "21",
         "c.json: max_position_embeddings 22 leaves no position behind pad_token_id 21"},
        {1, "pad_token_id", "300", "c.json: 'pad_token_id' = 300 is out of range"},
        {1, "type_vocab_size", "0", "c.json: 'type_vocab_size' = 0 is out of range"},
        {1, "hidden_size", NULL, "c.json: 'hidden_size' is missing"},
        {1, "hidden_size", "9", "c.json: hidden_size 9 is not a multiple of num_attention_heads 2"},
        {1, "classifier_dropout", "1", "c.json: 'classifier_dropout' = 1 is out of range"},
        {2, "dim", NULL, "c.json: 'dim' is missing"},
        {2, "dim", "9", "c.json: dim 9 is not a multiple of n_heads 2"},
        {2, "n_layers", "0", "c.json: 'n_layers' = 0 is out of range"},
        {2, "hidden_dim", "\"x\"", "c.json: 'hidden_dim'"},
        {2, "activation", "\"mish\"", "c.json: activation 'mish' is not known"},
        {2, "seq_classif_dropout", "-0.5", "c.json: 'seq_classif_dropout' = -0.5 is out of range"},
        {2, "sinusoidal_pos_embds", "true",
         "c.json: 'sinusoidal_pos_embds' is true: only learnt positions are supported"},
        {3, "embedding_size", "0", "c.json: 'embedding_size' = 0 is out of range"},
        {3, "hidden_act", "\"mish\"", "c.json: hidden_act 'mish' is not known"},
        {3, "intermediate_size", NULL, "c.json: 'intermediate_size' is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acf_error e;
        acf_encoder *enc;
        cJSON *config = read_config(golden_dir(cases[i].family));
        cJSON_DeleteItemFromObjectCaseSensitive(config, cases[i].key);
        if (cases[i].value != NULL)
            assert_true(cJSON_AddItemToObject(config, cases[i].key, cJSON_Parse(cases[i].value)));
        assert_fails(acf_encoder_open(&enc, config, ACF_POOL_POOLER, -1, "c.json", &e),
                     ACF_ERR_MODEL, cases[i].message, &e);
        assert_null(enc);
        cJSON_Delete(config);
    }
}

/* ELECTRA of one width has no projection; another width in the file is a shape that is told. */
static void follows_the_width_of_the_embeddings(void **state)
{
    acf_error e;
    acf_model a;
    char dir[256];
    assert_ok(acf_model_open(&a, golden_dir(3), &as_it_is, &e), &e);
    assert_true(acf_params_find(&a.params, "electra.embeddings_project.weight") >= 0);
    (void)snprintf(dir, sizeof dir, "%s/m", (char *)*state);
    put_weights(&a, dir, 3);
    acf_model_free(&a);
    cJSON *config = read_config(dir);
    cJSON_ReplaceItemInObjectCaseSensitive(config, "embedding_size", cJSON_CreateNumber(8));
    char *text = acf_json_print(config, true, &e);
    tmpdir_write_text(tmpdir_path(dir, "config.json"), text);
    acf_free(text);
    cJSON_Delete(config);
    assert_fails(acf_model_open(&a, dir, &as_it_is, &e), ACF_ERR_MODEL,
                 "electra.embeddings.LayerNorm.bias' is [6], the model expects [8]", &e);
}

static void poolings_have_the_names_of_the_schema(void **state)
{
    (void)state;
    acf_pooling got = ACF_POOL_MEAN;
    for (int k = ACF_POOL_POOLER; k <= ACF_POOL_GAP; k++) {
        const char *name = acf_pooling_name((acf_pooling)k);
        assert_int_equal(choice_value("model.pooling", name), k);
        assert_true(acf_pooling_parse(&got, name));
        assert_int_equal(got, k);
    }
    assert_false(acf_pooling_parse(&got, ""));
    assert_int_equal(got, ACF_POOL_GAP);
}

static void knows_the_presets(void **state)
{
    (void)state;
    acf_preset_facts f;
    assert_true(acf_encoder_preset_facts(&f, "bert-mini"));
    assert_true(!f.is_image && f.side == 0 && f.vocab_size == 8000);
    assert_true(acf_encoder_preset_facts(&f, "resnet56"));
    assert_true(f.is_image && f.side == 32 && f.vocab_size == 0);
    assert_true(acf_encoder_preset_facts(&f, "resnet34"));
    assert_true(f.is_image && f.side == 224);
    assert_false(acf_encoder_preset_facts(&f, "bert-base-uncased"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(saving_and_loading_is_the_identity),
    TEST(starts_from_an_encoder_alone),
    TEST(leaves_robertas_own_pooler_aside),
    TEST(follows_the_width_of_the_embeddings),
    cmocka_unit_test(poolings_have_the_names_of_the_schema),
    cmocka_unit_test(describes_what_it_read),
    cmocka_unit_test(knows_the_presets),
    cmocka_unit_test(replaces_every_dropout),
    cmocka_unit_test(refuses_what_it_would_compute_wrongly),
};

TEST_MAIN(tests)
