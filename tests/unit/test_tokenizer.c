#include "support/cm.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "text/normalize.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/acf-tokenizer-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    acf_json_start();
    return mkdtemp(dir) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    acf_error e;
    return acf_remove_tree(dir, &e) != ACF_OK;
}

static void put(const char *name, const void *data, size_t len)
{
    acf_error e;
    char *path = acf_path_join(dir, name, &e);
    assert_ok(acf_write_synced(path, data, len, &e), &e);
    acf_free(path);
}

static void drop(const char *name)
{
    acf_error e;
    char *path = acf_path_join(dir, name, &e);
    assert_ok(acf_remove_tree(path, &e), &e);
    acf_free(path);
}

static void clear(void)
{
    drop("vocab.txt");
    drop("tokenizer.json");
    drop("tokenizer_config.json");
}

static acf_tokenizer *open_ok(void)
{
    acf_error e;
    acf_tokenizer *tok;
    assert_ok(acf_tokenizer_open(&tok, dir, &e), &e);
    return tok;
}

static void refused(const char *message)
{
    acf_error e;
    acf_tokenizer *tok;
    assert_fails(acf_tokenizer_open(&tok, dir, &e), ACF_ERR_MODEL, message, &e);
    assert_null(tok);
    assert_int_equal(strncmp(e.text, dir, strlen(dir)), 0);
}

/* ids: [CLS] 2 ... */
#define VOCAB "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\n.\nca\n##t\na\n##a\ncafe\n"
enum { THE = 5, CAT, S_, DOT, CA, T_, A, A_, CAFE, N_VOCAB };

static void check(const acf_tokenizer *tok, const char *a, const char *b, int max_length,
                  const char *want)
{
    acf_error e;
    acf_encoding x = {0};
    acf_str got = {0};
    assert_ok(
        acf_tokenizer_encode(tok, &x, a, strlen(a), b, b == NULL ? 0 : strlen(b), max_length, &e),
        &e);
    for (size_t i = 0; i < x.n; i++)
        assert_ok(
            acf_str_printf(&got, &e, "%s%s", i == 0 ? "" : " ", acf_tokenizer_token(tok, x.ids[i])),
            &e);
    assert_string_equal(got.data, want);
    acf_str_free(&got);
    acf_encoding_free(&x);
}

static void opens_vocab_txt(void **state)
{
    (void)state;
    clear();
    put("vocab.txt", VOCAB, strlen(VOCAB));
    acf_tokenizer *tok = open_ok();
    assert_int_equal(acf_tokenizer_vocab_size(tok), N_VOCAB);
    assert_int_equal(acf_tokenizer_id(tok, "cafe"), CAFE);
    assert_int_equal(acf_tokenizer_id(tok, "caf"), -1);
    assert_string_equal(acf_tokenizer_token(tok, S_), "##s");
    assert_null(acf_tokenizer_token(tok, -1));
    assert_null(acf_tokenizer_token(tok, N_VOCAB));
    check(tok, "The cats.", NULL, 0, "[CLS] the cat ##s . [SEP]");
    check(tok, "", NULL, 0, "[CLS] [SEP]");
    check(tok, "dog catx the", NULL, 0, "[CLS] [UNK] [UNK] the [SEP]");
    check(tok, "Caf\xC3\x89 cafe\xCC\x81", NULL, 0, "[CLS] cafe cafe [SEP]");
    check(tok, "the[SEP]cat [mask][MASK]", NULL, 0,
          "[CLS] the [SEP] cat [UNK] [UNK] [UNK] [MASK] [SEP]");
    acf_tokenizer_close(&tok);
    assert_null(tok);
    acf_tokenizer_close(&tok);

    put("tokenizer_config.json", "{\"do_lower_case\":false}", 23);
    tok = open_ok();
    check(tok, "The the Caf\xC3\xA9", NULL, 0, "[CLS] [UNK] the [UNK] [SEP]");
    acf_tokenizer_close(&tok);

    const char *windows =
        "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nthe"; /* no [MASK], no last newline */
    put("vocab.txt", windows, strlen(windows));
    tok = open_ok();
    check(tok, "the", NULL, 0, "[CLS] the [SEP]");
    acf_tokenizer_close(&tok);
}

static void counts_characters_of_long_words(void **state)
{
    (void)state;
    clear();
    put("vocab.txt", VOCAB, strlen(VOCAB));
    acf_tokenizer *tok = open_ok();
    acf_encoding x = {0};
    acf_error e;
    char text[300];
    memset(text, 'a', sizeof text);
    assert_ok(acf_tokenizer_encode(tok, &x, text, 100, NULL, 0, 0, &e), &e);
    assert_int_equal(x.n, 102);
    assert_int_equal(x.ids[1], A);
    assert_int_equal(x.ids[100], A_);
    assert_ok(acf_tokenizer_encode(tok, &x, text, 101, NULL, 0, 0, &e), &e);
    assert_int_equal(x.n, 3);
    assert_int_equal(x.ids[1], 1);
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}

static void truncates_longest_first(void **state)
{
    (void)state;
    clear();
    put("vocab.txt", VOCAB, strlen(VOCAB));
    acf_tokenizer *tok = open_ok();
    acf_encoding x = {0};
    acf_error e;
    check(tok, "the cat . a", NULL, 5, "[CLS] the cat . [SEP]");
    check(tok, "the cat . a", NULL, 2, "[CLS] [SEP]");
    check(tok, "the cat", ". a", 7, "[CLS] the cat [SEP] . a [SEP]");
    check(tok, "the cat", ". a", 6, "[CLS] the [SEP] . a [SEP]");     /* a tie: b keeps more */
    check(tok, "the cat .", "a a", 6, "[CLS] the cat [SEP] a [SEP]"); /* the longer keeps more */
    check(tok, "the cat . a", "a", 6, "[CLS] the cat [SEP] a [SEP]");
    check(tok, "the", "a a a a", 3, "[CLS] [SEP] [SEP]");
    const char *text = "the cat";
    assert_ok(acf_tokenizer_encode(tok, &x, text, 7, text, 7, 6, &e), &e);
    const int32_t types[] = {0, 0, 0, 1, 1, 1};
    assert_int_equal(x.n, 6);
    assert_memory_equal(x.types, types, sizeof types);
    assert_true(x.truncated);
    assert_ok(acf_tokenizer_encode(tok, &x, text, 7, text, 7, 7, &e), &e);
    assert_false(x.truncated);
    assert_fails(acf_tokenizer_encode(tok, &x, text, 7, text, 7, 2, &e), ACF_ERR_USAGE,
                 "max_length = 2 leaves no room for the 3 special tokens", &e);
    assert_int_equal(x.n, 0);
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}

/* truncation_side "left", which a saved tokenizer keeps. */
static void truncates_from_the_left_where_told(void **state)
{
    (void)state;
    const char *config = "{\"truncation_side\":\"left\"}";
    acf_error e;
    clear();
    put("vocab.txt", VOCAB, strlen(VOCAB));
    put("tokenizer_config.json", config, strlen(config));
    for (int round = 0; round < 2; round++) {
        acf_tokenizer *tok = open_ok();
        check(tok, "the cat . a", NULL, 5, "[CLS] cat . a [SEP]");
        check(tok, "the cat . a", NULL, 2, "[CLS] [SEP]");
        check(tok, "the cat . a", "cat a", 7, "[CLS] . a [SEP] cat a [SEP]");
        check(tok, "the cat", "a . cat", 6, "[CLS] cat [SEP] . cat [SEP]");
        check(tok, "the cat", "a", 0, "[CLS] the cat [SEP] a [SEP]");
        assert_ok(acf_tokenizer_save(tok, dir, 0, true, &e), &e);
        acf_tokenizer_close(&tok);
    }
    config = "{\"truncation_side\":\"middle\"}";
    put("tokenizer_config.json", config, strlen(config));
    refused("'truncation_side' is 'middle', expected right or left");
}

static void survives_any_bytes(void **state)
{
    (void)state;
    clear();
    put("vocab.txt", VOCAB, strlen(VOCAB));
    acf_tokenizer *tok = open_ok();
    acf_encoding x = {0};
    acf_error e;
    check(tok,
          "t\xFFh\xE2\x82"
          "e \xF0\x9F\x98"
          "cat\xC3",
          NULL, 0, "[CLS] the cat [SEP]");
    assert_ok(acf_tokenizer_encode(tok, &x, "t\0he\0 cat", 9, NULL, 0, 0, &e), &e);
    assert_int_equal(x.n, 4);
    assert_int_equal(x.ids[1], THE);
    unsigned char bytes[64];
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)round % sizeof bytes;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (unsigned char)(random >> 24 | (random >> 9 & 0x80));
        }
        assert_ok(acf_tokenizer_encode(tok, &x, (char *)bytes, len, NULL, 0, 0, &e), &e);
        assert_true(x.n >= 2 && x.n <= 2 + len);
    }
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}

#define BEFORE "{\"added_tokens\":["
#define ADDED                                                                                      \
    "{\"id\":2,\"content\":\"[CLS]\",\"special\":true,\"normalized\":false,\"lstrip\":false,"      \
    "\"rstrip\":false,\"single_word\":false}"
#define NORMAL                                                                                     \
    "],\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,"                           \
    "\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true},"                    \
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
#define POST                                                                                       \
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]}" \
    ","
#define MODEL                                                                                      \
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"max_input_chars_per_word\":100,"  \
    "\"continuing_subword_prefix\":\"##\",\"vocab\":{"
#define IDS "\"[SEP]\":3,\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"the\":4,\"##s\":5"
#define END "}}}"

static void put_json(const char *text)
{
    clear();
    put("tokenizer.json", text, strlen(text));
}

static void opens_tokenizer_json(void **state)
{
    (void)state;
    put_json(BEFORE ADDED NORMAL POST MODEL IDS END);
    acf_tokenizer *tok = open_ok();
    assert_int_equal(acf_tokenizer_vocab_size(tok), 6);
    check(tok, "THES", "the", 0, "[CLS] the ##s [SEP] the [SEP]");
    acf_tokenizer_close(&tok);

    put("tokenizer_config.json", "{\"do_lower_case\":false,\"tokenizer_class\":\"BertTokenizer\"}",
        57);
    tok = open_ok();
    check(tok, "THES the", NULL, 0, "[CLS] [UNK] the [SEP]");
    acf_tokenizer_close(&tok);
}

/* A class with arguments of its own makes the normalizer anew, by its defaults where the
 * configuration is silent; a plain one takes it as it is. */
static void a_silent_configuration_means_uncased(void **state)
{
    (void)state;
    const char *plain = "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}";
    put_json(BEFORE ADDED "],\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":false,"
                          "\"strip_accents\":false,\"handle_chinese_chars\":false},"
                          "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"}," POST MODEL IDS END);
    drop("tokenizer_config.json");
    acf_tokenizer *tok = open_ok();
    check(tok, "THES th\xC3\xA9", NULL, 0, "[CLS] the ##s the [SEP]");
    acf_tokenizer_close(&tok);
    put("tokenizer_config.json", plain, strlen(plain));
    tok = open_ok();
    check(tok, "THES the", NULL, 0, "[CLS] [UNK] the [SEP]");
    acf_tokenizer_close(&tok);
}

static void finds_added_tokens(void **state)
{
    (void)state;
    put_json(BEFORE ADDED
             ",{\"id\":6,\"content\":\"<E>\",\"special\":true,\"normalized\":false,"
             "\"lstrip\":true,\"rstrip\":true},"
             "{\"id\":7,\"content\":\"Wow\",\"normalized\":true,\"single_word\":true},"
             "{\"id\":8,\"content\":\"<E><E>\",\"special\":true}" NORMAL POST MODEL IDS END);
    acf_tokenizer *tok = open_ok();
    assert_int_equal(acf_tokenizer_vocab_size(tok), 9);
    check(tok, "the <E> thes<E>", NULL, 0, "[CLS] the <E> the ##s <E> [SEP]");
    check(tok, "<E><E><E>", NULL, 0, "[CLS] <E><E> <E> [SEP]");
    check(tok, "WOW the wows wow,", NULL, 0, "[CLS] Wow the [UNK] Wow [UNK] [SEP]");
    acf_error e;
    assert_ok(acf_tokenizer_save(tok, dir, 64, true, &e), &e);
    acf_tokenizer_close(&tok);
    tok = open_ok();
    assert_int_equal(acf_tokenizer_vocab_size(tok), 9);
    check(tok, "WOW<E> thes", NULL, 0, "[CLS] Wow <E> the ##s [SEP]");
    acf_tokenizer_close(&tok);
}

static void rejects_broken_vocab_txt(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        size_t len;
    } bad[] = {
        {"", "vocab.txt: is empty, expected one token a line", 0},
        {"[PAD]\n[UNK]\n\n[CLS]\n", "vocab.txt:3: token 2 is empty", 0},
        {"[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n", "vocab.txt: token 'a' occurs twice, as 4 and 5", 0},
        {"[PAD]\n[UNK]\n[CLS]\na\n", "the separator token '[SEP]' is not in the vocabulary", 0},
        {"[PAD]\n[CLS]\n[SEP]\na\n", "the unknown token '[UNK]' is not in the vocabulary", 0},
        {"[UNK]\n[CLS]\n[SEP]\na\n", "the padding token '[PAD]' is not in the vocabulary", 0},
        {"[UNK]\n[PAD]\n[SEP]\na\n", "the first token '[CLS]' is not in the vocabulary", 0},
        {"[PAD]\n[UNK]\n\xFF\n", "vocab.txt:3: token 2 is not valid UTF-8", 0},
        {"[PAD]\n[U\0NK]\n", "vocab.txt:2: token 1 holds a NUL byte", 13},
        {"\xEF\xBB\xBF[PAD]\n", "vocab.txt: begins with a byte order mark; remove it", 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        clear();
        put("vocab.txt", bad[i].text, bad[i].len > 0 ? bad[i].len : strlen(bad[i].text));
        refused(bad[i].message);
    }
    char long_token[1100];
    memset(long_token, 'a', sizeof long_token);
    put("vocab.txt", long_token, sizeof long_token);
    refused("vocab.txt:1: token 0 has 1100 bytes, more than 1024");
    clear();
    refused("holds neither tokenizer.json nor vocab.txt nor vocab.json with merges.txt");
}

static void rejects_broken_tokenizer_json(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "tokenizer.json: is empty, expected JSON"},
        {"{\"model\":", "malformed JSON"},
        {"[]", "tokenizer.json: 'model' is missing"},
        {"{\"model\":7}", "tokenizer.json: 'model' is not an object"},
        {"{\"model\":{\"type\":\"Unigram\"}}",
         "tokenizer.json: tokenizer model 'Unigram' is not supported; WordPiece is"},
        {"{\"model\":{}}", "tokenizer.json: tokenizer model 'unnamed' is not supported"},
        {"{\"model\":{\"type\":\"WordPiece\"}}", "tokenizer.json: 'vocab' is missing"},
        {BEFORE NORMAL POST MODEL END, "vocabulary of 0 tokens, expected 1 to 4000000"},
        {BEFORE NORMAL POST MODEL "\"a\":1" END,
         "token 'a' has no id from 0 to 0 (a gap in the ids?)"},
        {BEFORE NORMAL POST MODEL "\"a\":0,\"b\":0" END, "tokens 'a' and 'b' have the same id 0"},
        {BEFORE NORMAL POST MODEL "\"a\":0,\"a\":1" END, "token 'a' occurs twice, as 0 and 1"},
        {BEFORE NORMAL POST MODEL "\"a\":0.5" END, "token 'a' has no id from 0 to 0"},
        {BEFORE NORMAL POST MODEL "\"a\":\"0\"" END, "token 'a' has no id from 0 to 0"},
        {BEFORE NORMAL POST MODEL "\"a\\u0000b\":0" END, "'\\u0000' in a JSON string"},
        {BEFORE NORMAL POST MODEL "\"a\\nb\":0" END, "token 0 holds a line break"},
        {BEFORE NORMAL POST MODEL "\"\":0" END, "token 0 is empty"},
        {BEFORE NORMAL POST MODEL "\"\xC3\":0" END, "token 0 is not valid UTF-8"},
        {BEFORE NORMAL "\"post_processor\":{\"type\":\"ByteLevel\"}," MODEL IDS END,
         "post_processor 'ByteLevel' is not supported"},
        {BEFORE NORMAL
         "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[]}," MODEL IDS END,
         "post_processor is not of the form [CLS] A [SEP] B [SEP]"},
        {BEFORE NORMAL "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",2],"
                       "\"cls\":[\"[CLS]\",2]}," MODEL IDS END,
         "token '[SEP]' and its id do not agree with the vocabulary"},
        {BEFORE "],\"normalizer\":{\"type\":\"Lowercase\"}," POST MODEL IDS END,
         "normalizer 'Lowercase' is not supported, expected BertNormalizer"},
        {BEFORE "{\"id\":9,\"content\":\"x\"}" NORMAL POST MODEL IDS END,
         "added token 'x' has id 9, expected 6"},
        {BEFORE "{\"id\":6}" NORMAL POST MODEL IDS END, "an added token has no 'content'"},
        {BEFORE "{\"content\":\"x\"}" NORMAL POST MODEL IDS END, "an added token has no 'id'"},
        {BEFORE "{\"id\":6,\"content\":\"\xCC\x81\"}" NORMAL POST MODEL IDS END,
         "is empty after normalization"},
        {BEFORE NORMAL POST MODEL "\"[PAD]\":0" END, "do not agree with the vocabulary"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_json(bad[i].text);
        refused(bad[i].message);
    }
    put_json(BEFORE ADDED NORMAL POST MODEL IDS END);
    put("tokenizer_config.json", "{\"do_lower_case\":3}", 19);
    refused("tokenizer_config.json: 'do_lower_case' is neither true nor false");
    put("tokenizer_config.json", "[]", 2);
    refused("tokenizer_config.json: is not a JSON object");
    put("tokenizer_config.json", "{\"pad_token\":\"<pad>\"}", 21);
    refused("tokenizer.json: the padding token '<pad>' is not in the vocabulary");
    acf_error e;
    acf_tokenizer *tok;
    assert_fails(acf_tokenizer_open(&tok, "/nonexistent", &e), ACF_ERR_MODEL,
                 "/nonexistent: is not a directory", &e);
}

static void fails_cleanly_without_memory(void **state)
{
    (void)state;
    put_json(BEFORE ADDED NORMAL POST MODEL IDS END);
    acf_error e;
    size_t before = acf_mem_held();
    bool done = false;
    for (size_t n = 1; !done; n++) {
        acf_tokenizer *tok = NULL;
        acf_encoding x = {0};
        acf_mem_fail_at(n);
        acf_status st = acf_tokenizer_open(&tok, dir, &e);
        if (st == ACF_OK) st = acf_tokenizer_encode(tok, &x, "the \xC3\xA9", 6, "b", 1, 0, &e);
        if (st == ACF_OK) st = acf_tokenizer_save(tok, dir, 0, true, &e);
        acf_mem_fail_at(0);
        done = st == ACF_OK;
        acf_encoding_free(&x);
        acf_tokenizer_close(&tok);
        assert_int_equal(acf_mem_held(), before);
        if (!done && n % 8 == 0) put_json(BEFORE ADDED NORMAL POST MODEL IDS END);
        assert_true(n < 5000);
    }
}

static void orders_marks(void **state)
{
    (void)state;
    acf_error e;
    acf_normalizer steps = {.strip_accents = true};
    acf_str out = {0};
    acf_codes work = {0};
    char text[400] = "a";
    size_t len = 1;
    /* Musical stems (Mc, class 216) survive the stripping; vowel signs of class 0 part the runs. */
    for (int i = 0; i < 40; i++) {
        len += acf_utf8_put(text + len, 0x1D165);
        len += acf_utf8_put(text + len, 0x301);
    }
    assert_ok(acf_normalize(&steps, &out, &work, text, len, &e), &e);
    assert_int_equal(out.len, 1 + 40 * 4);
    assert_ok(acf_normalize(&steps, &out, &work, "a\xF0\x9D\x85\xAD\xF0\x9D\x85\xA5", 9, &e), &e);
    assert_string_equal(out.data, "a\xF0\x9D\x85\xA5\xF0\x9D\x85\xAD"); /* 226 after 216 */
    acf_str_free(&out);
    acf_codes_free(&work);
}

static void decodes_maximal_parts(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t used;
        uint32_t code;
    } part[] = {{"a", 1, 'a'},
                {"\xC3\xA9", 2, 0xE9},
                {"\xE2\x82\xAC", 3, 0x20AC},
                {"\xF0\x9F\x98\x80", 4, 0x1F600},
                {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
                {"\xC0\x80", 1, ACF_UTF8_BAD},
                {"\xE0\x80\x80", 1, ACF_UTF8_BAD},
                {"\xED\xA0\x80", 1, ACF_UTF8_BAD},
                {"\xF4\x90\x80\x80", 1, ACF_UTF8_BAD},
                {"\xE2\x82", 2, ACF_UTF8_BAD},
                {"\xF0\x9F\x98"
                 "a",
                 3, ACF_UTF8_BAD},
                {"\x80", 1, ACF_UTF8_BAD},
                {"\xFF", 1, ACF_UTF8_BAD}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        uint32_t code;
        char back[4];
        assert_int_equal(acf_utf8_get(&code, part[i].bytes, strlen(part[i].bytes)), part[i].used);
        assert_int_equal(code, part[i].code);
        bool valid = code != ACF_UTF8_BAD;
        assert_int_equal(acf_utf8_is_valid(part[i].bytes, strlen(part[i].bytes)), valid);
        if (!valid) continue;
        assert_int_equal(acf_utf8_put(back, code), part[i].used);
        assert_memory_equal(back, part[i].bytes, part[i].used);
        assert_int_equal(acf_utf8_before(part[i].bytes, part[i].used), code);
    }
    assert_true(acf_utf8_is_valid("\xEF\xBF\xBD", 3));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(opens_vocab_txt),
    cmocka_unit_test(counts_characters_of_long_words),
    cmocka_unit_test(truncates_longest_first),
    cmocka_unit_test(truncates_from_the_left_where_told),
    cmocka_unit_test(survives_any_bytes),
    cmocka_unit_test(opens_tokenizer_json),
    cmocka_unit_test(a_silent_configuration_means_uncased),
    cmocka_unit_test(finds_added_tokens),
    cmocka_unit_test(rejects_broken_vocab_txt),
    cmocka_unit_test(rejects_broken_tokenizer_json),
    cmocka_unit_test(fails_cleanly_without_memory),
    cmocka_unit_test(orders_marks),
    cmocka_unit_test(decodes_maximal_parts),
};

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
