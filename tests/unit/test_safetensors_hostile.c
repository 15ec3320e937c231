/* store/safetensors against files that lie: each gets its message, none gets a pointer. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/json.h"
#include "base/mem.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static acf_error e;

/* A file of `header` (len bytes, its length claimed rightly) and n bytes of data. */
static void write_st(const char *path, const char *header, size_t len, size_t n)
{
    unsigned char *file = calloc(8 + len + n, 1);
    uint64_t claim = len;
    assert_non_null(file);
    memcpy(file, &claim, 8);
    memcpy(file + 8, header, len);
    tmpdir_write(path, file, 8 + len + n);
    free(file);
}

static void refused(const char *path, const char *what, acf_status want, const char *message)
{
    acf_safetensors *st = NULL;
    e = (acf_error){ACF_OK, ""};
    acf_status got = acf_st_open(&st, path, &e);
    if (got != want) fail_msg("%s: status %d, expected %d (%s)", what, got, want, e.text);
    if (st != NULL) fail_msg("%s: a file was opened", what);
    if (strncmp(e.text, path, strlen(path)) != 0)
        fail_msg("%s: message '%s' does not start with the path", what, e.text);
    if (strstr(e.text, message) == NULL)
        fail_msg("%s: message '%s' lacks '%s'", what, e.text, message);
    if (strchr(e.text, '\n') != NULL) fail_msg("%s: message has two lines", what);
}

#define T(dtype, shape, offsets)                                                                   \
    "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define X(dtype, shape, offsets) "{\"x\":" T(dtype, shape, offsets) "}"
#define F                        "\"F32\""

static const struct {
    const char *what, *header;
    size_t data;
    const char *message;
} kinds[] = {
    {"empty header", "", 0, "header is not a JSON object"},
    {"not JSON", "{x}", 0, ":1:3: malformed JSON"},
    {"text", "hello world", 0, "header is not a JSON object"},
    {"array", "[1]", 0, "header is not a JSON object"},
    {"space first", " {}", 0, "header is not a JSON object"},
    {"unfinished", "{\"x\":", 0, "malformed JSON"},
    {"text after", "{} {}", 0, "malformed JSON"},
    {"two commas", "{\"__metadata__\":{},,}", 0, "malformed JSON"},
    {"BOM", "\xef\xbb\xbf{}", 0, "header is not a JSON object"},
    {"invalid UTF-8", "{\"\xff\":1}", 0, "byte 2 is not UTF-8"},
    {"overlong UTF-8", "{\"\xc0\xaf\":1}", 0, "byte 2 is not UTF-8"},
    {"surrogate", "{\"\xed\xa0\x80\":1}", 0, "byte 2 is not UTF-8"},
    {"cut UTF-8", "{\"\xe2\x82", 0, "byte 2 is not UTF-8"},
    {"lone escaped surrogate", "{\"\\ud800\":1}", 0, "malformed JSON"},
    {"escaped NUL", "{\"x\\u0000y\":1}", 0, "byte 3 is an escaped NUL"},
    {"raw newline in a name", "{\"x\ny\":1}", 0, "byte 3 is control character 0x0a"},
    {"escaped newline in a name", "{\"x\\ny\":1}", 0, "name holds control character 0x0a"},
    {"name twice", "{\"x\":" T(F, "[1]", "[0,4]") ",\"x\":" T(F, "[1]", "[4,8]") "}", 8,
     "tensor 'x' is given twice"},
    {"name twice by escape",
     "{\"x\":" T(F, "[1]", "[0,4]") ",\"\\u0078\":" T(F, "[1]", "[4,8]") "}", 8,
     "tensor 'x' is given twice"},
    {"no object", "{\"x\":3}", 0, "tensor 'x': is not a JSON object"},
    {"null", "{\"x\":null}", 0, "tensor 'x': is not a JSON object"},
    {"no dtype", "{\"x\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "tensor 'x': 'dtype' is missing"},
    {"no shape", "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4,
     "tensor 'x': 'shape' is missing"},
    {"no offsets", "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4,
     "tensor 'x': 'data_offsets' is missing"},
    {"shape twice",
     "{\"x\":{\"shape\":[1],\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "tensor 'x': 'shape' is given twice"},
    {"unknown dtype", X("\"F31\"", "[1]", "[0,4]"), 4, "tensor 'x': unknown dtype 'F31'"},
    {"lower-case dtype", X("\"f32\"", "[1]", "[0,4]"), 4, "tensor 'x': unknown dtype 'f32'"},
    {"dtype a number", X("32", "[1]", "[0,4]"), 4, "tensor 'x': 'dtype' is not a string"},
    {"shape a number", X(F, "1", "[0,4]"), 4, "tensor 'x': 'shape' is not an array"},
    {"shape of strings", X(F, "[\"1\"]", "[0,4]"), 4, "tensor 'x': dimension 0 is not a whole"},
    {"shape nested", X(F, "[[1]]", "[0,4]"), 4, "tensor 'x': dimension 0 is not a whole"},
    {"negative dimension", X(F, "[2,-1]", "[0,4]"), 4, "tensor 'x': dimension 1 is not a whole"},
    {"minus zero", X(F, "[-0]", "[0,0]"), 0, "tensor 'x': dimension 0 is not a whole"},
    {"fraction", X(F, "[1.5]", "[0,6]"), 6, "number at byte 29 is not a plain whole number"},
    {"whole fraction", X(F, "[1.0]", "[0,4]"), 4, "number at byte 29 is not a plain whole number"},
    {"exponent", X(F, "[1e0]", "[0,4]"), 4, "number at byte 29 is not a plain whole number"},
    {"leading zero", X(F, "[1]", "[00,4]"), 4, "the number at byte 48 is not a plain whole number"},
    {"2^53", X(F, "[9007199254740992]", "[0,4]"), 4, "tensor 'x': dimension 0 is not a whole"},
    {"2^64 + 1", X(F, "[18446744073709551617]", "[0,4]"), 4, "dimension 0 is not a whole"},
    {"nine dimensions", X(F, "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4,
     "tensor 'x': 'shape' has more than 8 dimensions"},
    {"product over 2^64", X(F, "[4294967296,4294967296,1]", "[0,0]"), 0,
     "tensor 'x': shape has more than 2^64 elements"},
    {"bytes over 2^64", X("\"F64\"", "[2147483648,4294967296]", "[0,0]"), 0,
     "tensor 'x': shape needs more than 2^64 bytes"},
    {"product wraps to 0 before a 0", X(F, "[4294967296,4294967296,0]", "[0,0]"), 0,
     "tensor 'x': shape has more than 2^64 elements"},
    {"offsets missing one", X(F, "[1]", "[4]"), 4, "tensor 'x': 'data_offsets' is not a pair"},
    {"three offsets", X(F, "[1]", "[0,4,8]"), 4, "tensor 'x': 'data_offsets' is not a pair"},
    {"offsets an object", X(F, "[1]", "{\"a\":0,\"b\":4}"), 4, "'data_offsets' is not a pair"},
    {"offsets negative", X(F, "[1]", "[-4,0]"), 4, "tensor 'x': 'data_offsets' is not a pair"},
    {"offsets strings", X(F, "[1]", "[\"0\",\"4\"]"), 4, "'data_offsets' is not a pair"},
    {"offsets reversed", X(F, "[1]", "[4,0]"), 4,
     "tensor 'x': 'data_offsets' end at byte 0 before they start at 4"},
    {"too few bytes", X(F, "[2,3]", "[0,20]"), 20,
     "tensor 'x': 'data_offsets' hold 20 bytes, [2, 3] of F32 need 24"},
    {"too many bytes", X("\"F16\"", "[2]", "[0,8]"), 8,
     "tensor 'x': 'data_offsets' hold 8 bytes, [2] of F16 need 4"},
    {"gap at the start", X(F, "[1]", "[4,8]"), 8,
     "tensor 'x' starts at byte 4, expected 0 (leaves a gap after the tensor before it)"},
    {"gap", "{\"x\":" T(F, "[1]", "[0,4]") ",\"y\":" T(F, "[1]", "[8,12]") "}", 12,
     "tensor 'y' starts at byte 8, expected 4 (leaves a gap"},
    {"overlap", "{\"x\":" T(F, "[2]", "[0,8]") ",\"y\":" T(F, "[2]", "[4,12]") "}", 12,
     "tensor 'y' starts at byte 4, expected 8 (overlaps the tensor before it)"},
    {"the same bytes twice", "{\"x\":" T(F, "[1]", "[0,4]") ",\"y\":" T(F, "[1]", "[0,4]") "}", 4,
     "tensor 'y' starts at byte 0, expected 4 (overlaps"},
    {"empty tensor inside another",
     "{\"x\":" T(F, "[2]", "[0,8]") ",\"y\":" T(F, "[0]", "[4,4]") "}", 8,
     "tensor 'y' starts at byte 4, expected 8 (overlaps"},
    {"past the end", X(F, "[2]", "[0,8]"), 7,
     "tensor 'x' ends at byte 8 of 7 (truncated download?)"},
    {"far past the end", X("\"U8\"", "[4503599627370496]", "[0,4503599627370496]"), 16,
     "tensor 'x' ends at byte 4503599627370496 of 16"},
    {"trailing byte", X(F, "[1]", "[0,4]"), 5, "last tensor ends at byte 4, the data at 5"},
    {"data without tensors", "{}", 1, "last tensor ends at byte 0, the data at 1"},
    {"metadata a list", "{\"__metadata__\":[]}", 0, "'__metadata__' is not a JSON object"},
    {"metadata of numbers", "{\"__metadata__\":{\"a\":1}}", 0,
     "'__metadata__': 'a' is not a string"},
    {"metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0,
     "'__metadata__' is given twice"},
};

static void every_kind_has_its_message(void **state)
{
    const char *path = tmpdir_path(*state, "m.safetensors");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        write_st(path, kinds[i].header, strlen(kinds[i].header), kinds[i].data);
        refused(path, kinds[i].what, ACF_ERR_FORMAT, kinds[i].message);
    }
    write_st(path, "{\"x\0y\":1}", 9, 0);
    refused(path, "NUL byte", ACF_ERR_FORMAT, "byte 3 is control character 0x00");
}

static void lengths_that_lie(void **state)
{
    static const struct {
        const char *what;
        uint64_t claim;
        const char *message;
    } lies[] = {
        {"0", 0, "header is not a JSON object"},
        {"one more", 3, "header claims 3 bytes, the file has 2 after its length"},
        {"100 MB and one", 100000001, "header claims 100000001 bytes, more than the 100000000"},
        {"100 MB", 100000000, "header claims 100000000 bytes, the file has 2"},
        {"2^63", UINT64_C(1) << 63, "header claims 9223372036854775808 bytes, more than"},
        {"2^64 - 1", UINT64_MAX, "header claims 18446744073709551615 bytes, more than"},
        {"2^64 - 8", UINT64_MAX - 7, "header claims 18446744073709551608 bytes, more than"},
    };
    const char *path = tmpdir_path(*state, "m.safetensors");
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        unsigned char file[10];
        memcpy(file, &lies[i].claim, 8);
        memcpy(file + 8, "{}", 2);
        tmpdir_write(path, file, sizeof file);
        refused(path, lies[i].what, ACF_ERR_FORMAT, lies[i].message);
    }
    tmpdir_write(path, "", 0);
    refused(path, "empty", ACF_ERR_FORMAT, "holds 0 bytes, a safetensors file at least 8");
    tmpdir_write(path, "\x02\0\0\0\0\0\0", 7);
    refused(path, "7 bytes", ACF_ERR_FORMAT, "holds 7 bytes, a safetensors file at least 8");
    tmpdir_write(path, "\x02\0\0\0\0\0\0\0", 8);
    refused(path, "8 bytes", ACF_ERR_FORMAT, "header claims 2 bytes, the file has 0");
    tmpdir_write_text(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    refused(path, "LFS", ACF_ERR_FORMAT, "is a Git LFS pointer");
}

static void places_that_are_no_files(void **state)
{
    const char *path = tmpdir_path(*state, "m.safetensors");
    refused(path, "absent", ACF_ERR_IO, "cannot open: No such file");
    assert_int_equal(mkdir(path, 0777), 0);
    refused(path, "directory", ACF_ERR_IO, "is a directory, expected a file");
    path = tmpdir_path(*state, "fifo");
    assert_int_equal(mkfifo(path, 0666), 0);
    refused(path, "fifo", ACF_ERR_IO, "is not a regular file");
}

/* Headers made to exhaust memory or the stack. */
static void bombs(void **state)
{
    enum { BIG = 3 << 20 };
    const char *path = tmpdir_path(*state, "m.safetensors");
    acf_json_start(); /* cJSON's memory counts */
    char *text = malloc(BIG);
    assert_non_null(text);
    size_t before = acf_mem_peak();

    memset(text, '[', BIG);
    memcpy(text, "{\"x\":", 5);
    write_st(path, text, 100000, 0);
    refused(path, "100,000 brackets", ACF_ERR_FORMAT, "JSON nested deeper than 64 levels");
    write_st(path, text, BIG, 0);
    refused(path, "3 million brackets", ACF_ERR_FORMAT, "holds more than 1048576 JSON values");

    for (size_t i = 5; i + 1 < BIG; i += 2)
        memcpy(text + i, i == 5 ? "[0" : ",0", 2);
    write_st(path, text, BIG - 1, 0);
    refused(path, "a list of 1.5 million", ACF_ERR_FORMAT, "holds more than 1048576 JSON values");

    memset(text, ' ', BIG);
    memcpy(text, "{\"x\":", 5);
    memset(text + 1000, '9', BIG - 1000);
    write_st(path, text, BIG, 0);
    refused(path, "a number of 3 million digits", ACF_ERR_FORMAT, "malformed JSON");
    free(text);
    assert_true(acf_mem_peak() < before + ((size_t)16 << 20));
}

/* A good file cut at every length and with every byte changed: refused, or read without a fault. */
static void cuts_and_flips(void **state)
{
    static const char header[] =
        "{\"x\":" T(F, "[2]", "[0,8]") ",\"y\":" T("\"I16\"", "[1]", "[8,10]") "}";
    enum { LEN = 8 + sizeof header - 1 + 10 };
    unsigned char file[LEN];
    const char *path = tmpdir_path(*state, "m.safetensors");
    acf_safetensors *st;
    write_st(path, header, sizeof header - 1, 10);
    assert_ok(acf_st_open(&st, path, &e), &e);
    acf_st_close(&st);
    size_t len;
    char *good = tmpdir_read(path, &len);
    assert_int_equal(len, LEN);

    for (size_t cut = 0; cut < len; cut++) {
        tmpdir_write(path, good, cut);
        assert_int_equal(acf_st_open(&st, path, &e), ACF_ERR_FORMAT);
    }
    for (size_t i = 0; i < len - 10; i++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(file, good, len);
            file[i] = (unsigned char)(file[i] ^ 1u << bit);
            tmpdir_write(path, file, len);
            if (acf_st_open(&st, path, &e) == ACF_OK) { /* a name changed, or a key unknown to us */
                for (size_t k = 0; k < acf_st_count(st); k++) {
                    real x[2];
                    const acf_st_entry *t = acf_st_entry_at(st, k);
                    assert_true(t->end <= 10);
                    if (t->dtype <= ACF_BF16 && t->len <= 2)
                        assert_ok(acf_st_read_real(x, (size_t)t->len, st, t, &e), &e);
                }
                acf_st_close(&st);
            }
        }
    acf_free(good);
}

static void accepts_what_is_allowed(void **state)
{
    static const char *const headers[] = {
        "{}",
        "{}   ",
        "{\n\t\"x\" : " T(F, "[ 0 ]", "[0, 0]") "\r\n}",
        "{\"__metadata__\":{}}",
        "{\"\":" T(F, "[0,5]", "[0,0]") "}",
        "{\"b\":" T(F, "[0]", "[0,0]") ",\"a\":" T(F, "[0]", "[0,0]") "}",
        "{\"x\":{\"data_offsets\":[0,0],\"later\":{},\"shape\":[0],\"dtype\":\"BOOL\"}}",
        "{\"\xf0\x9f\x98\x80\\ud83d\\ude00\":" T("\"U8\"", "[1,1,1,1,1,1,1,0]", "[0,0]") "}",
    };
    const char *path = tmpdir_path(*state, "m.safetensors");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        acf_safetensors *st;
        write_st(path, headers[i], strlen(headers[i]), 0);
        assert_ok(acf_st_open(&st, path, &e), &e);
        acf_st_close(&st);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(every_kind_has_its_message, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(lengths_that_lie, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(places_that_are_no_files, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(bombs, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(cuts_and_flips, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(accepts_what_is_allowed, tmpdir_setup, tmpdir_teardown),
};

TEST_MAIN(tests)
