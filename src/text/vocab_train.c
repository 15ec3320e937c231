#include "text/vocab_train.h"

#include "base/mem.h"
#include "text/tokenizer_internal.h"
#include "text/utf8.h"

#include <stdint.h>
#include <string.h>

#define uthash_malloc(bytes)      acf_hook_malloc(bytes)
#define uthash_free(block, bytes) acf_hook_free(block)
#define HASH_NONFATAL_OOM         1
#include <uthash.h>

#define N_CODES 0x110000

typedef struct word {
    UT_hash_handle hh; /* by text */
    int64_t count;
    int32_t *piece; /* [n] ids, in the trainer's pool */
    int32_t n;      /* pieces now; characters at first; 0: holds a character outside the alphabet */
    char text[];
} word;

typedef struct piece {
    UT_hash_handle hh; /* by text */
    int32_t id;
    char text[];
} piece;

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

typedef struct trainer {
    acf_tokenizer *tok;
    word *words, **list;
    int32_t n_words;
    int64_t *code_count; /* [N_CODES] how often each character occurs; 0: not in the alphabet */
    int32_t *pool;
    piece *pieces;
    pair *pairs;
    candidate *heap; /* a binary heap: no candidate is better than the one at (i - 1) / 2 */
    size_t n_heap, heap_cap;
    pair **touched;
    size_t n_touched, touched_cap;
} trainer;

acf_vocab_options acf_vocab_options_default(void)
{
    return (acf_vocab_options){
        .size = 8000, .lowercase = true, .strip_accents = -1, .alphabet = 1000, .min_frequency = 2};
}

static acf_status check_options(const acf_vocab_options *o, acf_error *e)
{
    if (o->size < 100 || o->size > 1000000)
        return acf_fail(e, ACF_ERR_USAGE, "vocabulary: size %d is out of range [100, 1000000]",
                        (int)o->size);
    if (o->alphabet < 1 || o->alphabet > 100000)
        return acf_fail(e, ACF_ERR_USAGE, "vocabulary: alphabet %d is out of range [1, 100000]",
                        (int)o->alphabet);
    if (o->min_frequency < 1)
        return acf_fail(e, ACF_ERR_USAGE, "vocabulary: min_frequency %d is below 1",
                        (int)o->min_frequency);
    return ACF_OK;
}

static acf_status no_memory(acf_error *e)
{
    return acf_fail(e, ACF_ERR_RESOURCE, "vocabulary: not enough memory for its tables");
}

/* Count one occurrence of a word; words too long for the tokenizer teach nothing. */
static acf_status count_word(trainer *t, const char *text, size_t len, acf_error *e)
{
    word *w;
    HASH_FIND(hh, t->words, text, len, w);
    if (w != NULL) {
        w->count++;
        return ACF_OK;
    }
    int32_t n_chars = 0;
    for (size_t i = 0; i < len; i++)
        n_chars += ((unsigned char)text[i] & 0xC0) != 0x80;
    if (n_chars > t->tok->max_chars) return ACF_OK;
    w = acf_alloc(1, sizeof *w + len + 1, "vocabulary words", e);
    if (w == NULL) return ACF_ERR_RESOURCE;
    memcpy(w->text, text, len);
    w->count = 1;
    w->n = n_chars;
    HASH_ADD(hh, t->words, text, (unsigned)len, w);
    if (w->hh.tbl == NULL) {
        acf_free(w);
        return no_memory(e);
    }
    t->n_words++;
    return t->n_words < INT32_MAX ? ACF_OK : no_memory(e);
}

static acf_status count_words(trainer *t, acf_text_source texts, acf_error *e)
{
    acf_str normal = {0};
    acf_codes codes = {0};
    acf_status st = ACF_OK;
    const char *text, *one;
    size_t len, one_len;
    while (st == ACF_OK && texts.next(texts.payload, &text, &len)) {
        if (len == 0) continue;
        size_t at = 0;
        st = acf_normalize(&t->tok->steps, &normal, &codes, text, len, e);
        while (st == ACF_OK && acf_next_word(&one, &one_len, normal.data, normal.len, &at))
            st = count_word(t, one, one_len, e);
    }
    acf_str_free(&normal);
    acf_codes_free(&codes);
    if (st != ACF_OK) return st;
    if (t->n_words == 0)
        return acf_fail(e, ACF_ERR_DATA, "vocabulary: the texts hold no word to learn from");
    t->list = acf_alloc((size_t)t->n_words, sizeof(word *), "vocabulary words", e);
    if (t->list == NULL) return ACF_ERR_RESOURCE;
    int32_t n = 0;
    for (word *w = t->words; w != NULL; w = w->hh.next)
        t->list[n++] = w;
    return ACF_OK;
}

/* The id of a piece; new ones are appended to the vocabulary. */
static acf_status piece_id(int32_t *id, trainer *t, const char *text, acf_error *e)
{
    piece *p;
    size_t len = strlen(text);
    HASH_FIND(hh, t->pieces, text, len, p);
    if (p == NULL) {
        p = acf_alloc(1, sizeof *p + len + 1, "vocabulary pieces", e);
        if (p == NULL) return ACF_ERR_RESOURCE;
        memcpy(p->text, text, len + 1);
        p->id = t->tok->vocab.n;
        HASH_ADD(hh, t->pieces, text, (unsigned)len, p);
        if (p->hh.tbl == NULL) {
            acf_free(p);
            return no_memory(e);
        }
        ACF_TRY(acf_vocab_add(&t->tok->vocab, text, len, e));
    }
    *id = p->id;
    return ACF_OK;
}

/* Keep the `most` most frequent characters; of equals, the lower code points. */
static void limit_alphabet(int64_t *count, int32_t most)
{
    int64_t low = 1, high = 1; /* low: the least count that at most `most` characters reach */
    for (int c = 0; c < N_CODES; c++)
        if (count[c] >= high) high = count[c] + 1;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        int32_t n = 0;
        for (int c = 0; c < N_CODES; c++)
            n += count[c] >= mid;
        if (n <= most)
            high = mid;
        else
            low = mid + 1;
    }
    int32_t room = most;
    for (int c = 0; c < N_CODES; c++)
        room -= count[c] >= low;
    for (int c = 0; c < N_CODES; c++) {
        if (count[c] >= low) continue;
        if (count[c] == low - 1 && room > 0)
            room -= count[c] > 0;
        else
            count[c] = 0;
    }
}

/* Ids 5 ... are the alphabet, then "##" forms of what occurs inside words, by code point. */
static acf_status add_alphabet(trainer *t, const acf_vocab_options *o, acf_error *e)
{
    int32_t fit = (o->size - ACF_N_ROLES) / 2, id;
    t->code_count = acf_alloc(N_CODES, sizeof *t->code_count, "vocabulary alphabet", e);
    bool *inside = acf_alloc(N_CODES, sizeof *inside, "vocabulary alphabet", e);
    acf_status st = t->code_count == NULL || inside == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (int32_t i = 0; i < t->n_words && st == ACF_OK; i++) {
        const word *w = t->list[i];
        size_t len = strlen(w->text);
        for (size_t at = 0; at < len;) {
            uint32_t code;
            bool is_first = at == 0;
            at += acf_utf8_get(&code, w->text + at, len - at);
            t->code_count[code] += w->count;
            if (!is_first) inside[code] = true;
        }
    }
    if (st == ACF_OK) limit_alphabet(t->code_count, o->alphabet < fit ? o->alphabet : fit);
    for (int form = 0; form < 2; form++)
        for (uint32_t code = 1; code < N_CODES && st == ACF_OK; code++) {
            char text[8] = "##";
            if (t->code_count[code] == 0 || (form == 1 && !inside[code])) continue;
            char *to = form == 1 ? text + 2 : text;
            to[acf_utf8_put(to, code)] = '\0';
            st = piece_id(&id, t, text, e);
        }
    acf_free(inside);
    return st;
}

/* Words as the ids of their characters; one with a character outside the alphabet is dropped, for
 * the tokenizer will give it as unknown. */
static acf_status split_words(trainer *t, acf_error *e)
{
    size_t total = 0;
    for (int32_t i = 0; i < t->n_words; i++)
        total += (size_t)t->list[i]->n;
    t->pool = acf_alloc(total, sizeof *t->pool, "vocabulary words", e);
    if (t->pool == NULL) return ACF_ERR_RESOURCE;
    int32_t *next = t->pool;
    for (int32_t i = 0; i < t->n_words; i++) {
        word *w = t->list[i];
        size_t len = strlen(w->text);
        w->piece = next;
        next += w->n;
        w->n = 0;
        for (size_t at = 0; at < len;) {
            char text[8] = "##";
            uint32_t code;
            size_t bytes = acf_utf8_get(&code, w->text + at, len - at);
            if (t->code_count[code] == 0) {
                w->n = 0;
                break;
            }
            memcpy(text + 2, w->text + at, bytes);
            text[2 + bytes] = '\0';
            ACF_TRY(piece_id(w->piece + w->n, t, at == 0 ? text + 2 : text, e));
            w->n++;
            at += bytes;
        }
    }
    return ACF_OK;
}

static bool is_better(candidate a, candidate b)
{
    return a.count != b.count ? a.count > b.count : a.key < b.key;
}

static acf_status heap_push(trainer *t, candidate c, acf_error *e)
{
    candidate *h = acf_grow(t->heap, &t->heap_cap, t->n_heap + 1, sizeof *h, "vocabulary heap", e);
    if (h == NULL) return ACF_ERR_RESOURCE;
    t->heap = h;
    size_t i = t->n_heap++;
    for (; i > 0 && is_better(c, h[(i - 1) / 2]); i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
    h[i] = c;
    return ACF_OK;
}

static candidate heap_pop(trainer *t)
{
    candidate *h = t->heap, top = h[0], last = h[--t->n_heap];
    size_t i = 0;
    for (size_t k = 1; k < t->n_heap; k = 2 * i + 1) {
        if (k + 1 < t->n_heap && is_better(h[k + 1], h[k])) k++;
        if (!is_better(h[k], last)) break;
        h[i] = h[k];
        i = k;
    }
    h[i] = last;
    return top;
}

/* Find or make the pair of two ids. */
static acf_status get_pair(pair **out, trainer *t, int32_t left, int32_t right, acf_error *e)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    pair *p;
    HASH_FIND(hh, t->pairs, &key, sizeof key, p);
    if (p == NULL) {
        p = acf_alloc(1, sizeof *p, "vocabulary pairs", e);
        if (p == NULL) return ACF_ERR_RESOURCE;
        p->key = key;
        HASH_ADD(hh, t->pairs, key, sizeof p->key, p);
        if (p->hh.tbl == NULL) {
            acf_free(p);
            return no_memory(e);
        }
    }
    *out = p;
    return ACF_OK;
}

/* Word i has gained the pair: note where, and that it is to enter the heap. */
static acf_status note_pair(trainer *t, pair *p, int32_t i, acf_error *e)
{
    if (p->n == 0 || p->at[p->n - 1] != i) {
        int32_t *at = acf_grow(p->at, &p->cap, p->n + 1, sizeof *at, "vocabulary pairs", e);
        if (at == NULL) return ACF_ERR_RESOURCE;
        p->at = at;
        at[p->n++] = i;
    }
    if (p->is_touched) return ACF_OK;
    pair **grown = acf_grow(t->touched, &t->touched_cap, t->n_touched + 1, sizeof(pair *),
                            "vocabulary pairs", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    t->touched = grown;
    grown[t->n_touched++] = p;
    p->is_touched = true;
    return ACF_OK;
}

static acf_status flush_touched(trainer *t, int64_t min_frequency, acf_error *e)
{
    for (size_t k = 0; k < t->n_touched; k++) {
        pair *p = t->touched[k];
        p->is_touched = false;
        if (p->count >= min_frequency) ACF_TRY(heap_push(t, (candidate){p->count, p->key}, e));
    }
    t->n_touched = 0;
    return ACF_OK;
}

/* Add sign * count of word i to its pairs; `gained` is the id whose pairs are new to it (-1: all
 * are). */
static acf_status count_pairs(trainer *t, int32_t i, int sign, int32_t gained, acf_error *e)
{
    const word *w = t->list[i];
    for (int32_t k = 0; k + 1 < w->n; k++) {
        pair *p;
        int32_t left = w->piece[k], right = w->piece[k + 1];
        ACF_TRY(get_pair(&p, t, left, right, e));
        p->count += sign * w->count;
        if (sign > 0 && (gained < 0 || left == gained || right == gained))
            ACF_TRY(note_pair(t, p, i, e));
    }
    return ACF_OK;
}

/* Join left and right into id wherever they meet in word i. */
static acf_status join_in_word(trainer *t, int32_t i, int32_t left, int32_t right, int32_t id,
                               acf_error *e)
{
    word *w = t->list[i];
    int32_t k = 0;
    while (k + 1 < w->n && !(w->piece[k] == left && w->piece[k + 1] == right))
        k++;
    if (k + 1 >= w->n) return ACF_OK; /* an earlier join took it away */
    ACF_TRY(count_pairs(t, i, -1, id, e));
    int32_t n = k;
    while (k < w->n) {
        bool meet = k + 1 < w->n && w->piece[k] == left && w->piece[k + 1] == right;
        w->piece[n++] = meet ? id : w->piece[k];
        k += meet ? 2 : 1;
    }
    w->n = n;
    return count_pairs(t, i, 1, id, e);
}

static acf_status join_pair(trainer *t, pair *p, int64_t min_frequency, acf_error *e)
{
    int32_t left = (int32_t)(p->key >> 32), right = (int32_t)(p->key & UINT32_MAX), id;
    acf_str text = {0};
    acf_status st = acf_str_printf(&text, e, "%s%s", acf_vocab_token(&t->tok->vocab, left),
                                   acf_vocab_token(&t->tok->vocab, right) + strlen(t->tok->prefix));
    /* Two ways of joining may spell the same piece: then it keeps the id it has. */
    if (st == ACF_OK) st = piece_id(&id, t, text.data, e);
    acf_str_free(&text);
    if (st != ACF_OK) return st;

    int32_t *at = p->at; /* taken over: the pair may come back with places of its own */
    size_t n = p->n;
    p->at = NULL;
    p->n = p->cap = 0;
    for (size_t k = 0; k < n && st == ACF_OK; k++)
        st = join_in_word(t, at[k], left, right, id, e);
    acf_free(at);
    return st == ACF_OK ? flush_touched(t, min_frequency, e) : st;
}

static acf_status join_pairs(trainer *t, const acf_vocab_options *o, acf_error *e)
{
    for (int32_t i = 0; i < t->n_words; i++)
        ACF_TRY(count_pairs(t, i, 1, -1, e));
    ACF_TRY(flush_touched(t, o->min_frequency, e));
    while (t->tok->vocab.n < o->size && t->n_heap > 0) {
        candidate top = heap_pop(t);
        pair *p;
        HASH_FIND(hh, t->pairs, &top.key, sizeof top.key, p);
        if (p == NULL || p->count < o->min_frequency) continue;
        if (p->count == top.count)
            ACF_TRY(join_pair(t, p, o->min_frequency, e));
        else if (p->count < top.count) /* a higher count has an entry of its own */
            ACF_TRY(heap_push(t, (candidate){p->count, p->key}, e));
    }
    return ACF_OK;
}

static void trainer_free(trainer *t)
{
    word *w = t->words;
    piece *p = t->pieces;
    pair *q = t->pairs;
    HASH_CLEAR(hh, t->words); /* frees the table; the entries stay linked */
    HASH_CLEAR(hh, t->pieces);
    HASH_CLEAR(hh, t->pairs);
    while (w != NULL) {
        word *next = w->hh.next;
        acf_free(w);
        w = next;
    }
    while (p != NULL) {
        piece *next = p->hh.next;
        acf_free(p);
        p = next;
    }
    while (q != NULL) {
        pair *next = q->hh.next;
        acf_free(q->at);
        acf_free(q);
        q = next;
    }
    acf_free(t->list);
    acf_free(t->code_count);
    acf_free(t->pool);
    acf_free(t->heap);
    acf_free(t->touched);
    acf_tokenizer_close(&t->tok);
}

static acf_status train(trainer *t, acf_text_source texts, const acf_vocab_options *o, acf_error *e)
{
    acf_tokenizer *tok = t->tok;
    tok->steps.lowercase = o->lowercase;
    tok->strip_accents = o->strip_accents;
    tok->steps.strip_accents = o->strip_accents < 0 ? o->lowercase : o->strip_accents != 0;
    ACF_TRY(count_words(t, texts, e));
    for (int r = 0; r < ACF_N_ROLES; r++) {
        int32_t id;
        ACF_TRY(piece_id(&id, t, tok->name[r], e));
    }
    ACF_TRY(add_alphabet(t, o, e));
    ACF_TRY(split_words(t, e));
    ACF_TRY(join_pairs(t, o, e));
    ACF_TRY(acf_vocab_index(&tok->vocab, tok->prefix, e));
    return acf_tokenizer_finish(tok, e);
}

acf_status acf_vocab_train(acf_tokenizer **out, acf_text_source texts,
                           const acf_vocab_options *options, acf_error *e)
{
    *out = NULL;
    ACF_TRY(check_options(options, e));
    trainer t = {.tok = acf_tokenizer_new(e)};
    if (t.tok == NULL) return ACF_ERR_RESOURCE;
    acf_status st = train(&t, texts, options, e);
    if (st == ACF_OK) {
        *out = t.tok;
        t.tok = NULL;
    }
    trainer_free(&t);
    return st;
}
