/* Small image files and data sets, made by tests. */
#ifndef ACF_TESTS_PICTURE_H
#define ACF_TESTS_PICTURE_H

#include <stddef.h>
#include <stdint.h>

/* Write a BMP of 24 bits a pixel: at (x, y) the colour (kind * 40 + 8 x, 255 - 8 y, number), cut to
 * a byte. */
void picture_write(const char *path, int width, int height, int kind, int number);

/* IDX files of n images, side x side: pixel p of image i is (i * 7 + p) % 256; label i % classes.
 */
void picture_write_idx(const char *images, const char *labels, int n, int side, int classes);

/* A CIFAR batch: n records, labels (i + shift) % classes (n_labels of them, the first shifted by
 * one more), pixel p of record i is (i * 13 + p) % 256. */
void picture_write_cifar(const char *path, int n, int n_labels, int classes, int shift);

/* A folder of classes "a", "b" ... with so many pictures each, 12 x 10 pixels. */
void picture_write_folder(const char *dir, int classes, int each);

#endif
