/* Every case of tokenizer_cases.json, made by scripts/golden_tokenizer.py with transformers. */
#include "support/cm.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static void golden_cases(void **state)
{
    (void)state;
    acf_error e;
    acf_json_start();
    char *path = acf_path_join(getenv("SRC"), "tests/golden/tokenizer_cases.json", &e);
    char dir[] = "/tmp/acf-golden-XXXXXX", saved[] = "/tmp/acf-golden-XXXXXX";
    assert_non_null(mkdtemp(dir));
    assert_non_null(mkdtemp(saved));
    cJSON *root;
    assert_ok(acf_json_read(&root, path, 1 << 24, &e), &e);
    acf_str vocab = {0};
    for (const cJSON *at = get(root, "vocab")->child; at != NULL; at = at->next)
        assert_ok(acf_str_printf(&vocab, &e, "%s\n", at->valuestring), &e);
    write_text(dir, "vocab.txt", vocab.data);

    int n_cases = 0;
    acf_encoding x = {0};
    for (const cJSON *model = get(root, "models")->child; model != NULL; model = model->next) {
        char *config = acf_json_print(get(model, "config"), true, &e);
        write_text(dir, "tokenizer_config.json", config);
        acf_free(config);
        acf_tokenizer *from_txt, *from_json;
        assert_ok(acf_tokenizer_open(&from_txt, dir, &e), &e);
        assert_ok(acf_tokenizer_save(from_txt, saved, 512, true, &e), &e);
        assert_ok(acf_tokenizer_open(&from_json, saved, &e), &e); /* saving loses nothing */
        for (const cJSON *one = get(model, "cases")->child; one != NULL; one = one->next) {
            check_case(from_txt, &x, one);
            check_case(from_json, &x, one);
            n_cases++;
        }
        acf_tokenizer_close(&from_txt);
        acf_tokenizer_close(&from_json);
    }
    assert_true(n_cases > 500);
    acf_encoding_free(&x);
    acf_str_free(&vocab);
    cJSON_Delete(root);
    acf_free(path);
    assert_ok(acf_remove_tree(dir, &e), &e);
    assert_ok(acf_remove_tree(saved, &e), &e);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(golden_cases)};
TEST_MAIN(tests)
