/* Arrays of images by the first byte: i IDX images, then after 0xFE their labels; c CIFAR-10; f, g
 * CIFAR-100 (a record is so long that the rest is taken as often as it fits, and one byte less); n
 * a list of class names. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/mem.h"
#include "data/cifar.h"
#include "data/idx.h"

#include <stdlib.h>
#include <string.h>

static void read_idx(fuzz_bytes in)
{
    acf_pixels x;
    uint8_t *label = NULL;
    acf_digest digest;
    acf_error e;
    const char *images = fuzz_file("a-images-idx3-ubyte", fuzz_part(&in));
    (void)fuzz_file("a-labels-idx1-ubyte", in);
    acf_digest_init(&digest);
    if (acf_idx_images(&x, images, &digest, &e) != ACF_OK) return;
    ACF_ASSERT(x.n > 0 && x.height > 0 && x.width > 0 && x.channels == 1);
    if (acf_idx_labels(&label, images, x.n, false, &digest, &e) == ACF_OK) acf_free(label);
    acf_free(x.pixel);
}

static void read_cifar(acf_cifar_label which, fuzz_bytes in)
{
    enum { RECORD = 3074 };
    size_t n = in.len / 16, len = n * RECORD + in.len % 16;
    uint8_t *file = calloc(len + 1, 1), *label;
    acf_pixels x;
    acf_digest digest;
    acf_error e;
    ACF_ASSERT(file != NULL);
    for (size_t i = 0; i < n; i++)
        memcpy(file + i * RECORD, in.at + i * 16, 16);
    char path[256];
    const char *made = fuzz_file("batch.bin", (fuzz_bytes){file, len});
    memcpy(path, made, strlen(made) + 1);
    char *const paths[] = {path, path};
    acf_digest_init(&digest);
    if (acf_cifar_read(&x, &label, paths, 2, which, &digest, &e) == ACF_OK) {
        ACF_ASSERT(x.n > 0 && x.n % 2 == 0);
        acf_free(x.pixel);
        acf_free(label);
    }
    free(file);
}

void fuzz_one(fuzz_bytes in)
{
    static const char *const names[] = {"cat", "dog"};
    acf_error e;
    switch (fuzz_byte(&in)) {
    case 'i':
        read_idx(in);
        break;
    case 'c':
        read_cifar(ACF_CIFAR_10, in);
        break;
    case 'f':
        read_cifar(ACF_CIFAR_100_FINE, in);
        break;
    case 'g':
        read_cifar(ACF_CIFAR_100_COARSE, in);
        break;
    case 'n':
        (void)(acf_cifar_check_names(fuzz_file("names.txt", in), names, 2, &e) == ACF_OK);
        break;
    default:
        break;
    }
}
