/* What must happen before anything else in a program. */
#ifndef ACF_CLI_STARTUP_H
#define ACF_CLI_STARTUP_H

/*
 * Limit how long OpenMP's threads spin at the end of a parallel loop, which its library reads from
 * the environment before main: starts the program anew once with GOMP_SPINCOUNT set, unless the
 * user set that or OMP_WAIT_POLICY.  With the default (spinning for milliseconds) a step takes
 * several times as long as soon as another process wants a processor; with this it costs a few
 * microseconds a loop.  Also prepares cJSON's memory.
 */
void acf_startup(char **argv);

#endif
