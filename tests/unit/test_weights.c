/* store/weights: names, shapes, shards, reports. */
#include "support/close.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/safetensors.h"
#include "store/weights.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

static acf_error e;

static const acf_rename renames[] = {
    {".LayerNorm.gamma", ".LayerNorm.weight"},
    {".LayerNorm.beta", ".LayerNorm.bias"},
    {NULL, NULL},
};
static const char *const ignore[] = {"cls.*", "*.position_ids", NULL};
static const char *const optional[] = {"classifier.*", "*.pooler.*", NULL};
static const acf_name_rules rules = {"bert.", renames, ignore, optional};

static const acf_param slices[] = {
    {.name = "bert.embeddings.word_embeddings.weight", .rank = 2, .dim = {4, 3}},
    {.name = "bert.embeddings.LayerNorm.weight", .rank = 1, .dim = {3}},
    {.name = "bert.embeddings.LayerNorm.bias", .rank = 1, .dim = {3}},
    {.name = "bert.pooler.dense.weight", .rank = 2, .dim = {3, 3}},
    {.name = "classifier.weight", .rank = 2, .dim = {2, 3}},
};
enum { N_SLICES = sizeof slices / sizeof *slices };

static void make_params(acf_params *p)
{
    *p = (acf_params){0};
    for (int i = 0; i < N_SLICES; i++) {
        int id;
        assert_ok(acf_params_add(&id, p, slices[i], &e), &e);
        assert_int_equal(id, i);
    }
    assert_ok(acf_params_alloc(p, false, &e), &e);
    for (size_t i = 0; i < p->len; i++)
        p->value[i] = (real)-1;
}

static const float values[12] = {0.5f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static acf_st_item item(const char *name, int rank, uint64_t rows, uint64_t columns)
{
    return (acf_st_item){
        .name = name, .dtype = ACF_F32, .rank = rank, .dim = {rows, columns}, .data = values};
}

static void write_model(const char *dir, const char *name, const acf_st_item *items, size_t n)
{
    assert_ok(acf_st_write(tmpdir_path(dir, "%s", name), items, n, NULL, &e), &e);
}

/* Load `dir` and expect this failure. */
static void load_fails(const char *dir, const char *message)
{
    acf_params p;
    acf_weights_report report = {0};
    make_params(&p);
    e = (acf_error){ACF_OK, ""};
    assert_fails(acf_weights_load(&p, dir, &rules, &report, &e), ACF_ERR_MODEL, message, &e);
    assert_int_equal(e.status, ACF_ERR_MODEL);
    acf_weights_report_free(&report);
    acf_params_free(&p);
}

static void saves_and_loads_the_same_bits(void **state)
{
    const char *path = tmpdir_path(*state, "model.safetensors");
    acf_params p, q;
    acf_weights_report report = {0};
    char hex[ACF_DIGEST_HEX + 1], again[ACF_DIGEST_HEX + 1];
    make_params(&p);
    make_params(&q);
    for (int i = 0; i < N_SLICES; i++)
        for (size_t k = 0; k < p.slice[i].len; k++)
            acf_value(&p, i)[k] = (real)1 / (real)(k + 3 + (size_t)i) * (k % 2 ? -1 : 1);
    assert_ok(acf_weights_save(&p, path, hex, &e), &e);
    assert_ok(acf_digest_file(again, path, &e), &e);
    assert_string_equal(hex, again);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true((uint64_t)info.st_size <= acf_weights_bytes(&p));
    assert_ok(acf_weights_load(&q, *state, &rules, &report, &e), &e);
    assert_int_equal(report.n_loaded, N_SLICES);
    assert_int_equal(report.n_missing, 0);
    assert_int_equal(report.n_unexpected, 0);
    assert_int_equal(report.n_files, 1);
    for (int i = 0; i < N_SLICES; i++)
        assert_memory_equal(acf_value(&p, i), acf_value(&q, i), p.slice[i].len * sizeof(real));
    acf_weights_report_free(&report);
    acf_params_free(&p);
    acf_params_free(&q);
}

/* Old names, no prefix, tensors of a pre-training head, an unknown one, another float type. */
static void takes_the_names_of_others(void **state)
{
    static const uint16_t half[3] = {0x3c00, 0xc000, 0x3800};
    static const int64_t ids[2] = {0, 1};
    acf_st_item items[] = {
        item("embeddings.word_embeddings.weight", 2, 4, 3),
        item("embeddings.LayerNorm.gamma", 1, 3, 0),
        item("embeddings.LayerNorm.beta", 1, 3, 0),
        item("embeddings.position_ids", 1, 2, 0),
        item("cls.predictions.bias", 1, 4, 0),
        item("encoder.layer.9.output.dense.bias", 1, 4, 0),
    };
    items[2].dtype = ACF_F16;
    items[2].data = half;
    items[3].dtype = ACF_I64;
    items[3].data = ids;
    acf_params p;
    acf_weights_report report = {0};
    make_params(&p);
    write_model(*state, "model.safetensors", items, 6);
    assert_ok(acf_weights_load(&p, *state, &rules, &report, &e), &e);
    assert_int_equal(report.n_loaded, 3);
    assert_int_equal(report.n_unexpected, 1);
    assert_string_equal(report.unexpected[0], "encoder.layer.9.output.dense.bias");
    assert_int_equal(report.n_missing, 2);
    assert_string_equal(report.missing[0], "bert.pooler.dense.weight");
    assert_string_equal(report.missing[1], "classifier.weight");
    for (int i = 0; i < 12; i++)
        assert_true(acf_value(&p, 0)[i] == (real)values[i]);
    const real bias[3] = {1, -2, (real)0.5};
    assert_close(acf_value(&p, 2), bias, 3, 0, 0);
    assert_true(acf_value(&p, 3)[0] == (real)-1); /* missing: untouched */
    acf_weights_report_free(&report);
    acf_params_free(&p);
}

/* The file has the prefix, the model has not. */
static void takes_a_prefix_away(void **state)
{
    const acf_st_item items[] = {item("bert.w", 1, 3, 0)};
    acf_params p = {0};
    acf_weights_report report = {0};
    int id;
    assert_ok(acf_params_add(&id, &p, (acf_param){.name = "w", .rank = 1, .dim = {3}}, &e), &e);
    assert_ok(acf_params_alloc(&p, false, &e), &e);
    write_model(*state, "model.safetensors", items, 1);
    assert_ok(acf_weights_load(&p, *state, &rules, &report, &e), &e);
    assert_int_equal(report.n_loaded, 1);
    acf_weights_report_free(&report);
    acf_params_free(&p);
}

static void refuses_what_does_not_fit(void **state)
{
    acf_st_item items[] = {
        item("bert.embeddings.word_embeddings.weight", 2, 4, 3),
        item("bert.embeddings.LayerNorm.weight", 1, 3, 0),
        item("bert.embeddings.LayerNorm.bias", 1, 3, 0),
        item("embeddings.LayerNorm.beta", 1, 3, 0),
    };
    float bad[12] = {0};
    write_model(*state, "model.safetensors", items, 4);
    load_fails(*state, "tensor 'embeddings.LayerNorm.beta' is the second one that means "
                       "'bert.embeddings.LayerNorm.bias'");
    items[2].dtype = ACF_I32;
    write_model(*state, "model.safetensors", items, 3);
    load_fails(*state, "tensor 'bert.embeddings.LayerNorm.bias' is I32, expected F64, F32");
    write_model(*state, "model.safetensors", items, 2);
    load_fails(*state, "1 of the model's 5 tensors is missing: bert.embeddings.LayerNorm.bias");
    write_model(*state, "model.safetensors", items, 1);
    load_fails(*state, "2 of the model's 5 tensors are missing: bert.embeddings.LayerNorm.weight, "
                       "bert.embeddings.LayerNorm.bias");
    write_model(*state, "model.safetensors", items, 0);
    load_fails(*state, "holds none of the model's 5 tensors (another kind of model?)");
    items[0].dim[1] = 2;
    write_model(*state, "model.safetensors", items, 1);
    load_fails(*state, "model.safetensors: tensor 'bert.embeddings.word_embeddings.weight' is "
                       "[4, 2], the model expects [4, 3]");
    items[0].rank = 1;
    write_model(*state, "model.safetensors", items, 1);
    load_fails(*state, "is [4], the model expects [4, 3]");
    items[0] = item("bert.embeddings.word_embeddings.weight", 2, 4, 3);
    items[0].data = bad;
    bad[7] = NAN;
    write_model(*state, "model.safetensors", items, 3);
    load_fails(*state, "word_embeddings.weight': element [2, 1] is nan, must be finite");
    bad[7] = -INFINITY;
    write_model(*state, "model.safetensors", items, 3);
    load_fails(*state, "word_embeddings.weight': element [2, 1] is -inf, must be finite");
}

static void reads_shards(void **state)
{
    const acf_st_item items[] = {
        item("bert.embeddings.word_embeddings.weight", 2, 4, 3),
        item("bert.embeddings.LayerNorm.weight", 1, 3, 0),
        item("bert.embeddings.LayerNorm.bias", 1, 3, 0),
    };
    const char *index = tmpdir_path(*state, "model.safetensors.index.json");
    write_model(*state, "model-00001-of-00002.safetensors", items, 1);
    write_model(*state, "model-00002-of-00002.safetensors", items + 1, 2);
    tmpdir_write_text(
        index, "{\"metadata\":{},\"weight_map\":{"
               "\"bert.embeddings.word_embeddings.weight\":\"model-00001-of-00002.safetensors\","
               "\"bert.embeddings.LayerNorm.bias\":\"model-00002-of-00002.safetensors\","
               "\"bert.embeddings.LayerNorm.weight\":\"model-00002-of-00002.safetensors\"}}");
    acf_params p;
    acf_weights_report report = {0};
    make_params(&p);
    assert_ok(acf_weights_load(&p, *state, &rules, &report, &e), &e);
    assert_int_equal(report.n_files, 2);
    assert_int_equal(report.n_loaded, 3);
    acf_weights_report_free(&report);
    acf_params_free(&p);

    static const char *const bad[][2] = {
        {"", "index.json: is empty"},
        {"[", "malformed JSON"},
        {"{}", "'weight_map' is not an object with tensors"},
        {"{\"weight_map\":[\"a\"]}", "'weight_map' is not an object with tensors"},
        {"{\"weight_map\":{}}", "'weight_map' is not an object with tensors"},
        {"{\"weight_map\":{\"x\":1}}", "weight_map: 'x' is not a string"},
        {"{\"weight_map\":{\"x\":\"/etc/passwd\"}}", "'x' is in '/etc/passwd', expected a file of"},
        {"{\"weight_map\":{\"x\":\"..\"}}", "'x' is in '..', expected a file of"},
        {"{\"weight_map\":{\"x\":\"\"}}", "'x' is in '', expected a file of"},
        {"{\"weight_map\":{\"x\":\"none.safetensors\"}}", "none.safetensors: cannot open"},
        {"{\"weight_map\":{\"x\":\"model-00001-of-00002.safetensors\"}}",
         "lacks tensor 'x', which the index says it holds"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tmpdir_write_text(index, bad[i][0]);
        load_fails(*state, bad[i][1]);
    }
}

static void says_what_a_directory_lacks(void **state)
{
    load_fails(*state, "holds no model.safetensors");
    tmpdir_write_text(tmpdir_path(*state, "pytorch_model.bin"), "x");
    load_fails(*state, "holds pytorch_model.bin, but no model.safetensors: convert it with");
    assert_int_equal(mkdir(tmpdir_path(*state, "model.safetensors"), 0777), 0);
    load_fails(*state, "model.safetensors: is a directory, expected a file");
    load_fails(tmpdir_path(*state, "none"), "none: is not a directory with a model");
}

static void survives_every_failed_allocation(void **state)
{
    acf_json_start(); /* cJSON's allocations count */
    acf_params p;
    make_params(&p);
    assert_ok(acf_weights_save(&p, tmpdir_path(*state, "model.safetensors"), NULL, &e), &e);
    size_t held = acf_mem_held();
    bool done = false;
    for (size_t n = 1; !done && n < 1000; n++) {
        acf_weights_report report = {0};
        (void)acf_mem_fail_at(n);
        acf_status st = acf_weights_load(&p, *state, &rules, &report, &e);
        (void)acf_mem_fail_at(0);
        done = st == ACF_OK;
        assert_true(done || st == ACF_ERR_RESOURCE);
        acf_weights_report_free(&report);
        assert_int_equal(acf_mem_held(), held);
    }
    assert_true(done);
    acf_params_free(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(saves_and_loads_the_same_bits, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(takes_the_names_of_others, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(takes_a_prefix_away, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_what_does_not_fit, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(reads_shards, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(says_what_a_directory_lacks, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(survives_every_failed_allocation, tmpdir_setup,
                                    tmpdir_teardown),
};

TEST_MAIN(tests)
