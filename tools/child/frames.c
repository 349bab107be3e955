/* SPDX-License-Identifier: MIT */
/* The program's half of the protocol of io/helper_protocol.h. */
#include "child/frames.h"

#include "os/fd.h"

#include <unistd.h>

static void put(const void *data, size_t size)
{
    if (!planche_fd_write(STDOUT_FILENO, data, size))
        _exit(1);
}

void child_send(uint32_t type, const void *head, size_t head_size, const void *rest,
                size_t rest_size)
{
    struct planche_helper_frame frame = {.type = type, .size = (uint32_t)(head_size + rest_size)};
    put(&frame, sizeof frame);
    put(head, head_size);
    put(rest, rest_size);
}

bool child_receive(struct planche_helper_request *request)
{
    return planche_fd_read_all(PLANCHE_HELPER_REQUESTS, request, sizeof *request) ==
           (int64_t)sizeof *request;
}
