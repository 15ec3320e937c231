/* Resizing against PIL, and random changes: where pixels go, and what decides about it. */
#include "image/resize.h"

#include "base/mem.h"
#include "data/image_prep.h"
#include "image/augment.h"
#include "image/decode.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static acf_image field(void)
{
    acf_error e;
    acf_image x;
    assert_ok(acf_image_read(&x, source_path("tests/golden/images/field.png"), 3, &e), &e);
    return x;
}

static void compare(const uint8_t *planes, int width, int height, const char *name)
{
    char path[128];
    size_t len, size = (size_t)width * (size_t)height;
    (void)snprintf(path, sizeof path, "tests/golden/images/%s.rgb", name);
    char *want = tmpdir_read(source_path(path), &len);
    assert_int_equal(len, 3 * size);
    for (size_t i = 0; i < len; i++) {
        int is = planes[i % 3 * size + i / 3], was = (uint8_t)want[i];
        if (is != was) fail_msg("%s: value %zu is %d, PIL's %d", name, i, is, was);
    }
    acf_free(want);
}

static void compare_resized(const int (*sizes)[2], size_t n, acf_resize_filter filter,
                            const char *kind)
{
    acf_error e;
    acf_image x = field();
    for (size_t i = 0; i < n; i++) {
        static uint8_t out[64 * 48 * 3];
        char name[32];
        int w = sizes[i][0], h = sizes[i][1];
        const acf_resize how = {{0, 0, 37, 23}, w, h, {0, 0, w, h}, filter};
        assert_ok(acf_image_resize(out, &x, &how, &e), &e);
        (void)snprintf(name, sizeof name, "%s-%dx%d", kind, w, h);
        compare(out, w, h, name);
    }
    acf_free(x.pixel);
}

static void resizes_as_pil_does(void **state)
{
    static const int bilinear[][2] = {{37, 10}, {10, 23}, {8, 8}, {64, 48}, {1, 1}, {36, 22}};
    static const int bicubic[][2] = {{10, 23}, {12, 9}, {64, 48}};
    (void)state;
    compare_resized(bilinear, sizeof bilinear / sizeof *bilinear, ACF_BILINEAR, "resize");
    compare_resized(bicubic, sizeof bicubic / sizeof *bicubic, ACF_BICUBIC, "bicubic");
}

static void frames_as_torchvision_does(void **state)
{
    static const int sizes[][2] = {{16, 16}, {20, 13}, {40, 32}, {23, 22}};
    acf_error e;
    acf_image x = field();
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        static uint8_t out[32 * 32 * 3];
        char name[32];
        assert_ok(acf_image_frame(out, &x, sizes[i][0], sizes[i][1], ACF_BILINEAR, &e), &e);
        (void)snprintf(name, sizeof name, "frame-%d-%d", sizes[i][0], sizes[i][1]);
        compare(out, sizes[i][1], sizes[i][1], name);
    }
    acf_free(x.pixel);
}

static void a_sliver_costs_no_memory(void **state)
{
    static uint8_t line[8192], out[224 * 224];
    acf_error e;
    (void)state;
    for (int i = 0; i < 8192; i++)
        line[i] = (uint8_t)(i / 32);
    const acf_image x = {1, 1, 8192, line};
    size_t before = acf_mem_peak();
    assert_ok(acf_image_frame(out, &x, 224, 224, ACF_BILINEAR, &e), &e);
    assert_true(acf_mem_peak() < before + (1 << 20));
    assert_int_equal(out[0], 127);
    assert_int_equal(out[224 * 224 - 1], 128);
}

static void memory_may_give_out(void **state)
{
    static uint8_t out[16 * 16 * 3];
    acf_error e;
    acf_image x = field();
    acf_status st = ACF_ERR_RESOURCE;
    size_t held = acf_mem_held();
    (void)state;
    for (size_t n = 1; st != ACF_OK; n++) {
        (void)acf_mem_fail_at(n);
        st = acf_image_frame(out, &x, 16, 16, ACF_BILINEAR, &e);
        (void)acf_mem_fail_at(0);
        assert_int_equal(acf_mem_held(), held);
        assert_true(n < 20);
    }
    acf_free(x.pixel);
}

enum { SIDE = 8 };

/* Pixel (x, y) of channel c. */
static int value(int c, int y, int x)
{
    return 1 + c * 64 + y * SIDE + x;
}

static acf_image square(void)
{
    static uint8_t pixel[3 * SIDE * SIDE];
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                pixel[(c * SIDE + y) * SIDE + x] = (uint8_t)value(c, y, x);
    return (acf_image){3, SIDE, SIDE, pixel};
}

static void shifts_and_mirrors(void **state)
{
    uint8_t out[3 * SIDE * SIDE];
    acf_error e;
    acf_image in = square();
    (void)state;
    for (int dy = -9; dy <= 9; dy++)
        for (int dx = -9; dx <= 9; dx++)
            for (int flip = 0; flip < 2; flip++) {
                const acf_change change = {.dx = dx, .dy = dy, .is_flipped = flip};
                assert_ok(acf_augment_apply(out, &in, &change, &e), &e);
                for (int i = 0; i < 3 * SIDE * SIDE; i++) {
                    int c = i / (SIDE * SIDE), y = i / SIDE % SIDE, x = i % SIDE;
                    int from_y = y + dy, from_x = (flip ? SIDE - 1 - x : x) + dx;
                    bool inside = from_y >= 0 && from_y < SIDE && from_x >= 0 && from_x < SIDE;
                    assert_int_equal(out[i], inside ? value(c, from_y, from_x) : 0);
                }
            }
}

static void cuts_and_resizes(void **state)
{
    uint8_t out[3 * SIDE * SIDE];
    acf_error e;
    acf_image in = square();
    (void)state;
    const acf_change change = {.cut = {2, 4, 1, 1}};
    assert_ok(acf_augment_apply(out, &in, &change, &e), &e);
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        assert_int_equal(out[i], value(i / (SIDE * SIDE), 4, 2));
    const acf_change whole = {.cut = {0, 0, SIDE, SIDE}};
    assert_ok(acf_augment_apply(out, &in, &whole, &e), &e);
    assert_memory_equal(out, in.pixel, sizeof out);
}

static void draws_within_bounds(void **state)
{
    const acf_augment opt = {
        .crop_pad = 4, .random_resized_crop = 0.25, .hflip = true, .cutout = 8};
    int shift[9] = {0}, flips = 0, full = 0;
    double area = 0, together = 0; /* the two shifts */
    (void)state;
    for (uint64_t i = 0; i < 4000; i++) {
        acf_change c;
        acf_augment_draw(&c, &opt, 32, 42, 3, i);
        assert_in_range(c.dx + 4, 0, 8);
        assert_in_range(c.dy + 4, 0, 8);
        shift[c.dx + 4]++;
        together += c.dx * c.dy / 4000.0;
        flips += c.is_flipped;
        assert_true(c.cut.left >= 0 && c.cut.top >= 0 && c.cut.width > 0 && c.cut.height > 0);
        assert_true(c.cut.left + c.cut.width <= 32 && c.cut.top + c.cut.height <= 32);
        area += c.cut.width * c.cut.height / 1024.0 / 4000;
        assert_true(c.blank.left >= 0 && c.blank.top >= 0);
        assert_true(c.blank.left + c.blank.width <= 32 && c.blank.top + c.blank.height <= 32);
        assert_true(c.blank.width >= 4 && c.blank.width <= 8);
        full += c.blank.width == 8 && c.blank.height == 8;
    }
    for (int i = 0; i < 9; i++)
        assert_in_range(shift[i], 4000 / 9 - 100, 4000 / 9 + 100);
    assert_in_range(flips, 1850, 2150);
    assert_true(fabs(together) < 0.5);       /* 0 give or take 0.1; one draw for both: 6.7 */
    assert_true(area > 0.55 && area < 0.65); /* of 0.25 .. 1, less what does not fit */
    assert_true(full > 2000 && full < 3000); /* (25 / 32)^2 of them */
}

static void draws_depend_on_seed_epoch_and_index_alone(void **state)
{
    const acf_augment opt = {
        .crop_pad = 4, .random_resized_crop = 0.25, .hflip = true, .cutout = 8};
    acf_change a, b, c, d, e, unlike;
    (void)state;
    acf_augment_draw(&a, &opt, 32, 1, 2, 3);
    acf_augment_draw(&unlike, &opt, 32, 9, 9, 9);
    acf_augment_draw(&b, &opt, 32, 1, 2, 3);
    assert_memory_equal(&a.cut, &b.cut, sizeof a.cut);
    assert_memory_equal(&a.blank, &b.blank, sizeof a.blank);
    assert_true(a.dx == b.dx && a.dy == b.dy && a.is_flipped == b.is_flipped);
    acf_augment_draw(&c, &opt, 32, 2, 2, 3);
    acf_augment_draw(&d, &opt, 32, 1, 3, 3);
    acf_augment_draw(&e, &opt, 32, 1, 2, 4);
    assert_memory_not_equal(&a.cut, &c.cut, sizeof a.cut);
    assert_memory_not_equal(&a.cut, &d.cut, sizeof a.cut);
    assert_memory_not_equal(&a.cut, &e.cut, sizeof a.cut);

    /* One change more does not move the others. */
    acf_augment less = opt;
    less.random_resized_crop = 0;
    less.hflip = false;
    acf_augment_draw(&b, &less, 32, 1, 2, 3);
    assert_true(a.dx == b.dx && a.dy == b.dy && b.cut.width == 0 && !b.is_flipped);
    assert_memory_equal(&a.blank, &b.blank, sizeof a.blank);
}

/* An array of colour images (CIFAR) for a model of grey ones. */
static void prepares_grey_from_colour(void **state)
{
    (void)state;
    acf_error e;
    uint8_t pixel[] = {255, 0, 0, 40, 0, 255, 0, 40, 0, 0, 255, 40}, out[4];
    static const uint8_t want[] = {76, 150, 29, 40}; /* 0.299, 0.587, 0.114 of 255 */
    const acf_image x = {3, 2, 2, pixel};
    const acf_image_prep prep = {.channels = 1, .edge = 2, .size = 2};
    size_t held = acf_mem_held();
    assert_ok(acf_image_prepare(out, &x, 1, &prep, &e), &e);
    assert_memory_equal(out, want, sizeof want);
    (void)acf_mem_fail_at(1);
    assert_fails(acf_image_prepare(out, &x, 1, &prep, &e), ACF_ERR_RESOURCE, "grey image", &e);
    (void)acf_mem_fail_at(0);
    assert_int_equal(acf_mem_held(), held);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(resizes_as_pil_does),
    cmocka_unit_test(frames_as_torchvision_does),
    cmocka_unit_test(a_sliver_costs_no_memory),
    cmocka_unit_test(memory_may_give_out),
    cmocka_unit_test(prepares_grey_from_colour),
    cmocka_unit_test(shifts_and_mirrors),
    cmocka_unit_test(cuts_and_resizes),
    cmocka_unit_test(draws_within_bounds),
    cmocka_unit_test(draws_depend_on_seed_epoch_and_index_alone),
};

TEST_MAIN(tests)
