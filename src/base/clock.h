/* Time: monotonic seconds for durations, wall-clock text for logs, and this process's peak memory.
 */
#ifndef ACF_BASE_CLOCK_H
#define ACF_BASE_CLOCK_H

#include <stddef.h>

/* Seconds since an arbitrary start; never goes back. */
double acf_clock_s(void);

/* Processor seconds of all threads since the process started. */
double acf_clock_cpu_s(void);

/* "2026-01-31T12:00:00Z" now, UTC. */
void acf_clock_utc(char text[32]);

/* "1h 02m", "3m 05s", "4.2s" */
void acf_clock_duration(char text[32], double seconds);

/* Resident memory of this process in bytes: now (0 where the kernel does not tell), and its peak.
 */
size_t acf_clock_rss(void);
size_t acf_clock_peak_rss(void);

#endif
