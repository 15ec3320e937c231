#include "text/wordpiece.h"

#include <stdbool.h>

static bool begins_char(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* The longest key at the start of s; its length in bytes, 0 when there is none. */
static size_t longest_match(int32_t *id, const acf_vocab *v, const acf_vocab_table *table,
                            const char *s, size_t len)
{
    uint32_t hash[ACF_TOKEN_BYTES + 1]; /* of the first i bytes */
    size_t most = len < table->longest ? len : table->longest;
    hash[0] = ACF_VOCAB_HASH;
    for (size_t i = 0; i < most; i++)
        hash[i + 1] = acf_vocab_hash(hash[i], s[i]);
    for (size_t n = most; n > 0; n--) {
        if (n < len && !begins_char(s[n])) continue;
        *id = acf_vocab_probe(v, table, s, n, hash[n]);
        if (*id >= 0) return n;
    }
    return 0;
}

size_t acf_wordpiece(int32_t *ids, const char *word, size_t len, const acf_vocab *vocab,
                     int32_t unk, size_t max_chars)
{
    size_t n = 0, chars = 0;
    if (len > max_chars)
        for (size_t i = 0; i < len; i++)
            chars += begins_char(word[i]);
    bool known = chars <= max_chars;
    for (size_t at = 0; known && at < len;) {
        const acf_vocab_table *table = at == 0 ? &vocab->whole : &vocab->cont;
        size_t used = longest_match(ids + n, vocab, table, word + at, len - at);
        known = used > 0;
        at += used;
        n++;
    }
    if (known) return n;
    ids[0] = unk;
    return 1;
}
