/* Every case of tokenizer_cases.json and bpe_cases.json, made by scripts/golden_tokenizer.py with
 * transformers. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item == NULL) fail_msg("fixture: no '%s'", key);
    return item;
}

static void write_text(const char *dir, const char *name, const char *text)
{
    acf_error e;
    char *path = acf_path_join(dir, name, &e);
    assert_non_null(path);
    assert_ok(acf_write_synced(path, text, strlen(text), &e), &e);
    acf_free(path);
}

static void check_array(const cJSON *want, const int32_t *got, size_t n, const char *what,
                        const char *text)
{
    size_t i = 0;
    for (const cJSON *at = want->child; at != NULL; at = at->next, i++)
        if (i >= n || got[i] != (int32_t)at->valuedouble)
            fail_msg("'%s': %s %zu is %d, expected %d", text, what, i, i < n ? (int)got[i] : -1,
                     (int)at->valuedouble);
    if (i != n) fail_msg("'%s': %zu %s, expected %zu", text, n, what, i);
}

static void check_case(const acf_tokenizer *tok, acf_encoding *x, const cJSON *one)
{
    acf_error e;
    const char *a = get(one, "a")->valuestring;
    const char *b = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "b"));
    assert_ok(acf_tokenizer_encode(tok, x, a, strlen(a), b, b == NULL ? 0 : strlen(b),
                                   (int)get(one, "max_length")->valuedouble, &e),
              &e);
    check_array(get(one, "ids"), x->ids, x->n, "ids", a);
    if (b != NULL) check_array(get(one, "types"), x->types, x->n, "types", a);
}

/* All cases of the models in root, with the vocabulary in dir and with what we save of it. */
static void check_models(const cJSON *root, const char *dir, const char *saved, int n_least)
{
    acf_error e;
    int n_cases = 0;
    acf_encoding x = {0};
    for (const cJSON *model = get(root, "models")->child; model != NULL; model = model->next) {
        char *config = acf_json_print(get(model, "config"), true, &e);
        write_text(dir, "tokenizer_config.json", config);
        acf_free(config);
        acf_tokenizer *from_old, *from_json;
        assert_ok(acf_tokenizer_open(&from_old, dir, &e), &e);
        assert_ok(acf_tokenizer_save(from_old, saved, 512, true, &e), &e);
        assert_ok(acf_tokenizer_open(&from_json, saved, &e), &e); /* saving loses nothing */
        for (const cJSON *one = get(model, "cases")->child; one != NULL; one = one->next) {
            check_case(from_old, &x, one);
            check_case(from_json, &x, one);
            n_cases++;
        }
        acf_tokenizer_close(&from_old);
        acf_tokenizer_close(&from_json);
    }
    assert_true(n_cases >= n_least);
    acf_encoding_free(&x);
}

static cJSON *open_cases(const char *name)
{
    acf_error e;
    cJSON *root;
    acf_json_start();
    char *path = acf_path_join(getenv("SRC"), name, &e);
    assert_ok(acf_json_read(&root, path, 1 << 24, &e), &e);
    acf_free(path);
    return root;
}

static void golden_wordpiece(void **state)
{
    acf_error e;
    cJSON *root = open_cases("tests/golden/tokenizer_cases.json");
    acf_str vocab = {0};
    for (const cJSON *at = get(root, "vocab")->child; at != NULL; at = at->next)
        assert_ok(acf_str_printf(&vocab, &e, "%s\n", at->valuestring), &e);
    write_text(*state, "vocab.txt", vocab.data);
    acf_str_free(&vocab);
    assert_ok(acf_make_dirs(tmpdir_path(*state, "saved"), &e), &e);
    check_models(root, *state, tmpdir_path(*state, "saved"), 500);
    cJSON_Delete(root);
}

static void golden_bpe(void **state)
{
    acf_error e;
    cJSON *root = open_cases("tests/golden/bpe_cases.json");
    char *vocab = acf_json_print(get(root, "vocab"), true, &e);
    write_text(*state, "vocab.json", vocab);
    write_text(*state, "merges.txt", get(root, "merges")->valuestring);
    acf_free(vocab);
    assert_ok(acf_make_dirs(tmpdir_path(*state, "saved"), &e), &e);
    check_models(root, *state, tmpdir_path(*state, "saved"), 350);

    /* The older files that we save are those that were read. */
    size_t len;
    char *merges = tmpdir_read(tmpdir_path(*state, "saved/merges.txt"), &len);
    assert_string_equal(merges, get(root, "merges")->valuestring);
    acf_free(merges);
    assert_ok(acf_remove_tree(tmpdir_path(*state, "saved/tokenizer.json"), &e), &e);
    check_models(root, tmpdir_path(*state, "saved"), *state, 350);
    cJSON_Delete(root);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {TEST(golden_wordpiece), TEST(golden_bpe)};
TEST_MAIN(tests)
