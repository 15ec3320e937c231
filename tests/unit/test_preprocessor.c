/* preprocessor_config.json and acf.json's image: every form that is read, and what is refused. */
#include "model/preprocessor.h"

#include "base/json.h"
#include "base/mem.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>

static acf_image_prep read_ok(const char *dir, const char *text, int channels)
{
    acf_error e;
    acf_image_prep prep = {.channels = channels};
    tmpdir_write_text(tmpdir_path(dir, "preprocessor_config.json"), text);
    assert_ok(acf_preprocessor_read(&prep, NULL, NULL, dir, &e), &e);
    return prep;
}

static void refuse(const char *dir, const char *text, const char *message)
{
    acf_error e;
    acf_image_prep prep = {.channels = 3};
    size_t held = acf_mem_held();
    tmpdir_write_text(tmpdir_path(dir, "preprocessor_config.json"), text);
    acf_status st = acf_preprocessor_read(&prep, NULL, NULL, dir, &e);
    assert_true(st == ACF_ERR_MODEL || st == ACF_ERR_FORMAT);
    if (strstr(e.text, message) == NULL) fail_msg("'%s' lacks '%s'", e.text, message);
    assert_non_null(strstr(e.text, "preprocessor_config.json:"));
    assert_int_equal(acf_mem_held(), held);
}

static void reads_what_transformers_writes(void **state)
{
    acf_image_prep p = read_ok(*state, /* ViT and our converter */
                               "{\"size\": {\"height\": 32, \"width\": 32}, \"image_mean\": [0.1, "
                               "0.2, 0.3], \"image_std\": [0.4, 0.5, 0.6]}",
                               3);
    assert_int_equal(p.size, 32);
    assert_int_equal(p.edge, 32);
    assert_true(p.mean[1] == 0.2 && p.std[2] == 0.6);
    p = read_ok(*state, "{\"size\": {\"shortest_edge\": 224}, \"crop_pct\": 0.875}",
                3); /* ResNet */
    assert_int_equal(p.size, 224);
    assert_int_equal(p.edge, 256);
    assert_true(p.std[0] == 0);
    p = read_ok(*state, /* CLIP */
                "{\"size\": {\"shortest_edge\": 256}, \"do_center_crop\": true, \"crop_size\": "
                "{\"height\": 224, \"width\": 224}}",
                3);
    assert_int_equal(p.size, 224);
    assert_int_equal(p.edge, 256);
    p = read_ok(*state, "{\"size\": 64, \"crop_size\": 32, \"do_center_crop\": false}", 3);
    assert_int_equal(p.size, 64);
    p = read_ok(*state, "{\"image_mean\": [0.5], \"image_std\": [0.25]}", 3);
    assert_int_equal(p.size, 0);
    assert_true(p.mean[2] == 0.5 && p.std[2] == 0.25);
    p = read_ok(*state, "{}", 1);
    assert_int_equal(p.size, 0);
    assert_int_equal(p.filter, ACF_BILINEAR);
    assert_true(p.std[0] == 0);
    p = read_ok(*state,
                "{\"resample\": 3, \"do_normalize\": false, \"image_mean\": [0.5, 0.5, 0.5]}", 3);
    assert_int_equal(p.filter, ACF_BICUBIC);
    assert_true(p.mean[2] == 0 && p.std[2] == 1);
    p = read_ok(*state, "{\"do_rescale\": true, \"rescale_factor\": 0.00392156862745098}", 3);
    assert_int_equal(p.filter, ACF_BILINEAR);
}

/* What transformers' ResNets come with, where it says nothing. */
static void knows_what_convnext_means(void **state)
{
    acf_image_prep p = read_ok(
        *state, "{\"feature_extractor_type\": \"ConvNextFeatureExtractor\", \"size\": 224}", 3);
    assert_int_equal(p.size, 224);
    assert_int_equal(p.edge, 256);
    assert_int_equal(p.filter, ACF_BICUBIC);
    p = read_ok(*state,
                "{\"image_processor_type\": \"ConvNextImageProcessor\", \"size\": "
                "{\"shortest_edge\": 32}, \"crop_pct\": 1.0, \"resample\": 2}",
                3);
    assert_int_equal(p.edge, 32);
    assert_int_equal(p.filter, ACF_BILINEAR);
    p = read_ok(*state, "{\"image_processor_type\": \"ConvNextImageProcessorFast\", \"size\": 384}",
                3);
    assert_int_equal(p.edge, 384);
}

static void refuses_what_it_cannot_use(void **state)
{
    refuse(*state, "[", "malformed JSON");
    refuse(*state, "{\"size\": {\"height\": 32, \"width\": 48}}",
           "'size' is 48 x 32, only squares");
    refuse(*state, "{\"size\": \"large\"}", "'size' must be a number, {shortest_edge} or");
    refuse(*state, "{\"size\": {}}", "'size' must be a number");
    refuse(*state, "{\"size\": 100000}", "'size'");
    refuse(*state, "{\"size\": 0}", "'size'");
    refuse(*state, "{\"image_mean\": [0.1, 0.2], \"image_std\": [1]}",
           "'image_mean' must be a list");
    refuse(*state, "{\"image_mean\": [0.1, 0.2, 0.3]}", "has 'image_mean' without 'image_std'");
    refuse(*state, "{\"image_mean\": [0, 0, 0], \"image_std\": [1, 0, 1]}",
           "'image_std': number 2 is not in (0, 10]");
    refuse(*state, "{\"image_mean\": [0, \"x\", 0], \"image_std\": [1, 1, 1]}",
           "'image_mean': number 2 is not in [0, 1]");
    refuse(*state, "{\"image_mean\": [1e300, 0, 0], \"image_std\": [1, 1, 1]}",
           "'image_mean': number 1 is not in [0, 1]");
    refuse(*state, "{\"resample\": 1}", "'resample' is 1 (lanczos), only 2 (bilinear) and 3");
    refuse(*state, "{\"resample\": 7}", "'resample'");
    refuse(*state, "{\"do_resize\": false}", "'do_resize' is false");
    refuse(*state, "{\"do_rescale\": false}", "'do_rescale' false");
    refuse(*state, "{\"rescale_factor\": 0.00784}", "'rescale_factor' 0.00784");
}

static void assert_same(const acf_image_prep *a, const acf_image_prep *b)
{
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->edge, b->edge);
    assert_memory_equal(a->mean, b->mean, sizeof a->mean);
    assert_memory_equal(a->std, b->std, sizeof a->std);
    assert_int_equal(a->filter, b->filter);
}

static void writes_what_it_reads(void **state)
{
    const acf_image_prep was = {3, 28, 31, {1.0 / 3, 0.1, 0.7}, {0.3, 2.0 / 7, 0.9}, ACF_BICUBIC};
    acf_error e;
    cJSON *file, *image;
    assert_ok(acf_preprocessor_make(&file, &was, &e), &e);
    char *text = acf_json_print(file, true, &e);
    assert_non_null(text);
    acf_image_prep is = read_ok(*state, text, 3);
    assert_same(&is, &was);
    acf_free(text);
    cJSON_Delete(file);

    const acf_image_prep unscaled = {.channels = 1, .size = 8, .edge = 8};
    assert_ok(acf_preprocessor_make(&file, &unscaled, &e), &e);
    text = acf_json_print(file, true, &e);
    assert_non_null(text);
    is = read_ok(*state, text, 1);
    assert_same(&is, &unscaled);
    acf_free(text);
    cJSON_Delete(file);

    /* acf.json goes first. */
    assert_ok(acf_preprocessor_card(&image, &was, &e), &e);
    cJSON *card = cJSON_CreateObject();
    assert_true(cJSON_AddItemToObject(card, "image", image));
    tmpdir_write_text(tmpdir_path(*state, "preprocessor_config.json"), "{\"size\": 99}");
    is = (acf_image_prep){.channels = 3};
    assert_ok(acf_preprocessor_read(&is, card, "acf.json", *state, &e), &e);
    assert_same(&is, &was);
    (void)cJSON_ReplaceItemInObject(image, "edge", cJSON_CreateNumber(20));
    assert_fails(acf_preprocessor_read(&is, card, "acf.json", *state, &e), ACF_ERR_MODEL,
                 "acf.json: 'edge' = 20 is less than 'size' = 28", &e);
    cJSON_Delete(card);
}

static void the_configuration_goes_first(void **state)
{
    (void)state;
    acf_error e;
    double mean[] = {0.5}, std[] = {0.25}, three[] = {0.1, 0.2, 0.3};
    acf_config cfg = {.data = {.image = {.size = ACF_UNSET}}};
    acf_image_prep p = {.channels = 3};
    assert_ok(acf_preprocessor_set(&p, &cfg, 32, &e), &e);
    assert_int_equal(p.size, 32);
    assert_true(p.std[0] == 0);
    p = (acf_image_prep){3, 224, 256, {1, 2, 3}, {4, 5, 6}, ACF_BICUBIC};
    assert_ok(acf_preprocessor_set(&p, &cfg, 32, &e), &e);
    assert_int_equal(p.edge, 256);
    assert_true(p.mean[2] == 3);
    cfg.data.image.size = 64;
    cfg.data.image.mean = (acf_numbers){mean, 1};
    cfg.data.image.std = (acf_numbers){std, 1};
    assert_ok(acf_preprocessor_set(&p, &cfg, 32, &e), &e);
    assert_int_equal(p.size, 64);
    assert_int_equal(p.edge, 64);
    assert_true(p.mean[2] == 0.5 && p.std[1] == 0.25);
    p.channels = 1;
    cfg.data.image.mean = (acf_numbers){three, 3};
    cfg.data.image.std = (acf_numbers){three, 3};
    assert_fails(acf_preprocessor_set(&p, &cfg, 32, &e), ACF_ERR_USAGE,
                 "data.image.mean has 3 numbers, but the encoder takes images of 1 channel", &e);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(reads_what_transformers_writes, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(knows_what_convnext_means, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_what_it_cannot_use, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(writes_what_it_reads, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test(the_configuration_goes_first),
};

TEST_MAIN(tests)
