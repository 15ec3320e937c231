#include "data/overlap.h"

#include "base/mem.h"

#include <string.h>

/* The texts of a row: what a row is found by. */
typedef struct texts {
    const char *text, *text2; /* text2 NULL: single texts */
} texts;

static int compare(const void *a, const void *b)
{
    const texts *x = a, *y = b;
    if (strcmp(x->text, y->text) != 0) return 1;
    return x->text2 != NULL && y->text2 != NULL && strcmp(x->text2, y->text2) != 0;
}

/* FNV-1a over both texts, their NUL between them, 32 bits of 64. */
static unsigned hash(const void *key)
{
    const texts *t = key;
    const char *part[2] = {t->text, t->text2};
    uint64_t h = 14695981039346656037u;
    for (int i = 0; i < 2 && part[i] != NULL; i++) {
        for (const char *c = part[i]; *c != '\0'; c++)
            h = (h ^ (unsigned char)*c) * 1099511628211u;
        h *= 1099511628211u;
    }
    return (unsigned)(h ^ h >> 32);
}

#define uthash_malloc(bytes)           acf_hook_malloc(bytes)
#define uthash_free(block, bytes)      acf_hook_free(block)
#define HASH_NONFATAL_OOM              1
#define HASH_FUNCTION(key, len, hashv) (hashv) = hash(key)
#define HASH_KEYCMP(a, b, len)         compare(a, b)
#include <uthash.h>

/* The first training row with these texts. */
typedef struct entry {
    texts key;
    int row;
    UT_hash_handle hh;
} entry;

static texts key_of(const acf_split *s, int row)
{
    return (texts){s->text[row], s->text2 != NULL ? s->text2[row] : NULL};
}

static bool is_other(const acf_split *train, int first, const acf_split *s, int row)
{
    if (s->label[row] < 0) return false;
    if (s->target != NULL && train->target != NULL) {
        double apart = s->target[row] - train->target[first];
        return apart < 0 || apart > 0;
    }
    return s->label[row] != train->label[first];
}

static void count(acf_overlap *o, const acf_split *train, const entry *found, const acf_split *s,
                  int row)
{
    o->n++;
    o->n_other += is_other(train, found->row, s, row);
}

/* All rows of train into the table, those that are there already counted. */
static acf_status fill(entry **table, entry *pool, acf_overlap *within, const acf_split *train,
                       acf_error *e)
{
    for (int row = 0; row < train->n; row++) {
        entry *found, *mine = &pool[row];
        mine->key = key_of(train, row);
        mine->row = row;
        HASH_FIND(hh, *table, &mine->key, sizeof mine->key, found);
        if (found != NULL) {
            count(within, train, found, train, row);
            continue;
        }
        HASH_ADD(hh, *table, key, sizeof mine->key, mine);
        if (mine->hh.tbl == NULL)
            return acf_fail(e, ACF_ERR_RESOURCE, "%s: not enough memory to compare %d rows",
                            train->path, train->n);
    }
    return ACF_OK;
}

acf_status acf_overlap_count(acf_overlap *within, acf_overlap *out, const acf_split *train,
                             const acf_split *const *other, int n_other, acf_error *e)
{
    entry *table = NULL;
    *within = (acf_overlap){0};
    entry *pool = acf_alloc((size_t)train->n, sizeof *pool, "rows to compare", e);
    if (pool == NULL) return ACF_ERR_RESOURCE;
    acf_status st = fill(&table, pool, within, train, e);
    for (int i = 0; i < n_other && st == ACF_OK; i++) {
        out[i] = (acf_overlap){0};
        for (int row = 0; row < other[i]->n; row++) {
            entry *found;
            texts key = key_of(other[i], row);
            HASH_FIND(hh, table, &key, sizeof key, found);
            if (found != NULL) count(&out[i], train, found, other[i], row);
        }
    }
    HASH_CLEAR(hh, table);
    acf_free(pool);
    return st;
}
