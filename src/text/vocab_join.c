/* Joining the most frequent pairs: counts of pairs kept up to date, candidates in a heap. */
#include "text/vocab_train_internal.h"

#include <string.h>

typedef struct pair {
    UT_hash_handle hh; /* by key */
    uint64_t key;      /* left id << 32 | right id */
    int64_t count;     /* over all words */
    int32_t *at;       /* [n] words that hold it, or once did */
    size_t n, cap;
    bool is_touched; /* gained in the running join */
} pair;

typedef struct candidate {
    int64_t count;
    uint64_t key;
} candidate;

typedef struct joiner {
    acf_vocab_trainer *t;
    pair *pairs;
    candidate *heap; /* a binary heap: no candidate is better than the one at (i - 1) / 2 */
    size_t n_heap, heap_cap;
    pair **touched;
    size_t n_touched, touched_cap;
} joiner;

static bool is_better(candidate a, candidate b)
{
    return a.count != b.count ? a.count > b.count : a.key < b.key;
}

static acf_status heap_push(joiner *j, candidate c, acf_error *e)
{
    candidate *h = acf_grow(j->heap, &j->heap_cap, j->n_heap + 1, sizeof *h, "vocabulary heap", e);
    if (h == NULL) return ACF_ERR_RESOURCE;
    j->heap = h;
    size_t i = j->n_heap++;
    for (; i > 0 && is_better(c, h[(i - 1) / 2]); i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
    h[i] = c;
    return ACF_OK;
}

static candidate heap_pop(joiner *j)
{
    candidate *h = j->heap, top = h[0], last = h[--j->n_heap];
    size_t i = 0;
    for (size_t k = 1; k < j->n_heap; k = 2 * i + 1) {
        if (k + 1 < j->n_heap && is_better(h[k + 1], h[k])) k++;
        if (!is_better(h[k], last)) break;
        h[i] = h[k];
        i = k;
    }
    h[i] = last;
    return top;
}

/* Find or make the pair of two ids. */
static acf_status get_pair(pair **out, joiner *j, int32_t left, int32_t right, acf_error *e)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    pair *p;
    HASH_FIND(hh, j->pairs, &key, sizeof key, p);
    if (p == NULL) {
        p = acf_alloc(1, sizeof *p, "vocabulary pairs", e);
        if (p == NULL) return ACF_ERR_RESOURCE;
        p->key = key;
        HASH_ADD(hh, j->pairs, key, sizeof p->key, p);
        if (p->hh.tbl == NULL) {
            acf_free(p);
            return acf_vocab_no_memory(e);
        }
    }
    *out = p;
    return ACF_OK;
}

/* Word i has gained the pair: note where, and that it is to enter the heap. */
static acf_status note_pair(joiner *j, pair *p, int32_t i, acf_error *e)
{
    if (p->n == 0 || p->at[p->n - 1] != i) {
        int32_t *at = acf_grow(p->at, &p->cap, p->n + 1, sizeof *at, "vocabulary pairs", e);
        if (at == NULL) return ACF_ERR_RESOURCE;
        p->at = at;
        at[p->n++] = i;
    }
    if (p->is_touched) return ACF_OK;
    pair **grown = acf_grow(j->touched, &j->touched_cap, j->n_touched + 1, sizeof(pair *),
                            "vocabulary pairs", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    j->touched = grown;
    grown[j->n_touched++] = p;
    p->is_touched = true;
    return ACF_OK;
}

static acf_status flush_touched(joiner *j, int64_t min_frequency, acf_error *e)
{
    for (size_t k = 0; k < j->n_touched; k++) {
        pair *p = j->touched[k];
        p->is_touched = false;
        if (p->count >= min_frequency) ACF_TRY(heap_push(j, (candidate){p->count, p->key}, e));
    }
    j->n_touched = 0;
    return ACF_OK;
}

/* Add sign * count of word i to its pairs; `gained` is the id whose pairs are new to it (-1: all
 * are). */
static acf_status count_pairs(joiner *j, int32_t i, int sign, int32_t gained, acf_error *e)
{
    const acf_vocab_word *w = j->t->list[i];
    for (int32_t k = 0; k + 1 < w->n; k++) {
        pair *p;
        int32_t left = w->piece[k], right = w->piece[k + 1];
        ACF_TRY(get_pair(&p, j, left, right, e));
        p->count += sign * w->count;
        if (sign > 0 && (gained < 0 || left == gained || right == gained))
            ACF_TRY(note_pair(j, p, i, e));
    }
    return ACF_OK;
}

/* Join left and right into id wherever they meet in word i. */
static acf_status join_in_word(joiner *j, int32_t i, int32_t left, int32_t right, int32_t id,
                               acf_error *e)
{
    acf_vocab_word *w = j->t->list[i];
    int32_t k = 0;
    while (k + 1 < w->n && !(w->piece[k] == left && w->piece[k + 1] == right))
        k++;
    if (k + 1 >= w->n) return ACF_OK; /* an earlier join took it away */
    ACF_TRY(count_pairs(j, i, -1, id, e));
    int32_t n = k;
    while (k < w->n) {
        bool meet = k + 1 < w->n && w->piece[k] == left && w->piece[k + 1] == right;
        w->piece[n++] = meet ? id : w->piece[k];
        k += meet ? 2 : 1;
    }
    w->n = n;
    return count_pairs(j, i, 1, id, e);
}

static acf_status join_pair(joiner *j, pair *p, int64_t min_frequency, acf_error *e)
{
    int32_t left = (int32_t)(p->key >> 32), right = (int32_t)(p->key & UINT32_MAX), id;
    acf_str text = {0};
    acf_status st =
        acf_str_printf(&text, e, "%s%s", acf_vocab_token(&j->t->tok->vocab, left),
                       acf_vocab_token(&j->t->tok->vocab, right) + strlen(j->t->tok->prefix));
    /* Two ways of joining may spell the same piece: then it keeps the id it has. */
    if (st == ACF_OK) st = acf_vocab_piece_id(&id, j->t, text.data, e);
    acf_str_free(&text);
    if (st != ACF_OK) return st;

    int32_t *at = p->at; /* taken over: the pair may come back with places of its own */
    size_t n = p->n;
    p->at = NULL;
    p->n = p->cap = 0;
    for (size_t k = 0; k < n && st == ACF_OK; k++)
        st = join_in_word(j, at[k], left, right, id, e);
    acf_free(at);
    return st == ACF_OK ? flush_touched(j, min_frequency, e) : st;
}

static acf_status join_all(joiner *j, int32_t size, int32_t min_frequency, acf_error *e)
{
    acf_vocab_trainer *t = j->t;
    for (int32_t i = 0; i < t->n_words; i++)
        ACF_TRY(count_pairs(j, i, 1, -1, e));
    ACF_TRY(flush_touched(j, min_frequency, e));
    while (t->tok->vocab.n < size && j->n_heap > 0) {
        candidate top = heap_pop(j);
        pair *p;
        HASH_FIND(hh, j->pairs, &top.key, sizeof top.key, p);
        if (p == NULL || p->count < min_frequency) continue;
        if (p->count == top.count)
            ACF_TRY(join_pair(j, p, min_frequency, e));
        else if (p->count < top.count) /* a higher count has an entry of its own */
            ACF_TRY(heap_push(j, (candidate){p->count, p->key}, e));
    }
    return ACF_OK;
}

acf_status acf_vocab_join_pairs(acf_vocab_trainer *t, int32_t size, int32_t min_frequency,
                                acf_error *e)
{
    joiner j = {.t = t};
    acf_status st = join_all(&j, size, min_frequency, e);
    pair *p = j.pairs;
    HASH_CLEAR(hh, j.pairs); /* frees the table; the entries stay linked */
    while (p != NULL) {
        pair *next = p->hh.next;
        acf_free(p->at);
        acf_free(p);
        p = next;
    }
    acf_free(j.heap);
    acf_free(j.touched);
    return st;
}
