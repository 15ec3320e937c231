#include "support/cm.h"

#include "base/json.h"
#include "base/mem.h"
#include "text/vocab_train.h"

typedef struct list {
    const char *const *text;
    size_t n, at;
} list;

static bool next_text(void *payload, const char **text, size_t *len)
{
    list *l = payload;
    if (l->at == l->n) return false;
    *text = l->text[l->at++];
    *len = strlen(*text);
    return true;
}

static const char *const texts[] = {"hug hug hug hug hug hug hug hug hug hug",
                                    "Pug pug pug pug pug",
                                    "pun pun pun pun pun pun pun pun pun pun pun pun",
                                    "bun bun bun bun", "hugs H\xC3\xBAgs hugs hugs hugs"};
#define N_TEXTS (sizeof texts / sizeof *texts)

static acf_status train(acf_tokenizer **tok, const char *const *text, size_t n,
                        const acf_vocab_options *options, acf_error *e)
{
    list l = {text, n, 0};
    return acf_vocab_train(tok, (acf_text_stream){next_text, &l}, options, e);
}

/* hug 10, pug 5, pun 12, bun 4, hugs 5: ##u##g 20, then ##u##n 16, h##ug 15, p##un 12, ... */
static void joins_by_count(void **state)
{
    (void)state;
    static const char *const want[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "b",
                                       "g",     "h",     "n",     "p",     "s",      "u",
                                       "##g",   "##n",   "##s",   "##u",   "##ug",   "##un",
                                       "hug",   "pun",   "pug",   "hugs",  "bun"};
    acf_error e;
    acf_tokenizer *tok;
    acf_vocab_options options = acf_vocab_options_default();
    assert_ok(train(&tok, texts, N_TEXTS, &options, &e), &e);
    assert_int_equal(acf_tokenizer_vocab_size(tok), sizeof want / sizeof *want);
    for (int32_t id = 0; id < acf_tokenizer_vocab_size(tok); id++)
        assert_string_equal(acf_tokenizer_token(tok, id), want[id]);
    acf_encoding x = {0};
    assert_ok(acf_tokenizer_encode(tok, &x, "HUGS bug", 8, NULL, 0, 0, &e), &e);
    assert_int_equal(x.n, 5);
    assert_string_equal(acf_tokenizer_token(tok, x.ids[1]), "hugs");
    assert_string_equal(acf_tokenizer_token(tok, x.ids[3]), "##ug");
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);

    options.min_frequency = 13; /* ##ug 20, ##un 16, hug 15 */
    assert_ok(train(&tok, texts, N_TEXTS, &options, &e), &e);
    assert_int_equal(acf_tokenizer_vocab_size(tok), 19);
    acf_tokenizer_close(&tok);

    options.alphabet = 4; /* u 36, g 20, p 17, n 16: words with h, s or b are left out */
    options.min_frequency = 2;
    assert_ok(train(&tok, texts, N_TEXTS, &options, &e), &e);
    assert_int_equal(acf_tokenizer_id(tok, "pun") >= 0, 1);
    assert_int_equal(acf_tokenizer_id(tok, "h"), -1);
    assert_int_equal(acf_tokenizer_id(tok, "##ugs"), -1);
    acf_tokenizer_close(&tok);
}

static void order_of_texts_is_nothing(void **state)
{
    (void)state;
    const char *const turned[] = {texts[4], texts[2], texts[0], texts[3], texts[1]};
    acf_error e;
    acf_tokenizer *a, *b;
    acf_vocab_options options = acf_vocab_options_default();
    assert_ok(train(&a, texts, N_TEXTS, &options, &e), &e);
    assert_ok(train(&b, turned, N_TEXTS, &options, &e), &e);
    assert_int_equal(acf_tokenizer_vocab_size(a), acf_tokenizer_vocab_size(b));
    for (int32_t id = 0; id < acf_tokenizer_vocab_size(a); id++)
        assert_string_equal(acf_tokenizer_token(a, id), acf_tokenizer_token(b, id));
    acf_tokenizer_close(&a);
    acf_tokenizer_close(&b);
}

static void stops_at_the_size(void **state)
{
    (void)state;
    static char text[26 * 26 * 6 * 2 + 1];
    size_t n = 0;
    for (int i = 0; i < 26 * 26 * 2; i++) {
        text[n++] = (char)('a' + i % 26);
        text[n++] = (char)('a' + i / 26 % 26);
        text[n++] = (char)('a' + (i * 7) % 26);
        text[n++] = ' ';
    }
    const char *const one[] = {text};
    acf_error e;
    acf_tokenizer *tok;
    acf_vocab_options options = acf_vocab_options_default();
    options.size = 100;
    assert_ok(train(&tok, one, 1, &options, &e), &e);
    assert_int_equal(acf_tokenizer_vocab_size(tok), 100);
    acf_tokenizer_close(&tok);
}

static void rejects_bad_options(void **state)
{
    (void)state;
    acf_error e;
    acf_tokenizer *tok;
    acf_vocab_options options = acf_vocab_options_default();
    options.size = 99;
    assert_fails(train(&tok, texts, N_TEXTS, &options, &e), ACF_ERR_USAGE,
                 "vocabulary: size 99 is out of range [100, 1000000]", &e);
    assert_null(tok);
    options = acf_vocab_options_default();
    options.alphabet = 0;
    assert_fails(train(&tok, texts, N_TEXTS, &options, &e), ACF_ERR_USAGE, "alphabet 0", &e);
    options = acf_vocab_options_default();
    options.min_frequency = 0;
    assert_fails(train(&tok, texts, N_TEXTS, &options, &e), ACF_ERR_USAGE,
                 "min_frequency 0 is below 1", &e);
    options = acf_vocab_options_default();
    const char *const blank[] = {" \t", ""};
    assert_fails(train(&tok, blank, 2, &options, &e), ACF_ERR_DATA,
                 "vocabulary: the texts hold no word to learn from", &e);
}

static void fails_cleanly_without_memory(void **state)
{
    (void)state;
    acf_error e;
    acf_vocab_options options = acf_vocab_options_default();
    size_t before = acf_mem_held();
    acf_status st = ACF_ERR_FAIL;
    for (size_t n = 1; st != ACF_OK; n++) {
        acf_tokenizer *tok = NULL;
        acf_mem_fail_at(n);
        st = train(&tok, texts, N_TEXTS, &options, &e);
        acf_mem_fail_at(0);
        if (st != ACF_OK) assert_int_equal(st, ACF_ERR_RESOURCE);
        acf_tokenizer_close(&tok);
        assert_int_equal(acf_mem_held(), before);
        assert_true(n < 5000);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(joins_by_count),
    cmocka_unit_test(order_of_texts_is_nothing),
    cmocka_unit_test(stops_at_the_size),
    cmocka_unit_test(rejects_bad_options),
    cmocka_unit_test(fails_cleanly_without_memory),
};
TEST_MAIN(tests)
