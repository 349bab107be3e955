/* SPDX-License-Identifier: MIT */
/* Files as answers. */
#include "http/partial.h"

#include "http/range.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static void answer_beyond(struct planche_http_connection *connection,
                          const struct planche_http_answer *whole)
{
    const struct planche_http_answer answer = {.status = 416};
    planche_http_add_field_format(connection, "Content-Range", "bytes */%" PRIu64,
                                  whole->file_size);
    close(whole->fd);
    planche_http_answer(connection, &answer);
}

void planche_http_answer_part(struct planche_http_connection *connection,
                              const struct planche_http_answer *answer, bool parts)
{
    struct planche_http_answer part = *answer;
    uint64_t first = 0, count = answer->file_size;
    parts = parts && strcmp(connection->head.method, "GET") == 0;
    enum planche_http_range range =
        planche_http_range_read(parts ? planche_http_head_field(&connection->head, "range") : NULL,
                                answer->file_size, &first, &count);
    if (range == PLANCHE_HTTP_RANGE_BEYOND) {
        answer_beyond(connection, answer);
        return;
    }
    part.status = range == PLANCHE_HTTP_RANGE_PART ? 206 : 200;
    part.file_offset = answer->file_offset + first;
    part.file_size = count;
    if (range == PLANCHE_HTTP_RANGE_PART)
        planche_http_add_field_format(connection, "Content-Range",
                                      "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first,
                                      first + count - 1, answer->file_size);
    planche_http_answer(connection, &part);
}
