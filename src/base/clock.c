#include "base/clock.h"

#include "base/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

double acf_clock_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double acf_clock_cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void acf_clock_utc(char text[32])
{
    struct tm utc;
    time_t now = time(NULL);
    if (gmtime_r(&now, &utc) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        text[0] = '\0';
}

void acf_clock_duration(char text[32], double seconds)
{
    if (!(seconds >= 0)) seconds = 0;
    if (seconds > 1e9) seconds = 1e9;
    long s = (long)(seconds + 0.5);
    if (seconds < 59.95) /* what prints as 60.0 is a minute */
        (void)snprintf(text, 32, "%.1fs", seconds);
    else if (s < 3600)
        (void)snprintf(text, 32, "%ldm %02lds", s / 60, s % 60);
    else
        (void)snprintf(text, 32, "%ldh %02ldm", s / 3600, s / 60 % 60);
}

size_t acf_clock_rss(void)
{
    char text[128], *end;
    if (acf_read_kernel_file(text, sizeof text, "/proc/self/statm", NULL) != ACF_OK) return 0;
    (void)strtoull(text, &end, 10); /* the first number is the address space */
    return (size_t)strtoull(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

size_t acf_clock_peak_rss(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (size_t)usage.ru_maxrss * 1024;
}
