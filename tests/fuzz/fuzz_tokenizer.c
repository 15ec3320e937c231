/*
 * The files of a tokenizer, chosen by the first byte, and after the last 0xFE a text to encode:
 *     j  tokenizer.json                      J  tokenizer.json, tokenizer_config.json
 *     v  vocab.txt                           V  vocab.txt, tokenizer_config.json
 *     m  vocab.json, merges.txt              M  these and tokenizer_config.json
 * One that opens is saved and gives the same ids when it is opened again.
 */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "text/tokenizer.h"

#include <ctype.h>
#include <string.h>

enum { MAX_LENGTH = 24 };

static void encode(const acf_tokenizer *tok, acf_encoding *x, fuzz_bytes text)
{
    acf_error e;
    const char *a = (const char *)text.at;
    size_t half = text.len / 2;
    ACF_ASSERT(acf_tokenizer_encode(tok, x, a, half, a + half, text.len - half, MAX_LENGTH, &e) ==
               ACF_OK);
    ACF_ASSERT(x->n <= MAX_LENGTH);
    ACF_ASSERT(acf_tokenizer_encode(tok, x, a, text.len, NULL, 0, 0, &e) == ACF_OK);
    for (size_t i = 0; i < x->n; i++)
        ACF_ASSERT(x->ids[i] >= 0 && x->ids[i] < acf_tokenizer_vocab_size(tok) &&
                   acf_tokenizer_token(tok, x->ids[i]) != NULL && x->types[i] >= 0);
}

static void save_and_compare(const acf_tokenizer *tok, const acf_encoding *x, fuzz_bytes text)
{
    acf_tokenizer *again;
    acf_encoding y = {0};
    acf_error e = {ACF_OK, ""};
    const char *dir = fuzz_dir("saved");
    ACF_ASSERT(acf_tokenizer_save(tok, dir, 16, true, &e) == ACF_OK);
    ACF_ASSERT(acf_tokenizer_open(&again, dir, &e) == ACF_OK);
    encode(again, &y, text);
    ACF_ASSERT(y.n == x->n && memcmp(y.ids, x->ids, x->n * sizeof *x->ids) == 0);
    acf_encoding_free(&y);
    acf_tokenizer_close(&again);
}

static const char *write_files(char kind, fuzz_bytes *in)
{
    static const char *const file[][3] = {{"j", "j/tokenizer.json", NULL},
                                          {"J", "J/tokenizer.json", NULL},
                                          {"v", "v/vocab.txt", NULL},
                                          {"V", "V/vocab.txt", NULL},
                                          {"m", "m/vocab.json", "m/merges.txt"},
                                          {"M", "M/vocab.json", "M/merges.txt"}};
    for (size_t k = 0; k < sizeof file / sizeof *file; k++) {
        if (file[k][0][0] != kind) continue;
        for (int i = 1; i < 3; i++)
            if (file[k][i] != NULL) (void)fuzz_file(file[k][i], fuzz_part(in));
        char config[] = "X/tokenizer_config.json";
        config[0] = kind;
        if (isupper((unsigned char)kind)) (void)fuzz_file(config, fuzz_part(in));
        return fuzz_dir(file[k][0]);
    }
    return NULL;
}

void fuzz_one(fuzz_bytes in)
{
    acf_tokenizer *tok;
    acf_encoding x = {0};
    acf_error e;
    const char *dir = write_files((char)fuzz_byte(&in), &in);
    if (dir == NULL || acf_tokenizer_open(&tok, dir, &e) != ACF_OK) return;
    encode(tok, &x, in);
    save_and_compare(tok, &x, in);
    acf_encoding_free(&x);
    acf_tokenizer_close(&tok);
}
