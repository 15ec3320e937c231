/* Streams of lines through a stored model: every way a line can end, every format. */
#include "base/json.h"
#include "base/mem.h"
#include "num/gemm.h"
#include "model/model_dir.h"
#include "infer/predict.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct fixture {
    acf_model m;
    acf_str out;
    int n_emits;
    int64_t n_lines;
    acf_error e;
} fixture;

static acf_status emit(void *payload, const char *bytes, size_t len, acf_error *e)
{
    fixture *f = payload;
    f->n_emits++;
    return acf_str_append(&f->out, bytes, len, e);
}

static acf_status refuse(void *payload, const char *bytes, size_t len, acf_error *e)
{
    (void)payload;
    (void)bytes;
    (void)len;
    return acf_fail(e, ACF_ERR_RESOURCE, "the reader went away");
}

static void open_fixture(fixture *f)
{
    const acf_model_load load = {.pooling = -1, .dropout = -1};
    *f = (fixture){0};
    assert_ok(acf_gemm_start(&f->e), &f->e);
    assert_ok(acf_model_open(&f->m, source_path("tests/golden/tiny-bert"), &load, &f->e), &f->e);
}

static void close_fixture(fixture *f)
{
    acf_str_free(&f->out);
    acf_model_free(&f->m);
}

static acf_status answer(fixture *f, const char *dir, const char *text, size_t len,
                         acf_predict_options opt)
{
    const char *path = tmpdir_path(dir, "input");
    tmpdir_write(path, text, len);
    opt.input = open(path, O_RDONLY);
    assert_true(opt.input >= 0);
    opt.name = "standard input";
    opt.payload = f;
    if (opt.emit == NULL) opt.emit = emit;
    if (opt.top_k == 0) opt.top_k = 1;
    acf_str_clear(&f->out);
    f->n_emits = 0;
    f->n_lines = -1;
    acf_status st = acf_predict(&f->n_lines, &f->m, &opt, &f->e);
    (void)close(opt.input);
    return st;
}

static int count_lines(const acf_str *s)
{
    int n = 0;
    for (size_t i = 0; i < s->len; i++)
        n += s->data[i] == '\n';
    return n;
}

static void every_line_gets_one_answer(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        int lines;
    } cases[] = {
        {"", 0, 0},
        {"\n", 1, 1},
        {"a", 1, 1},
        {"a\n", 2, 1},
        {"a\nb", 3, 2},
        {"\n\n\n", 3, 3},
        {"a\r\nb\r\n", 6, 2},
        {"a\rb\n", 4, 1},
        {"a\xe2\x80\xa8\x62\x0b\x0c\n", 8, 1}, /* other separators are part of the line */
    };
    fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const acf_predict_options opt = {.format = ACF_PREDICT_LABELS};
        assert_ok(answer(&f, *state, cases[i].text, cases[i].len, opt), &f.e);
        assert_int_equal(f.n_lines, cases[i].lines);
        assert_int_equal(count_lines(&f.out), cases[i].lines);
    }
    close_fixture(&f);
}

static void what_is_no_text_is_refused_behind_the_answers(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        int lines;
        const char *want;
    } cases[] = {
        {"a\0b\nc\n", 6, 0, "standard input: line 1: holds a NUL byte (at byte 2)"},
        {"a\nb\n\xc3\x28\nc\n", 9, 2,
         "standard input: line 3: is not valid UTF-8 (byte 0xC3 at byte 1)"},
        {"a\nbc\xc3", 5, 1, "standard input: line 2: is not valid UTF-8 (byte 0xC3 at byte 3)"},
        {"\xef\xbb\xbf"
         "a\0\n",
         6, 0, "standard input: line 1: holds a NUL byte (at byte 2)"},
        {"\x1f\x8b\x08\0\0\n\n\0", 8, 0,
         "standard input: is gzip data; unpack it (zcat FILE | acf-predict MODEL) or name its "
         "columns with --columns"},
        {"a\n\x1f\x8b\n", 5, 1, "standard input: line 2: is not valid UTF-8 (byte 0x8B at byte 2)"},
    };
    fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const acf_predict_options opt = {.format = ACF_PREDICT_LABELS};
        assert_fails(answer(&f, *state, cases[i].text, cases[i].len, opt), ACF_ERR_DATA,
                     cases[i].want, &f.e);
        assert_int_equal(count_lines(&f.out), cases[i].lines);
    }
    close_fixture(&f);
}

/* An answer does not depend on what stands around it, nor on where batches and reads are cut. */
static void answers_do_not_depend_on_neighbours(void **state)
{
    enum { LINES = 150 };
    static char text[LINES * 1200];
    size_t len = 0;
    fixture f;
    open_fixture(&f);
    for (int i = 0; i < LINES; i++) { /* beyond one read of 64 KiB */
        int words = i * 7 % 30;
        for (int w = 0; w < words; w++)
            len += (size_t)sprintf(text + len, "%c%s ", 'a' + (i + w * w) % 26,
                                   i % 10 == 0 ? "                              " : "");
        text[len++] = '\n';
    }
    const acf_predict_options opt = {.format = ACF_PREDICT_JSONL, .tokens = true};
    assert_ok(answer(&f, *state, text, len, opt), &f.e);
    assert_int_equal(f.n_lines, LINES);
    char *all = acf_strndup(f.out.data, f.out.len, &f.e);
    assert_non_null(all);
    char *line = all;
    const char *at = text;
    for (int i = 0; i < LINES; i++) {
        size_t n = strcspn(at, "\n") + 1, answer_len = strcspn(line, "\n");
        if (i % 7 == 0) {
            assert_ok(answer(&f, *state, at, n, opt), &f.e);
            cJSON *a, *b;
            assert_ok(acf_json_parse(&a, f.out.data, f.out.len, "alone", &f.e), &f.e);
            assert_ok(acf_json_parse(&b, line, answer_len, "among others", &f.e), &f.e);
            assert_true(cJSON_Compare(cJSON_GetObjectItem(a, "input_ids"),
                                      cJSON_GetObjectItem(b, "input_ids"), true));
            for (int k = 0; k < f.m.K; k++)
                assert_number(cJSON_GetArrayItem(cJSON_GetObjectItem(a, "logits"), k)->valuedouble,
                              cJSON_GetArrayItem(cJSON_GetObjectItem(b, "logits"), k)->valuedouble,
                              1e-5);
            cJSON_Delete(a);
            cJSON_Delete(b);
        }
        at += n;
        line += answer_len + 1;
    }
    acf_free(all);
    close_fixture(&f);
}

static void formats_agree(void **state)
{
    static const char text[] = "the red sea\n";
    fixture f;
    open_fixture(&f);
    acf_predict_options opt = {.format = ACF_PREDICT_LABELS};
    assert_ok(answer(&f, *state, text, strlen(text), opt), &f.e);
    char label[64];
    (void)snprintf(label, sizeof label, "%.*s", (int)f.out.len - 1, f.out.data);

    opt = (acf_predict_options){.format = ACF_PREDICT_TSV, .top_k = f.m.K};
    assert_ok(answer(&f, *state, text, strlen(text), opt), &f.e);
    double sum = 0, before = 1;
    int n = 0;
    for (char *at = strtok(f.out.data, "\t\n"); at != NULL; at = strtok(NULL, "\t\n"), n++) {
        if (n == 0) assert_string_equal(at, label);
        at = strtok(NULL, "\t\n");
        double prob = strtod(at, NULL);
        assert_true(prob <= before);
        before = prob;
        sum += prob;
    }
    assert_int_equal(n, f.m.K);
    assert_number(sum, 1, 2e-6);

    opt = (acf_predict_options){.format = ACF_PREDICT_JSONL};
    cJSON *c;
    assert_ok(answer(&f, *state, text, strlen(text), opt), &f.e);
    assert_ok(acf_json_parse(&c, f.out.data, f.out.len, "answer", &f.e), &f.e);
    assert_string_equal(cJSON_GetObjectItem(c, "label")->valuestring, label);
    assert_number(cJSON_GetObjectItem(c, "prob")->valuedouble,
                  cJSON_GetObjectItem(cJSON_GetObjectItem(c, "probs"), label)->valuedouble, 0);
    double cosine = cJSON_GetObjectItem(cJSON_GetObjectItem(c, "nearest"), "cosine")->valuedouble;
    assert_true(cosine >= -1 && cosine <= 1);
    assert_null(cJSON_GetObjectItem(c, "input_ids"));
    cJSON_Delete(c);
    close_fixture(&f);
}

static void pairs_need_a_tab(void **state)
{
    fixture f;
    open_fixture(&f);
    const acf_predict_options opt = {.format = ACF_PREDICT_LABELS, .pair = true};
    static const char good[] = "a\tb\n\t\na\tb\tc\n";
    assert_ok(answer(&f, *state, good, strlen(good), opt), &f.e);
    assert_int_equal(f.n_lines, 3);
    static const char bad[] = "a\tb\nno tab\n";
    assert_fails(answer(&f, *state, bad, strlen(bad), opt), ACF_ERR_DATA,
                 "standard input: line 2: has no TAB, expected two texts separated by one", &f.e);
    assert_int_equal(f.n_lines, 1); /* what was taken before it is answered */
    assert_int_equal(count_lines(&f.out), 1);
    const acf_predict_options deaf = {.format = ACF_PREDICT_LABELS, .pair = true, .emit = refuse};
    assert_fails(answer(&f, *state, bad, strlen(bad), deaf), ACF_ERR_DATA, "line 2: has no TAB",
                 &f.e);
    close_fixture(&f);
}

static void failures_end_the_work(void **state)
{
    fixture f;
    open_fixture(&f);
    const acf_predict_options deaf = {.format = ACF_PREDICT_LABELS, .emit = refuse};
    assert_fails(answer(&f, *state, "a\n", 2, deaf), ACF_ERR_RESOURCE, "the reader went away",
                 &f.e);
    real *b = acf_value(&f.m.params, f.m.b);
    b[1] = (real)NAN;
    const acf_predict_options opt = {.format = ACF_PREDICT_LABELS};
    assert_fails(answer(&f, *state, "a\nb\n", 4, opt), ACF_ERR_NUMERIC,
                 "standard input: line 1: logit of 'maybe' is ", &f.e);
    acf_predict_options closed = {.format = ACF_PREDICT_LABELS,
                                  .input = -1,
                                  .name = "standard input",
                                  .top_k = 1,
                                  .emit = emit,
                                  .payload = &f};
    assert_fails(acf_predict(&f.n_lines, &f.m, &closed, &f.e), ACF_ERR_DATA,
                 "standard input: cannot read: ", &f.e);
    close_fixture(&f);
}

static void features_are_written_for_numpy(void **state)
{
    fixture f;
    size_t len;
    open_fixture(&f);
    for (int lines = 0; lines <= 3; lines += 3) {
        acf_predict_options opt = {.format = ACF_PREDICT_LABELS,
                                   .features = tmpdir_path(*state, "h.npy")};
        assert_ok(answer(&f, *state, "a\nbb\nc", lines == 0 ? 0 : 6, opt), &f.e);
        char *npy = tmpdir_read(opt.features, &len), want[128];
        int d = f.m.enc->d;
        (void)snprintf(want, sizeof want,
                       "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), } ", lines, d);
        assert_int_equal(len, 128 + lines * d * 4);
        assert_memory_equal(npy, "\x93NUMPY\x01\x00\x76\x00", 10);
        assert_memory_equal(npy + 10, want, strlen(want));
        assert_int_equal(npy[127], '\n');
        float first;
        if (lines > 0) {
            memcpy(&first, npy + 128, sizeof first);
            assert_true(isfinite(first) && first != 0);
        }
        acf_free(npy);
    }
    close_fixture(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(every_line_gets_one_answer),
    TEST(what_is_no_text_is_refused_behind_the_answers),
    TEST(answers_do_not_depend_on_neighbours),
    TEST(formats_agree),
    TEST(pairs_need_a_tab),
    TEST(failures_end_the_work),
    TEST(features_are_written_for_numpy),
};

TEST_MAIN(tests)
