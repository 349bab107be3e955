/* SPDX-License-Identifier: MIT */
/* Notices to the service manager: one datagram each, so that libsystemd is not needed. */
#include "serve/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void planche_serve_notify(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length = path != NULL ? strlen(path) : 0;
    if (length < 2 || length >= sizeof address.sun_path || (*path != '/' && *path != '@'))
        return;
    memcpy(address.sun_path, path, length);
    if (*path == '@')
        address.sun_path[0] = 0; /* an abstract name */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent =
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    (void)sent; /* the manager misses it, and there is nothing to be done */
    close(fd);
}

int64_t planche_serve_watchdog_interval(void)
{
    const char *process = getenv("WATCHDOG_PID"), *microseconds = getenv("WATCHDOG_USEC");
    if (microseconds == NULL || (process != NULL && strtol(process, NULL, 10) != (long)getpid()))
        return 0;
    long long interval = strtoll(microseconds, NULL, 10);
    return interval > 0 && interval < INT64_MAX / 1000 ? (int64_t)interval * 500 : 0;
}
