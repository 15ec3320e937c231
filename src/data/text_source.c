#include "data/text_source.h"

#include "base/clock.h"
#include "base/mem.h"

#include <omp.h>
#include <stdatomic.h>
#include <string.h>

enum { BLOCK_ROWS = 256 }; /* rows that one task tokenizes */

typedef struct text_source {
    acf_source head;
    int32_t *length; /* [n] */
    int32_t *second; /* [n] first token of type 1; length[i] when there is none */
    size_t *begin;   /* [n] first token of row i in ids */
    int32_t *ids;    /* [tokens of all rows] */
    bool *is_cut;    /* [n] tokens were dropped */
    bool pair;
    bool borrows; /* ids are another source's */
} text_source;

/* What one block of rows gave. */
typedef struct text_block {
    int32_t *ids;
    size_t n, cap;
} text_block;

/* The whole of one tokenization, shared by its threads. */
typedef struct text_job {
    text_source *s;
    const acf_split *split;
    const acf_tokenizer *tok;
    int max_length;
    text_block *block;
    int n_blocks;
    acf_poll poll;
    atomic_int last; /* blocks above it are left out: one failed, or -1: stopped */
    bool is_stopped;
    int failed; /* lowest block that failed, n_blocks when none */
    acf_error error;
} text_job;

/* Length and types of a row from what the tokenizer gave; ids go to the end of the block. */
static acf_status keep_row(text_job *job, text_block *block, int row, const acf_encoding *x,
                           acf_error *e)
{
    int32_t *ids = acf_grow(block->ids, &block->cap, block->n + x->n, sizeof *ids, "token ids", e);
    if (ids == NULL) return ACF_ERR_RESOURCE;
    block->ids = ids;
    memcpy(ids + block->n, x->ids, x->n * sizeof *ids);
    block->n += x->n;
    job->s->is_cut[row] = x->truncated;

    size_t second = 0;
    while (second < x->n && x->types[second] == 0)
        second++;
    job->s->length[row] = (int32_t)x->n;
    job->s->second[row] = (int32_t)second;
    return ACF_OK;
}

static acf_status tokenize_block(text_job *job, int b, acf_encoding *x, acf_error *e)
{
    const acf_split *split = job->split;
    int first = b * BLOCK_ROWS;
    int end = split->n - first < BLOCK_ROWS ? split->n : first + BLOCK_ROWS;
    for (int i = first; i < end; i++) {
        const char *second = split->text2 != NULL ? split->text2[i] : NULL;
        acf_status st =
            acf_tokenizer_encode(job->tok, x, split->text[i], strlen(split->text[i]), second,
                                 second != NULL ? strlen(second) : 0, job->max_length, e);
        ACF_TRY(acf_context(st, e, "%s:%d", split->path, (int)split->line[i]));
        ACF_TRY(keep_row(job, &job->block[b], i, x, e));
    }
    return ACF_OK;
}

/* All blocks, on the threads there are.  Blocks are fixed by row number, so which thread took which
 * does not show in the result. */
static void tokenize_blocks(text_job *job)
{
#pragma omp parallel
    {
        acf_encoding x = {0};
        acf_error e;
#pragma omp for schedule(dynamic, 1)
        for (int b = 0; b < job->n_blocks; b++) {
            if (b > atomic_load(&job->last)) continue; /* one below may yet fail */
            if (omp_get_thread_num() == 0 && acf_poll_stops(job->poll)) {
                job->is_stopped = true;
                atomic_store(&job->last, -1);
                continue;
            }
            if (tokenize_block(job, b, &x, &e) == ACF_OK) continue;
#pragma omp critical(acf_text_source)
            if (b < job->failed) {
                if (b < atomic_load(&job->last)) atomic_store(&job->last, b);
                job->failed = b;
                job->error = e;
            }
        }
        acf_encoding_free(&x);
    }
}

/* The figures about all rows. */
static void sum_up(text_source *s)
{
    size_t total = 0;
    for (int i = 0; i < s->head.n; i++) {
        total += (size_t)s->length[i];
        s->head.n_truncated += s->is_cut[i];
        if (s->length[i] > s->head.max_tokens) s->head.max_tokens = (int)s->length[i];
    }
    s->head.mean_tokens = (double)total / (double)s->head.n;
}

/* Blocks end to end in one array. */
static acf_status pack_blocks(text_job *job, acf_error *e)
{
    text_source *s = job->s;
    size_t total = 0;
    for (int b = 0; b < job->n_blocks; b++)
        total += job->block[b].n;
    s->ids = acf_alloc(total, sizeof *s->ids, "token ids", e);
    if (s->ids == NULL) return ACF_ERR_RESOURCE;

    size_t at = 0;
    for (int b = 0; b < job->n_blocks; b++) {
        text_block *block = &job->block[b];
        if (block->n > 0) memcpy(s->ids + at, block->ids, block->n * sizeof *s->ids);
        at += block->n;
        acf_free(block->ids);
        block->ids = NULL;
    }
    at = 0;
    for (int i = 0; i < s->head.n; i++) {
        s->begin[i] = at;
        at += (size_t)s->length[i];
    }
    sum_up(s);
    return ACF_OK;
}

static acf_status text_fetch(acf_source *head, acf_batch *out, const int32_t *rows, int n,
                             const acf_fetch *how, acf_error *e)
{
    const text_source *s = (const text_source *)head;
    size_t T = 0;
    (void)how; /* texts are not augmented */
    for (int i = 0; i < n; i++)
        T += (size_t)s->length[rows[i]];
    if (T > INT32_MAX)
        return acf_fail(e, ACF_ERR_RESOURCE, "batch of %d rows: holds %zu tokens, more than %d", n,
                        T, INT32_MAX);
    ACF_TRY(acf_batch_reserve(out, (size_t)n, T, 0, e));

    int32_t at = 0;
    out->L = 0;
    out->square = 0;
    for (int i = 0; i < n; i++) {
        int32_t row = rows[i], len = s->length[row];
        out->start[i] = at;
        memcpy(out->ids + at, s->ids + s->begin[row], (size_t)len * sizeof *out->ids);
        for (int32_t t = 0; s->pair && t < len; t++)
            out->types[at + t] = t >= s->second[row];
        at += len;
        if (len > out->L) out->L = (int)len;
        out->square += (size_t)len * (size_t)len;
    }
    out->start[n] = at;
    out->input = (acf_input){.N = n,
                             .T = (int)at,
                             .ids = out->ids,
                             .types = s->pair ? out->types : NULL,
                             .start = out->start};
    return ACF_OK;
}

static void text_close(acf_source *head)
{
    text_source *s = (text_source *)head;
    acf_free(s->length);
    acf_free(s->second);
    acf_free(s->begin);
    acf_free(s->is_cut);
    if (!s->borrows) acf_free(s->ids);
    acf_free(s);
}

static const acf_source_ops text_ops = {.fetch = text_fetch, .close = text_close};

/* An empty source with room for what is known of each row. */
static text_source *source_new(const acf_split *split, acf_error *e)
{
    size_t n = (size_t)split->n;
    text_source *s = acf_alloc(1, sizeof *s, "text source", e);
    if (s == NULL) return NULL;
    s->head = (acf_source){
        .ops = &text_ops, .n = split->n, .label = split->label, .target = split->target};
    s->pair = split->text2 != NULL;
    s->length = acf_alloc(n, sizeof *s->length, "token counts", e);
    s->second = acf_alloc(n, sizeof *s->second, "token counts", e);
    s->begin = acf_alloc(n, sizeof *s->begin, "token counts", e);
    s->is_cut = acf_alloc(n, sizeof *s->is_cut, "token counts", e);
    s->head.length = s->length;
    if (s->length != NULL && s->second != NULL && s->begin != NULL && s->is_cut != NULL) return s;
    text_close(&s->head);
    return NULL;
}

acf_status acf_text_source_open(acf_source **out, const acf_split *split, const acf_tokenizer *tok,
                                int max_length, acf_poll poll, const acf_log *log, acf_error *e)
{
    acf_status st = ACF_ERR_RESOURCE;
    double began = acf_clock_s();
    text_job job = {.split = split,
                    .tok = tok,
                    .max_length = max_length,
                    .n_blocks = split->n / BLOCK_ROWS + (split->n % BLOCK_ROWS != 0),
                    .poll = poll};
    *out = NULL;
    if (split->n == 0)
        return acf_fail(e, ACF_ERR_DATA, "%s: has no rows to tokenize",
                        split->path != NULL ? split->path : split->name);
    job.failed = job.n_blocks;
    atomic_init(&job.last, job.n_blocks);
    job.s = source_new(split, e);
    job.block = acf_alloc((size_t)job.n_blocks, sizeof *job.block, "token ids", e);
    if (job.s == NULL || job.block == NULL) goto done;

    tokenize_blocks(&job);
    if (job.failed < job.n_blocks) {
        st = acf_error_give(e, &job.error);
    } else if (job.is_stopped) {
        st = acf_fail(e, ACF_STOPPED, "%s: stopped while tokenizing", split->path);
    } else {
        st = pack_blocks(&job, e);
    }
    if (st != ACF_OK) goto done;
    acf_log_info(log, "%s: %d rows tokenized in %.1f s: mean %.1f tokens, longest %d, %.2f %% cut",
                 split->name, split->n, acf_clock_s() - began, job.s->head.mean_tokens,
                 job.s->head.max_tokens, 100.0 * job.s->head.n_truncated / split->n);
    *out = &job.s->head;
    job.s = NULL;
done:
    for (int b = 0; job.block != NULL && b < job.n_blocks; b++)
        acf_free(job.block[b].ids);
    acf_free(job.block);
    if (job.s != NULL) text_close(&job.s->head);
    return st;
}

acf_status acf_text_source_select(acf_source **out, const acf_split *split, const acf_source *whole,
                                  const int32_t *line, const acf_log *log, acf_error *e)
{
    const text_source *from = (const text_source *)whole;
    *out = NULL;
    text_source *s = source_new(split, e);
    if (s == NULL) return ACF_ERR_RESOURCE;
    s->ids = from->ids;
    s->borrows = true;
    int at = 0; /* lines ascend in both */
    for (int i = 0; i < split->n; i++) {
        while (at < whole->n && line[at] < split->line[i])
            at++;
        if (at == whole->n || line[at] != split->line[i]) {
            text_close(&s->head);
            return acf_fail(e, ACF_ERR_DATA, "%s:%d: was not tokenized with the other rows",
                            split->path, (int)split->line[i]);
        }
        s->length[i] = from->length[at];
        s->second[i] = from->second[at];
        s->begin[i] = from->begin[at];
        s->is_cut[i] = from->is_cut[at];
    }
    sum_up(s);
    acf_log_info(log, "%s: %d rows tokenized before: mean %.1f tokens, longest %d, %.2f %% cut",
                 split->name, split->n, s->head.mean_tokens, s->head.max_tokens,
                 100.0 * s->head.n_truncated / split->n);
    *out = &s->head;
    return ACF_OK;
}

typedef struct text_stream {
    acf_source head;
    const acf_split *split;
    const acf_tokenizer *tok;
    int max_length;
    acf_encoding x;
} text_stream;

/* One row at the end of the batch, which holds *at tokens. */
static acf_status stream_row(text_stream *s, acf_batch *out, int i, int32_t row, int32_t *at,
                             acf_error *e)
{
    const char *first = s->split->text[row];
    const char *second = s->split->text2 != NULL ? s->split->text2[row] : NULL;
    acf_status st = acf_tokenizer_encode(s->tok, &s->x, first, strlen(first), second,
                                         second != NULL ? strlen(second) : 0, s->max_length, e);
    ACF_TRY(acf_context(st, e, "%s:%d", s->split->path, (int)s->split->line[row]));
    size_t n = s->x.n;
    ACF_TRY(acf_batch_reserve(out, (size_t)i + 1, (size_t)*at + n, 0, e));
    memcpy(out->ids + *at, s->x.ids, n * sizeof *out->ids);
    if (second != NULL) memcpy(out->types + *at, s->x.types, n * sizeof *out->types);
    out->start[i] = *at;
    *at += (int32_t)n;
    if ((int)n > out->L) out->L = (int)n;
    out->square += n * n;
    return ACF_OK;
}

static acf_status stream_fetch(acf_source *head, acf_batch *out, const int32_t *rows, int n,
                               const acf_fetch *how, acf_error *e)
{
    text_stream *s = (text_stream *)head;
    int32_t at = 0;
    (void)how;
    out->L = 0;
    out->square = 0;
    for (int i = 0; i < n; i++)
        ACF_TRY(stream_row(s, out, i, rows[i], &at, e));
    out->start[n] = at;
    out->input = (acf_input){.N = n,
                             .T = (int)at,
                             .ids = out->ids,
                             .types = s->split->text2 != NULL ? out->types : NULL,
                             .start = out->start};
    return ACF_OK;
}

static void stream_close(acf_source *head)
{
    text_stream *s = (text_stream *)head;
    acf_encoding_free(&s->x);
    acf_free(s);
}

static const acf_source_ops stream_ops = {.fetch = stream_fetch, .close = stream_close};

acf_status acf_text_source_stream(acf_source **out, const acf_split *split,
                                  const acf_tokenizer *tok, int max_length, acf_error *e)
{
    /* Special tokens, a prefix space for each text; a token takes a byte of the normal form at
     * least, and that is at most three times as long as the text. */
    enum { SPECIAL = 8, GROWS = 3, MOST = INT32_MAX / 64 };
    size_t longest = 0;
    *out = NULL;
    if (split->n == 0)
        return acf_fail(e, ACF_ERR_DATA, "%s: has no rows to tokenize",
                        split->path != NULL ? split->path : split->name);
    for (int i = 0; i < split->n; i++) {
        size_t bytes = strlen(split->text[i]);
        if (split->text2 != NULL) bytes += strlen(split->text2[i]);
        if (bytes > longest) longest = bytes;
    }
    text_stream *s = acf_alloc(1, sizeof *s, "text source", e);
    if (s == NULL) return ACF_ERR_RESOURCE;
    s->head = (acf_source){
        .ops = &stream_ops, .n = split->n, .label = split->label, .target = split->target};
    size_t most = longest < MOST / GROWS ? GROWS * longest + SPECIAL : MOST;
    s->head.max_tokens = max_length > 0 && most > (size_t)max_length ? max_length : (int)most;
    s->split = split;
    s->tok = tok;
    s->max_length = max_length;
    *out = &s->head;
    return ACF_OK;
}
