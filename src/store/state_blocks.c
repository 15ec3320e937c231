/* Blocks of optimizer state as one safetensors file. */
#include "store/state.h"

#include "base/mem.h"
#include "store/safetensors.h"
#include "store/weights.h"

#include <math.h>
#include <stdio.h>

enum { NAME_MAX_BYTES = 64 + ACF_PARAM_NAME_MAX };

/* The tensors of all blocks and the memory of their names. */
typedef struct block_items {
    acf_st_item *item;
    char *names; /* [n, NAME_MAX_BYTES] */
    int *slice;  /* [n] */
    size_t *block;
    size_t n;
} block_items;

static void free_items(block_items *b)
{
    acf_free(b->item);
    acf_free(b->names);
    acf_free(b->slice);
    acf_free(b->block);
}

/* Describe all tensors; data stays NULL. */
static acf_status make_items(block_items *b, const acf_params *p, const char *const *name, size_t n,
                             acf_error *e)
{
    size_t most = p->n * n;
    *b = (block_items){0};
    b->item = acf_alloc(most, sizeof *b->item, "optimizer state", e);
    b->names = acf_alloc(most, NAME_MAX_BYTES, "optimizer state", e);
    b->slice = acf_alloc(most, sizeof *b->slice, "optimizer state", e);
    b->block = acf_alloc(most, sizeof *b->block, "optimizer state", e);
    if (b->item == NULL || b->names == NULL || b->slice == NULL || b->block == NULL) {
        free_items(b);
        return ACF_ERR_RESOURCE;
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < p->n; i++) {
            const acf_param *s = &p->slice[i];
            if (!acf_param_trains(s)) continue;
            acf_st_item *t = &b->item[b->n];
            char *text = b->names + b->n * NAME_MAX_BYTES;
            (void)snprintf(text, NAME_MAX_BYTES, "%.60s.%s", name[k], s->name);
            *t = acf_weights_item(s, NULL);
            t->name = text;
            b->slice[b->n] = (int)i;
            b->block[b->n] = k;
            b->n++;
        }
    return ACF_OK;
}

acf_status acf_state_save_blocks(const char *path, const acf_params *p, const char *const *name,
                                 const real *const *block, size_t n, char hex[ACF_DIGEST_HEX + 1],
                                 acf_error *e)
{
    block_items b;
    ACF_TRY(make_items(&b, p, name, n, e));
    for (size_t i = 0; i < b.n; i++)
        b.item[i].data = block[b.block[i]] + p->slice[b.slice[i]].at;
    acf_status st = acf_st_write(path, b.item, b.n, hex, e);
    free_items(&b);
    return st;
}

static acf_status load_item(real *out, const acf_safetensors *st, const acf_st_item *want,
                            const acf_param *s, acf_error *e)
{
    const char *path = acf_st_path(st);
    const acf_st_entry *t = acf_st_find(st, want->name);
    if (t == NULL)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s' is missing", path, want->name);
    if (t->dtype != want->dtype)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s' is %s, expected %s", path, want->name,
                        acf_dtype_name(t->dtype), acf_dtype_name(want->dtype));
    ACF_TRY(acf_weights_check_shape(s, st, t, e));
    ACF_TRY(acf_st_read_real(out, s->len, st, t, e));
    for (size_t i = 0; i < s->len; i++)
        if (!isfinite(out[i]))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s': element %zu is %g, must be finite",
                            path, want->name, i, (double)out[i]);
    return ACF_OK;
}

acf_status acf_state_load_blocks(const char *path, const acf_params *p, const char *const *name,
                                 real *const *block, size_t n, acf_error *e)
{
    block_items b;
    acf_safetensors *file = NULL;
    ACF_TRY(make_items(&b, p, name, n, e));
    acf_status st = acf_st_open(&file, path, e);
    for (size_t i = 0; i < b.n && st == ACF_OK; i++) {
        const acf_param *s = &p->slice[b.slice[i]];
        st = load_item(block[b.block[i]] + s->at, file, &b.item[i], s, e);
    }
    if (st == ACF_OK && acf_st_count(file) != b.n)
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: holds %zu tensors, expected %zu", path,
                      acf_st_count(file), b.n);
    acf_st_close(&file);
    free_items(&b);
    return st;
}

uint64_t acf_state_blocks_bytes(const acf_params *p, size_t n)
{
    enum { FRAME = 512 }; /* most bytes that an entry takes in the header beside its name */
    uint64_t total = FRAME;
    for (size_t i = 0; i < p->n; i++)
        if (acf_param_trains(&p->slice[i]))
            total += n * (p->slice[i].len * sizeof(real) + 6 * NAME_MAX_BYTES + FRAME);
    return total;
}
