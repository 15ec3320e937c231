/* Training, dev or test rows: texts or images, labels and where they came from. */
#ifndef ACF_DATA_SPLIT_H
#define ACF_DATA_SPLIT_H

#include "base/digest.h"
#include "base/status.h"
#include "base/str.h"
#include "data/pixels.h"
#include "data/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum acf_split_id {
    ACF_TRAIN,
    ACF_DEV,
    ACF_TEST,
    ACF_DEV_MM, /* a second dev and test file: MNLI's mismatched ones */
    ACF_TEST_MM,
    ACF_N_SPLITS
} acf_split_id;

static inline bool acf_split_is_test(acf_split_id id)
{
    return id == ACF_TEST || id == ACF_TEST_MM;
}

typedef struct acf_split {
    const char *name; /* "train", "dev", "test", "dev_mismatched", "test_mismatched" */
    char *path;       /* NULL: there is no such split, n = 0 */
    char digest[ACF_DIGEST_HEX + 1];
    int n;
    const char **text;  /* [n] UTF-8; of an image: its path, or its number in the array, from 0 */
    const char **text2; /* [n]; NULL: single texts */
    int32_t *label;     /* [n] 0 .. K-1; -1: unlabelled */
    double *target;     /* [n] of a regression, where every labelled row's label is 0; else NULL */
    int32_t *line;      /* [n] line in the file, ascending: names the chosen rows */
    bool is_image;
    const acf_pixels *pixels; /* borrowed; row i is image line[i] - 1.  NULL: texts, or files */
    const char *base;         /* borrowed; image paths start from this directory */
    bool is_labelled;
    bool is_drawn; /* rows were drawn from the file's by dev_fraction, folds, max_train_samples,
                      shots */
    int n_file;    /* good rows in the file */
    int n_empty;   /* rows kept with an empty text */
    int n_bad;     /* lines skipped */
    const acf_bad_line *bad; /* the first min(n_bad, ACF_BAD_LISTED) */
    int n_bad_images;        /* rows whose image cannot be read, skipped */
    acf_str bad_images;      /* the first ACF_BAD_LISTED of them, as bad_lines.tsv has them */
    bool has_header;         /* line 1 of the file is one */
} acf_split;

/* Room for n rows (text2 only for pairs); s holds no rows yet.  ACF_ERR_RESOURCE; what was taken
 * stays in s for acf_split_free. */
acf_status acf_split_reserve(acf_split *s, size_t n, bool pair, acf_error *e) ACF_MUST_USE;

/* Room for n targets, too. */
acf_status acf_split_reserve_targets(acf_split *s, size_t n, acf_error *e) ACF_MUST_USE;

/* *to becomes the rows of `from` under its own name; bad lines stay told in `from` alone.  Texts
 * are borrowed from the same table.  ACF_ERR_RESOURCE, as above. */
acf_status acf_split_copy(acf_split *to, const acf_split *from, acf_error *e) ACF_MUST_USE;

/* Leave only the rows i with taken[i] == want. */
void acf_split_keep(acf_split *s, const bool *taken, bool want);

/* Rows per class of a split: count[K]; returns the number of unlabelled rows. */
int acf_data_count(int32_t *count, const acf_split *s, int K);

void acf_split_free(acf_split *s);

#endif
