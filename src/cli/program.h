/* The frame of every program: what happens before and after its work. */
#ifndef ACF_CLI_PROGRAM_H
#define ACF_CLI_PROGRAM_H

#include "cli/console.h"
#include "cli/options.h"

/* The work of a program on the arguments that its options point into. */
typedef acf_status (*acf_program_run)(acf_console *console, void *arguments,
                                      const acf_words *operands, acf_error *e);

/*
 * main: opens the console, reads the options, runs, prints the error, closes, and returns the exit
 * code.  Lists of repeated options are freed at the end.
 *
 * Before everything else it limits how long OpenMP's threads spin at the end of a parallel loop,
 * which its library reads from the environment before main: starts the program anew once with
 * GOMP_SPINCOUNT set, unless the user set that or OMP_WAIT_POLICY.  With the default (spinning for
 * milliseconds) a step takes several times as long as soon as another process wants a processor;
 * with this it costs a few microseconds a loop.
 */
int acf_program_main(const acf_program *program, acf_program_run run, void *arguments, int argc,
                     char **argv);

#endif
