/* SPDX-License-Identifier: MIT */
/* Any bytes as what planche-unpack sends, as of a program that an archive has taken over: entries
 * and contents to the end, and nothing may be left in the budget. */
#include "archive/unpacker.h"
#include "os/socket_pair.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct planche_unpacker *unpacker)
{
    static uint8_t piece[4096];
    char name[PLANCHE_UNPACK_NAME_BYTES + 1];
    struct planche_unpack_entry entry;
    struct planche_error error;
    bool end = false, lost = false;
    size_t got;
    while (planche_unpacker_next(unpacker, &entry, name, &end, &error) == PLANCHE_OK && !end)
        while (planche_unpacker_read(unpacker, piece, sizeof piece, &got, &lost, &error) ==
                   PLANCHE_OK &&
               got > 0)
            continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct planche_budget budget;
    struct planche_unpacker unpacker = PLANCHE_UNPACKER_NONE;
    int ends[2], sent = memfd_create("frames", MFD_CLOEXEC);
    if (sent < 0 || !planche_socket_pair(ends))
        abort();
    planche_budget_init(&budget, 64 << 20);
    unpacker.helper.kind = &planche_unpacker_kind;
    unpacker.helper.child.fd = sent;
    unpacker.helper.child.output_left = UINT64_MAX;
    unpacker.helper.requests = ends[0];
    unpacker.helper.subject = "book";
    unpacker.helper.budget = &budget;
    unpacker.helper.most = 32 << 20;
    if (write(sent, data, size) == (ssize_t)size && lseek(sent, 0, SEEK_SET) == 0)
        read_all(&unpacker);
    planche_unpacker_stop(&unpacker);
    close(ends[1]);
    if (budget.used != 0)
        abort();
    return 0;
}
