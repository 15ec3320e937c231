#include "store/safetensors.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/writer.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Place in the file: by size, and within one size as the format's own library has it. */
static const int dtype_order[] = {
    [ACF_I64] = 0, [ACF_F64] = 1, [ACF_F32] = 2, [ACF_I32] = 3, [ACF_BF16] = 4,
    [ACF_F16] = 5, [ACF_I16] = 6, [ACF_I8] = 7,  [ACF_U8] = 8,  [ACF_BOOL] = 9,
};

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const acf_st_item *const *)a)->name, (*(const acf_st_item *const *)b)->name);
}

static int compare_places(const void *a, const void *b)
{
    const acf_st_item *s = *(const acf_st_item *const *)a, *t = *(const acf_st_item *const *)b;
    int by_dtype = dtype_order[s->dtype] - dtype_order[t->dtype];
    return by_dtype != 0 ? by_dtype : strcmp(s->name, t->name);
}

static acf_status put_string(acf_str *s, const char *text, acf_error *e)
{
    ACF_TRY(acf_str_puts(s, "\"", e));
    for (const char *c = text; *c != '\0'; c++) {
        static const char plain[] = "\b\f\n\r\t\"\\", letter[] = "bfnrt\"\\";
        const char *known = strchr(plain, *c);
        if (known != NULL)
            ACF_TRY(acf_str_printf(s, e, "\\%c", letter[known - plain]));
        else if ((unsigned char)*c < 0x20)
            ACF_TRY(acf_str_printf(s, e, "\\u%04x", (unsigned)*c));
        else
            ACF_TRY(acf_str_append(s, c, 1, e));
    }
    return acf_str_puts(s, "\"", e);
}

static acf_status check_name(const acf_st_item *t, const char *path, acf_error *e)
{
    if (strcmp(t->name, "__metadata__") == 0)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: '__metadata__' is no name for a tensor", path);
    for (const unsigned char *c = (const unsigned char *)t->name; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f)
            return acf_fail(e, ACF_ERR_RESOURCE,
                            "%s: a tensor's name holds control character 0x%02x", path, *c);
    size_t len = strlen(t->name);
    if (acf_utf8_valid(t->name, len) < len)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: tensor '%s': name is not UTF-8", path, t->name);
    return ACF_OK;
}

static acf_status item_bytes(size_t *bytes, const acf_st_item *t, const char *path, acf_error *e)
{
    *bytes = acf_dtype_bytes(t->dtype);
    bool fits = t->rank >= 0 && t->rank <= ACF_ST_MAX_RANK;
    for (int k = 0; fits && k < t->rank; k++)
        fits = acf_size_mul(bytes, *bytes, (size_t)t->dim[k]);
    if (fits) return ACF_OK;
    return acf_fail(e, ACF_ERR_RESOURCE, "%s: tensor '%s': shape does not fit the address space",
                    path, t->name);
}

static acf_status put_entry(acf_str *s, const acf_st_item *t, size_t begin, size_t end,
                            acf_error *e)
{
    ACF_TRY(acf_str_puts(s, ",", e));
    ACF_TRY(put_string(s, t->name, e));
    ACF_TRY(acf_str_printf(s, e, ":{\"dtype\":\"%s\",\"shape\":[", acf_dtype_name(t->dtype)));
    for (int k = 0; k < t->rank; k++)
        ACF_TRY(acf_str_printf(s, e, "%s%" PRIu64, k > 0 ? "," : "", t->dim[k]));
    return acf_str_printf(s, e, "],\"data_offsets\":[%zu,%zu]}", begin, end);
}

static acf_status make_header(acf_str *s, const acf_st_item *const *order, size_t n,
                              const char *path, acf_error *e)
{
    ACF_TRY(acf_str_puts(s, "{\"__metadata__\":{\"format\":\"pt\"}", e));
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t bytes, end;
        ACF_TRY(item_bytes(&bytes, order[i], path, e));
        if (!acf_size_add(&end, at, bytes))
            return acf_fail(e, ACF_ERR_RESOURCE, "%s: tensors do not fit the address space", path);
        ACF_TRY(put_entry(s, order[i], at, end, e));
        at = end;
    }
    ACF_TRY(acf_str_puts(s, "}", e));
    while (s->len % 8 != 0) /* the data starts aligned */
        ACF_TRY(acf_str_puts(s, " ", e));
    return ACF_OK;
}

/* Pointers to the items in the order of the file; names checked on the way. */
static acf_status sort_items(const acf_st_item **order, const acf_st_item *item, size_t n,
                             const char *path, acf_error *e)
{
    for (size_t i = 0; i < n; i++) {
        ACF_TRY(check_name(&item[i], path, e));
        order[i] = &item[i];
    }
    if (n < 2) return ACF_OK;
    qsort(order, n, sizeof *order, compare_names);
    for (size_t i = 1; i < n; i++)
        if (strcmp(order[i - 1]->name, order[i]->name) == 0)
            return acf_fail(e, ACF_ERR_RESOURCE, "%s: tensor '%s' is given twice", path,
                            order[i]->name);
    qsort(order, n, sizeof *order, compare_places);
    return ACF_OK;
}

static acf_status write_file(acf_writer *w, const acf_str *header, const acf_st_item *const *order,
                             size_t n, const char *path, acf_error *e)
{
    uint64_t header_len = header->len;
    ACF_TRY(acf_writer_put(w, &header_len, sizeof header_len, e));
    ACF_TRY(acf_writer_put(w, header->data, header->len, e));
    for (size_t i = 0; i < n; i++) {
        size_t bytes;
        ACF_TRY(item_bytes(&bytes, order[i], path, e));
        ACF_TRY(acf_writer_put(w, order[i]->data, bytes, e));
    }
    return ACF_OK;
}

acf_status acf_st_write(const char *path, const acf_st_item *item, size_t n,
                        char hex[ACF_DIGEST_HEX + 1], acf_error *e)
{
    acf_str header = {0};
    acf_writer *w = NULL;
    const acf_st_item **order = acf_alloc(n, sizeof *order, path, e);
    if (order == NULL) return ACF_ERR_RESOURCE;
    acf_status st = sort_items(order, item, n, path, e);
    if (st == ACF_OK) st = make_header(&header, order, n, path, e);
    if (st == ACF_OK) st = acf_writer_open(&w, path, e);
    if (st == ACF_OK) st = write_file(w, &header, order, n, path, e);
    st = acf_writer_close(&w, st, hex, e);
    acf_str_free(&header);
    acf_free(order);
    return st;
}

uint64_t acf_st_bytes(const acf_st_item *item, size_t n)
{
    enum {
        ESCAPED = 6,
        NUMBER = 21,
        FRAME = 128
    }; /* most bytes a character, number, entry takes */
    uint64_t total = 2 * FRAME;
    for (size_t i = 0; i < n; i++) {
        uint64_t bytes = acf_dtype_bytes(item[i].dtype);
        for (int k = 0; k < item[i].rank; k++)
            bytes *= item[i].dim[k];
        total += bytes + ESCAPED * strlen(item[i].name) + NUMBER * (uint64_t)item[i].rank + FRAME;
    }
    return total;
}
