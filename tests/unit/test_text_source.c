/* The packed text source against the tokenizer asked row by row. */
#include "base/mem.h"
#include "data/text_source.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <omp.h>

enum { ROWS = 700, WORDS = 9 }; /* rows: three blocks, the last one short */

static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\nblue\ngreen\nsea\n##s\nhill\n"
                            "the\na\nrun\n##ning\n";

typedef struct fixture {
    char *dir;
    acf_tokenizer *tok;
    acf_split split;
    char text[ROWS][80], text2[ROWS][80];
} fixture;

/* Row i has i % 13 words, its second text i % 5. */
static void make_text(char *out, int row, int n_words)
{
    static const char *const word[WORDS] = {"red",   "Blue",    "seas", "hills", "the",
                                            "green", "running", "a",    "xyz"};
    out[0] = '\0';
    for (int w = 0; w < n_words; w++) {
        strcat(out, word[(row * 7 + w * w) % WORDS]);
        strcat(out, " ");
    }
}

static int setup(void **state)
{
    fixture *f = acf_alloc(1, sizeof *f, "fixture", NULL);
    acf_error e;
    assert_non_null(f);
    void *dir;
    if (tmpdir_setup(&dir) != 0) return -1;
    f->dir = dir;
    tmpdir_write_text(tmpdir_path(dir, "vocab.txt"), vocab);
    assert_ok(acf_tokenizer_open(&f->tok, dir, &e), &e);
    assert_ok(acf_split_reserve(&f->split, ROWS, true, &e), &e);
    f->split.name = "train";
    f->split.path = acf_strdup("rows.tsv", NULL);
    f->split.n = ROWS;
    for (int i = 0; i < ROWS; i++) {
        make_text(f->text[i], i, i % 13);
        make_text(f->text2[i], i + 3, i % 5);
        f->split.text[i] = f->text[i];
        f->split.text2[i] = f->text2[i];
        f->split.label[i] = i % 3 - 1;
        f->split.line[i] = i + 2;
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    void *dir = f->dir;
    acf_tokenizer_close(&f->tok);
    acf_split_free(&f->split);
    acf_free(f);
    return tmpdir_teardown(&dir);
}

static acf_source *open_source(const fixture *f, int max_length)
{
    acf_source *s;
    acf_error e;
    assert_ok(acf_text_source_open(&s, &f->split, f->tok, max_length, (acf_poll){0}, NULL, &e), &e);
    return s;
}

static void make_single(fixture *f)
{
    acf_free(f->split.text2);
    f->split.text2 = NULL;
}

/* One batch of these rows equals their encodings, one after the other. */
static void check_batch(const fixture *f, acf_source *s, acf_batch *b, const int32_t *rows, int n,
                        int max_length)
{
    acf_error e;
    acf_encoding x = {0};
    int at = 0, longest = 0;
    size_t square = 0;
    assert_ok(acf_source_fetch(s, b, rows, n, &(acf_fetch){0}, &e), &e);
    assert_int_equal(b->N, n);
    assert_int_equal(b->input.N, n);
    assert_ptr_equal(b->input.ids, b->ids);
    assert_int_equal(b->input.start[0], 0);
    if (f->split.text2 == NULL) assert_null(b->input.types);
    for (int i = 0; i < n; i++) {
        const char *two = f->split.text2 != NULL ? f->split.text2[rows[i]] : NULL;
        const char *one = f->split.text[rows[i]];
        assert_ok(acf_tokenizer_encode(f->tok, &x, one, strlen(one), two,
                                       two != NULL ? strlen(two) : 0, max_length, &e),
                  &e);
        assert_int_equal(acf_source_tokens(s, rows[i]), x.n);
        assert_memory_equal(b->input.ids + at, x.ids, x.n * sizeof *x.ids);
        if (two != NULL) assert_memory_equal(b->input.types + at, x.types, x.n * sizeof *x.types);
        assert_int_equal(b->row[i], rows[i]);
        assert_int_equal(b->label[i], f->split.label[rows[i]]);
        at += (int)x.n;
        assert_int_equal(b->input.start[i + 1], at);
        if ((int)x.n > longest) longest = (int)x.n;
        square += x.n * x.n;
    }
    assert_int_equal(b->input.T, at);
    assert_int_equal(b->L, longest);
    assert_int_equal(b->square, square);
    acf_encoding_free(&x);
}

static void packs_what_the_tokenizer_gives(fixture *f, int max_length)
{
    acf_source *s = open_source(f, max_length);
    acf_batch b = {0};
    int32_t all[ROWS];
    for (int i = 0; i < ROWS; i++)
        all[i] = ROWS - 1 - i;
    check_batch(f, s, &b, (int32_t[]){5, 699, 0, 5}, 4, max_length);
    check_batch(f, s, &b, all, ROWS, max_length);
    check_batch(f, s, &b, (int32_t[]){13}, 1, max_length);
    acf_batch_free(&b);

    acf_encoding x = {0};
    acf_error e;
    double tokens = 0;
    int longest = 0, n_truncated = 0;
    for (int i = 0; i < ROWS; i++) {
        const char *two = f->split.text2 != NULL ? f->text2[i] : NULL;
        assert_ok(acf_tokenizer_encode(f->tok, &x, f->text[i], strlen(f->text[i]), two,
                                       two != NULL ? strlen(two) : 0, max_length, &e),
                  &e);
        tokens += (double)x.n;
        if ((int)x.n > longest) longest = (int)x.n;
        n_truncated += x.truncated;
    }
    acf_encoding_free(&x);
    assert_number(s->mean_tokens, tokens / ROWS, 1e-9);
    assert_int_equal(s->max_tokens, longest);
    assert_int_equal(s->n_truncated, n_truncated);
    acf_source_close(&s);
    assert_null(s);
}

static void packs_pairs(void **state)
{
    packs_what_the_tokenizer_gives(*state, 64);
}

static void packs_pairs_cut_short(void **state)
{
    packs_what_the_tokenizer_gives(*state, 9);
}

static void packs_single_texts(void **state)
{
    make_single(*state);
    packs_what_the_tokenizer_gives(*state, 10);
}

static void does_not_depend_on_threads(void **state)
{
    fixture *f = *state;
    acf_batch b[2] = {{.N = 0}, {.N = 0}};
    acf_error e;
    int32_t all[ROWS];
    int before = omp_get_max_threads();
    for (int i = 0; i < ROWS; i++)
        all[i] = i;
    for (int t = 0; t < 2; t++) {
        omp_set_num_threads(t + 1);
        acf_source *s = open_source(f, 12);
        assert_ok(acf_source_fetch(s, &b[t], all, ROWS, &(acf_fetch){0}, &e), &e);
        acf_source_close(&s);
    }
    omp_set_num_threads(before);
    assert_int_equal(b[0].input.T, b[1].input.T);
    size_t bytes = (size_t)b[0].input.T * sizeof(int32_t);
    assert_memory_equal(b[0].ids, b[1].ids, bytes);
    assert_memory_equal(b[0].types, b[1].types, bytes);
    assert_memory_equal(b[0].start, b[1].start, (ROWS + 1) * sizeof(int32_t));
    acf_batch_free(&b[0]);
    acf_batch_free(&b[1]);
}

/* Rows that were tokenized with others are those tokenized alone. */
static void selects_rows_of_another_source(void **state)
{
    fixture *f = *state;
    acf_error e;
    acf_split part = {0};
    acf_source *selected, *own, *whole = open_source(f, 9);
    acf_batch a = {0}, b = {0};
    int32_t rows[ROWS];
    bool taken[ROWS];
    for (int i = 0; i < ROWS; i++)
        taken[i] = i % 3 == 1 || i == ROWS - 1;
    assert_ok(acf_split_copy(&part, &f->split, &e), &e);
    acf_split_keep(&part, taken, true);
    assert_ok(acf_text_source_select(&selected, &part, whole, f->split.line, NULL, &e), &e);
    assert_ok(acf_text_source_open(&own, &part, f->tok, 9, (acf_poll){0}, NULL, &e), &e);
    assert_int_equal(selected->n, own->n);
    assert_int_equal(selected->max_tokens, own->max_tokens);
    assert_int_equal(selected->n_truncated, own->n_truncated);
    assert_true(own->n_truncated > 0 && selected->mean_tokens == own->mean_tokens);
    for (int i = 0; i < part.n; i++)
        rows[i] = part.n - 1 - i;
    const acf_fetch how = {0};
    assert_ok(acf_source_fetch(selected, &a, rows, part.n, &how, &e), &e);
    assert_ok(acf_source_fetch(own, &b, rows, part.n, &how, &e), &e);
    assert_int_equal(a.input.T, b.input.T);
    assert_memory_equal(a.ids, b.ids, (size_t)a.input.T * sizeof *a.ids);
    assert_memory_equal(a.types, b.types, (size_t)a.input.T * sizeof *a.types);
    assert_memory_equal(a.start, b.start, (size_t)(a.N + 1) * sizeof *a.start);
    assert_memory_equal(a.label, b.label, (size_t)a.N * sizeof *a.label);
    acf_source_close(&selected);

    part.line[part.n - 1]++; /* behind the last row */
    assert_fails(acf_text_source_select(&selected, &part, whole, f->split.line, NULL, &e),
                 ACF_ERR_DATA, "rows.tsv:702: was not tokenized with the other rows", &e);
    assert_null(selected);
    acf_source_close(&own);
    acf_source_close(&whole);
    acf_batch_free(&a);
    acf_batch_free(&b);
    acf_split_free(&part);
}

static void bounds_every_batch(void **state)
{
    fixture *f = *state;
    acf_source *s = open_source(f, 64);
    acf_batch_bound bound, repeats, all;
    acf_error e;
    assert_ok(acf_source_bound(&bound, s, 8, false, &e), &e);
    assert_ok(acf_source_bound(&repeats, s, 8, true, &e), &e);
    assert_ok(acf_source_bound(&all, s, 2 * ROWS, false, &e), &e);

    int32_t longest[ROWS];
    for (int i = 0; i < ROWS; i++)
        longest[i] = acf_source_tokens(s, i);
    for (int i = 0; i < 8; i++) /* the eight longest by selection */
        for (int j = i + 1; j < ROWS; j++)
            if (longest[j] > longest[i]) {
                int32_t held = longest[i];
                longest[i] = longest[j];
                longest[j] = held;
            }
    int T = 0;
    size_t square = 0;
    for (int i = 0; i < 8; i++) {
        T += longest[i];
        square += (size_t)longest[i] * (size_t)longest[i];
    }
    assert_int_equal(bound.N, 8);
    assert_int_equal(bound.T, T);
    assert_int_equal(bound.L, s->max_tokens);
    assert_int_equal(bound.square, square);
    assert_int_equal(repeats.T, 8 * s->max_tokens);
    assert_int_equal(repeats.square, 8 * s->max_tokens * s->max_tokens);
    assert_int_equal(all.N, ROWS);
    assert_number(all.T, s->mean_tokens * ROWS, 1e-6);
    assert_fails(acf_source_bound(&bound, s, 2000000000, true, &e), ACF_ERR_RESOURCE,
                 "batch of 2000000000 rows: may hold ", &e);
    acf_source_close(&s);
}

static bool stop_at_second(void *payload)
{
    return ++*(int *)payload >= 2;
}

static void stops_when_asked(void **state)
{
    fixture *f = *state;
    acf_source *s;
    acf_error e;
    int n_polls = 0, before = omp_get_max_threads();
    omp_set_num_threads(1); /* so that the thread that polls has all three blocks */
    assert_fails(acf_text_source_open(&s, &f->split, f->tok, 64,
                                      (acf_poll){stop_at_second, &n_polls}, NULL, &e),
                 ACF_STOPPED, "rows.tsv: stopped while tokenizing", &e);
    omp_set_num_threads(before);
    assert_null(s);
    assert_int_equal(n_polls, 2);
}

static void names_the_row_that_failed(void **state)
{
    fixture *f = *state;
    acf_source *s;
    acf_error e;
    assert_fails(acf_text_source_open(&s, &f->split, f->tok, 2, (acf_poll){0}, NULL, &e),
                 ACF_ERR_USAGE, "rows.tsv:2: ", &e); /* a pair needs three tokens */
    assert_null(s);
    f->split.n = 0;
    assert_fails(acf_text_source_open(&s, &f->split, f->tok, 64, (acf_poll){0}, NULL, &e),
                 ACF_ERR_DATA, "rows.tsv: has no rows to tokenize", &e);
}

static void survives_failing_allocations(void **state)
{
    fixture *f = *state;
    acf_source *s;
    acf_error e = {0};
    int before = omp_get_max_threads();
    omp_set_num_threads(1);
    size_t held = acf_mem_held();
    for (size_t n = 1;; n++) {
        (void)acf_mem_fail_at(n);
        acf_status st = acf_text_source_open(&s, &f->split, f->tok, 64, (acf_poll){0}, NULL, &e);
        (void)acf_mem_fail_at(0);
        if (st == ACF_OK) {
            assert_true(n > 8);
            break;
        }
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_null(s);
        assert_int_equal(acf_mem_held(), held);
    }
    acf_batch b = {0};
    for (size_t n = 1;; n++) { /* a batch that could not grow can be tried again */
        (void)acf_mem_fail_at(n);
        acf_status st = acf_source_fetch(s, &b, (int32_t[]){3, 4}, 2, &(acf_fetch){0}, &e);
        (void)acf_mem_fail_at(0);
        if (st == ACF_OK) break;
        assert_int_equal(st, ACF_ERR_RESOURCE);
    }
    acf_batch_free(&b);
    acf_source_close(&s);
    assert_int_equal(acf_mem_held(), held);
    omp_set_num_threads(before);
}

/* A stream gives the very batches of a source that keeps its tokens. */
static void streams_the_same_batches(void **state)
{
    fixture *f = *state;
    acf_error e;
    static const int32_t rows[] = {5, 0, 299, 7, 7, 12};
    for (int pair = 1; pair >= 0; pair--) {
        if (pair == 0) make_single(f);
        for (int max_length = 7; max_length <= 64; max_length += 57) {
            acf_source *kept = open_source(f, max_length), *stream;
            acf_batch a = {0}, b = {0};
            assert_ok(acf_text_source_stream(&stream, &f->split, f->tok, max_length, &e), &e);
            assert_int_equal(stream->n, ROWS);
            assert_true(stream->max_tokens >= kept->max_tokens && stream->max_tokens <= 64);
            for (int n = 6; n > 0; n -= 5) {
                assert_ok(acf_source_fetch(kept, &a, rows, n, &(acf_fetch){0}, &e), &e);
                assert_ok(acf_source_fetch(stream, &b, rows, n, &(acf_fetch){0}, &e), &e);
                assert_int_equal(a.L, b.L);
                assert_int_equal(a.square, b.square);
                assert_int_equal(a.input.T, b.input.T);
                size_t T = (size_t)a.input.T;
                assert_memory_equal(a.input.ids, b.input.ids, T * sizeof *a.input.ids);
                assert_memory_equal(a.input.start, b.input.start,
                                    (size_t)(n + 1) * sizeof *a.start);
                assert_memory_equal(a.label, b.label, (size_t)n * sizeof *a.label);
                if (pair == 1)
                    assert_memory_equal(a.input.types, b.input.types, T * sizeof *a.types);
                else
                    assert_null(b.input.types);
            }
            acf_batch_free(&a);
            acf_batch_free(&b);
            acf_source_close(&kept);
            acf_source_close(&stream);
        }
    }
}

/* The bound of one batch is what the batch holds. */
static void bounds_one_batch(void **state)
{
    const fixture *f = *state;
    acf_error e;
    acf_batch b = {0};
    acf_batch_bound bound;
    static const int32_t rows[] = {9, 3, 200};
    acf_source *s = open_source(f, 64);
    assert_ok(acf_source_fetch(s, &b, rows, 3, &(acf_fetch){0}, &e), &e);
    assert_ok(acf_source_batch_bound(&bound, s, rows, 0, 3, &e), &e);
    assert_int_equal(bound.N, 3);
    assert_int_equal(bound.T, b.input.T);
    assert_int_equal(bound.L, b.L);
    assert_int_equal(bound.square, b.square);
    assert_ok(acf_source_batch_bound(&bound, s, NULL, 9, 1, &e), &e);
    assert_int_equal(bound.T, acf_source_tokens(s, 9));
    acf_batch_free(&b);
    acf_source_close(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(packs_pairs),
    TEST(packs_pairs_cut_short),
    TEST(packs_single_texts),
    TEST(does_not_depend_on_threads),
    TEST(selects_rows_of_another_source),
    TEST(bounds_every_batch),
    TEST(stops_when_asked),
    TEST(names_the_row_that_failed),
    TEST(survives_failing_allocations),
    TEST(streams_the_same_batches),
    TEST(bounds_one_batch),
};

TEST_MAIN(tests)
