#include "text/vocab_train_internal.h"

#include "text/utf8.h"

#include <string.h>

#define N_CODES 0x110000

struct acf_vocab_piece {
    UT_hash_handle hh; /* by text */
    int32_t id;
    char text[];
};

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

acf_status acf_vocab_no_memory(acf_error *e)
{
    return acf_fail(e, ACF_ERR_RESOURCE, "vocabulary: not enough memory for its tables");
}

/* Count one occurrence of a word; words too long for the tokenizer teach nothing. */
static acf_status count_word(acf_vocab_trainer *t, const char *text, size_t len, acf_error *e)
{
    acf_vocab_word *w;
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
        return acf_vocab_no_memory(e);
    }
    t->n_words++;
    return t->n_words < INT32_MAX ? ACF_OK : acf_vocab_no_memory(e);
}

static acf_status count_words(acf_vocab_trainer *t, acf_text_stream texts, acf_error *e)
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
    t->list = acf_alloc((size_t)t->n_words, sizeof(acf_vocab_word *), "vocabulary words", e);
    if (t->list == NULL) return ACF_ERR_RESOURCE;
    int32_t n = 0;
    for (acf_vocab_word *w = t->words; w != NULL; w = w->hh.next)
        t->list[n++] = w;
    return ACF_OK;
}

acf_status acf_vocab_piece_id(int32_t *id, acf_vocab_trainer *t, const char *text, acf_error *e)
{
    struct acf_vocab_piece *p;
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
            return acf_vocab_no_memory(e);
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
static acf_status add_alphabet(acf_vocab_trainer *t, const acf_vocab_options *o, acf_error *e)
{
    int32_t fit = (o->size - ACF_N_ROLES) / 2, id;
    t->code_count = acf_alloc(N_CODES, sizeof *t->code_count, "vocabulary alphabet", e);
    bool *inside = acf_alloc(N_CODES, sizeof *inside, "vocabulary alphabet", e);
    acf_status st = t->code_count == NULL || inside == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (int32_t i = 0; i < t->n_words && st == ACF_OK; i++) {
        const acf_vocab_word *w = t->list[i];
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
            st = acf_vocab_piece_id(&id, t, text, e);
        }
    acf_free(inside);
    return st;
}

/* Words as the ids of their characters; one with a character outside the alphabet is dropped, for
 * the tokenizer will give it as unknown. */
static acf_status split_words(acf_vocab_trainer *t, acf_error *e)
{
    size_t total = 0;
    for (int32_t i = 0; i < t->n_words; i++)
        total += (size_t)t->list[i]->n;
    t->pool = acf_alloc(total, sizeof *t->pool, "vocabulary words", e);
    if (t->pool == NULL) return ACF_ERR_RESOURCE;
    int32_t *next = t->pool;
    for (int32_t i = 0; i < t->n_words; i++) {
        acf_vocab_word *w = t->list[i];
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
            ACF_TRY(acf_vocab_piece_id(w->piece + w->n, t, at == 0 ? text + 2 : text, e));
            w->n++;
            at += bytes;
        }
    }
    return ACF_OK;
}

static void trainer_free(acf_vocab_trainer *t)
{
    acf_vocab_word *w = t->words;
    struct acf_vocab_piece *p = t->pieces;
    HASH_CLEAR(hh, t->words); /* frees the table; the entries stay linked */
    HASH_CLEAR(hh, t->pieces);
    while (w != NULL) {
        acf_vocab_word *next = w->hh.next;
        acf_free(w);
        w = next;
    }
    while (p != NULL) {
        struct acf_vocab_piece *next = p->hh.next;
        acf_free(p);
        p = next;
    }
    acf_free(t->list);
    acf_free(t->code_count);
    acf_free(t->pool);
    acf_tokenizer_close(&t->tok);
}

static acf_status train(acf_vocab_trainer *t, acf_text_stream texts, const acf_vocab_options *o,
                        acf_error *e)
{
    acf_tokenizer *tok = t->tok;
    tok->steps.lowercase = o->lowercase;
    tok->strip_accents = o->strip_accents;
    tok->steps.strip_accents = o->strip_accents < 0 ? o->lowercase : o->strip_accents != 0;
    ACF_TRY(count_words(t, texts, e));
    for (int r = 0; r < ACF_N_ROLES; r++) {
        int32_t id;
        ACF_TRY(acf_vocab_piece_id(&id, t, tok->name[r], e));
    }
    ACF_TRY(add_alphabet(t, o, e));
    ACF_TRY(split_words(t, e));
    ACF_TRY(acf_vocab_join_pairs(t, o->size, o->min_frequency, e));
    ACF_TRY(acf_vocab_index(&tok->vocab, tok->prefix, e));
    return acf_tokenizer_finish(tok, e);
}

acf_status acf_vocab_train(acf_tokenizer **out, acf_text_stream texts,
                           const acf_vocab_options *options, acf_error *e)
{
    *out = NULL;
    ACF_TRY(check_options(options, e));
    acf_vocab_trainer t = {.tok = acf_tokenizer_new(e)};
    if (t.tok == NULL) return ACF_ERR_RESOURCE;
    acf_status st = train(&t, texts, options, e);
    if (st == ACF_OK) {
        *out = t.tok;
        t.tok = NULL;
    }
    trainer_free(&t);
    return st;
}
