/* Byte-level BPE: cutting, joining, and files that are not what they should be. */
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "support/cm.h"
#include "support/tmpdir.h"
#include "text/bytelevel.h"
#include "text/codepoint.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>

static void check_pieces(const char *text, const char *want)
{
    acf_error e;
    acf_str got = {0};
    const char *piece;
    size_t len, at = 0;
    while (acf_next_piece(&piece, &len, text, strlen(text), &at))
        assert_ok(acf_str_printf(&got, &e, "%s%.*s", got.len == 0 ? "" : "|", (int)len, piece), &e);
    assert_string_equal(got.len == 0 ? "" : got.data, want);
    acf_str_free(&got);
}

static void cuts_as_the_expression_does(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {" ", " "},
        {"a", "a"},
        {"the cat", "the| cat"},
        {"the  cat", "the| | cat"},
        {"the \t cat", "the| \t| cat"},
        {"the\tcat", "the|\t|cat"},
        {"the \tcat", "the| |\t|cat"},
        {"end  ", "end|  "},
        {"a12b", "a|12|b"},
        {"a 12 !? b", "a| 12| !?| b"},
        {"don't I'll we've", "don|'t| I|'ll| we|'ve"},
        {"I'M you'red 'tis", "I|'|M| you|'re|d| '|tis"},
        {"''s a's's", "''|s| a|'s|'s"},
        {"'l '", "'|l| '"},
        {"\xC3\xA9t\xC3\xA9 \xC2\xBD\xC2\xA0x", "\xC3\xA9t\xC3\xA9| \xC2\xBD|\xC2\xA0|x"},
        {"e\xCC\x81 \xE2\x82\xAC", "e|\xCC\x81| \xE2\x82\xAC"}, /* a mark is no letter */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_pieces(cases[i].text, cases[i].want);
}

static void spells_every_byte(void **state)
{
    (void)state;
    bool used[0x200] = {false};
    for (int byte = 0; byte < 256; byte++) {
        uint32_t code = acf_byte_char((unsigned char)byte);
        assert_true(code < 0x200 && !used[code] && !acf_code_is_space(code) &&
                    (code >= 0x100 || !acf_code_is_control(code)));
        used[code] = true;
        assert_int_equal(acf_char_byte(code), byte);
    }
    for (uint32_t code = 0; code < 0x200; code++)
        if (!used[code]) assert_int_equal(acf_char_byte(code), -1);
    assert_int_equal(acf_char_byte(0x10FFFF), -1);
    assert_int_equal(acf_byte_char(' '), 0x120);
    assert_int_equal(acf_byte_char('\n'), 0x10A);
}

/* <s> 0, <pad> 1, </s> 2, <unk> 3, the bytes of "abc d" and of "é", and what the merges give. */
#define G  "\xC4\xA0" /* the space */
#define E1 "\xC3\x83" /* the bytes of U+00E9 */
#define E2 "\xC2\xA9"
#define WORDS                                                                                      \
    "\"<s>\":0,\"<pad>\":1,\"</s>\":2,\"<unk>\":3,\"a\":4,\"b\":5,\"c\":6,\"d\":7,\"" G            \
    "\":8,\"" E1 "\":9,\"" E2 "\":10,\"ab\":11,\"bc\":12,\"abc\":13,\"" G "a\":14,\"cc\":15,"      \
    "\"abcd\":16,\"" E1 E2 "\":17"
#define MERGES "#version: 0.2\nb c\na b\na bc\n" G " a\nc c\n" E1 " " E2 "\n"

static void put(const char *dir, const char *name, const char *text)
{
    tmpdir_write_text(tmpdir_path(dir, "%s", name), text);
}

static void put_old_files(const char *dir)
{
    put(dir, "vocab.json", "{" WORDS "}");
    put(dir, "merges.txt", MERGES);
}

static acf_tokenizer *open_ok(const char *dir)
{
    acf_error e;
    acf_tokenizer *tok;
    assert_ok(acf_tokenizer_open(&tok, dir, &e), &e);
    return tok;
}

static void check(const acf_tokenizer *tok, const char *a, const char *b, int max_length,
                  const char *want)
{
    acf_error e;
    acf_encoding x = {0};
    acf_str got = {0};
    assert_ok(
        acf_tokenizer_encode(tok, &x, a, strlen(a), b, b == NULL ? 0 : strlen(b), max_length, &e),
        &e);
    for (size_t i = 0; i < x.n; i++) {
        assert_ok(
            acf_str_printf(&got, &e, "%s%s", i == 0 ? "" : " ", acf_tokenizer_token(tok, x.ids[i])),
            &e);
        assert_int_equal(x.types[i], 0);
    }
    assert_string_equal(got.data, want);
    acf_str_free(&got);
    acf_encoding_free(&x);
}

static void joins_in_the_order_of_the_merges(void **state)
{
    put_old_files(*state);
    acf_tokenizer *tok = open_ok(*state);
    assert_int_equal(acf_tokenizer_vocab_size(tok), 18);
    check(tok, "abc", NULL, 0, "<s> abc </s>");
    check(tok, "ab", NULL, 0, "<s> ab </s>");
    check(tok, "abbc", NULL, 0, "<s> ab bc </s>");
    check(tok, "ccc", NULL, 0, "<s> cc c </s>");   /* of equal ranks the left one */
    check(tok, "abcd", NULL, 0, "<s> abc d </s>"); /* a token that no merge gives */
    check(tok, " a  abc", NULL, 0, "<s> " G "a " G " " G " abc </s>"); /* a bc before G a */
    check(tok,
          "\xC3\xA9"
          "a",
          NULL, 0, "<s> " E1 E2 " a </s>");
    check(tok, "axb zz", NULL, 0, "<s> ab " G " </s>"); /* bytes that no token has are dropped */
    check(tok, "", NULL, 0, "<s> </s>");
    check(tok, "a</s>b <unk>", NULL, 0, "<s> a </s> b " G " <unk> </s>");
    acf_tokenizer_close(&tok);
}

static void sets_two_separators_between(void **state)
{
    acf_error e;
    put_old_files(*state);
    acf_tokenizer *tok = open_ok(*state);
    check(tok, "a", "b", 0, "<s> a </s> </s> b </s>");
    check(tok, "", "", 4, "<s> </s> </s> </s>");
    check(tok, "a d a d a d", "b", 9, "<s> a " G " d " G "a </s> </s> b </s>");
    check(tok, "d d d d", "dd d d", 10, "<s> d " G " d </s> </s> d d " G " </s>");
    acf_encoding x = {0};
    assert_fails(acf_tokenizer_encode(tok, &x, "a", 1, "b", 1, 3, &e), ACF_ERR_USAGE,
                 "max_length = 3 leaves no room for the 4 special tokens", &e);
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}

#define MODEL(more) "{\"model\":{\"type\":\"BPE\"," more "\"vocab\":{" WORDS "},\"merges\":"
#define REST                                                                                       \
    "},\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true},"                      \
    "\"post_processor\":{\"type\":\"RobertaProcessing\",\"sep\":[\"</s>\",2],\"cls\":[\"<s>\",0]}"
#define TEMPLATE(pair)                                                                             \
    "},\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"                     \
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["                             \
    "{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}" \
    "},{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":0}}],\"pair\":["                             \
    "{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}" \
    "},{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":0}}," pair "],\"special_tokens\":{"          \
    "\"<s>\":{\"id\":\"<s>\",\"ids\":[0]},\"</s>\":{\"id\":\"</s>\",\"ids\":[2]}}}"
#define B_END(t)                                                                                   \
    "{\"Sequence\":{\"id\":\"B\",\"type_id\":" t "}},{\"SpecialToken\":{\"id\":\"</s>\","          \
    "\"type_id\":" t "}}"
#define SEP(t) "{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":" t "}},"

static void reads_tokenizer_json(void **state)
{
    acf_error e;
    put(*state, "tokenizer.json",
        MODEL(
            "\"unk_token\":\"<unk>\",\"fuse_unk\":true,") "[\"b "
                                                          "c\",[\"a\",\"b\"],[\"c\",\"c\"]]" REST
                                                          ",\"added_tokens\":[{\"id\":18,"
                                                          "\"content\":\"<mask>\",\"special\":true,"
                                                          "\"lstrip\":true}]}");
    put(*state, "tokenizer_config.json", "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}");
    acf_tokenizer *tok = open_ok(*state);
    check(tok, "abbc", NULL, 0, "<s> " G " ab bc </s>"); /* the prefix space */
    check(tok, " axyzb  <mask>b", NULL, 0, "<s> " G " a <unk> b <mask> " G " b </s>");
    assert_ok(acf_tokenizer_save(tok, *state, 0, false, &e), &e);
    acf_tokenizer_close(&tok);
    tok = open_ok(*state);
    check(tok, " axyzb  <mask>b", NULL, 0, "<s> " G " a <unk> b <mask> " G " b </s>");
    acf_tokenizer_close(&tok);

    /* As in transformers, the class's own argument wins: no space unless the config says so. */
    put(*state, "tokenizer_config.json", "{\"tokenizer_class\":\"RobertaTokenizer\"}");
    tok = open_ok(*state);
    check(tok, "abbc", NULL, 0, "<s> ab bc </s>");
    acf_tokenizer_close(&tok);

    put(*state, "tokenizer.json", MODEL("\"ignore_merges\":true,") "[]" REST "}");
    tok = open_ok(*state);
    check(tok, "abcd abc", NULL, 0, "<s> abcd " G " a b c </s>");
    acf_tokenizer_close(&tok);

    put(*state, "tokenizer.json", MODEL("") "[]" TEMPLATE(B_END("0")) "}");
    tok = open_ok(*state);
    check(tok, "a", "b", 0, "<s> a </s> b </s>");
    assert_ok(acf_tokenizer_save(tok, *state, 0, false, &e), &e);
    acf_tokenizer_close(&tok);
    tok = open_ok(*state);
    check(tok, "a", "b", 0, "<s> a </s> b </s>");
    acf_tokenizer_close(&tok);
    put(*state, "tokenizer.json", MODEL("") "[]" TEMPLATE(SEP("0") B_END("0")) "}");
    tok = open_ok(*state);
    check(tok, "a", "b", 0, "<s> a </s> </s> b </s>");
    acf_tokenizer_close(&tok);
}

static void refused(const char *dir, const char *message)
{
    acf_error e;
    acf_tokenizer *tok;
    assert_fails(acf_tokenizer_open(&tok, dir, &e), ACF_ERR_MODEL, message, &e);
    assert_null(tok);
    assert_int_equal(strncmp(e.text, dir, strlen(dir)), 0);
}

static void refuses_broken_tokenizer_json(void **state)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"{\"model\":{\"merges\":[]}}", "tokenizer.json: 'vocab' is missing"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
         "tokenizer.json: 'merges' is missing or not an array"},
        {MODEL("") "[7]" REST "}", "tokenizer.json: merge 1 is not a pair of tokens"},
        {MODEL("") "[[\"a\",\"b\"],[\"a\"]]" REST "}", "merge 2 is not a pair of tokens"},
        {MODEL("") "[[\"a\",5]]" REST "}", "merge 1 is not a pair of tokens"},
        {MODEL("") "[\"ab\"]" REST "}", "merge 1 is not a pair of tokens"},
        {MODEL("") "[\"a x\"]" REST "}", "merge 'a x': its right half is not in the vocabulary"},
        {MODEL("") "[\"x a\"]" REST "}", "merge 'x a': its left half is not in the vocabulary"},
        {MODEL("") "[\"a c\"]" REST "}", "merge 'a c': what it gives is not in the vocabulary"},
        {MODEL("\"dropout\":0.1,") "[]" REST "}", "BPE with 'dropout' 0.1 is not supported"},
        {MODEL("\"end_of_word_suffix\":\"</w>\",") "[]" REST "}",
         "BPE with 'end_of_word_suffix' '</w>' is not supported"},
        {MODEL("\"byte_fallback\":true,") "[]" REST "}", "'byte_fallback' is not supported"},
        {MODEL("\"unk_token\":\"?\",") "[]" REST "}", "unk_token '?' is not in the vocabulary"},
        {MODEL("\"unk_token\":7,") "[]" REST "}", "'unk_token'"},
        {MODEL("") "[]},\"normalizer\":{\"type\":\"NFC\"}}",
         "normalizer 'NFC' before a BPE is not supported"},
        {MODEL("") "[]}}", "'pre_tokenizer' is missing"},
        {MODEL("") "[]},\"pre_tokenizer\":{\"type\":\"Metaspace\"}}",
         "pre_tokenizer 'Metaspace' is not supported, expected ByteLevel"},
        {MODEL("") "[]},\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"use_regex\":false}}",
         "ByteLevel without 'use_regex' is not supported"},
        {MODEL("") "[]" TEMPLATE(SEP("0") B_END("1")) "}", "post_processor is not of the form"},
        {MODEL("") "[]" TEMPLATE(SEP("1") B_END("1")) "}", "post_processor is not of the form"},
        {MODEL("") "[]" TEMPLATE(B_END("2")) "}", "post_processor is not of the form"},
        {MODEL("") "[]" TEMPLATE(SEP("0") SEP("0") B_END("0")) "}",
         "post_processor is not of the form"},
        {MODEL("") "[]},\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"post_processor\":"
                   "{\"type\":\"RobertaProcessing\",\"sep\":[\"</s>\",3],\"cls\":[\"<s>\",0]}}",
         "token '</s>' and its id do not agree with the vocabulary"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(*state, "tokenizer.json", bad[i].text);
        refused(*state, bad[i].message);
    }
}

static void refuses_broken_old_files(void **state)
{
    static const struct {
        const char *vocab, *merges, *message;
    } bad[] = {
        {"[]", MERGES, "vocab.json: is not a JSON object"},
        {"{}", MERGES, "vocab.json: vocabulary of 0 tokens"},
        {"{\"a\":1}", MERGES, "vocab.json: token 'a' has no id from 0 to 0"},
        {"{\"a\":0", MERGES, "vocab.json:"},
        {"{" WORDS "}", "ab\n", "merges.txt:1: is not two tokens with a space between them"},
        {"{" WORDS "}", "a b\n\n b\n", "merges.txt:3: is not two tokens"},
        {"{" WORDS "}", "a b\na \n", "merges.txt:2: is not two tokens"},
        {"{" WORDS "}", "a b c\n", "merges.txt:1: is not two tokens"},
        {"{" WORDS "}", "#version: 1\na b\nd c", "merges.txt:3: merge 'd c': what it gives"},
        {"{\"a\":0,\"b\":1,\"ab\":2}", "a b\n",
         "vocab.json: the padding token '<pad>' is not in the vocabulary"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(*state, "vocab.json", bad[i].vocab);
        put(*state, "merges.txt", bad[i].merges);
        refused(*state, bad[i].message);
    }
    put(*state, "vocab.json", "{" WORDS "}");
    tmpdir_write(tmpdir_path(*state, "merges.txt"), "a b\na\0 b\n", 9);
    refused(*state, "merges.txt:2: holds a NUL byte");
    put(*state, "merges.txt", "a b\r\na bc"); /* line ends of Windows, and none at the end */
    acf_error e;
    assert_ok(acf_remove_tree(tmpdir_path(*state, "merges.txt"), &e), &e);
    refused(*state, "holds neither tokenizer.json nor vocab.txt nor vocab.json with merges.txt");
}

static void takes_any_bytes(void **state)
{
    acf_error e;
    acf_encoding x = {0};
    put_old_files(*state);
    acf_tokenizer *tok = open_ok(*state);
    check(tok,
          "a\xFF"
          "b\xC3",
          NULL, 0, "<s> a b </s>"); /* U+FFFD, whose bytes are no tokens */
    assert_ok(acf_tokenizer_encode(tok, &x, "a\0b", 3, NULL, 0, 0, &e), &e);
    assert_int_equal(x.n, 4);
    uint32_t random = 1;
    char bytes[64];
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)round % sizeof bytes;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = random >> 31 ? "abcd \xC3\xA9'"[random >> 8 & 7] : (char)(random >> 16);
        }
        assert_ok(acf_tokenizer_encode(tok, &x, bytes, len, NULL, 0, 0, &e), &e);
        assert_true(x.n >= 2 && x.n <= 2 + len);
    }
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}

/* A word of a million letters takes its time once, not a million times. */
static void joins_long_words(void **state)
{
    enum { LEN = 1000000 };
    acf_error e;
    acf_encoding x = {0};
    put_old_files(*state);
    acf_tokenizer *tok = open_ok(*state);
    char *text = acf_alloc(LEN, 1, "text", &e);
    assert_non_null(text);
    memset(text, 'c', LEN);
    assert_ok(acf_tokenizer_encode(tok, &x, text, LEN, NULL, 0, 0, &e), &e);
    assert_int_equal(x.n, 2 + LEN / 2);
    for (int i = 0; i < LEN; i++)
        text[i] = "abc"[i % 3];
    assert_ok(acf_tokenizer_encode(tok, &x, text, LEN, NULL, 0, 0, &e), &e);
    assert_int_equal(x.n, 2 + LEN / 3 + 1);
    acf_free(text);
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}

static void fails_cleanly_without_memory(void **state)
{
    acf_error e;
    put_old_files(*state);
    put(*state, "tokenizer_config.json", "{\"add_prefix_space\":true}");
    assert_ok(acf_make_dirs(tmpdir_path(*state, "saved"), &e), &e);
    size_t before = acf_mem_held();
    bool done = false;
    for (size_t n = 1; !done; n++) {
        acf_tokenizer *tok = NULL;
        acf_encoding x = {0};
        acf_mem_fail_at(n);
        acf_status st = acf_tokenizer_open(&tok, *state, &e);
        if (st == ACF_OK) st = acf_tokenizer_encode(tok, &x, "abbc\xFF d", 7, "b", 1, 0, &e);
        if (st == ACF_OK) st = acf_tokenizer_save(tok, tmpdir_path(*state, "saved"), 0, true, &e);
        acf_mem_fail_at(0);
        done = st == ACF_OK;
        acf_encoding_free(&x);
        acf_tokenizer_close(&tok);
        if (acf_mem_held() != before) fail_msg("memory is lost when allocation %zu fails", n);
        assert_true(n < 5000);
    }
}

static int json_setup(void **state)
{
    acf_json_start();
    return tmpdir_setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, json_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cuts_as_the_expression_does),
    cmocka_unit_test(spells_every_byte),
    TEST(joins_in_the_order_of_the_merges),
    TEST(sets_two_separators_between),
    TEST(reads_tokenizer_json),
    TEST(refuses_broken_tokenizer_json),
    TEST(refuses_broken_old_files),
    TEST(takes_any_bytes),
    TEST(joins_long_words),
    TEST(fails_cleanly_without_memory),
};

TEST_MAIN(tests)
