/*
 * Where the library's progress and warnings go: a sink given by the caller.  The library itself
 * never prints.
 */
#ifndef ACF_BASE_LOG_H
#define ACF_BASE_LOG_H

typedef enum acf_log_level { ACF_LOG_INFO, ACF_LOG_WARN } acf_log_level;

typedef struct acf_log {
    void (*write)(void *payload, acf_log_level level, const char *line); /* NULL: discard */
    void *payload;
} acf_log;

/* One line without newline, cut at 2,000 bytes, control characters as '?'; log may be NULL. */
void acf_log_info(const acf_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void acf_log_warn(const acf_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
