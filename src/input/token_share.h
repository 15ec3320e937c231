/*
 * Token ids of whole files for several runs: what a series reads and tokenizes once.
 *
 * Runs whose configurations differ in seed, fold, objective or optimizer take other rows of the
 * same files, but the tokens of a row are the same.  Opened by the process that starts the runs,
 * before they are forked, so that all of them read the same memory.
 */
#ifndef ACF_INPUT_TOKEN_SHARE_H
#define ACF_INPUT_TOKEN_SHARE_H

#include "base/log.h"
#include "base/poll.h"
#include "config/config.h"
#include "data/dataset.h"
#include "data/source.h"

typedef struct acf_token_share acf_token_share;

/*
 * Reads and tokenizes the files of cfg, of training files all rows, unless n_runs runs of it take
 * fewer rows together.  *out is NULL, too, where there is nothing to share: images, a vocabulary
 * that each run learns, files that cannot be read (which the runs will tell).  ACF_STOPPED,
 * ACF_ERR_RESOURCE.  Closed with acf_token_share_close.
 */
acf_status acf_token_share_open(acf_token_share **out, const acf_config *cfg, int n_runs,
                                acf_poll poll, const acf_log *log, acf_error *e) ACF_MUST_USE;

/* NULL inside is allowed. */
void acf_token_share_close(acf_token_share **share);

/* Was it made for configurations like this one: the same files, columns, encoder and length? */
bool acf_token_share_fits(const acf_token_share *share, const acf_config *cfg);

/* The rows of `split`, cut to max_length tokens, as a source; *out is NULL where the share (which
 * may be NULL) does not have its file or another length. */
acf_status acf_token_share_source(acf_source **out, const acf_token_share *share,
                                  const acf_split *split, int max_length, const acf_log *log,
                                  acf_error *e) ACF_MUST_USE;

#endif
