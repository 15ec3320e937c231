#include "cli/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

acf_console acf_console_open(void)
{
    /* The lowest free number is what open gives, so each missing one is filled in turn; opened the
     * wrong way round, so that using it fails instead of getting lost. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    return (acf_console){.is_terminal = isatty(2) == 1};
}

/* Remove the live line, so that the next text starts in an empty row. */
static void clear_live(acf_console *c)
{
    if (!c->is_live) return;
    (void)fputs("\r\033[K", stderr);
    c->is_live = false;
}

/* The line is written at once: several processes may share the terminal. */
void acf_console_say(acf_console *c, const char *fmt, ...)
{
    char line[4096];
    va_list args;
    clear_live(c);
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "%s%s%s\n", c->name != NULL ? c->name : "", c->name != NULL ? ": " : "",
                  line);
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) return size.ws_col;
    return 80;
}

/* Bytes of s that fill at most `width` columns, counting a character as one. */
static size_t fitting(const char *s, size_t width)
{
    size_t i = 0, columns = 0;
    for (; s[i] != '\0'; i++) {
        if (((unsigned char)s[i] & 0xc0) == 0x80) continue;
        if (columns == width) break;
        columns++;
    }
    return i;
}

void acf_console_progress(acf_console *c, bool lasting, const char *line)
{
    if (lasting || !c->is_terminal) {
        if (lasting) acf_console_say(c, "%s", line);
        return;
    }
    clear_live(c);
    /* One column stays free: a full row would wrap and leave its first half behind. */
    (void)fprintf(stderr, "%.*s", (int)fitting(line, terminal_width() - 1), line);
    (void)fflush(stderr);
    c->is_live = true;
}

static void write_log(void *payload, acf_log_level level, const char *line)
{
    acf_console_say(payload, "%s%s", level == ACF_LOG_WARN ? "warning: " : "", line);
}

acf_log acf_console_log(acf_console *c)
{
    return (acf_log){.write = write_log, .payload = c};
}

void acf_console_error(acf_console *c, const acf_error *e)
{
    acf_console_say(c, "error: %s", e->text);
}

int acf_console_close(acf_console *c, int code)
{
    clear_live(c);
    bool failed = fflush(stdout) != 0;
    int why = failed ? errno : EIO; /* of an earlier failure only the fact is known */
    failed = failed || ferror(stdout) != 0;
    if (fclose(stdout) != 0 && !failed) {
        failed = true;
        why = errno;
    }
    if (!failed || (c->is_kept && (why == EBADF || why == EPIPE))) return code;
    int resource = acf_exit_code(ACF_ERR_RESOURCE); /* then the error was told where it happened */
    if (code != resource)
        (void)fprintf(stderr, "error: standard output: cannot write: %s\n", strerror(why));
    return code != 0 ? code : resource;
}
