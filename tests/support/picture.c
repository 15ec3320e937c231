#include "support/picture.h"

#include "base/io.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void little(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static void big(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (24 - 8 * i));
}

void picture_write(const char *path, int width, int height, int kind, int number)
{
    enum { HEAD = 54 };
    size_t row = ((size_t)width * 3 + 3) / 4 * 4, len = HEAD + row * (size_t)height;
    uint8_t *file = calloc(len, 1);
    assert_non_null(file);
    file[0] = 'B', file[1] = 'M';
    little(file + 2, (uint32_t)len);
    little(file + 10, HEAD);
    little(file + 14, 40);
    little(file + 18, (uint32_t)width);
    little(file + 22, (uint32_t)height);
    file[26] = 1;
    file[28] = 24;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *at = file + HEAD + (size_t)(height - 1 - y) * row + (size_t)x * 3;
            at[0] = (uint8_t)number;
            at[1] = (uint8_t)(255 - 8 * y);
            at[2] = (uint8_t)(kind * 40 + 8 * x);
        }
    tmpdir_write(path, file, len);
    free(file);
}

void picture_write_idx(const char *images, const char *labels, int n, int side, int classes)
{
    size_t plane = (size_t)side * (size_t)side, len = 16 + (size_t)n * plane;
    uint8_t *file = calloc(len, 1);
    assert_non_null(file);
    big(file, 0x803);
    big(file + 4, (uint32_t)n);
    big(file + 8, (uint32_t)side);
    big(file + 12, (uint32_t)side);
    for (size_t i = 0; i < (size_t)n; i++)
        for (size_t p = 0; p < plane; p++)
            file[16 + i * plane + p] = (uint8_t)(i * 7 + p);
    tmpdir_write(images, file, len);
    big(file, 0x801);
    for (int i = 0; i < n; i++)
        file[8 + i] = (uint8_t)(i % classes);
    tmpdir_write(labels, file, 8 + (size_t)n);
    free(file);
}

void picture_write_cifar(const char *path, int n, int n_labels, int classes, int shift)
{
    size_t record = (size_t)n_labels + 3072;
    uint8_t *file = calloc((size_t)n, record);
    assert_non_null(file);
    for (int i = 0; i < n; i++) {
        uint8_t *at = file + (size_t)i * record;
        for (int k = 0; k < n_labels; k++)
            at[k] = (uint8_t)((i + shift + (n_labels - 1 - k)) % classes);
        for (int p = 0; p < 3072; p++)
            at[n_labels + p] = (uint8_t)(i * 13 + p);
    }
    tmpdir_write(path, file, (size_t)n * record);
    free(file);
}

void picture_write_folder(const char *place, int classes, int each)
{
    acf_error e;
    char dir[400]; /* tmpdir_path's buffers are few */
    (void)snprintf(dir, sizeof dir, "%s", place);
    for (int k = 0; k < classes; k++) {
        char sub[512], path[540];
        (void)snprintf(sub, sizeof sub, "%s/%c", dir, 'a' + k);
        assert_ok(acf_make_dirs(sub, &e), &e);
        for (int i = 0; i < each; i++) {
            (void)snprintf(path, sizeof path, "%s/%03d.bmp", sub, i);
            picture_write(path, 12, 10, k, i);
        }
    }
}
