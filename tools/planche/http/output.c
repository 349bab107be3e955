/* SPDX-License-Identifier: MIT */
/* Output of a connection. A head and its body leave in one call, so that whoever looks at the first
 * bytes of an answer sees some of the body. */
#include "http/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_VECTORS 16
#define MAX_FILE    (4 << 20) /* bytes of a file at once: others have their turn, too */

struct planche_http_piece {
    struct planche_http_piece *next;
    const char *data; /* NULL: a file */
    uint64_t size;    /* bytes that are left */
    int fd;
    bool pipe; /* fd is one, and not the piece's own */
    off_t offset;
    struct planche_http_blob *blob;
    char own[];
};

static struct planche_http_piece *add(struct planche_http_output *output, uint64_t size, size_t own)
{
    struct planche_http_piece *piece = malloc(sizeof *piece + own);
    if (piece == NULL)
        return NULL;
    *piece = (struct planche_http_piece){.size = size, .fd = -1};
    if (output->last != NULL)
        output->last->next = piece;
    else
        output->first = piece;
    output->last = piece;
    output->size += size;
    return piece;
}

bool planche_http_output_copy(struct planche_http_output *output, const void *data, size_t size)
{
    if (size == 0)
        return true;
    struct planche_http_piece *piece = add(output, size, size);
    if (piece == NULL)
        return false;
    memcpy(piece->own, data, size);
    piece->data = piece->own;
    return true;
}

bool planche_http_output_blob(struct planche_http_output *output, struct planche_http_blob *blob,
                              size_t offset, size_t size)
{
    if (size == 0)
        return true;
    struct planche_http_piece *piece = add(output, size, 0);
    if (piece == NULL)
        return false;
    piece->blob = planche_http_blob_hold(blob);
    piece->data = blob->data + offset;
    return true;
}

bool planche_http_output_file(struct planche_http_output *output, int fd, uint64_t offset,
                              uint64_t size)
{
    struct planche_http_piece *piece = size > 0 ? add(output, size, 0) : NULL;
    if (piece == NULL) {
        close(fd);
        return size == 0;
    }
    piece->fd = fd;
    piece->offset = (off_t)offset;
    return true;
}

bool planche_http_output_pipe(struct planche_http_output *output, int fd, uint64_t size)
{
    struct planche_http_piece *piece = size > 0 ? add(output, size, 0) : NULL;
    if (piece == NULL)
        return size == 0;
    piece->fd = fd;
    piece->pipe = true;
    return true;
}

void planche_http_output_move(struct planche_http_output *output, struct planche_http_output *from)
{
    if (from->first == NULL)
        return;
    if (output->last != NULL)
        output->last->next = from->first;
    else
        output->first = from->first;
    output->last = from->last;
    output->size += from->size;
    *from = (struct planche_http_output){0};
}

static void remove_first(struct planche_http_output *output)
{
    struct planche_http_piece *piece = output->first;
    output->first = piece->next;
    if (output->first == NULL)
        output->last = NULL;
    output->size -= piece->size;
    if (piece->fd >= 0 && !piece->pipe)
        close(piece->fd);
    planche_http_blob_drop(piece->blob);
    free(piece);
}

/* Counts written bytes of pieces in memory off. */
static void advance(struct planche_http_output *output, uint64_t written)
{
    while (written > 0 && output->first != NULL) {
        struct planche_http_piece *piece = output->first;
        uint64_t own = written < piece->size ? written : piece->size;
        piece->data += own;
        piece->size -= own;
        output->size -= own;
        written -= own;
        if (piece->size == 0)
            remove_first(output);
    }
}

static ssize_t write_memory(struct planche_http_output *output, int fd)
{
    struct iovec vectors[MAX_VECTORS];
    struct msghdr message = {.msg_iov = vectors};
    const struct planche_http_piece *piece = output->first;
    for (; piece != NULL && piece->data != NULL && message.msg_iovlen < MAX_VECTORS;
         piece = piece->next)
        vectors[message.msg_iovlen++] = (struct iovec){(void *)piece->data, piece->size};
    /* A file that follows goes into the same segment. */
    int more = piece != NULL && piece->data == NULL ? MSG_MORE : 0;
    ssize_t written = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
    if (written > 0)
        advance(output, (uint64_t)written);
    return written;
}

static ssize_t write_file(struct planche_http_output *output, int fd)
{
    struct planche_http_piece *piece = output->first;
    size_t most = piece->size < MAX_FILE ? (size_t)piece->size : MAX_FILE;
    ssize_t written =
        piece->pipe ? splice(piece->fd, NULL, fd, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK)
                    : sendfile(fd, piece->fd, &piece->offset, most);
    if (written == 0) /* the file has become shorter */
        errno = EIO;
    if (written <= 0)
        return -1;
    piece->size -= (uint64_t)written;
    output->size -= (uint64_t)written;
    if (piece->size == 0)
        remove_first(output);
    return written;
}

size_t planche_http_output_send(const struct planche_http_output *output, int fd,
                                const struct iovec *pieces, int count)
{
    const struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)count};
    if (output->first != NULL)
        return 0;
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 ? (size_t)sent : 0;
}

int64_t planche_http_output_flush(struct planche_http_output *output, int fd)
{
    int64_t total = 0;
    while (output->first != NULL && total < MAX_FILE) {
        ssize_t written =
            output->first->data != NULL ? write_memory(output, fd) : write_file(output, fd);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? total : -1;
        total += written;
    }
    return total;
}

void planche_http_output_clear(struct planche_http_output *output)
{
    while (output->first != NULL)
        remove_first(output);
}
