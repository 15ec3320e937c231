/* Reading the files that came before tokenizer.json: vocab.txt, and vocab.json with merges.txt. */
#include "text/tokenizer_read.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

/* One token a line; white space at the end of a line is no part of it, as in tokenizers. */
static acf_status read_vocab_txt(acf_tokenizer *tok, const char *path, acf_error *e)
{
    char *text;
    size_t len;
    ACF_TRY(acf_read_file(&text, &len, path, ACF_TOKENIZER_FILE_BYTES, e));
    acf_status st = ACF_OK;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: begins with a byte order mark; remove it", path);
    else if (len == 0)
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: is empty, expected one token a line", path);
    for (size_t at = 0; at < len && st == ACF_OK;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', len - at);
        size_t n = end == NULL ? len - at : (size_t)(end - line);
        at += n + 1;
        while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
            n--;
        st = acf_vocab_add(&tok->vocab, line, n, e);
        (void)acf_context(st, e, "%s:%d", path, (int)tok->vocab.n + 1);
    }
    acf_free(text);
    if (st != ACF_OK) return st;
    return acf_context(acf_vocab_index(&tok->vocab, tok->prefix, e), e, "%s", path);
}

/* Tokens that were added to a vocabulary stand in the config as {"30522": {"content": ...}}. */
static acf_status read_added_decoder(acf_tokenizer *tok, const cJSON *config, const char *name,
                                     acf_error *e)
{
    const cJSON *tokens = acf_get(config, "added_tokens_decoder");
    int n = 0;
    if (!cJSON_IsObject(tokens)) return ACF_OK;
    for (const cJSON *item = tokens->child; item != NULL; item = item->next) {
        double id = 0.0;
        size_t digits = strspn(item->string, "0123456789");
        if (digits == 0 || digits > 9 || item->string[digits] != '\0' || ++n > ACF_MAX_ADDED)
            return acf_fail(e, ACF_ERR_FORMAT, "%s: added_tokens_decoder: '%.60s' is not an id",
                            name, item->string);
        for (const char *c = item->string; *c != '\0'; c++)
            id = 10.0 * id + (double)(*c - '0');
        ACF_TRY(acf_tokenizer_read_added(tok, item, id, name, e));
    }
    return ACF_OK;
}

acf_status acf_tokenizer_read_txt(acf_tokenizer *tok, const char *path, const cJSON *config,
                                  const char *config_path, acf_error *e)
{
    ACF_TRY(acf_tokenizer_read_names(tok, config, config_path, e));
    ACF_TRY(read_vocab_txt(tok, path, e));
    return read_added_decoder(tok, config, config_path, e);
}

/* "a b", one merge a line; the first may be a comment with a version.  The line is cut up. */
static acf_status read_merge_line(acf_tokenizer *tok, char *line, size_t len, acf_error *e)
{
    char *space = memchr(line, ' ', len);
    if (memchr(line, '\0', len) != NULL) return acf_fail(e, ACF_ERR_FORMAT, "holds a NUL byte");
    if (space == NULL || space == line || space + 1 == line + len ||
        memchr(space + 1, ' ', len - (size_t)(space + 1 - line)) != NULL)
        return acf_fail(e, ACF_ERR_FORMAT, "is not two tokens with a space between them");
    *space = '\0';
    line[len] = '\0'; /* the line feed, or the end of the file's text */
    return acf_bpe_add(&tok->bpe, &tok->vocab, line, space + 1, e);
}

static acf_status read_merges_txt(acf_tokenizer *tok, const char *path, acf_error *e)
{
    char *text;
    size_t len;
    int number = 0;
    ACF_TRY(acf_read_file(&text, &len, path, ACF_TOKENIZER_FILE_BYTES, e));
    acf_status st = ACF_OK;
    for (size_t at = 0; at < len && st == ACF_OK;) {
        char *line = text + at;
        const char *end = memchr(line, '\n', len - at);
        size_t n = end == NULL ? len - at : (size_t)(end - line);
        at += n + 1;
        number++;
        if (n > 0 && line[n - 1] == '\r') n--;
        if (n == 0 || (n >= 8 && memcmp(line, "#version", 8) == 0)) continue;
        st = acf_context(read_merge_line(tok, line, n, e), e, "%s:%d", path, number);
    }
    acf_free(text);
    return st;
}

static acf_status read_vocab_json(acf_tokenizer *tok, const char *path, acf_error *e)
{
    cJSON *vocab;
    ACF_TRY(acf_json_read(&vocab, path, ACF_TOKENIZER_FILE_BYTES, e));
    acf_status st = cJSON_IsObject(vocab)
                        ? acf_tokenizer_read_vocab(tok, vocab, path, e)
                        : acf_fail(e, ACF_ERR_FORMAT, "%s: is not a JSON object", path);
    cJSON_Delete(vocab);
    return st;
}

acf_status acf_tokenizer_read_merges(acf_tokenizer *tok, const char *vocab, const char *merges,
                                     const cJSON *config, const char *config_path, acf_error *e)
{
    ACF_TRY(acf_tokenizer_make_bpe(tok, e));
    ACF_TRY(acf_tokenizer_read_names(tok, config, config_path, e));
    ACF_TRY(read_vocab_json(tok, vocab, e));
    ACF_TRY(read_merges_txt(tok, merges, e));
    return read_added_decoder(tok, config, config_path, e);
}
