/* A table, its format by the first byte: t TSV, c CSV, j JSON lines, f fastText; T, C, J, F: it
 * is also opened as a data set.  Every cell is a text inside the file, every row a part of it. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "data/dataset.h"
#include "data/table.h"

#include <ctype.h>
#include <string.h>

static void walk(const acf_table *t, size_t len)
{
    for (int r = 0; r < t->n_rows; r++) {
        size_t cells = 0;
        for (int c = 0; c < t->n_cols; c++)
            cells += strlen(acf_table_cell(t, r, c));
        ACF_ASSERT(cells <= len);
        ACF_ASSERT(t->span[r].begin <= t->span[r].end && t->span[r].end <= len);
        ACF_ASSERT(r == 0 || t->line[r] > t->line[r - 1] || (r == 1 && t->names != NULL));
    }
    ACF_ASSERT(acf_table_find(t, acf_table_cell(t, 0, 0)) == 0);
    for (int i = 0; i < t->n_bad && i < ACF_BAD_LISTED; i++)
        ACF_ASSERT(t->bad[i].line > 0 && memchr(t->bad[i].reason, '\0', ACF_BAD_REASON) != NULL);
}

static void open_data(const char *path)
{
    acf_data_options opt = acf_data_default();
    acf_dataset *d;
    acf_error e;
    opt.task = "text";
    opt.path[ACF_TRAIN] = path;
    opt.on_bad = ACF_BAD_SKIP;
    opt.dev_fraction = 0.25;
    if (acf_data_open(&d, &opt, NULL, &e) != ACF_OK) return;
    ACF_ASSERT(d->K >= 2 && d->split[ACF_TRAIN].n > 0);
    acf_data_close(&d);
}

void fuzz_one(fuzz_bytes in)
{
    acf_table t;
    acf_error e;
    int kind = fuzz_byte(&in);
    const char *name = NULL;
    switch (tolower(kind)) {
    case 't':
        name = "table.tsv";
        break;
    case 'c':
        name = "table.csv";
        break;
    case 'j':
        name = "table.jsonl";
        break;
    case 'f':
        name = "table.txt";
        break;
    default:
        return;
    }
    const char *path = fuzz_file(name, in);
    if (acf_table_read_raw(&t, path, &e) != ACF_OK) return;
    walk(&t, in.len);
    acf_table_free(&t);
    if (isupper(kind)) open_data(path);
}
