/* Images as batches: kept or read ahead, any number of threads, and files that cannot be read. */
#include "base/io.h"
#include "base/mem.h"
#include "data/data_summary.h"
#include "data/image_source.h"
#include "data/look_ahead.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/picture.h"
#include "support/tmpdir.h"

#include <math.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static acf_dataset *open_set(const char *task, const char *dir)
{
    acf_dataset *d;
    acf_error e;
    acf_data_options opt = acf_data_default();
    opt.task = task;
    opt.dir = dir;
    assert_ok(acf_data_open(&d, &opt, NULL, &e), &e);
    return d;
}

static const acf_image_options usual = {
    .prep = {3, 8, 8, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, ACF_BILINEAR},
    .augment = {.crop_pad = 2, .random_resized_crop = 0.3, .hflip = true, .cutout = 3},
    .cache = 1 << 20};

static acf_source *open_source(acf_dataset *d, const acf_image_options *opt)
{
    acf_source *s;
    acf_error e;
    assert_ok(acf_image_source_open(&s, &d->split[ACF_TRAIN], opt, &e), &e);
    return s;
}

/* Two epochs and an evaluation in batches of 7, shuffled; all pixels one after another. */
static real *all_pixels(acf_source *s, size_t *n_values)
{
    acf_error e;
    acf_batch batch = {0};
    size_t per = 3 * 8 * 8, n = (size_t)s->n;
    real *all = calloc(3 * n * per, sizeof *all), *at = all;
    int32_t *order = calloc(n, sizeof *order);
    assert_true(all != NULL && order != NULL);
    for (int epoch = 0; epoch < 3; epoch++) {
        const acf_fetch how = {.train = epoch < 2, .seed = 5, .epoch = (uint64_t)epoch};
        for (int i = 0; i < s->n; i++)
            order[i] = (i * 7 + epoch) % s->n;
        assert_ok(acf_source_announce(s, order, s->n, &e), &e);
        for (int first = 0; first < s->n; first += 7) {
            int rows = s->n - first < 7 ? s->n - first : 7;
            assert_ok(acf_source_fetch(s, &batch, order + first, rows, &how, &e), &e);
            assert_int_equal(batch.input.height, 8);
            assert_int_equal(batch.input.channels, 3);
            assert_null(batch.input.start);
            memcpy(at, batch.input.pixels, (size_t)rows * per * sizeof *at);
            at += (size_t)rows * per;
        }
    }
    acf_batch_free(&batch);
    free(order);
    *n_values = 3 * n * per;
    return all;
}

static void gives_the_same_bytes_kept_or_read_ahead(void **state)
{
    picture_write_folder(*state, 4, 30);
    acf_dataset *d = open_set("image", *state);
    size_t n, m;
    acf_threads_set(1);
    acf_source *s = open_source(d, &usual);
    real *want = all_pixels(s, &n);
    assert_true(acf_image_source_cached(s) == 120 * 192);
    acf_source_close(&s);
    for (int threads = 1; threads <= 4; threads++)
        for (int kept = 0; kept < 2; kept++) {
            acf_image_options opt = usual;
            if (!kept) opt.cache = 120 * 192 - 1;
            acf_threads_set(threads);
            s = open_source(d, &opt);
            real *is = all_pixels(s, &m);
            assert_int_equal(m, n);
            assert_memory_equal(is, want, n * sizeof *is);
            assert_true((acf_image_source_cached(s) == 0) == !kept);
            free(is);
            acf_source_close(&s);
        }
    free(want);
    acf_data_close(&d);
    acf_threads_set(1);
}

static void normalizes_and_replicates(void **state)
{
    picture_write_idx(tmpdir_path(*state, "train-images-idx3-ubyte"),
                      tmpdir_path(*state, "train-labels-idx1-ubyte"), 12, 8, 3);
    acf_dataset *d = open_set("image", *state);
    acf_image_options opt = {.prep = {.channels = 3, .size = 8, .edge = 8}, .cache = 0};
    acf_source *s = open_source(d, &opt);
    assert_int_equal(acf_image_source_cached(s), 0);
    double mean[3], std[3], sum = 0, square = 0;
    for (int i = 0; i < 12 * 64; i++) {
        double v = d->split[ACF_TRAIN].pixels->pixel[i] / 255.0;
        sum += v / (12 * 64);
        square += v * v / (12 * 64);
    }
    acf_image_source_moments(mean, std, s);
    assert_true(fabs(mean[0] - sum) < 1e-12 && mean[1] == mean[0] && mean[2] == mean[0]);
    assert_true(fabs(std[0] - sqrt(square - sum * sum)) < 1e-12 && std[2] == std[0]);
    std[1] = 2 * std[0];
    acf_image_source_scale(s, mean, std);

    acf_error e;
    acf_batch batch = {0};
    const int32_t rows[] = {11, 0, 11};
    const acf_fetch how = {.train = true, .epoch = 1};
    assert_ok(acf_source_fetch(s, &batch, rows, 3, &how, &e), &e);
    assert_int_equal(batch.label[0], 2);
    assert_int_equal(batch.L, 1);
    for (int c = 0; c < 3; c++)
        for (int p = 0; p < 64; p++) {
            double v = (uint8_t)(11 * 7 + p) / 255.0;
            double want = (v - mean[0]) / (c == 1 ? 2 * std[0] : std[0]);
            assert_true(fabs((double)batch.pixels[(0 * 3 + c) * 64 + p] - want) < 1e-5);
            assert_true(batch.pixels[(2 * 3 + c) * 64 + p] == batch.pixels[c * 64 + p]);
        }
    acf_batch_bound bound;
    assert_ok(acf_source_bound(&bound, s, 5, false, &e), &e);
    assert_int_equal(bound.N, 5);
    assert_int_equal(bound.L, 1);
    acf_batch_free(&batch);
    acf_source_close(&s);
    acf_data_close(&d);
}

static void blanks_after_normalizing(void **state)
{
    picture_write_folder(*state, 2, 10);
    acf_dataset *d = open_set("image", *state);
    acf_image_options opt = usual;
    opt.augment = (acf_augment){.cutout = 4};
    acf_source *s = open_source(d, &opt);
    acf_error e;
    acf_batch plain = {0}, cut = {0};
    int32_t rows[20];
    for (int i = 0; i < 20; i++)
        rows[i] = i;
    const acf_fetch train = {.train = true, .seed = 1}, eval = {.train = false};
    assert_ok(acf_source_fetch(s, &plain, rows, 20, &eval, &e), &e);
    assert_ok(acf_source_fetch(s, &cut, rows, 20, &train, &e), &e);
    for (int i = 0; i < 20; i++) {
        int blank = 0;
        for (int p = 0; p < 64; p++) {
            const real *a = plain.pixels + i * 192 + p, *b = cut.pixels + i * 192 + p;
            bool is_blank = b[0] == 0 && b[64] == 0 && b[128] == 0;
            assert_true(is_blank || (a[0] == b[0] && a[64] == b[64] && a[128] == b[128]));
            blank += is_blank;
        }
        assert_in_range(blank, 4, 16);
    }
    acf_batch_free(&plain);
    acf_batch_free(&cut);
    acf_source_close(&s);
    acf_data_close(&d);
}

typedef struct lines {
    char text[4096];
} lines;

static void keep_line(void *payload, acf_log_level level, const char *line)
{
    lines *l = payload;
    size_t at = strlen(l->text);
    (void)level;
    (void)snprintf(l->text + at, sizeof l->text - at, "%s\n", line);
}

/* All bad images, with their rows, behind the bad lines of a table. */
static void check_listed(const acf_dataset *d)
{
    acf_error e;
    acf_str out = {0};
    int n_lines = 0;
    assert_ok(acf_data_bad_lines(&out, d, &e), &e);
    for (const char *c = out.data; *c != '\0'; c++)
        n_lines += *c == '\n';
    assert_int_equal(n_lines, 6);
    assert_int_equal(strncmp(out.data, "file\tline\treason\n", 17), 0);
    assert_non_null(strstr(out.data, "\t51\t"));
    assert_non_null(strstr(out.data, "a/050.bmp: is empty (0 bytes)\n"));
    acf_str_clear(&out);
    assert_ok(acf_data_summary(&out, d, &e), &e);
    assert_non_null(strstr(out.data, "       5 bad images skipped\n"));
    assert_null(strstr(out.data, "bad line"));
    acf_str_free(&out);
}

static void names_or_skips_bad_images(void **state)
{
    picture_write_folder(*state, 2, 100);
    tmpdir_write(tmpdir_path(*state, "a/050.bmp"), "", 0);
    tmpdir_write_text(tmpdir_path(*state, "a/060.png"), "a text file\n");
    tmpdir_write_text(tmpdir_path(*state, "b/070.bmp"), "GIF89a, really");
    assert_int_equal(truncate(tmpdir_path(*state, "b/071.bmp"), 200), 0);
    assert_ok(acf_remove_tree(tmpdir_path(*state, "b/072.bmp"), NULL), &(acf_error){0});
    assert_int_equal(symlink("nowhere", tmpdir_path(*state, "b/072.bmp")), 0);
    for (int kept = 0; kept < 2; kept++)
        for (int threads = 1; threads <= 3; threads++) {
            acf_dataset *d = open_set("image", *state);
            lines log = {""};
            const acf_log to = {.write = keep_line, .payload = &log};
            acf_source *s;
            acf_error e;
            acf_image_options opt = usual;
            if (!kept) opt.cache = 0;
            acf_threads_set(threads);
            size_t held = acf_mem_held();
            assert_fails(acf_image_source_open(&s, &d->split[ACF_TRAIN], &opt, &e), ACF_ERR_DATA,
                         "a/050.bmp: is empty (0 bytes) (train row 51; data.on_bad_line: skip "
                         "leaves such images out)",
                         &e);
            assert_null(s);
            assert_int_equal(acf_mem_held(), held);

            opt.on_bad = ACF_BAD_SKIP;
            opt.log = &to;
            assert_ok(acf_image_source_open(&s, &d->split[ACF_TRAIN], &opt, &e), &e);
            const acf_split *split = &d->split[ACF_TRAIN];
            assert_int_equal(s->n, 196); /* one text file more than there were pictures */
            assert_int_equal(split->n, 196);
            assert_int_equal(split->n_bad, 0);
            assert_int_equal(split->n_bad_images, 5);
            check_listed(d);
            assert_false(split->is_drawn);
            assert_string_equal(split->text[50], "a/051.bmp");
            assert_int_equal(s->label[99], 1);
            assert_non_null(strstr(log.text, "a/060.png: is neither PNG nor JPEG nor BMP"));
            assert_non_null(strstr(log.text, "b/070.bmp: is a GIF file"));
            assert_non_null(strstr(log.text, "b/071.bmp: the BMP data end too early"));
            assert_non_null(strstr(log.text, "b/072.bmp"));
            acf_batch batch = {0};
            const acf_fetch how = {.train = false};
            const int32_t row = 99; /* b/000.bmp */
            assert_ok(acf_source_fetch(s, &batch, &row, 1, &how, &e), &e);
            double red = 0.4 + 0.2 * (double)batch.pixels[0], first = (40 + 8 * 1.0) / 255;
            assert_true(fabs(red - first) < 0.05);
            acf_batch_free(&batch);
            acf_source_close(&s);
            acf_data_close(&d);
        }
    acf_threads_set(1);
}

static void a_file_that_vanishes_later_is_told(void **state)
{
    picture_write_folder(*state, 2, 40);
    acf_dataset *d = open_set("image", *state);
    acf_image_options opt = usual;
    opt.cache = 0;
    acf_source *s = open_source(d, &opt);
    assert_ok(acf_remove_tree(tmpdir_path(*state, "b/020.bmp"), NULL), &(acf_error){0});
    acf_error e;
    acf_batch batch = {0};
    int32_t rows[80];
    const acf_fetch how = {.train = false};
    for (int i = 0; i < 80; i++)
        rows[i] = i;
    for (int announced = 0; announced < 2; announced++) {
        if (announced) assert_ok(acf_source_announce(s, NULL, 80, &e), &e);
        assert_ok(acf_source_fetch(s, &batch, rows, 60, &how, &e), &e);
        assert_fails(acf_source_fetch(s, &batch, rows + 60, 20, &how, &e), ACF_ERR_DATA,
                     "b/020.bmp", &e);
    }
    assert_ok(acf_source_announce(s, NULL, 80, &e), &e); /* closed with work under way */
    acf_batch_free(&batch);
    acf_source_close(&s);
    acf_data_close(&d);
}

static bool at_once(void *payload)
{
    (void)payload;
    return true;
}

static void stops_when_asked(void **state)
{
    picture_write_folder(*state, 2, 3);
    acf_dataset *d = open_set("image", *state);
    acf_image_options opt = usual;
    acf_source *s;
    acf_error e;
    opt.poll = (acf_poll){.stops = at_once};
    acf_threads_set(1); /* the first thread asks */
    assert_fails(acf_image_source_open(&s, &d->split[ACF_TRAIN], &opt, &e), ACF_STOPPED,
                 "stopped while reading images", &e);
    acf_data_close(&d);
}

static void memory_may_give_out(void **state)
{
    picture_write_folder(*state, 2, 3);
    acf_dataset *d = open_set("image", *state);
    for (int kept = 0; kept < 2; kept++) {
        acf_status st = ACF_ERR_RESOURCE;
        size_t held = acf_mem_held();
        acf_image_options opt = usual;
        if (!kept) opt.cache = 0;
        acf_threads_set(1);
        for (size_t n = 1; st != ACF_OK; n++) {
            acf_source *s;
            acf_error e;
            assert_true(n < 300);
            (void)acf_mem_fail_at(n);
            st = acf_image_source_open(&s, &d->split[ACF_TRAIN], &opt, &e);
            (void)acf_mem_fail_at(0);
            assert_true(st == ACF_OK || st == ACF_ERR_RESOURCE);
            acf_source_close(&s);
            assert_int_equal(acf_mem_held(), held);
        }
    }
    acf_data_close(&d);
}

static acf_status make_number(void *payload, uint8_t *out, int32_t row, acf_error *e)
{
    const int *fails_at = payload;
    if (row == *fails_at) return acf_fail(e, ACF_ERR_DATA, "item %d", (int)row);
    memset(out, row & 255, 64);
    return ACF_OK;
}

static void looks_ahead_in_order(void **state)
{
    (void)state;
    int fails_at = 77;
    acf_error e;
    acf_look_ahead *a;
    int32_t order[500];
    for (int i = 0; i < 500; i++)
        order[i] = (i * 211) % 500;
    for (int workers = 1; workers <= 4; workers++) {
        assert_ok(acf_look_ahead_open(&a, 64, 5, workers, make_number, &fails_at, &e), &e);
        for (int round = 0; round < 4; round++) {
            assert_ok(acf_look_ahead_order(a, order, 500, &e), &e);
            for (int i = 0; i < (round == 2 ? 90 : 500); i++) { /* left early: forgotten */
                uint8_t item[64] = {0};
                if (i % 50 == 49) { /* another than the next is made here */
                    assert_ok(acf_look_ahead_take(a, item, 1000 + i, &e), &e);
                    assert_int_equal(item[63], (1000 + i) & 255);
                }
                if (order[i] == 77) {
                    assert_fails(acf_look_ahead_take(a, item, 77, &e), ACF_ERR_DATA, "item 77", &e);
                } else {
                    assert_ok(acf_look_ahead_take(a, item, order[i], &e), &e);
                    assert_int_equal(item[0], order[i] & 255);
                    assert_int_equal(item[63], order[i] & 255);
                }
            }
        }
        acf_look_ahead_close(&a);
        assert_null(a);
    }
}

/* Items that tell when they are begun and are made when they may. */
typedef struct gate {
    sem_t begun, may;
} gate;

static acf_status make_when_allowed(void *payload, uint8_t *out, int32_t row, acf_error *e)
{
    gate *g = payload;
    (void)e;
    (void)sem_post(&g->begun); /* another thread: no asserts */
    while (sem_wait(&g->may) != 0) {
    }
    memset(out, row, 64);
    return ACF_OK;
}

/* Item 1 is under way when another order is given; when it is ready the worker begins item 2.  Were
 * item 1 kept, it would be what is taken: item 2 is being made then. */
static void forgets_what_was_begun_for_an_earlier_order(void **state)
{
    (void)state;
    gate g;
    acf_error e;
    acf_look_ahead *a;
    static const int32_t row[2] = {1, 2};
    assert_int_equal(sem_init(&g.begun, 0, 0), 0);
    assert_int_equal(sem_init(&g.may, 0, 0), 0);
    assert_ok(acf_look_ahead_open(&a, 64, 2, 1, make_when_allowed, &g, &e), &e);
    for (int round = 0; round < 20; round++) {
        uint8_t item[64] = {0};
        for (int i = 0; i < 2; i++) {
            assert_ok(acf_look_ahead_order(a, &row[i], 1, &e), &e);
            if (i == 1) assert_int_equal(sem_post(&g.may), 0);
            while (sem_wait(&g.begun) != 0) {
            }
        }
        assert_int_equal(sem_post(&g.may), 0);
        assert_ok(acf_look_ahead_take(a, item, 2, &e), &e);
        assert_int_equal(item[0], 2);
    }
    acf_look_ahead_close(&a);
    assert_int_equal(sem_destroy(&g.begun), 0);
    assert_int_equal(sem_destroy(&g.may), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(gives_the_same_bytes_kept_or_read_ahead),
    TEST(normalizes_and_replicates),
    TEST(blanks_after_normalizing),
    TEST(names_or_skips_bad_images),
    TEST(a_file_that_vanishes_later_is_told),
    TEST(stops_when_asked),
    TEST(memory_may_give_out),
    cmocka_unit_test(looks_ahead_in_order),
    cmocka_unit_test(forgets_what_was_begun_for_an_earlier_order),
};

TEST_MAIN(tests)
