/* A split of texts, tokenized once and kept as one packed array of token ids. */
#ifndef ACF_DATA_TEXT_SOURCE_H
#define ACF_DATA_TEXT_SOURCE_H

#include "base/log.h"
#include "base/poll.h"
#include "base/status.h"
#include "data/source.h"
#include "data/split.h"
#include "text/tokenizer.h"

#include <stdbool.h>

/*
 * Tokenizes all rows of `split` (pairs when it has text2) to at most max_length tokens, in parallel
 * over fixed blocks of rows: the result does not depend on the number of threads.  The split must
 * outlive the source, the tokenizer need not.  ACF_STOPPED when poll says so.  *out is the caller's
 * (acf_source_close), NULL on failure; failures name file and line.
 */
acf_status acf_text_source_open(acf_source **out, const acf_split *split, const acf_tokenizer *tok,
                                int max_length, acf_poll poll, const acf_log *log,
                                acf_error *e) ACF_MUST_USE;

/*
 * The same for rows that were tokenized before, by the text source `whole` of the same file with
 * the same tokenizer and max_length, whose rows are the lines line [whole->n] (ascending).  whole
 * must outlive the source; the split that it was opened on need not.  ACF_ERR_DATA when a row is
 * not there.
 */
acf_status acf_text_source_select(acf_source **out, const acf_split *split, const acf_source *whole,
                                  const int32_t *line, const acf_log *log,
                                  acf_error *e) ACF_MUST_USE;

/* The same rows, tokenized anew whenever they are fetched: nothing is kept of them, lengths are
 * unknown (max_tokens is a bound).  For one pass over many rows; split and tok must outlive it. */
acf_status acf_text_source_stream(acf_source **out, const acf_split *split,
                                  const acf_tokenizer *tok, int max_length,
                                  acf_error *e) ACF_MUST_USE;

#endif
