/* Texts as a data file may hold them, parted by 0xFE, encoded by WordPiece and byte-level BPE. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/str.h"
#include "text/tokenizer.h"

static void encode(const acf_tokenizer *tok, fuzz_bytes in)
{
    acf_encoding x = {0};
    acf_error e;
    while (in.len > 0) {
        fuzz_bytes part = fuzz_part(&in);
        ACF_ASSERT(acf_tokenizer_encode(tok, &x, (const char *)part.at, part.len, NULL, 0, 0, &e) ==
                   ACF_OK);
        ACF_ASSERT(x.n >= 2);
        for (size_t i = 0; i < x.n; i++)
            ACF_ASSERT(acf_tokenizer_token(tok, x.ids[i]) != NULL);
    }
    acf_encoding_free(&x);
}

static acf_tokenizer *bpe, *wordpiece;

/* With every byte a token, and a few joined ones. */
void fuzz_start(void)
{
    acf_str vocab = {0};
    acf_error e = {ACF_OK, ""};
    static const char *const special[] = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"};
    static const char *const joined[] = {"th", "the", "in"};
    acf_status st = acf_str_puts(&vocab, "{", &e);
    int id = 0;
    for (int k = 0; k < 5; k++)
        st = st != ACF_OK ? st : acf_str_printf(&vocab, &e, "\"%s\": %d, ", special[k], id++);
    /* GPT-2's alphabet: printable bytes are themselves, the others U+0100 and on. */
    for (unsigned b = 0, moved = 256; b < 256 && st == ACF_OK; b++) {
        bool prints = (b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD);
        st = acf_str_printf(&vocab, &e, "\"\\u%04x\": %d, ", prints ? b : moved++, id++);
    }
    for (int k = 0; k < 3 && st == ACF_OK; k++)
        st = acf_str_printf(&vocab, &e, "\"%s\": %d%s", joined[k], id++, k < 2 ? ", " : "}");
    ACF_ASSERT(st == ACF_OK);
    (void)fuzz_file("bpe/vocab.json", fuzz_text(vocab.data));
    (void)fuzz_file("bpe/merges.txt", fuzz_text("#version: 0.2\nt h\nth e\ni n\n"));
    acf_str_free(&vocab);
    ACF_ASSERT(acf_tokenizer_open(&bpe, fuzz_dir("bpe"), &e) == ACF_OK);
    const char *words =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\na\n##b\n##a\nb\n,\n\xE4\xB8\xAD\n";
    (void)fuzz_file("wordpiece/vocab.txt", fuzz_text(words));
    ACF_ASSERT(acf_tokenizer_open(&wordpiece, fuzz_dir("wordpiece"), &e) == ACF_OK);
}

void fuzz_one(fuzz_bytes in)
{
    encode(wordpiece, in);
    encode(bpe, in);
}
