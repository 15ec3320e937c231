/*
 * Text to ids, as Hugging Face's BertTokenizerFast and RobertaTokenizerFast give them.
 *
 * Order of the steps: special and other added tokens are cut out of the raw text.  WordPiece: the
 * rest is normalized (normalize.h), cut at whitespace and around punctuation, and each word is
 * replaced by the longest vocabulary entries from left to right, or by the unknown token as a
 * whole. Byte-level BPE: the rest is cut into pieces (bytelevel.h) whose bytes are joined (bpe.h).
 * Checked against tokenizers 0.23 by scripts/compare_tokenizer.py.
 *
 * A tokenizer does not change after opening; any number of threads may encode with it, each into an
 * encoding of its own.
 */
#ifndef ACF_TEXT_TOKENIZER_H
#define ACF_TEXT_TOKENIZER_H

#include "base/status.h"
#include "text/bpe.h"
#include "text/normalize.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct acf_tokenizer acf_tokenizer;

/* One encoded text or pair; zero-initialise, reuse for any number of texts, free at the end.  The
 * fields after `truncated` are working space of acf_tokenizer_encode. */
typedef struct acf_encoding {
    int32_t *ids;   /* [n] */
    int32_t *types; /* [n] 0: [CLS] a [SEP], 1: b [SEP]; all 0 with RoBERTa's tokenizer */
    size_t n;
    bool truncated; /* tokens were dropped to meet max_length */

    size_t cap_ids, cap_types;
    acf_codes codes;
    acf_str text, spaced;
    acf_bpe_work bpe;
} acf_encoding;

void acf_encoding_free(acf_encoding *x);

/*
 * Open a Hugging Face directory: tokenizer.json when it is there, else vocab.txt, else vocab.json
 * with merges.txt.
 *
 * tokenizer.json, WordPiece: unk_token, continuing_subword_prefix, max_input_chars_per_word, vocab;
 * normalizer BertNormalizer, pre_tokenizer BertPreTokenizer.  BPE: vocab, merges, unk_token,
 * fuse_unk, ignore_merges; no normalizer, pre_tokenizer ByteLevel.  Both: added_tokens,
 * post_processor TemplateProcessing, BertProcessing or RobertaProcessing of the forms that
 * acf_tokenizer_encode gives.  Padding and truncation settings are not used.  Other models are
 * refused by name.
 * tokenizer_config.json gives the names of the special tokens and, as in transformers, wins over
 * tokenizer.json, also by being silent or missing (uncased, accents stripped, Chinese characters
 * apart, no prefix space), but where tokenizer_class is one that takes tokenizer.json as it is:
 * do_lower_case, strip_accents, tokenize_chinese_chars; add_prefix_space; and truncation_side.
 * Without it: [PAD] [UNK] [CLS] [SEP] [MASK]; <pad> <unk> <s> </s> <mask>.
 *
 * Nothing in the files is trusted: ids must be 0 .. n-1, each once, tokens unique valid UTF-8
 * without NUL or line breaks, the padding, first and separating tokens must exist (WordPiece: the
 * unknown one too), and merges must be of tokens and give tokens.  ACF_ERR_MODEL when a file is
 * missing or broken, ACF_ERR_RESOURCE for memory.  *out is closed with acf_tokenizer_close; NULL on
 * failure.
 */
acf_status acf_tokenizer_open(acf_tokenizer **out, const char *dir, acf_error *e) ACF_MUST_USE;

/* Sets *tok to NULL; NULL inside is allowed. */
void acf_tokenizer_close(acf_tokenizer **tok);

/*
 * [CLS] a [SEP], or with b not NULL [CLS] a [SEP] b [SEP] as BERT does, [CLS] a [SEP] [SEP] b [SEP]
 * as RoBERTa does.  Replaces what x held.
 *
 * At most max_length tokens: the longer text loses its last tokens first (its first ones where
 * truncation_side is "left"); when both must be cut,
 * with r tokens left beside the special ones, the one that was shorter (or equal: a) keeps r / 2
 * and the other r - r / 2, as tokenizers' LongestFirst.  A max_length below the number of special
 * tokens (2; for pairs 3 or 4) is ACF_ERR_USAGE; 0 means no limit.
 *
 * The texts need not be valid UTF-8 and may hold NUL bytes: each maximal invalid part (Unicode
 * 15.0, section 3.9, table 3-8) reads as U+FFFD, which BERT's cleaning removes like all control
 * characters.  Otherwise fails only for memory; x then holds no tokens.
 */
acf_status acf_tokenizer_encode(const acf_tokenizer *tok, acf_encoding *x, const char *a,
                                size_t a_len, const char *b, size_t b_len, int max_length,
                                acf_error *e) ACF_MUST_USE;

/* How many special tokens a text, or a pair, has: the least max_length. */
int acf_tokenizer_special_tokens(const acf_tokenizer *tok, bool pair);

/*
 * Write the tokenizer's files into the existing directory, so that
 * AutoTokenizer.from_pretrained(dir) gives the same tokens: tokenizer.json, tokenizer_config.json,
 * and vocab.txt (WordPiece) or vocab.json and merges.txt.  model_max_length goes into
 * tokenizer_config.json; 0 leaves it out. has_types: the model takes token types
 * (model_input_names).  ACF_ERR_RESOURCE when a file cannot be written.
 */
acf_status acf_tokenizer_save(const acf_tokenizer *tok, const char *dir, int model_max_length,
                              bool has_types, acf_error *e) ACF_MUST_USE;

/* Number of ids, added tokens included. */
int32_t acf_tokenizer_vocab_size(const acf_tokenizer *tok);

/* The token of an id as the vocabulary spells it ("##ing"), borrowed; NULL when out of range. */
const char *acf_tokenizer_token(const acf_tokenizer *tok, int32_t id);

/* The id of an exact token, -1 when there is none. */
int32_t acf_tokenizer_id(const acf_tokenizer *tok, const char *token);

#endif
