#include "store/safetensors.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HEADER 100000000 /* bytes; the format's own library has the same limit */
#define MAX_VALUES (1 << 20) /* JSON values in a header: bounds the memory of its tree */
#define MAX_WHOLE  0x1p53    /* numbers from here on are not exact in JSON */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are copied, not converted");

struct acf_safetensors {
    char *path;
    const unsigned char *map;
    size_t bytes;
    cJSON *tree; /* holds all names */
    bool has_metadata;
    acf_st_entry *entry;          /* by offset */
    const acf_st_entry **by_name; /* sorted */
    size_t n;
};

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    [ACF_F64] = {"F64", 8},   [ACF_F32] = {"F32", 4}, [ACF_F16] = {"F16", 2},
    [ACF_BF16] = {"BF16", 2}, [ACF_I64] = {"I64", 8}, [ACF_I32] = {"I32", 4},
    [ACF_I16] = {"I16", 2},   [ACF_I8] = {"I8", 1},   [ACF_U8] = {"U8", 1},
    [ACF_BOOL] = {"BOOL", 1},
};

const char *acf_dtype_name(acf_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t acf_dtype_bytes(acf_dtype dtype)
{
    return dtypes[dtype].bytes;
}

void acf_st_shape_text(char text[96], const uint64_t *dim, int rank)
{
    size_t used = 1;
    text[0] = '[';
    for (int k = 0; k < rank; k++) {
        char one[32];
        size_t len = (size_t)snprintf(one, sizeof one, "%s%" PRIu64, k > 0 ? ", " : "", dim[k]);
        if (used + len > 96 - 8) {
            memcpy(text + used, ", ...", 5);
            used += 5;
            break;
        }
        memcpy(text + used, one, len);
        used += len;
    }
    text[used] = ']';
    text[used + 1] = '\0';
}

/* Whether the number whose first digit is text[at] has another digit after a 0, a fraction or an
 * exponent: cJSON would take 010, 1.0 and 1e1 for whole numbers. */
static bool is_odd_number(const char *text, size_t len, size_t at)
{
    size_t end = at;
    while (end < len && text[end] >= '0' && text[end] <= '9')
        end++;
    bool goes_on = end < len && (text[end] == '.' || text[end] == 'e' || text[end] == 'E');
    return goes_on || (text[at] == '0' && end > at + 1);
}

/* What cJSON would let pass: bytes that are not UTF-8, raw control characters, an escaped NUL that
 * would cut a name short, odd numbers, and more values than a model can have. */
static acf_status check_header(const char *text, size_t len, const char *path, acf_error *e)
{
    bool in_string = false, in_number = false;
    int n_values = 0;
    size_t valid = acf_utf8_valid(text, len);
    if (valid < len)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: header: byte %zu is not UTF-8", path, valid);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 && (in_string || (c != '\n' && c != '\r' && c != '\t')))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: header: byte %zu is control character 0x%02x",
                            path, i, c);
        if (in_string && c == '\\') {
            if (len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
                return acf_fail(e, ACF_ERR_FORMAT, "%s: header: byte %zu is an escaped NUL", path,
                                i);
            i++; /* what is escaped ends no string */
            continue;
        }
        if (c == '"') in_string = !in_string;
        bool is_digit = !in_string && c >= '0' && c <= '9';
        if (is_digit && !in_number && is_odd_number(text, len, i))
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: header: the number at byte %zu is not a plain whole number", path,
                            i);
        in_number = is_digit;
        if (!in_string && (c == ',' || c == '{' || c == '[') && ++n_values > MAX_VALUES)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: header: holds more than %d JSON values", path,
                            MAX_VALUES);
    }
    return ACF_OK;
}

static bool whole_number(uint64_t *out, const cJSON *item)
{
    if (!cJSON_IsNumber(item)) return false;
    double x = item->valuedouble;
    if (!(x >= 0.0 && x < MAX_WHOLE) || signbit(x) || floor(x) != x) return false;
    *out = (uint64_t)x;
    return true;
}

static acf_status parse_dtype(acf_st_entry *t, const cJSON *item, const char *path, acf_error *e)
{
    if (!cJSON_IsString(item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': 'dtype' is not a string", path,
                        t->name);
    for (int k = 0; k < (int)(sizeof dtypes / sizeof dtypes[0]); k++)
        if (strcmp(item->valuestring, dtypes[k].name) == 0) {
            t->dtype = (acf_dtype)k;
            return ACF_OK;
        }
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: tensor '%s': unknown dtype '%.40s', expected one of F64 F32 F16 BF16 I64 "
                    "I32 I16 I8 U8 BOOL",
                    path, t->name, item->valuestring);
}

static acf_status parse_shape(acf_st_entry *t, const cJSON *item, const char *path, acf_error *e)
{
    if (!cJSON_IsArray(item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': 'shape' is not an array", path,
                        t->name);
    const cJSON *dim;
    cJSON_ArrayForEach(dim, item)
    {
        if (t->rank == ACF_ST_MAX_RANK)
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: tensor '%s': 'shape' has more than %d dimensions", path, t->name,
                            ACF_ST_MAX_RANK);
        if (!whole_number(&t->dim[t->rank], dim))
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: tensor '%s': dimension %d is not a whole number from 0 to 2^53",
                            path, t->name, t->rank);
        t->rank++;
    }
    return ACF_OK;
}

static acf_status parse_offsets(acf_st_entry *t, const cJSON *item, const char *path, acf_error *e)
{
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2 ||
        !whole_number(&t->begin, item->child) || !whole_number(&t->end, item->child->next))
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: tensor '%s': 'data_offsets' is not a pair of whole numbers from 0 to "
                        "2^53",
                        path, t->name);
    return ACF_OK;
}

/* The bytes of shape and dtype are those between the offsets. */
static acf_status check_size(acf_st_entry *t, const char *path, acf_error *e)
{
    uint64_t bytes;
    t->len = 1;
    for (int k = 0; k < t->rank; k++)
        if (__builtin_mul_overflow(t->len, t->dim[k], &t->len))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': shape has more than 2^64 elements",
                            path, t->name);
    if (__builtin_mul_overflow(t->len, (uint64_t)acf_dtype_bytes(t->dtype), &bytes))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': shape needs more than 2^64 bytes",
                        path, t->name);
    if (t->end < t->begin)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: tensor '%s': 'data_offsets' end at byte %" PRIu64
                        " before they start at %" PRIu64,
                        path, t->name, t->end, t->begin);
    if (t->end - t->begin != bytes) {
        char shape[96];
        acf_st_shape_text(shape, t->dim, t->rank);
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: tensor '%s': 'data_offsets' hold %" PRIu64 " bytes, %s of %s need "
                        "%" PRIu64,
                        path, t->name, t->end - t->begin, shape, acf_dtype_name(t->dtype), bytes);
    }
    return ACF_OK;
}

static acf_status parse_entry(acf_st_entry *t, const cJSON *item, const char *path, acf_error *e)
{
    static const char *const keys[3] = {"dtype", "shape", "data_offsets"};
    const cJSON *part[3] = {NULL, NULL, NULL};

    t->name = item->string;
    for (const unsigned char *c = (const unsigned char *)t->name; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f) /* it would break a message's line */
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: header: a tensor's name holds control character 0x%02x", path, *c);
    if (!cJSON_IsObject(item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': is not a JSON object", path, t->name);
    const cJSON *child;
    cJSON_ArrayForEach(child, item)
    {
        for (int k = 0; k < 3; k++) {
            if (strcmp(child->string, keys[k]) != 0) continue;
            if (part[k] != NULL)
                return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': '%s' is given twice", path,
                                t->name, keys[k]);
            part[k] = child;
        }
    }
    for (int k = 0; k < 3; k++)
        if (part[k] == NULL)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': '%s' is missing", path, t->name,
                            keys[k]);
    ACF_TRY(parse_dtype(t, part[0], path, e));
    ACF_TRY(parse_shape(t, part[1], path, e));
    ACF_TRY(parse_offsets(t, part[2], path, e));
    return check_size(t, path, e);
}

static acf_status parse_metadata(acf_safetensors *st, const cJSON *item, acf_error *e)
{
    if (st->has_metadata)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '__metadata__' is given twice", st->path);
    if (!cJSON_IsObject(item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '__metadata__' is not a JSON object", st->path);
    st->has_metadata = true;
    const cJSON *child;
    cJSON_ArrayForEach(child, item)
    {
        if (!cJSON_IsString(child))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: '__metadata__': '%.80s' is not a string",
                            st->path, child->string);
    }
    return ACF_OK;
}

static int compare_offsets(const void *a, const void *b)
{
    const acf_st_entry *s = a, *t = b;
    if (s->begin != t->begin) return s->begin < t->begin ? -1 : 1;
    if (s->end != t->end) return s->end < t->end ? -1 : 1; /* empty tensors first */
    return strcmp(s->name, t->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const acf_st_entry *const *)a)->name, (*(const acf_st_entry *const *)b)->name);
}

/* Names are unique; tensors cover the data without gap, overlap or remainder. */
static acf_status index_entries(acf_safetensors *st, const unsigned char *data, uint64_t data_len,
                                acf_error *e)
{
    uint64_t expect = 0;
    if (st->n > 1) qsort(st->entry, st->n, sizeof *st->entry, compare_offsets);
    for (size_t i = 0; i < st->n; i++)
        st->by_name[i] = &st->entry[i];
    if (st->n > 1) qsort(st->by_name, st->n, sizeof *st->by_name, compare_names);
    for (size_t i = 1; i < st->n; i++)
        if (strcmp(st->by_name[i - 1]->name, st->by_name[i]->name) == 0)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s' is given twice", st->path,
                            st->by_name[i]->name);
    for (size_t i = 0; i < st->n; i++) {
        acf_st_entry *t = &st->entry[i];
        if (t->begin != expect)
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: tensor '%s' starts at byte %" PRIu64 ", expected %" PRIu64
                            " (%s the tensor before it)",
                            st->path, t->name, t->begin, expect,
                            t->begin < expect ? "overlaps" : "leaves a gap after");
        if (t->end > data_len)
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: tensor '%s' ends at byte %" PRIu64 " of %" PRIu64
                            " (truncated download?)",
                            st->path, t->name, t->end, data_len);
        t->data = data == NULL ? NULL : data + t->begin;
        expect = t->end;
    }
    if (expect != data_len)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: the last tensor ends at byte %" PRIu64 ", the data at %" PRIu64,
                        st->path, expect, data_len);
    return ACF_OK;
}

static acf_status read_tree(acf_safetensors *st, acf_error *e)
{
    size_t n_members = (size_t)cJSON_GetArraySize(st->tree);
    st->entry = acf_alloc(n_members, sizeof *st->entry, st->path, e);
    st->by_name = acf_alloc(n_members, sizeof *st->by_name, st->path, e);
    if (st->entry == NULL || st->by_name == NULL) return ACF_ERR_RESOURCE;
    const cJSON *item;
    cJSON_ArrayForEach(item, st->tree)
    {
        if (strcmp(item->string, "__metadata__") == 0)
            ACF_TRY(parse_metadata(st, item, e));
        else
            ACF_TRY(parse_entry(&st->entry[st->n++], item, st->path, e));
    }
    return ACF_OK;
}

static acf_status open_mapped(acf_safetensors *st, acf_error *e)
{
    static const char lfs[] = "version https://git-lfs";
    uint64_t header;
    if (st->bytes < sizeof header)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: holds %zu bytes, a safetensors file at least 8 (truncated download?)",
                        st->path, st->bytes);
    if (st->bytes >= sizeof lfs && memcmp(st->map, lfs, sizeof lfs - 1) == 0)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: is a Git LFS pointer, not the file: fetch it with 'git lfs pull'",
                        st->path);
    memcpy(&header, st->map, sizeof header);
    if (header > MAX_HEADER)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: header claims %" PRIu64 " bytes, more than the %d allowed (not a "
                        "safetensors file?)",
                        st->path, header, MAX_HEADER);
    if (header > st->bytes - sizeof header)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: header claims %" PRIu64 " bytes, the file has %zu after its length "
                        "(truncated download?)",
                        st->path, header, st->bytes - sizeof header);
    const char *text = (const char *)st->map + sizeof header;
    if (header == 0 || text[0] != '{')
        return acf_fail(e, ACF_ERR_FORMAT, "%s: header is not a JSON object", st->path);
    ACF_TRY(check_header(text, (size_t)header, st->path, e));
    ACF_TRY(acf_json_parse(&st->tree, text, (size_t)header, st->path, e));
    ACF_TRY(read_tree(st, e));
    size_t data_at = sizeof header + (size_t)header;
    return index_entries(st, st->map + data_at, st->bytes - data_at, e);
}

acf_status acf_st_open(acf_safetensors **out, const char *path, acf_error *e)
{
    *out = NULL;
    acf_safetensors *st = acf_alloc(1, sizeof *st, path, e);
    if (st == NULL) return ACF_ERR_RESOURCE;
    st->path = acf_strdup(path, e);
    acf_status status = st->path == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    if (status == ACF_OK) status = acf_map_file(&st->map, &st->bytes, path, e);
    if (status == ACF_OK) status = open_mapped(st, e);
    if (status == ACF_OK)
        *out = st;
    else
        acf_st_close(&st);
    return status;
}

void acf_st_close(acf_safetensors **out)
{
    acf_safetensors *st = *out;
    *out = NULL;
    if (st == NULL) return;
    cJSON_Delete(st->tree);
    acf_unmap_file(&st->map, &st->bytes);
    acf_free(st->by_name);
    acf_free(st->entry);
    acf_free(st->path);
    acf_free(st);
}

size_t acf_st_count(const acf_safetensors *st)
{
    return st->n;
}

const acf_st_entry *acf_st_entry_at(const acf_safetensors *st, size_t i)
{
    return &st->entry[i];
}

const acf_st_entry *acf_st_find(const acf_safetensors *st, const char *name)
{
    acf_st_entry key = {.name = name};
    const acf_st_entry *at = &key;
    if (st->n == 0) return NULL;
    const acf_st_entry *const *hit =
        bsearch(&at, st->by_name, st->n, sizeof *st->by_name, compare_names);
    return hit == NULL ? NULL : *hit;
}

const char *acf_st_path(const acf_safetensors *st)
{
    return st->path;
}
