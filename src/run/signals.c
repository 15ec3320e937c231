#include "run/signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_asked, save_asked;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        save_asked = 1;
    else
        stop_asked = 1;
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_flags = flags};
    action.sa_handler = handler;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

void acf_signals_install(void)
{
    /* SA_RESETHAND: the second SIGINT finds the default action and ends the process. */
    handle(SIGINT, on_signal, (int)SA_RESETHAND | SA_RESTART);
    handle(SIGTERM, on_signal, SA_RESTART);
    handle(SIGUSR1, on_signal, SA_RESTART);
    handle(SIGPIPE, SIG_IGN, 0);
    handle(SIGHUP, SIG_IGN, 0);
    handle(SIGXFSZ, SIG_IGN, 0); /* writing past a limit fails, as on a full disk */
}

bool acf_signals_stop(void *payload)
{
    (void)payload;
    return stop_asked != 0;
}

bool acf_signals_take_save(void)
{
    bool asked = save_asked != 0;
    save_asked = 0;
    return asked;
}
