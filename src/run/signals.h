/*
 * Requests from outside while a run goes on: SIGINT and SIGTERM ask to stop (a second SIGINT ends
 * the process at once), SIGUSR1 asks for a checkpoint, SIGPIPE and SIGHUP of a closed terminal do
 * not end the run; nor does SIGXFSZ: what is written past the file size limit fails.
 */
#ifndef ACF_RUN_SIGNALS_H
#define ACF_RUN_SIGNALS_H

#include <stdbool.h>

/* Install the handlers; once, by a program that trains. */
void acf_signals_install(void);

/* Was a stop asked for?  Payload unused: fits the poll callbacks. */
bool acf_signals_stop(void *payload);

/* Was a checkpoint asked for since the last call? */
bool acf_signals_take_save(void);

#endif
