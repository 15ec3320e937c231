#include "text/vocab.h"

#include "base/mem.h"
#include "text/utf8.h"

#include <string.h>

acf_status acf_vocab_add(acf_vocab *v, const char *token, size_t len, acf_error *e)
{
    if (len == 0) return acf_fail(e, ACF_ERR_FORMAT, "token %d is empty", (int)v->n);
    if (len > ACF_TOKEN_BYTES)
        return acf_fail(e, ACF_ERR_FORMAT, "token %d has %zu bytes, more than %d", (int)v->n, len,
                        ACF_TOKEN_BYTES);
    if (memchr(token, '\0', len) != NULL)
        return acf_fail(e, ACF_ERR_FORMAT, "token %d holds a NUL byte", (int)v->n);
    if (memchr(token, '\n', len) != NULL || memchr(token, '\r', len) != NULL)
        return acf_fail(e, ACF_ERR_FORMAT, "token %d holds a line break", (int)v->n);
    if (!acf_utf8_is_valid(token, len))
        return acf_fail(e, ACF_ERR_FORMAT, "token %d is not valid UTF-8", (int)v->n);
    if (v->n >= ACF_VOCAB_MAX)
        return acf_fail(e, ACF_ERR_FORMAT, "more than %d tokens", ACF_VOCAB_MAX);

    char *text = acf_grow(v->text, &v->text_cap, v->text_len + len + 1, 1, "vocabulary", e);
    if (text == NULL) return ACF_ERR_RESOURCE;
    v->text = text;
    uint32_t *at = acf_grow(v->at, &v->at_cap, (size_t)v->n + 2, sizeof *at, "vocabulary", e);
    if (at == NULL) return ACF_ERR_RESOURCE;
    v->at = at;
    memcpy(text + v->text_len, token, len);
    text[v->text_len + len] = '\0';
    at[v->n] = (uint32_t)v->text_len; /* below 2^32: ACF_VOCAB_MAX * (ACF_TOKEN_BYTES + 1) */
    v->text_len += len + 1;
    v->n++;
    at[v->n] = (uint32_t)v->text_len;
    return ACF_OK;
}

const char *acf_vocab_token(const acf_vocab *v, int32_t id)
{
    return v->text + v->at[id];
}

static size_t token_len(const acf_vocab *v, int32_t id)
{
    return v->at[id + 1] - v->at[id] - 1;
}

/* FNV's low bits are its best, its high bits are folded in. */
static uint32_t place(const acf_vocab_table *table, uint32_t hash)
{
    return (hash ^ hash >> 15) & table->mask;
}

int32_t acf_vocab_probe(const acf_vocab *v, const acf_vocab_table *table, const char *key,
                        size_t len, uint32_t hash)
{
    for (uint32_t i = place(table, hash);; i = (i + 1) & table->mask) {
        const acf_vocab_slot *slot = table->slot + i;
        if (slot->id < 0) return -1;
        if (slot->hash == hash && token_len(v, slot->id) == len + table->skip &&
            memcmp(acf_vocab_token(v, slot->id) + table->skip, key, len) == 0)
            return slot->id;
    }
}

static uint32_t hash_all(const char *key, size_t len)
{
    uint32_t hash = ACF_VOCAB_HASH;
    for (size_t i = 0; i < len; i++)
        hash = acf_vocab_hash(hash, key[i]);
    return hash;
}

int32_t acf_vocab_find(const acf_vocab *v, const char *token, size_t len)
{
    if (v->whole.slot == NULL) return -1;
    return acf_vocab_probe(v, &v->whole, token, len, hash_all(token, len));
}

/* Put the tokens that begin with the prefix (of `skip` bytes) into the table under the rest. */
static acf_status build(acf_vocab_table *table, const acf_vocab *v, const char *prefix,
                        acf_error *e)
{
    uint32_t slots = 16;
    while (slots < 2 * (uint32_t)v->n)
        slots *= 2;
    acf_free(table->slot);
    *table = (acf_vocab_table){.mask = slots - 1, .skip = strlen(prefix)};
    table->slot = acf_alloc(slots, sizeof *table->slot, "vocabulary table", e);
    if (table->slot == NULL) return ACF_ERR_RESOURCE;
    for (uint32_t i = 0; i < slots; i++)
        table->slot[i].id = -1;
    for (int32_t id = 0; id < v->n; id++) {
        const char *token = acf_vocab_token(v, id);
        if (strncmp(token, prefix, table->skip) != 0) continue;
        const char *key = token + table->skip;
        size_t len = token_len(v, id) - table->skip;
        uint32_t hash = hash_all(key, len);
        int32_t other = acf_vocab_probe(v, table, key, len, hash);
        if (other >= 0)
            return acf_fail(e, ACF_ERR_FORMAT, "token '%.100s' occurs twice, as %d and %d", token,
                            (int)other, (int)id);
        uint32_t i = place(table, hash);
        while (table->slot[i].id >= 0)
            i = (i + 1) & table->mask;
        table->slot[i] = (acf_vocab_slot){.hash = hash, .id = id};
        if (len > table->longest) table->longest = len;
    }
    return ACF_OK;
}

acf_status acf_vocab_index(acf_vocab *v, const char *prefix, acf_error *e)
{
    ACF_TRY(build(&v->whole, v, "", e));
    return prefix == NULL ? ACF_OK : build(&v->cont, v, prefix, e);
}

void acf_vocab_free(acf_vocab *v)
{
    acf_free(v->text);
    acf_free(v->at);
    acf_free(v->whole.slot);
    acf_free(v->cont.slot);
    *v = (acf_vocab){0};
}
