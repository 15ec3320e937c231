/* Image data sets: what the readers find, and what they refuse. */
#include "base/io.h"
#include "base/mem.h"
#include "data/data_summary.h"
#include "support/cm.h"
#include "support/data.h"
#include "support/picture.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

static void write_cifar10(const char *place)
{
    char dir[400]; /* tmpdir_path's buffers are few */
    (void)snprintf(dir, sizeof dir, "%s", place);
    for (int i = 1; i <= 5; i++)
        picture_write_cifar(tmpdir_path(dir, "data_batch_%d.bin", i), 20, 1, 10, i);
    picture_write_cifar(tmpdir_path(dir, "test_batch.bin"), 10, 1, 10, 0);
}

static void opens_cifar10(void **state)
{
    write_cifar10(*state);
    tmpdir_write_text(tmpdir_path(*state, "batches.meta.txt"),
                      "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
    acf_data_options opt = data_options("cifar10", *state);
    acf_dataset *d = data_open_ok(&opt);
    const acf_split *train = &d->split[ACF_TRAIN], *test = &d->split[ACF_TEST];
    assert_int_equal(d->K, 10);
    assert_string_equal(d->labels[9], "truck");
    assert_int_equal(train->n, 100);
    assert_int_equal(d->split[ACF_DEV].n, 0);
    assert_int_equal(test->n, 10);
    assert_true(test->is_labelled && test->is_image);
    assert_int_equal(train->label[0], 1);  /* batch 1 begins with label 1 */
    assert_int_equal(train->label[25], 7); /* the sixth of batch 2 */
    assert_string_equal(train->text[25], "25");
    assert_int_equal(train->pixels->pixel[25 * 3072 + 3], (uint8_t)(5 * 13 + 3));
    assert_int_equal(train->pixels->width, 32);
    acf_str text = {0};
    acf_error e;
    assert_ok(acf_data_summary(&text, d, &e), &e);
    assert_non_null(strstr(text.data, "data   task cifar10, images, 10 labels\ntrain  100 rows: "));
    assert_non_null(strstr(text.data, "       32 x 32 pixels, RGB\n"));
    acf_str_free(&text);
    acf_data_close(&d);

    /* The directory as the archive makes it, dev drawn from training, then one file alone. */
    acf_error error;
    char below[400];
    (void)snprintf(below, sizeof below, "%s", tmpdir_path(*state, "x/cifar-10-batches-bin"));
    assert_ok(acf_make_dirs(below, &error), &error);
    write_cifar10(below);
    opt = data_options("cifar10", tmpdir_path(*state, "x"));
    opt.dev_fraction = 0.2;
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].n, 80);
    assert_int_equal(d->split[ACF_DEV].n, 20);
    assert_ptr_equal(d->split[ACF_DEV].pixels, d->split[ACF_TRAIN].pixels);
    assert_ok(acf_data_chosen_rows(&text, d, &e), &e);
    assert_ptr_equal(strstr(text.data, "split\tline\ntrain\t"), text.data); /* no files: numbers */
    acf_str_free(&text);
    acf_data_close(&d);
    opt = data_options("cifar10", NULL);
    opt.path[ACF_TRAIN] = tmpdir_path(below, "data_batch_1.bin");
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].n, 20);
    acf_data_close(&d);
}

static void opens_cifar100_fine_and_coarse(void **state)
{
    picture_write_cifar(tmpdir_path(*state, "train.bin"), 200, 2, 20, 0);
    picture_write_cifar(tmpdir_path(*state, "test.bin"), 10, 2, 20, 0);
    acf_data_options opt = data_options("cifar100", *state);
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->K, 100);
    assert_int_equal(d->split[ACF_TRAIN].label[5], 5);
    assert_string_equal(d->labels[5], "bed");
    acf_data_close(&d);
    opt.label = "coarse";
    d = data_open_ok(&opt);
    assert_int_equal(d->K, 20);
    assert_int_equal(d->split[ACF_TRAIN].label[5], 6);
    assert_string_equal(d->labels[6], "household_furniture");
    acf_data_close(&d);
    opt.label = "coarse_label";
    d = data_open_ok(&opt);
    assert_int_equal(d->K, 20);
    acf_data_close(&d);
    opt.label = "super";
    data_refuse(&opt, ACF_ERR_USAGE, "data.columns.label is 'super', but CIFAR-100 has fine and");
    picture_write_cifar(tmpdir_path(*state, "train.bin"), 200, 2, 120, 0);
    data_refuse(&(acf_data_options){.task = "cifar100", .dir = *state}, ACF_ERR_DATA,
                "train.bin:101: has label 100, out of 0 .. 99, the first of 20 bad lines");
}

static void refuses_broken_cifar(void **state)
{
    acf_data_options opt = data_options("cifar10", *state);
    data_refuse(&opt, ACF_ERR_DATA, "holds no class");
    write_cifar10(*state);
    opt.label = "coarse";
    data_refuse(&opt, ACF_ERR_USAGE, "data.columns.label is 'coarse', but CIFAR-10 has one label");
    opt.label = NULL;
    assert_int_equal(truncate(tmpdir_path(*state, "data_batch_3.bin"), 5000), 0);
    data_refuse(
        &opt, ACF_ERR_DATA,
        "data_batch_3.bin: has 5000 bytes, which is no whole number of records of 3073 bytes");
    assert_int_equal(truncate(tmpdir_path(*state, "data_batch_3.bin"), 0), 0);
    data_refuse(&opt, ACF_ERR_DATA, "data_batch_3.bin: has 0 bytes");
    assert_int_equal(unlink(tmpdir_path(*state, "data_batch_3.bin")), 0);
    data_refuse(&opt, ACF_ERR_DATA, "data_batch_3.bin");
    write_cifar10(*state);
    tmpdir_write_text(tmpdir_path(*state, "batches.meta.txt"), "airplane\ncar\n");
    data_refuse(&opt, ACF_ERR_DATA, "batches.meta.txt:2: names label 'car', the task 'automobile'");
    opt = data_options("image", *state);
    data_refuse(&opt, ACF_ERR_USAGE, "is taken for a CIFAR file, but the task is 'image'");
}

static void pack(const char *from, const char *to)
{
    size_t len;
    char *bytes = tmpdir_read(from, &len);
    gzFile f = gzopen(to, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, bytes, (unsigned)len), (int)len);
    assert_int_equal(gzclose(f), Z_OK);
    acf_free(bytes);
    assert_int_equal(unlink(from), 0);
}

static void opens_idx_plain_and_packed(void **state)
{
    const char *images = tmpdir_path(*state, "train-images-idx3-ubyte");
    const char *labels = tmpdir_path(*state, "train-labels-idx1-ubyte");
    picture_write_idx(images, labels, 30, 28, 10);
    picture_write_idx(tmpdir_path(*state, "t10k-images-idx3-ubyte"),
                      tmpdir_path(*state, "t10k-labels-idx1-ubyte"), 5, 28, 10);
    acf_data_options opt = data_options("fashion-mnist", *state);
    for (int packed = 0; packed < 3; packed++) {
        if (packed == 1) pack(images, tmpdir_path(*state, "train-images-idx3-ubyte.gz"));
        if (packed == 2) pack(labels, tmpdir_path(*state, "train-labels-idx1-ubyte.gz"));
        acf_dataset *d = data_open_ok(&opt);
        assert_int_equal(d->split[ACF_TRAIN].n, 30);
        assert_int_equal(d->split[ACF_TEST].n, 5);
        assert_int_equal(d->split[ACF_TRAIN].label[13], 3);
        assert_string_equal(d->labels[3], "Dress");
        assert_int_equal(d->split[ACF_TRAIN].pixels->channels, 1);
        assert_int_equal(d->split[ACF_TRAIN].pixels->pixel[2 * 784 + 5], 19);
        acf_data_close(&d);
    }
    /* Without preset, labels are their numbers. */
    opt = data_options("image", NULL);
    opt.path[ACF_TRAIN] = tmpdir_path(*state, "train-images-idx3-ubyte.gz");
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->K, 10);
    assert_string_equal(d->labels[7], "7");
    acf_data_close(&d);
    acf_data_options drawn = data_options("fashion-mnist", *state);
    drawn.shots = 2;
    d = data_open_ok(&drawn);
    assert_int_equal(d->split[ACF_TRAIN].n, 20);
    acf_data_close(&d);
}

static void poke(const char *path, long at, int byte)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte, f), byte);
    assert_int_equal(fclose(f), 0);
}

static void refuses_broken_idx(void **state)
{
    const char *images = tmpdir_path(*state, "train-images-idx3-ubyte");
    const char *labels = tmpdir_path(*state, "train-labels-idx1-ubyte");
    acf_data_options opt = data_options("fashion-mnist", *state);
    picture_write_idx(images, labels, 30, 28, 10);
    poke(images, 4, 0xFF);
    data_refuse(&opt, ACF_ERR_DATA,
                "idx3-ubyte: claims 4278190110 images of 28 x 28 pixels, but 23520");
    picture_write_idx(images, labels, 30, 28, 10);
    poke(images, 4, 0xFF), poke(images, 8, 0xFF), poke(images, 12, 0xFF);
    data_refuse(&opt, ACF_ERR_DATA, "but 23520 bytes follow");
    picture_write_idx(images, labels, 30, 28, 10);
    poke(images, 2, 0x0D);
    data_refuse(&opt, ACF_ERR_DATA,
                "is no IDX file of images: it begins with 00000d03, expected 00000803");
    tmpdir_write(images, "\0\0\10\3\0", 5);
    data_refuse(&opt, ACF_ERR_DATA, "has 5 bytes, an IDX header of 3 dimensions 16");
    tmpdir_write(images, "\0\0\10\3\0\0\0\0\0\0\0\34\0\0\0\34", 16);
    data_refuse(&opt, ACF_ERR_DATA, "holds 0 images of 28 x 28 pixels: one or more");
    picture_write_idx(images, labels, 30, 28, 12);
    data_refuse(&opt, ACF_ERR_DATA, "train-images-idx3-ubyte:11: has label 10, out of 0 .. 9");
    opt.on_bad = ACF_BAD_SKIP;
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].n, 26);
    assert_int_equal(d->split[ACF_TRAIN].n_bad, 4);
    assert_int_equal(d->split[ACF_TRAIN].line[10], 13);
    acf_data_close(&d);
    opt.on_bad = ACF_BAD_ERROR;
    char name[256];
    (void)snprintf(name, sizeof name, "%s", tmpdir_path(*state, "other"));
    picture_write_idx(images, labels, 30, 28, 10);
    picture_write_idx(name, labels, 29, 28, 10);
    data_refuse(&opt, ACF_ERR_DATA, "train-labels-idx1-ubyte: holds 29 labels, but ");
    assert_int_equal(unlink(labels), 0);
    data_refuse(&opt, ACF_ERR_DATA, "there is no file of labels beside it");
    tmpdir_write_text(tmpdir_path(*state, "train-labels-idx1-ubyte.gz"), "text");
    data_refuse(&opt, ACF_ERR_DATA, "is not gzip data");
}

static void opens_a_folder_of_classes(void **state)
{
    picture_write_folder(tmpdir_path(*state, "train"), 3, 4);
    picture_write_folder(tmpdir_path(*state, "val"), 3, 2);
    tmpdir_write_text(tmpdir_path(*state, "train/README"), "not an image\n");
    tmpdir_write_text(tmpdir_path(*state, "train/b/notes.txt"), "not an image\n");
    tmpdir_write_text(tmpdir_path(*state, "train/b/.hidden.png"), "not an image\n");
    acf_error e;
    assert_ok(acf_make_dirs(tmpdir_path(*state, "train/c/more"), &e), &e);
    picture_write(tmpdir_path(*state, "train/c/more/x.BMP"), 4, 4, 0, 0);
    acf_data_options opt = data_options("image", *state);
    acf_dataset *d = data_open_ok(&opt);
    const acf_split *train = &d->split[ACF_TRAIN];
    assert_int_equal(d->K, 3);
    assert_int_equal(train->n, 13);
    assert_int_equal(d->split[ACF_DEV].n, 6);
    assert_string_equal(train->text[4], "b/000.bmp");
    assert_string_equal(train->text[12], "c/more/x.BMP");
    assert_int_equal(train->label[4], 1);
    assert_null(train->pixels);
    acf_data_close(&d);
    /* Classes right inside: all of it is training. */
    opt = data_options("image", tmpdir_path(*state, "val"));
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].n, 6);
    acf_data_close(&d);

    assert_ok(acf_make_dirs(tmpdir_path(*state, "val/d"), &e), &e);
    opt = data_options("image", *state);
    data_refuse(&opt, ACF_ERR_DATA, "val/d: a class without images");
    picture_write(tmpdir_path(*state, "val/d/x.bmp"), 4, 4, 0, 0);
    data_refuse(&opt, ACF_ERR_DATA,
                "val/d: a class that training does not have (known: 'a', 'b', 'c')");
    assert_ok(acf_make_dirs(tmpdir_path(*state, "empty"), &e), &e);
    opt = data_options("image", tmpdir_path(*state, "empty"));
    data_refuse(&opt, ACF_ERR_DATA, "empty: holds no class: expected a directory for each class");
    opt = data_options("image", tmpdir_path(*state, "none"));
    data_refuse(&opt, ACF_ERR_DATA, "there is no such directory");
    /* Images without classes are rows without labels where those may be missing. */
    opt = data_options("image", NULL);
    opt.path[ACF_DEV] = tmpdir_path(*state, "val/a");
    opt.splits = 1u << ACF_DEV;
    opt.label_optional = true;
    static const char *const labels[] = {"a", "b"};
    opt.labels = labels;
    opt.n_labels = 2;
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_DEV].n, 2);
    assert_false(d->split[ACF_DEV].is_labelled);
    assert_string_equal(d->split[ACF_DEV].text[1], "001.bmp");
    acf_data_close(&d);
    assert_ok(acf_make_dirs(tmpdir_path(*state, "one/a"), &e), &e);
    picture_write(tmpdir_path(*state, "one/a/x.bmp"), 4, 4, 0, 0);
    opt = data_options("image", tmpdir_path(*state, "one"));
    data_refuse(&opt, ACF_ERR_DATA, "at least two labels");
    assert_ok(acf_make_dirs(tmpdir_path(*state, "one/\xFF"), &e), &e);
    data_refuse(&opt, ACF_ERR_DATA, "the name is not UTF-8");
    assert_int_equal(rmdir(tmpdir_path(*state, "one/\xFF")), 0);
    assert_ok(acf_make_dirs(tmpdir_path(*state, "one/a/\xFF"), &e), &e);
    data_refuse(&opt, ACF_ERR_DATA, "one/a/\xFF: the name is not UTF-8");
}

static void images_are_no_pairs(void **state)
{
    tmpdir_write_text(tmpdir_path(*state, "train.csv"), "path,label,note\n1.png,a,x\n2.png,b,y\n");
    acf_data_options opt = data_options("image", *state);
    opt.text2 = "note";
    data_refuse(&opt, ACF_ERR_USAGE, "data.columns.text2 is 'note': images have no second text");
}

static void opens_a_table_of_paths(void **state)
{
    tmpdir_write_text(tmpdir_path(*state, "train.tsv"),
                      "path\tlabel\nx/1.png\tcat\n/abs/2.png\tdog\nx/3.png\tcat\n");
    acf_data_options opt = data_options("image", NULL);
    opt.path[ACF_TRAIN] = tmpdir_path(*state, "train.tsv");
    acf_dataset *d = data_open_ok(&opt);
    const acf_split *train = &d->split[ACF_TRAIN];
    assert_int_equal(d->K, 2);
    assert_int_equal(train->n, 3);
    assert_string_equal(train->text[1], "/abs/2.png");
    assert_string_equal(train->base, *state);
    assert_true(train->is_image);
    acf_data_close(&d);
    tmpdir_write_text(tmpdir_path(*state, "train.tsv"), "image\tlabel\nx/1.png\tcat\ny\tdog\n");
    d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].n, 2);
    acf_data_close(&d);
    tmpdir_write_text(tmpdir_path(*state, "train.tsv"), "file\tlabel\nx/1.png\tcat\ny\tdog\n");
    data_refuse(&opt, ACF_ERR_DATA, "the header has no column 'path'");
    opt.text = "file";
    d = data_open_ok(&opt);
    acf_data_close(&d);
}

static void survives_failing_allocations(void **state)
{
    picture_write_folder(tmpdir_path(*state, "train"), 2, 2);
    picture_write_idx(tmpdir_path(*state, "train-images-idx3-ubyte"),
                      tmpdir_path(*state, "train-labels-idx1-ubyte"), 12, 4, 3);
    acf_data_options opts[2] = {data_options("image", tmpdir_path(*state, "train")),
                                data_options("image", NULL)};
    opts[1].path[ACF_TRAIN] = tmpdir_path(*state, "train-images-idx3-ubyte");
    for (int k = 0; k < 2; k++) {
        acf_status st = ACF_ERR_RESOURCE;
        size_t held = acf_mem_held();
        for (size_t n = 1; st != ACF_OK; n++) {
            acf_dataset *d;
            acf_error e;
            assert_true(n < 500);
            (void)acf_mem_fail_at(n);
            st = acf_data_open(&d, &opts[k], NULL, &e);
            (void)acf_mem_fail_at(0);
            if (st == ACF_OK)
                acf_data_close(&d);
            else
                assert_true(st == ACF_ERR_RESOURCE || st == ACF_ERR_DATA);
            assert_int_equal(acf_mem_held(), held);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(opens_cifar10),
    TEST(opens_cifar100_fine_and_coarse),
    TEST(refuses_broken_cifar),
    TEST(opens_idx_plain_and_packed),
    TEST(refuses_broken_idx),
    TEST(opens_a_folder_of_classes),
    TEST(opens_a_table_of_paths),
    TEST(images_are_no_pairs),
    TEST(survives_failing_allocations),
};

TEST_MAIN(tests)
