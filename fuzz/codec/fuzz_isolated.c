/* SPDX-License-Identifier: MIT */
/* Any bytes as what planche-decode sends, as of a program that an image has taken over: the header,
 * metadata and all rows, and nothing may be left in the budget. */
#include "codec/isolated.h"
#include "codec/metadata.h"
#include "io/helper.h"
#include "os/socket_pair.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_PIXELS (1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct planche_decoder *decoder, const struct planche_helper *helper)
{
    static uint8_t row[MAX_PIXELS * 8];
    struct planche_error error;
    uint32_t y = 0;
    if (planche_isolated_begin(decoder, helper, &error) == PLANCHE_OK)
        while (y < decoder->height &&
               planche_isolated_read(decoder, row, sizeof row, 1, &error) == PLANCHE_OK)
            y++;
    if (y > 0 && y == decoder->height)
        planche_isolated_rewind(decoder, &error);
    planche_isolated_close(decoder);
    planche_metadata_free(&decoder->metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct planche_budget budget;
    struct planche_log log = {.fn = NULL};
    struct planche_helper helper = PLANCHE_HELPER_NONE;
    struct planche_decoder decoder = {
        .name = "page", .budget = &budget, .log = &log, .max_pixels = MAX_PIXELS};
    int ends[2], sent = memfd_create("frames", MFD_CLOEXEC);
    if (sent < 0 || !planche_socket_pair(ends))
        abort();
    planche_budget_init(&budget, 64 << 20);
    helper.child.fd = sent;
    helper.child.output_left = UINT64_MAX;
    helper.requests = ends[0];
    helper.subject = "page";
    helper.budget = &budget;
    helper.most = 32 << 20;
    if (write(sent, data, size) != (ssize_t)size || lseek(sent, 0, SEEK_SET) != 0)
        abort();
    read_all(&decoder, &helper);
    close(ends[1]);
    if (budget.used != 0)
        abort();
    return 0;
}
