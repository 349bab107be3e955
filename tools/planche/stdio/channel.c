/* SPDX-License-Identifier: MIT */
/* stdin and stdout of the resident process: lines and runs of bytes, stopped by a signal. */
#include "stdio/channel.h"

#include "cli/interrupt.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define GRACE_MS 1000 /* for the reader of the last answers after a signal */

static bool is_stopping(void)
{
    return planche_cancel_requested(planche_cli_interrupt_cancel());
}

/* Waits for input or a signal; true: input. */
static bool wait_for_input(void)
{
    struct pollfd ready[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = planche_cli_interrupt_fd(), .events = POLLIN}};
    while (poll(ready, 2, -1) < 0) {
        if (errno != EINTR)
            return false;
    }
    return ready[1].revents == 0;
}

static bool refill(struct planche_cli_channel *channel)
{
    if (channel->ended)
        return false;
    memmove(channel->buffer, channel->buffer + channel->begin, channel->end - channel->begin);
    channel->end -= channel->begin;
    channel->begin = 0;
    ssize_t got = -1;
    while (got < 0 && wait_for_input()) {
        got = read(STDIN_FILENO, channel->buffer + channel->end,
                   sizeof channel->buffer - channel->end);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            break;
    }
    channel->error = got < 0 && !is_stopping() ? errno : 0;
    channel->ended = got <= 0;
    channel->end += got > 0 ? (size_t)got : 0;
    return !channel->ended;
}

/* Drops the rest of a line that does not fit. */
static void skip_line(struct planche_cli_channel *channel)
{
    const char *newline = NULL;
    do {
        channel->begin = channel->end = 0;
        if (refill(channel))
            newline = memchr(channel->buffer, '\n', channel->end);
    } while (newline == NULL && !channel->ended);
    if (newline != NULL)
        channel->begin = (size_t)(newline - channel->buffer) + 1;
}

enum planche_cli_line planche_cli_channel_line(struct planche_cli_channel *channel, char *line,
                                               size_t *length)
{
    const char *start, *newline;
    for (;;) {
        start = channel->buffer + channel->begin;
        *length = channel->end - channel->begin;
        newline = memchr(start, '\n', *length);
        if (newline != NULL)
            break;
        if (*length == sizeof channel->buffer) {
            skip_line(channel);
            return PLANCHE_CLI_LINE_TOO_LONG;
        }
        if (!refill(channel) && *length == 0)
            return PLANCHE_CLI_LINE_END;
        if (channel->ended)
            break; /* a last line without a newline */
    }
    start = channel->buffer + channel->begin;
    *length = newline != NULL ? (size_t)(newline - start) : channel->end - channel->begin;
    memcpy(line, start, *length);
    line[*length] = 0;
    channel->begin += *length + (newline != NULL);
    return PLANCHE_CLI_LINE_OK;
}

uint64_t planche_cli_channel_bytes(struct planche_cli_channel *channel, void *data, uint64_t size)
{
    uint64_t done = 0;
    while (done < size) {
        size_t held = channel->end - channel->begin;
        if (held == 0) {
            if (!refill(channel))
                break;
            continue;
        }
        size_t take = held < size - done ? held : (size_t)(size - done);
        if (data != NULL)
            memcpy((char *)data + done, channel->buffer + channel->begin, take);
        channel->begin += take;
        done += take;
    }
    return done;
}

/* Waits until stdout takes bytes without blocking us beyond a signal. */
static bool wait_for_output(void)
{
    struct pollfd ready[2] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                              {.fd = planche_cli_interrupt_fd(), .events = POLLIN}};
    for (;;) {
        bool stopping = is_stopping();
        int count = poll(ready, stopping ? 1 : 2, stopping ? GRACE_MS : -1);
        if (count > 0 && ready[0].revents != 0)
            return true;
        if ((count == 0 && stopping) || (count < 0 && errno != EINTR))
            return false;
    }
}

bool planche_cli_channel_write(const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        /* A pipe that polls as writable takes this much at once. */
        size_t chunk = size < PIPE_BUF ? size : PIPE_BUF;
        ssize_t written = wait_for_output() ? write(STDOUT_FILENO, next, chunk) : -1;
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (written < 0 && is_stopping())
            return false;
        next += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}
