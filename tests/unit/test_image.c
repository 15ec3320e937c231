/* Decoding against what PIL makes of the same files, and files that must be refused. */
#include "image/decode.h"

#include "base/mem.h"
#include "image/probe.h"
#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char *golden(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/golden/images/%s", name);
    return source_path(path);
}

/* Largest difference between the planes of x and interleaved pixels. */
static int worst_difference(const acf_image *x, const uint8_t *rgb)
{
    size_t size = (size_t)x->width * (size_t)x->height;
    int worst = 0;
    for (size_t i = 0; i < size; i++)
        for (int c = 0; c < x->channels; c++) {
            int off = abs((int)x->pixel[(size_t)c * size + i] - (int)rgb[i * 3 + (size_t)c]);
            if (off > worst) worst = off;
        }
    return worst;
}

static void reads_every_kind_as_pil_does(void **state)
{
    static const struct {
        const char *name, *ext;
        int most;
    } files[] = {{"rgb8", "png", 0},        {"grey8", "png", 0},    {"rgba8", "png", 0},
                 {"grey-alpha8", "png", 0}, {"palette", "png", 0},  {"bit1", "png", 0},
                 {"rgb16", "png", 0},       {"grey16", "png", 0},   {"rgb24", "bmp", 0},
                 {"palette8", "bmp", 0},    {"mono1", "bmp", 0},    {"baseline", "jpg", 3},
                 {"progressive", "jpg", 4}, {"greyscale", "jpg", 2}};
    (void)state;
    size_t held = acf_mem_held();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        acf_error e;
        acf_image x;
        size_t len;
        (void)snprintf(name, sizeof name, "%s.%s", files[i].name, files[i].ext);
        assert_ok(acf_image_read(&x, golden(name), 3, &e), &e);
        (void)snprintf(name, sizeof name, "%s.rgb", files[i].name);
        char *want = tmpdir_read(golden(name), &len);
        assert_int_equal(x.width, 16);
        assert_int_equal(x.height, 12);
        assert_int_equal(len, acf_image_values(&x));
        int worst = worst_difference(&x, (const uint8_t *)want);
        if (worst > files[i].most) fail_msg("%s: off by %d grey levels", files[i].name, worst);
        acf_free(want);
        acf_free(x.pixel);
    }
    assert_int_equal(acf_mem_held(), held);
}

static void makes_grey_of_colours(void **state)
{
    acf_error e;
    acf_image colour, grey;
    (void)state;
    assert_ok(acf_image_read(&colour, golden("rgb8.png"), 3, &e), &e);
    assert_ok(acf_image_read(&grey, golden("rgb8.png"), 1, &e), &e);
    size_t size = 16 * 12;
    assert_int_equal(acf_image_values(&grey), size);
    for (size_t i = 0; i < size; i++) {
        double want = 0.299 * colour.pixel[i] + 0.587 * colour.pixel[size + i] +
                      0.114 * colour.pixel[2 * size + i];
        assert_true(grey.pixel[i] >= want - 0.51 && grey.pixel[i] <= want + 0.51);
    }
    acf_free(colour.pixel);
    acf_free(grey.pixel);
    assert_ok(acf_image_read(&grey, golden("grey16.png"), 1, &e), &e);
    assert_int_equal(grey.pixel[0], 0);
    assert_int_equal(grey.pixel[1], 11);
    acf_free(grey.pixel);
}

static void refuse(const void *bytes, size_t len, const char *text)
{
    acf_error e;
    acf_image x;
    assert_fails(acf_image_decode(&x, bytes, len, 3, "x.png", &e), ACF_ERR_FORMAT, text, &e);
    assert_null(x.pixel);
    assert_ptr_equal(strstr(e.text, "x.png: "), e.text);
}

static void names_the_formats_it_does_not_read(void **state)
{
    (void)state;
    refuse("", 0, "is empty (0 bytes)");
    refuse("GIF89a\1\0\1\0", 10, "is a GIF file; PNG, JPEG and BMP are read");
    refuse("RIFF\20\0\0\0WEBPVP8 ", 16, "is a WebP file");
    refuse("II*\0\10\0\0\0", 8, "is a TIFF file");
    refuse("MM\0*\0\0\0\10", 8, "is a TIFF file");
    refuse("8BPS\0\1", 6, "is a Photoshop (PSD) file");
    refuse("\0\0\0\34ftypavif", 12, "is a AVIF file");
    refuse("P6\n2 2\n255\n", 11, "is a PNM");
    refuse("\x1f\x8b\x08\0", 4, "is a gzip file");
    refuse("Just a text.\n", 13,
           "neither PNG nor JPEG nor BMP, whatever its name (it begins with "
           "'Just a t')");
    refuse("BM\n is how this text begins\n", 28, "neither PNG nor JPEG nor BMP");
    refuse("\x89PNG", 4, "neither PNG");
}

/* Every prefix of a file is refused, but for one that lacks the padding of the last row. */
static void refuse_prefixes(const char *name, size_t padding)
{
    size_t len;
    acf_error e;
    acf_image x;
    char *whole = tmpdir_read(golden(name), &len);
    size_t held = acf_mem_held();
    for (size_t n = 0; n < len - padding; n++) {
        unsigned char *part = acf_alloc(n, 1, "prefix", &e); /* of its own: ASan sees its end */
        assert_non_null(part);
        memcpy(part, whole, n);
        acf_status st = acf_image_decode(&x, part, n, 3, "x", &e);
        if (st != ACF_ERR_FORMAT) fail_msg("%s: %zu of %zu bytes gave %d", name, n, len, (int)st);
        acf_free(part);
    }
    assert_int_equal(acf_mem_held(), held);
    acf_free(whole);
}

static void refuses_what_is_cut_short(void **state)
{
    (void)state;
    refuse_prefixes("rgb8.png", 0);
    refuse_prefixes("palette.png", 0);
    refuse_prefixes("baseline.jpg", 0);
    refuse_prefixes("progressive.jpg", 0);
    refuse_prefixes("mono1.bmp", 2);
    refuse_prefixes("rgb24.bmp", 0);
}

/* A byte changed anywhere: refused or read, nothing worse. */
static void survives_changed_bytes(void **state)
{
    static const char *const names[] = {"rgb8.png",    "palette.png",     "grey16.png",
                                        "mono1.bmp",   "progressive.jpg", "palette8.bmp",
                                        "baseline.jpg"};
    (void)state;
    for (size_t f = 0; f < sizeof names / sizeof *names; f++) {
        size_t len;
        acf_error e;
        char *bytes = tmpdir_read(golden(names[f]), &len);
        size_t held = acf_mem_held(), refused = 0;
        for (size_t i = 0; i < len; i++)
            for (int bit = 0; bit < 8; bit += 3) {
                acf_image x;
                bytes[i] = (char)(bytes[i] ^ (1 << bit));
                acf_status st = acf_image_decode(&x, (unsigned char *)bytes, len, 3, "x", &e);
                if (st == ACF_OK)
                    acf_free(x.pixel);
                else
                    refused++;
                assert_true(st == ACF_OK || st == ACF_ERR_FORMAT);
                bytes[i] = (char)(bytes[i] ^ (1 << bit));
            }
        assert_int_equal(acf_mem_held(), held);
        if (f == 0) assert_int_equal(refused, 3 * len); /* each chunk has a checksum */
        acf_free(bytes);
    }
}

static size_t put_chunk(unsigned char *at, const char *kind, const void *data, size_t n)
{
    uint32_t head[] = {(uint32_t)n};
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(head[0] >> (24 - 8 * i));
    memcpy(at + 4, kind, 4);
    if (n > 0) memcpy(at + 8, data, n);
    uint32_t crc = (uint32_t)crc32_z(0, at + 4, n + 4);
    for (int i = 0; i < 4; i++)
        at[8 + n + (size_t)i] = (unsigned char)(crc >> (24 - 8 * i));
    return n + 12;
}

/* A PNG, grey of 8 bits, that claims this size and holds these packed data. */
static size_t make_png(unsigned char *to, uint32_t width, uint32_t height, const void *packed,
                       size_t n)
{
    unsigned char header[13] = {0};
    for (int i = 0; i < 4; i++) {
        header[i] = (unsigned char)(width >> (24 - 8 * i));
        header[4 + i] = (unsigned char)(height >> (24 - 8 * i));
    }
    header[8] = 8;
    memcpy(to, "\x89PNG\r\n\x1a\n", 8);
    size_t len = 8;
    len += put_chunk(to + len, "IHDR", header, sizeof header);
    len += put_chunk(to + len, "IDAT", packed, n);
    return len + put_chunk(to + len, "IEND", NULL, 0);
}

static void bounds_sizes_and_memory(void **state)
{
    static unsigned char file[1 << 16], packed[1 << 15], zeros[1 << 20];
    acf_error e;
    acf_image x;
    (void)state;
    size_t len = make_png(file, 60000, 60000, "", 0);
    refuse(file, len, "is 60000 x 60000 pixels, each side must be 1 to 8192");
    len = make_png(file, 100000, 1, "", 0);
    refuse(file, len, "is 100000 x 1 pixels");
    len = make_png(file, 0, 5, "", 0);
    refuse(file, len, "is 0 x 5 pixels");
    len = make_png(file, 8192, 8192, "", 0);
    refuse(file, len, "8192 x 8192 pixels cannot come out of 0 packed bytes");

    /* A megabyte of zeros behind the claim of 8 x 8 pixels: unpacked as far as the budget goes. */
    uLongf n = sizeof packed;
    assert_int_equal(compress2(packed, &n, zeros, sizeof zeros, 9), Z_OK);
    len = make_png(file, 8, 8, packed, n);
    acf_status st = acf_image_decode(&x, file, len, 3, "x", &e);
    assert_true(st == ACF_OK || st == ACF_ERR_FORMAT);
    acf_free(x.pixel);

    unsigned char bmp[64] = "BM";
    bmp[14] = 40;
    bmp[18] = 0xFF, bmp[19] = 0xFF, bmp[20] = 0xFF;
    refuse(bmp, sizeof bmp, "is 16777215 x 0 pixels");
    bmp[18] = 8, bmp[19] = 0, bmp[20] = 0, bmp[22] = 8, bmp[28] = 8, bmp[30] = 1;
    refuse(bmp, sizeof bmp, "BMP with packed pixels (compression 1) is not read");
    static const unsigned char lossless[] = {0xFF, 0xD8, 0xFF, 0xC3, 0, 8, 8, 0, 4, 0, 4, 1};
    refuse(lossless, sizeof lossless, "JPEG of kind SOF3");
}

/* Tables and sizes that the decoder would believe. */
static void refuses_what_the_decoder_cannot_bear(void **state)
{
    static unsigned char file[1 << 16];
    size_t len;
    (void)state;
    char *bytes = tmpdir_read(golden("baseline.jpg"), &len);
    const unsigned char *jpeg = (const unsigned char *)bytes;
    static const struct {
        int symbols[2]; /* of 8 and 9 bits */
        size_t held;    /* of them, that are there */
        const char *message;
    } cases[] = {{{1, 255}, 256, "damaged JPEG data: a Huffman table of 256 symbols"},
                 {{255, 255}, 510, "damaged JPEG data: a Huffman table of 510 symbols"},
                 {{0, 255}, 254, "the JPEG data end too early"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t n = 2 + 17 + cases[c].held; /* a segment of a table behind the first marker */
        memset(file, 0, sizeof file);
        memcpy(file, jpeg, 2);
        file[2] = 0xFF, file[3] = 0xC4;
        file[4] = (unsigned char)(n >> 8), file[5] = (unsigned char)n;
        file[7 + 7] = (unsigned char)cases[c].symbols[0];
        file[7 + 8] = (unsigned char)cases[c].symbols[1];
        memcpy(file + 4 + n, jpeg + 2, len - 2);
        refuse(file, len + 2 + n, cases[c].message);
    }
    memcpy(file, jpeg, len);
    for (size_t at = 2; at + 8 < len; at++)
        if (file[at] == 0xFF && file[at + 1] == 0xC0)
            file[at + 5] = file[at + 7] = 0x20, file[at + 6] = file[at + 8] = 0; /* 8192 x 8192 */
    refuse(file, len, "8192 x 8192 pixels cannot come out of");
    acf_free(bytes);
}

static void reports_missing_files_and_memory(void **state)
{
    acf_error e;
    acf_image x;
    assert_fails(acf_image_read(&x, tmpdir_path(*state, "none.png"), 3, &e), ACF_ERR_IO, "none.png",
                 &e);
    assert_fails(acf_image_read(&x, *state, 3, &e), ACF_ERR_IO, "directory", &e);
    static const char *const names[] = {"rgb8.png", "progressive.jpg", "palette8.bmp"};
    for (int f = 0; f < 3; f++) {
        acf_status st = ACF_ERR_RESOURCE;
        const char *path = golden(names[f]);
        size_t held = acf_mem_held();
        for (size_t n = 1; st != ACF_OK; n++) {
            assert_true(n < 100);
            (void)acf_mem_fail_at(n);
            st = acf_image_read(&x, path, 3, &e);
            (void)acf_mem_fail_at(0);
            assert_true(st == ACF_OK || st == ACF_ERR_RESOURCE);
            if (st != ACF_OK) assert_int_equal(acf_mem_held(), held);
        }
        acf_free(x.pixel);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_every_kind_as_pil_does),
    cmocka_unit_test(makes_grey_of_colours),
    cmocka_unit_test(names_the_formats_it_does_not_read),
    cmocka_unit_test(refuses_what_is_cut_short),
    cmocka_unit_test(survives_changed_bytes),
    cmocka_unit_test(bounds_sizes_and_memory),
    cmocka_unit_test(refuses_what_the_decoder_cannot_bear),
    cmocka_unit_test_setup_teardown(reports_missing_files_and_memory, tmpdir_setup,
                                    tmpdir_teardown),
};

TEST_MAIN(tests)
