/*
 * What a program shows: results on standard output, everything else on standard error; one live
 * line where that is a terminal, plain lines where it is not.
 */
#ifndef ACF_CLI_CONSOLE_H
#define ACF_CLI_CONSOLE_H

#include "base/log.h"
#include "base/status.h"

#include <stdbool.h>

typedef struct acf_console {
    bool is_terminal; /* standard error */
    bool is_live;     /* a live line stands in the terminal's last row */
    bool is_kept;     /* what standard output tells is in files, too: it may have been closed */
    const char *name; /* stands before every line, "seed-3"; NULL: nothing */
} acf_console;

/* Makes sure that files 0, 1 and 2 are taken, so that no file of ours becomes standard output;
 * writing to one that was closed fails. */
acf_console acf_console_open(void);

/* A line on standard error, above the live line. */
void acf_console_say(acf_console *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The state of work: replaces the live line on a terminal, cut to its width; elsewhere a plain
 * line when `lasting`, else nothing.  On a terminal a lasting line stays, too. */
void acf_console_progress(acf_console *c, bool lasting, const char *line);

/* The sink for the library's log: lines by acf_console_say, warnings with "warning: " before them.
 * The console must outlive it. */
acf_log acf_console_log(acf_console *c);

/* "error: TEXT". */
void acf_console_error(acf_console *c, const acf_error *e);

/* Ends the live line, writes out standard output and returns the exit code: `code`, or 6 when code
 * is 0 and not everything could be written; with a message unless code is 6: that was told.  Where
 * is_kept, a closed file or a pipe that nobody reads is no failure. */
int acf_console_close(acf_console *c, int code);

#endif
