/* A safetensors file: opened, every tensor read; written again it is read as the same. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/mem.h"
#include "store/safetensors.h"

#include <string.h>

static void read_entry(const acf_safetensors *st, const acf_st_entry *t)
{
    real *x = acf_alloc(t->len, sizeof *x, "values", NULL);
    int64_t *whole = acf_alloc(t->len, sizeof *whole, "values", NULL);
    char shape[96];
    ACF_ASSERT(x != NULL && whole != NULL);
    acf_st_shape_text(shape, t->dim, t->rank);
    bool is_real = acf_st_read_real(x, t->len, st, t, NULL) == ACF_OK;
    bool is_whole = acf_st_read_i64(whole, t->len, st, t, NULL) == ACF_OK;
    ACF_ASSERT(is_real != is_whole);
    ACF_ASSERT(acf_st_find(st, t->name) == t);
    acf_free(x);
    acf_free(whole);
}

static void write_again(const acf_safetensors *st)
{
    size_t n = acf_st_count(st);
    acf_st_item *item = acf_alloc(n, sizeof *item, "items", NULL);
    acf_safetensors *copy;
    acf_error e = {ACF_OK, ""};
    for (size_t i = 0; i < n; i++) {
        const acf_st_entry *t = acf_st_entry_at(st, i);
        item[i] = (acf_st_item){.name = t->name, .dtype = t->dtype, .rank = t->rank};
        item[i].data = t->data;
        memcpy(item[i].dim, t->dim, sizeof t->dim);
    }
    const char *path = fuzz_file("again.safetensors", fuzz_text(""));
    if (acf_st_write(path, item, n, NULL, &e) == ACF_OK) {
        ACF_ASSERT(acf_st_open(&copy, path, &e) == ACF_OK);
        ACF_ASSERT(acf_st_count(copy) == n);
        for (size_t i = 0; i < n; i++) {
            const acf_st_entry *t = acf_st_entry_at(st, i), *u = acf_st_find(copy, t->name);
            ACF_ASSERT(u != NULL && u->dtype == t->dtype && u->len == t->len);
            ACF_ASSERT(t->end == t->begin || memcmp(u->data, t->data, t->end - t->begin) == 0);
        }
        acf_st_close(&copy);
    }
    acf_free(item);
}

void fuzz_one(fuzz_bytes in)
{
    acf_safetensors *st;
    acf_error e;
    if (acf_st_open(&st, fuzz_file("model.safetensors", in), &e) != ACF_OK) return;
    for (size_t i = 0; i < acf_st_count(st); i++)
        read_entry(st, acf_st_entry_at(st, i));
    write_again(st);
    acf_st_close(&st);
}
