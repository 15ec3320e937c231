/*
 * Image data sets on disk as tables of rows: one column says which image (a path below the table's
 * base, or a number), the other its label's name.
 *
 *     DIR/data_batch_1.bin ... 5, test_batch.bin         CIFAR-10; also in DIR/cifar-10-batches-bin
 *     DIR/train.bin, test.bin                            CIFAR-100; also in DIR/cifar-100-binary
 *     DIR/train-images-idx3-ubyte[.gz], t10k-images...   IDX, with the files of labels
 *     DIR/train/CLASS/FILE; dev, val or valid; test       folder per class
 *     DIR/train.csv, dev.csv, test.csv (or .tsv)         path and label; paths from the file's
 *                                                        directory on (data/table.h reads these)
 *     DIR/CLASS/FILE                                     folder per class, training only
 */
#ifndef ACF_DATA_IMAGE_TABLE_H
#define ACF_DATA_IMAGE_TABLE_H

#include "base/status.h"
#include "data/dataset.h"
#include "data/pixels.h"

#include <stdbool.h>

/* Where data.dir keeps a split, as the list above has it; NULL: it has none.  *path is the
 * caller's.  ACF_ERR_RESOURCE. */
acf_status acf_image_find(char **path, const char *dir, acf_split_id id, acf_error *e) ACF_MUST_USE;

/* Whether a split's path is a table of paths and labels, to be read with acf_table_read. */
bool acf_image_is_table(const char *path);

/*
 * Read a split that is no table: a CIFAR or IDX file, a directory that holds such, or a folder of
 * classes.  Labels have the task's names (acf_task_labels), or their number where it has none;
 * labels out of range become bad lines of t.  Arrays go into *pixels (else it stays empty).  *base
 * (the caller's) is the directory that the paths in the table start from, NULL for arrays.
 * label_optional: IDX images without a file of labels, or a folder of images without classes, give
 * a table of one column.  ACF_ERR_IO, ACF_ERR_FORMAT, ACF_ERR_USAGE (CIFAR files in task `image`),
 * ACF_ERR_RESOURCE; t is empty then.
 */
acf_status acf_image_table(acf_table *t, acf_pixels *pixels, char **base, const char *path,
                           acf_split_id id, const acf_data_options *opt, bool label_optional,
                           acf_error *e) ACF_MUST_USE;

#endif
