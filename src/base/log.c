#include "base/log.h"

#include "base/cstring.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 2000

static void __attribute__((format(printf, 3, 0)))
emit(const acf_log *log, acf_log_level level, const char *fmt, va_list args)
{
    char line[LINE_MAX_BYTES];
    if (log == NULL || log->write == NULL) return;
    if (vsnprintf(line, sizeof line, fmt, args) < 0) return;
    acf_make_printable(line);
    log->write(log->payload, level, line);
}

void acf_log_info(const acf_log *log, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    emit(log, ACF_LOG_INFO, fmt, args);
    va_end(args);
}

void acf_log_warn(const acf_log *log, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    emit(log, ACF_LOG_WARN, fmt, args);
    va_end(args);
}
