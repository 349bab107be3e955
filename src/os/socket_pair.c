/* SPDX-License-Identifier: MIT */
/* A pair of connected sockets, POSIX. */
#include "os/socket_pair.h"

#include <errno.h>
#include <sys/socket.h>

bool planche_socket_pair(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
}

bool planche_socket_send(int end, const void *data, size_t size)
{
    const char *bytes = data;
    for (size_t done = 0; done < size;) {
        ssize_t put = send(end, bytes + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno != EINTR)
            return false;
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}
