/* Texts, parted by 0xFE: a vocabulary is learnt from them, whose rarest pair occurs as often as the
 * first byte's lowest two bits say and once more, and they are encoded with it. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "text/tokenizer.h"
#include "text/vocab_train.h"

static bool next(void *payload, const char **text, size_t *len)
{
    fuzz_bytes *left = payload;
    if (left->len == 0) return false;
    fuzz_bytes part = fuzz_part(left);
    *text = (const char *)part.at;
    *len = part.len;
    return true;
}

void fuzz_one(fuzz_bytes in)
{
    acf_tokenizer *tok;
    acf_encoding x = {0};
    acf_error e;
    acf_vocab_options opt = acf_vocab_options_default();
    opt.size = 120;
    opt.min_frequency = 1 + (fuzz_byte(&in) & 3);
    fuzz_bytes left = in;
    if (acf_vocab_train(&tok, (acf_text_stream){next, &left}, &opt, &e) != ACF_OK) return;
    while (in.len > 0) {
        fuzz_bytes part = fuzz_part(&in);
        const char *text = (const char *)part.at;
        ACF_ASSERT(acf_tokenizer_encode(tok, &x, text, part.len, NULL, 0, 0, &e) == ACF_OK);
        for (size_t i = 0; i < x.n; i++)
            ACF_ASSERT(acf_tokenizer_token(tok, x.ids[i]) != NULL);
    }
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}
