/* SPDX-License-Identifier: MIT */
/* Writer of tarballs. */
#include "models/tar.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 512
#define NAME_BYTES  100
#define MAX_NAME    4096
#define MAX_SIZE    ((UINT64_C(1) << 33) - 1) /* eleven octal digits */

/* A header as POSIX has it; numbers are octal text. */
struct header {
    char name[NAME_BYTES];
    char mode[8], user[8], group[8], size[12], time[12], sum[8];
    char type, link[100], magic[6], version[2], user_name[32], group_name[32];
    char major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK_BYTES, "a header is a block");

/* The sum of all bytes, those of the sum itself taken for spaces. */
static unsigned add_up(const struct header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *header; i++)
        sum += bytes[i];
    return sum;
}

/* A name that is longer than a header has room for is cut off in it. */
static enum planche_status write_header(struct planche_atomic_file *tar, char type,
                                        const char *name, uint64_t size,
                                        struct planche_error *error)
{
    struct header header = {.mode = "0000644",
                            .user = "0000000",
                            .group = "0000000",
                            .time = "00000000000",
                            .type = type,
                            .magic = "ustar",
                            .version = {'0', '0'}};
    memcpy(header.name, name, strnlen(name, NAME_BYTES));
    snprintf(header.size, sizeof header.size, "%011llo", (unsigned long long)size);
    memset(header.sum, ' ', sizeof header.sum);
    snprintf(header.sum, sizeof header.sum - 1, "%06o", add_up(&header));
    return planche_atomic_file_write(tar, &header, sizeof header, error);
}

/* The name of the file that follows, as pax has it: a file of one record, "LENGTH path=NAME", whose
 * length counts its own digits, too. */
static enum planche_status write_name(struct planche_atomic_file *tar, const char *name,
                                      struct planche_error *error)
{
    char record[MAX_NAME + 32];
    int length = 0, last;
    do {
        last = length;
        length = snprintf(record, sizeof record, "%d path=%s\n", last, name);
    } while (length != last);
    enum planche_status status = write_header(tar, 'x', "pax", (uint64_t)length, error);
    if (status == PLANCHE_OK)
        status = planche_atomic_file_write(tar, record, (size_t)length, error);
    return status == PLANCHE_OK ? planche_cli_tar_end(tar, (uint64_t)length, error) : status;
}

enum planche_status planche_cli_tar_begin(struct planche_atomic_file *tar, const char *name,
                                          uint64_t size, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (strlen(name) > MAX_NAME || size > MAX_SIZE)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: the name or the file is too long for a pack", name);
    if (strlen(name) > NAME_BYTES)
        status = write_name(tar, name, error);
    return status == PLANCHE_OK ? write_header(tar, '0', name, size, error) : status;
}

enum planche_status planche_cli_tar_end(struct planche_atomic_file *tar, uint64_t size,
                                        struct planche_error *error)
{
    static const char zeroes[BLOCK_BYTES];
    size_t rest = (size_t)(size % BLOCK_BYTES);
    return rest == 0 ? PLANCHE_OK
                     : planche_atomic_file_write(tar, zeroes, BLOCK_BYTES - rest, error);
}

enum planche_status planche_cli_tar_close(struct planche_atomic_file *tar,
                                          struct planche_error *error)
{
    static const char zeroes[2 * BLOCK_BYTES];
    return planche_atomic_file_write(tar, zeroes, sizeof zeroes, error);
}
