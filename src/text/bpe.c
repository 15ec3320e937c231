#include "text/bpe.h"

#include "base/mem.h"
#include "text/bytelevel.h"
#include "text/utf8.h"

#include <string.h>

/* One token of a piece that is being joined; a chain in the order of the text. */
typedef struct acf_bpe_symbol {
    int32_t id; /* -1: joined to the one before it */
    int32_t prev, next;
} acf_bpe_symbol;

/* A pair that may be joined: its merge, and the place of its left half. */
typedef struct acf_bpe_pair {
    int32_t rank, at;
} acf_bpe_pair;

void acf_bpe_work_free(acf_bpe_work *work)
{
    acf_free(work->symbol);
    acf_free(work->heap);
    acf_str_free(&work->spelt);
    *work = (acf_bpe_work){0};
}

void acf_bpe_free(acf_bpe *bpe)
{
    acf_free(bpe->merge);
    acf_free(bpe->slot);
    acf_free(bpe->is_whole);
    *bpe = (acf_bpe){0};
}

acf_status acf_bpe_add(acf_bpe *bpe, const acf_vocab *vocab, const char *left, const char *right,
                       acf_error *e)
{
    size_t n_left = strlen(left), n_right = strlen(right);
    acf_merge m = {.left = acf_vocab_find(vocab, left, n_left),
                   .right = acf_vocab_find(vocab, right, n_right),
                   .id = -1};
    char both[2 * ACF_TOKEN_BYTES + 1];
    if (m.left >= 0 && m.right >= 0) { /* tokens are at most ACF_TOKEN_BYTES long */
        memcpy(both, left, n_left);
        memcpy(both + n_left, right, n_right + 1);
        m.id = acf_vocab_find(vocab, both, n_left + n_right);
    }
    if (m.id < 0)
        return acf_fail(e, ACF_ERR_FORMAT, "merge '%.100s %.100s': %s is not in the vocabulary",
                        left, right,
                        m.left < 0    ? "its left half"
                        : m.right < 0 ? "its right half"
                                      : "what it gives");
    if (strchr(both, ' ') != NULL) /* merges.txt could not hold it */
        return acf_fail(e, ACF_ERR_FORMAT, "merge '%.100s %.100s': a token holds a space", left,
                        right);
    if (bpe->n >= ACF_VOCAB_MAX)
        return acf_fail(e, ACF_ERR_FORMAT, "more than %d merges", ACF_VOCAB_MAX);
    acf_merge *grown = acf_grow(bpe->merge, &bpe->cap, (size_t)bpe->n + 1, sizeof m, "merges", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    bpe->merge = grown;
    grown[bpe->n++] = m;
    return ACF_OK;
}

/* Fibonacci hashing; the product's middle bits depend on all of both ids. */
static uint32_t place(const acf_bpe *bpe, int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    return (uint32_t)((key * 0x9E3779B97F4A7C15u ^ key >> 29) >> 32) & bpe->mask;
}

/* The rank of the pair, or -1. */
static int32_t find_merge(const acf_bpe *bpe, int32_t left, int32_t right)
{
    for (uint32_t i = place(bpe, left, right);; i = (i + 1) & bpe->mask) {
        int32_t rank = bpe->slot[i];
        if (rank < 0) return -1;
        if (bpe->merge[rank].left == left && bpe->merge[rank].right == right) return rank;
    }
}

static acf_status build_table(acf_bpe *bpe, acf_error *e)
{
    uint32_t slots = 16;
    while (slots < 2 * (uint32_t)bpe->n)
        slots *= 2;
    acf_free(bpe->slot);
    bpe->slot = acf_alloc(slots, sizeof *bpe->slot, "merge table", e);
    if (bpe->slot == NULL) return ACF_ERR_RESOURCE;
    bpe->mask = slots - 1;
    for (uint32_t i = 0; i < slots; i++)
        bpe->slot[i] = -1;
    for (int32_t rank = 0; rank < bpe->n; rank++) {
        const acf_merge *m = bpe->merge + rank;
        uint32_t i = place(bpe, m->left, m->right);
        while (bpe->slot[i] >= 0 && (bpe->merge[bpe->slot[i]].left != m->left ||
                                     bpe->merge[bpe->slot[i]].right != m->right))
            i = (i + 1) & bpe->mask;
        bpe->slot[i] = rank;
    }
    return ACF_OK;
}

static bool is_before(acf_bpe_pair a, acf_bpe_pair b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void heap_push(acf_bpe_pair *heap, size_t *n, acf_bpe_pair pair)
{
    size_t i = (*n)++;
    for (; i > 0 && is_before(pair, heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = pair;
}

static acf_bpe_pair heap_pop(acf_bpe_pair *heap, size_t *n)
{
    acf_bpe_pair top = heap[0], last = heap[--*n];
    size_t i = 0;
    for (size_t child = 1; child < *n; child = 2 * i + 1) {
        if (child + 1 < *n && is_before(heap[child + 1], heap[child])) child++;
        if (!is_before(heap[child], last)) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* If the token at `at` and the next one have a merge, it waits for its turn. */
static void push_pair(const acf_bpe *bpe, acf_bpe_work *work, size_t *n_heap, int32_t at)
{
    const acf_bpe_symbol *s = work->symbol;
    if (at < 0 || s[at].next < 0) return;
    int32_t rank = find_merge(bpe, s[at].id, s[s[at].next].id);
    if (rank >= 0) heap_push(work->heap, n_heap, (acf_bpe_pair){.rank = rank, .at = at});
}

/* The tokens of single bytes; returns how many. */
static int32_t split_bytes(acf_bpe_symbol *s, const acf_bpe *bpe, const char *piece, size_t len)
{
    int32_t n = 0;
    bool was_unknown = false;
    for (size_t i = 0; i < len; i++) {
        int32_t id = bpe->byte_id[(unsigned char)piece[i]];
        bool unknown = id < 0;
        bool skip = unknown && (bpe->unk < 0 || (was_unknown && bpe->fuse_unk));
        was_unknown = unknown;
        if (skip) continue;
        s[n] = (acf_bpe_symbol){.id = unknown ? bpe->unk : id, .prev = n - 1, .next = n + 1};
        n++;
    }
    if (n > 0) s[n - 1].next = -1;
    return n;
}

/* Join the bytes of a piece; the tokens are the chain from symbol 0 on. */
static acf_status join(int32_t *n_symbols, const acf_bpe *bpe, const char *piece, size_t len,
                       acf_bpe_work *work, acf_error *e)
{
    if (len > INT32_MAX / 4)
        return acf_fail(e, ACF_ERR_RESOURCE, "a word of %zu bytes is too long to tokenize", len);
    acf_bpe_symbol *s =
        acf_grow(work->symbol, &work->cap_symbol, len, sizeof *s, "a word's tokens", e);
    if (s == NULL) return ACF_ERR_RESOURCE;
    work->symbol = s;
    /* n - 1 pairs at first, and each of at most n - 1 joins makes two. */
    acf_bpe_pair *heap =
        acf_grow(work->heap, &work->cap_heap, 3 * len, sizeof *heap, "a word's pairs", e);
    if (heap == NULL) return ACF_ERR_RESOURCE;
    work->heap = heap;

    int32_t n = split_bytes(s, bpe, piece, len);
    size_t n_heap = 0;
    for (int32_t i = 0; i + 1 < n; i++)
        push_pair(bpe, work, &n_heap, i);
    while (n_heap > 0) {
        acf_bpe_pair top = heap_pop(heap, &n_heap);
        acf_bpe_symbol *left = s + top.at;
        const acf_merge *m = bpe->merge + top.rank;
        /* Either half may have been joined to something else since. */
        if (left->id != m->left || left->next < 0 || s[left->next].id != m->right) continue;
        acf_bpe_symbol *right = s + left->next;
        left->id = m->id;
        left->next = right->next;
        right->id = -1;
        if (left->next >= 0) s[left->next].prev = top.at;
        push_pair(bpe, work, &n_heap, left->prev);
        push_pair(bpe, work, &n_heap, top.at);
    }
    *n_symbols = n;
    return ACF_OK;
}

acf_status acf_bpe_finish(acf_bpe *bpe, const acf_vocab *vocab, acf_error *e)
{
    for (int byte = 0; byte < 256; byte++) {
        char spelt[4];
        size_t len = acf_utf8_put(spelt, acf_byte_char((unsigned char)byte));
        bpe->byte_id[byte] = acf_vocab_find(vocab, spelt, len);
    }
    ACF_TRY(build_table(bpe, e));
    acf_free(bpe->is_whole);
    bpe->is_whole = acf_alloc((size_t)vocab->n, sizeof *bpe->is_whole, "vocabulary", e);
    if (bpe->is_whole == NULL) return ACF_ERR_RESOURCE;
    acf_bpe_work work = {0};
    acf_status st = ACF_OK;
    for (int32_t id = 0; id < vocab->n && st == ACF_OK; id++) {
        const char *token = acf_vocab_token(vocab, id);
        char bytes[ACF_TOKEN_BYTES];
        size_t len = strlen(token), n = 0;
        int byte = 0;
        for (size_t at = 0; at < len && byte >= 0;) {
            uint32_t code;
            at += acf_utf8_get(&code, token + at, len - at);
            byte = acf_char_byte(code);
            if (byte >= 0 && bpe->byte_id[byte] < 0) byte = -1;
            if (byte >= 0) bytes[n++] = (char)byte;
        }
        if (byte < 0) continue; /* no piece is spelt like this, or it is not joined from bytes */
        int32_t n_symbols = 0;
        st = join(&n_symbols, bpe, bytes, n, &work, e);
        bpe->is_whole[id] = st == ACF_OK && work.symbol[0].id == id && work.symbol[0].next < 0;
    }
    acf_bpe_work_free(&work);
    return st;
}

/* The token that is spelt as the piece, or -1. */
static acf_status find_whole(int32_t *id, const acf_vocab *vocab, const char *piece, size_t len,
                             acf_bpe_work *work, acf_error *e)
{
    *id = -1;
    if (len > vocab->whole.longest) return ACF_OK;
    char *spelt = acf_grow(work->spelt.data, &work->spelt.cap, 2 * len, 1, "a word", e);
    if (spelt == NULL) return ACF_ERR_RESOURCE;
    work->spelt.data = spelt;
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += acf_utf8_put(spelt + n, acf_byte_char((unsigned char)piece[i]));
    *id = acf_vocab_find(vocab, spelt, n);
    return ACF_OK;
}

acf_status acf_bpe_encode(int32_t *ids, size_t *n, const acf_bpe *bpe, const acf_vocab *vocab,
                          const char *piece, size_t len, acf_bpe_work *work, acf_error *e)
{
    int32_t id, n_symbols = 0;
    *n = 0;
    ACF_TRY(find_whole(&id, vocab, piece, len, work, e));
    if (id >= 0 && (bpe->is_whole[id] || bpe->ignore_merges)) {
        ids[(*n)++] = id;
        return ACF_OK;
    }
    ACF_TRY(join(&n_symbols, bpe, piece, len, work, e));
    for (int32_t i = n_symbols > 0 ? 0 : -1; i >= 0; i = work->symbol[i].next)
        ids[(*n)++] = work->symbol[i].id;
    return ACF_OK;
}
