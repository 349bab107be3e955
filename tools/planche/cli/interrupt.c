/* SPDX-License-Identifier: MIT */
/* Signal handling (SIGINT, SIGTERM, SIGHUP): the first signal cancels what runs, the second ends
 * the process at once. */
#include "cli/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
static atomic_int caught; /* read by all threads; lock-free, as a handler needs it */
static int wake[2] = {-1, -1};
static struct planche_cancel *cancel; /* set before the handlers are */

void planche_cli_interrupt_stop(void)
{
    planche_cancel_request(cancel);
    ssize_t written = write(wake[1], "", 1);
    (void)written; /* a full pipe is readable already */
}

static void note(int number)
{
    int saved = errno;
    caught = number;
    planche_cli_interrupt_stop();
    errno = saved;
}

static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool planche_cli_interrupt_install(void)
{
    if (wake[0] >= 0)
        return true;
    if (!cancel && planche_cancel_create(&cancel, NULL) != PLANCHE_OK)
        return false;
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    /* SA_RESETHAND: a second signal meets the default action and ends the process. */
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (!is_ignored(signals[i])) /* nohup and background jobs ignore on purpose */
            sigaction(signals[i], &action, NULL);
    }
    return true;
}

struct planche_cancel *planche_cli_interrupt_cancel(void)
{
    return cancel;
}

int planche_cli_interrupt_signal(void)
{
    return caught;
}

int planche_cli_interrupt_fd(void)
{
    return wake[0];
}

void planche_cli_interrupt_forget(void)
{
    caught = 0;
}

void planche_cli_interrupt_finish(void)
{
    int number = caught;
    if (number == 0)
        return;
    signal(number, SIG_DFL);
    raise(number);
}
