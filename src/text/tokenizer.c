#include "text/tokenizer.h"

#include "base/assert.h"
#include "base/mem.h"
#include "text/bytelevel.h"
#include "text/tokenizer_internal.h"
#include "text/utf8.h"
#include "text/wordpiece.h"

#include <string.h>

void acf_encoding_free(acf_encoding *x)
{
    acf_free(x->ids);
    acf_free(x->types);
    acf_codes_free(&x->codes);
    acf_str_free(&x->text);
    acf_str_free(&x->spaced);
    acf_bpe_work_free(&x->bpe);
    *x = (acf_encoding){0};
}

static acf_status set_names(acf_tokenizer *tok, const char *const names[ACF_N_ROLES], acf_error *e)
{
    for (int r = 0; r < ACF_N_ROLES; r++) {
        tok->id[r] = -1;
        ACF_TRY(acf_tokenizer_set_name(tok, (acf_role)r, names[r], e));
    }
    return ACF_OK;
}

acf_tokenizer *acf_tokenizer_new(acf_error *e)
{
    static const char *const names[ACF_N_ROLES] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    acf_tokenizer *tok = acf_alloc(1, sizeof *tok, "tokenizer", e);
    if (tok == NULL) return NULL;
    tok->steps = (acf_normalizer){true, true, true, true};
    tok->strip_accents = -1;
    memcpy(tok->prefix, "##", 3);
    tok->max_chars = 100;
    tok->pair_seps = 1;
    tok->pair_type = 1;
    if (set_names(tok, names, e) != ACF_OK) acf_tokenizer_close(&tok);
    return tok;
}

acf_status acf_tokenizer_make_bpe(acf_tokenizer *tok, acf_error *e)
{
    static const char *const names[ACF_N_ROLES] = {"<pad>", "<unk>", "<s>", "</s>", "<mask>"};
    tok->is_bpe = true;
    tok->steps = (acf_normalizer){false, false, false, false};
    tok->strip_accents = 0;
    tok->bpe.unk = -1;
    tok->pair_seps = 2;
    tok->pair_type = 0;
    return set_names(tok, names, e);
}

void acf_tokenizer_close(acf_tokenizer **tok)
{
    acf_tokenizer *t = *tok;
    *tok = NULL;
    if (t == NULL) return;
    acf_vocab_free(&t->vocab);
    acf_vocab_free(&t->extra);
    acf_bpe_free(&t->bpe);
    acf_added_free(&t->added);
    for (int r = 0; r < ACF_N_ROLES; r++)
        acf_free(t->name[r]);
    acf_free(t);
}

acf_status acf_tokenizer_set_name(acf_tokenizer *tok, acf_role role, const char *name, acf_error *e)
{
    char *copy = acf_strdup(name, e);
    if (copy == NULL) return ACF_ERR_RESOURCE;
    acf_free(tok->name[role]);
    tok->name[role] = copy;
    return ACF_OK;
}

int32_t acf_tokenizer_vocab_size(const acf_tokenizer *tok)
{
    return tok->vocab.n + tok->extra.n;
}

const char *acf_tokenizer_token(const acf_tokenizer *tok, int32_t id)
{
    if (id < 0 || id >= acf_tokenizer_vocab_size(tok)) return NULL;
    if (id < tok->vocab.n) return acf_vocab_token(&tok->vocab, id);
    return acf_vocab_token(&tok->extra, id - tok->vocab.n);
}

int32_t acf_tokenizer_id(const acf_tokenizer *tok, const char *token)
{
    int32_t id = acf_vocab_find(&tok->vocab, token, strlen(token));
    for (int32_t i = 0; i < tok->extra.n && id < 0; i++)
        if (strcmp(acf_vocab_token(&tok->extra, i), token) == 0) id = tok->vocab.n + i;
    return id;
}

acf_status acf_tokenizer_add(acf_tokenizer *tok, const acf_added *flags, const char *text,
                             acf_error *e)
{
    acf_added token = *flags;
    token.id = acf_tokenizer_id(tok, text);
    if (token.id < 0) {
        token.id = acf_tokenizer_vocab_size(tok);
        ACF_TRY(acf_vocab_add(&tok->extra, text, strlen(text), e));
    }
    for (int32_t i = 0; i < tok->added.n; i++)
        if (tok->added.token[i].id == token.id) return ACF_OK; /* the first one's flags stay */
    return acf_added_add(&tok->added, &token, text, e);
}

acf_status acf_tokenizer_finish(acf_tokenizer *tok, acf_error *e)
{
    static const char *const part[ACF_N_ROLES] = {"padding", "unknown", "first", "separator",
                                                  "mask"};
    static const acf_added special = {.is_special = true};
    for (int r = 0; r < ACF_N_ROLES; r++) {
        tok->id[r] = acf_tokenizer_id(tok, tok->name[r]);
        bool is_needed = r != ACF_MASK && !(r == ACF_UNK && tok->is_bpe);
        if (tok->id[r] < 0 && !is_needed) continue;
        if (tok->id[r] < 0)
            return acf_fail(e, ACF_ERR_FORMAT, "the %s token '%.100s' is not in the vocabulary",
                            part[r], tok->name[r]);
        ACF_TRY(acf_tokenizer_add(tok, &special, tok->name[r], e));
    }
    if (!tok->is_bpe && tok->id[ACF_UNK] >= tok->vocab.n)
        return acf_fail(e, ACF_ERR_FORMAT, "the unknown token '%.100s' is not in the vocabulary",
                        tok->name[ACF_UNK]);
    tok->steps.strip_accents =
        tok->strip_accents < 0 ? tok->steps.lowercase : tok->strip_accents == 1;
    ACF_TRY(acf_added_index_all(&tok->added, &tok->steps, e));
    return tok->is_bpe ? acf_bpe_finish(&tok->bpe, &tok->vocab, e) : ACF_OK;
}

/* Room for `more` further ids. */
static acf_status reserve(acf_encoding *x, size_t more, acf_error *e)
{
    int32_t *grown = acf_grow(x->ids, &x->cap_ids, x->n + more, sizeof *grown, "token ids", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    x->ids = grown;
    return ACF_OK;
}

/* Normal text without added tokens, for which there is room: words. */
static void push_words(const acf_tokenizer *tok, acf_encoding *x, const char *text, size_t len)
{
    const char *word;
    size_t word_len, at = 0;
    while (acf_next_word(&word, &word_len, text, len, &at))
        x->n += acf_wordpiece(x->ids + x->n, word, word_len, &tok->vocab, tok->id[ACF_UNK],
                              (size_t)tok->max_chars);
}

/* The same for BPE: pieces. */
static acf_status push_pieces(const acf_tokenizer *tok, acf_encoding *x, const char *text,
                              size_t len, acf_error *e)
{
    const char *piece;
    size_t piece_len, at = 0, n;
    if (tok->add_prefix_space && len > 0 && text[0] != ' ') {
        acf_str_clear(&x->spaced);
        ACF_TRY(acf_str_puts(&x->spaced, " ", e));
        ACF_TRY(acf_str_append(&x->spaced, text, len, e));
        text = x->spaced.data;
        len = x->spaced.len;
    }
    while (acf_next_piece(&piece, &piece_len, text, len, &at)) {
        ACF_TRY(acf_bpe_encode(x->ids + x->n, &n, &tok->bpe, &tok->vocab, piece, piece_len, &x->bpe,
                               e));
        x->n += n;
    }
    return ACF_OK;
}

static acf_status push_normal(const acf_tokenizer *tok, acf_encoding *x, const char *text,
                              size_t len, acf_error *e)
{
    if (tok->is_bpe) return push_pieces(tok, x, text, len, e);
    push_words(tok, x, text, len);
    return ACF_OK;
}

/* Text between raw added tokens: normalize, look for the others, cut what is left. */
static acf_status push_plain(const acf_tokenizer *tok, acf_encoding *x, const char *text,
                             size_t len, acf_error *e)
{
    if (!tok->is_bpe || !acf_utf8_is_valid(text, len)) {
        ACF_TRY(acf_normalize(&tok->steps, &x->text, &x->codes, text, len, e));
        text = x->text.data;
        len = x->text.len;
    }
    acf_added_search s = {0};
    while (acf_added_next(&s, &tok->added, &tok->added.normalized, text, len)) {
        /* Every piece and every token takes a byte at least; one for a prefix space. */
        ACF_TRY(reserve(x, s.end - s.done + 2, e));
        if (s.begin > s.done) ACF_TRY(push_normal(tok, x, text + s.done, s.begin - s.done, e));
        x->ids[x->n++] = s.id;
        s.done = s.end;
    }
    ACF_TRY(reserve(x, len - s.done + 1, e));
    return push_normal(tok, x, text + s.done, len - s.done, e);
}

static acf_status push_text(const acf_tokenizer *tok, acf_encoding *x, const char *text, size_t len,
                            acf_error *e)
{
    acf_added_search s = {0};
    while (acf_added_next(&s, &tok->added, &tok->added.raw, text, len)) {
        if (s.begin > s.done) ACF_TRY(push_plain(tok, x, text + s.done, s.begin - s.done, e));
        ACF_TRY(reserve(x, 1, e));
        x->ids[x->n++] = s.id;
        s.done = s.end;
    }
    return s.done < len ? push_plain(tok, x, text + s.done, len - s.done, e) : ACF_OK;
}

/* How many tokens two texts keep of *n_a and *n_b when together they may have `most`.  Source:
 * tokenizers' truncate_encodings, LongestFirst. */
static void longest_first(size_t *n_a, size_t *n_b, size_t most)
{
    bool a_is_longer = *n_a > *n_b;
    size_t small = a_is_longer ? *n_b : *n_a, large;
    if (2 * small <= most) {
        large = most - small;
    } else {
        small = most / 2;
        large = most - small;
    }
    *n_a = a_is_longer ? large : small;
    *n_b = a_is_longer ? small : large;
}

/* Separators behind the first text. */
static size_t separators(const acf_tokenizer *tok, const char *b)
{
    return b == NULL ? 1 : tok->pair_seps;
}

int acf_tokenizer_special_tokens(const acf_tokenizer *tok, bool pair)
{
    return pair ? 2 + (int)tok->pair_seps : 2;
}

static acf_status encode(const acf_tokenizer *tok, acf_encoding *x, const char *a, size_t a_len,
                         const char *b, size_t b_len, int max_length, acf_error *e)
{
    size_t seps = separators(tok, b),
           n_special = (size_t)acf_tokenizer_special_tokens(tok, b != NULL);
    ACF_TRY(reserve(x, 1, e));
    x->ids[x->n++] = tok->id[ACF_CLS];
    ACF_TRY(push_text(tok, x, a, a_len, e));
    size_t n_a = x->n - 1, b_at = x->n + seps;
    ACF_TRY(reserve(x, seps, e));
    x->n = b_at;
    if (b != NULL) ACF_TRY(push_text(tok, x, b, b_len, e));
    size_t n_b = x->n - b_at, all_a = n_a, all_b = n_b;
    size_t most = max_length == 0 ? n_a + n_b : (size_t)max_length - n_special;
    if (n_a + n_b > most) {
        x->truncated = true;
        if (b == NULL)
            n_a = most;
        else
            longest_first(&n_a, &n_b, most);
    }
    ACF_TRY(reserve(x, 1, e));
    int32_t *from_a = x->ids + 1, *from_b = x->ids + b_at;
    if (tok->cuts_left) from_a += all_a - n_a, from_b += all_b - n_b;
    memmove(x->ids + 1, from_a, n_a * sizeof *x->ids);
    memmove(x->ids + 1 + n_a + seps, from_b, n_b * sizeof *x->ids);
    for (size_t i = 0; i < seps; i++)
        x->ids[1 + n_a + i] = tok->id[ACF_SEP];
    if (b != NULL) x->ids[1 + n_a + seps + n_b] = tok->id[ACF_SEP];
    x->n = n_a + n_b + n_special;

    int32_t *types = acf_grow(x->types, &x->cap_types, x->n, sizeof *types, "token types", e);
    if (types == NULL) return ACF_ERR_RESOURCE;
    x->types = types;
    for (size_t i = 0; i < x->n; i++)
        types[i] = i >= 1 + n_a + seps ? tok->pair_type : 0;
    return ACF_OK;
}

acf_status acf_tokenizer_encode(const acf_tokenizer *tok, acf_encoding *x, const char *a,
                                size_t a_len, const char *b, size_t b_len, int max_length,
                                acf_error *e)
{
    x->n = 0;
    x->truncated = false;
    int least = acf_tokenizer_special_tokens(tok, b != NULL);
    if (max_length != 0 && max_length < least)
        return acf_fail(e, ACF_ERR_USAGE,
                        "max_length = %d leaves no room for the %d special tokens", max_length,
                        least);
    acf_status st = encode(tok, x, a, a_len, b, b_len, max_length, e);
    if (st != ACF_OK) x->n = 0;
    return st;
}
