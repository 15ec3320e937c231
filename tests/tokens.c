/*
 * Prints token ids, one JSON array a line, for scripts/compare_tokenizer.py:
 *
 *     tokens MODEL_DIR MAX_LENGTH [pair] < texts
 *
 * Texts are split at line feeds only; with `pair` a line is a, a tab, and b (a line without a tab
 * is a text alone).  MAX_LENGTH 0 means no limit.  `tokens MODEL_DIR save DIR` writes the tokenizer
 * to DIR instead; `tokens train SIZE DIR < texts` learns an uncased vocabulary and writes it.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "text/tokenizer.h"
#include "text/vocab_train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const acf_error *e)
{
    (void)fprintf(stderr, "tokens: %s\n", e->text);
    return acf_exit_code(e->status);
}

static void print_ids(const acf_encoding *x)
{
    for (size_t i = 0; i < x->n; i++)
        printf("%s%d", i == 0 ? "[" : ",", (int)x->ids[i]);
    (void)puts("]");
}

static bool next_line(void *payload, const char **text, size_t *len)
{
    static char *line;
    static size_t cap;
    (void)payload;
    ssize_t n = getline(&line, &cap, stdin);
    if (n < 0) {
        free(line);
        line = NULL;
        return false;
    }
    *len = (size_t)n - (line[n - 1] == '\n');
    *text = line;
    return true;
}

static int train(const char *size, const char *dir)
{
    acf_error e;
    acf_tokenizer *tok;
    acf_vocab_options options = acf_vocab_options_default();
    options.size = (int32_t)strtol(size, NULL, 10);
    double start = acf_clock_s();
    acf_status st = acf_vocab_train(&tok, (acf_text_stream){next_line, NULL}, &options, &e);
    if (st != ACF_OK) return failed(&e);
    (void)fprintf(stderr, "%d tokens in %.3f s\n", (int)acf_tokenizer_vocab_size(tok),
                  acf_clock_s() - start);
    st = acf_tokenizer_save(tok, dir, 0, true, &e);
    acf_tokenizer_close(&tok);
    return st == ACF_OK ? 0 : failed(&e);
}

static acf_status encode_lines(const acf_tokenizer *tok, int max_length, bool pair, acf_error *e)
{
    acf_encoding x = {0};
    acf_status st = ACF_OK;
    const char *text;
    size_t len, n_tokens = 0;
    double busy = 0.0;
    while (st == ACF_OK && next_line(NULL, &text, &len)) {
        const char *tab = pair ? memchr(text, '\t', len) : NULL;
        size_t a_len = tab == NULL ? len : (size_t)(tab - text);
        double start = acf_clock_s();
        st = acf_tokenizer_encode(tok, &x, text, a_len, tab == NULL ? NULL : tab + 1,
                                  tab == NULL ? 0 : len - a_len - 1, max_length, e);
        busy += acf_clock_s() - start;
        n_tokens += x.n;
        if (st == ACF_OK) print_ids(&x);
    }
    (void)fprintf(stderr, "%zu tokens, %.2f M tokens/s\n", n_tokens, (double)n_tokens / busy / 1e6);
    acf_encoding_free(&x);
    return st;
}

int main(int argc, char **argv)
{
    acf_error e;
    acf_tokenizer *tok;
    if (argc != 4 && !(argc == 3 && strcmp(argv[1], "train") != 0)) {
        (void)fputs(
            "usage: tokens MODEL_DIR MAX_LENGTH [pair] | MODEL_DIR save DIR | train SIZE DIR\n",
            stderr);
        return 2;
    }
    acf_json_start();
    if (strcmp(argv[1], "train") == 0) return train(argv[2], argv[3]);
    if (acf_tokenizer_open(&tok, argv[1], &e) != ACF_OK) return failed(&e);
    acf_status st;
    if (strcmp(argv[2], "save") == 0)
        st = acf_tokenizer_save(tok, argv[3], 0, true, &e);
    else
        st = encode_lines(tok, (int)strtol(argv[2], NULL, 10), argc == 4, &e);
    acf_tokenizer_close(&tok);
    return st == ACF_OK ? 0 : failed(&e);
}
