/* SPDX-License-Identifier: MIT */
/* Reads a book and tells what is in it, for test_containers.py:
 *   list [-s|-c] PATH [ENTRIES ENTRY_BYTES TOTAL_BYTES RATIO [BUDGET]]
 * with -s without reading what is in the entries, with -c stopping after a while,
 * prints the container, a line for every entry
 * (size or "folder", time, checksum, name), and at last "end", or "status", its number and the
 * message. What is left in the budget is a failure. */
#include "archive/archive.h"
#include "book/picture.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <zlib.h>

static enum planche_status list_entry(struct planche_archive *archive,
                                      const struct planche_archive_entry *entry,
                                      struct planche_error *error)
{
    static uint8_t data[100000];
    size_t got = 1;
    uint64_t size = 0;
    unsigned long crc = crc32(0, NULL, 0);
    while (got > 0) {
        enum planche_status status = planche_archive_read(archive, data, sizeof data, &got, error);
        if (status)
            return status;
        crc = crc32_z(crc, data, got);
        size += got;
    }
    if (entry->folder)
        printf("folder %" PRId64 " - %s\n", entry->mtime, entry->name);
    else
        printf("%" PRIu64 " %" PRId64 " %08lx %s\n", size, entry->mtime, crc, entry->name);
    return PLANCHE_OK;
}

static struct planche_cancel cancel;

static void stop(int number)
{
    (void)number;
    planche_cancel_request(&cancel);
}

static void stop_soon(void)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 300000}};
    signal(SIGALRM, stop);
    setitimer(ITIMER_REAL, &soon, NULL);
}

int main(int argc, char **argv)
{
    struct planche_archive_limits limits = {100000, UINT64_C(1) << 30, UINT64_C(1) << 32, 1000};
    struct planche_budget budget;
    struct planche_error error = {.message = ""};
    struct planche_archive *archive;
    bool end = false, skip = argc > 1 && strcmp(argv[1], "-s") == 0;
    const struct planche_cancel_token token = {.handle = &cancel};
    const struct planche_archive_help help = {.cancel = &token, .look = planche_book_look};
    bool stops = argc > 1 && strcmp(argv[1], "-c") == 0;
    if (stops)
        stop_soon();
    argc -= skip || stops;
    argv += skip || stops;
    if (argc != 2 && argc != 6 && argc != 7)
        return 2;
    if (argc > 5) {
        uint64_t *const fields[] = {&limits.entries, &limits.entry_bytes, &limits.total_bytes,
                                    &limits.ratio};
        for (int i = 0; i < 4; i++)
            *fields[i] = strtoull(argv[i + 2], NULL, 10);
    }
    planche_budget_init(&budget, argc > 6 ? strtoull(argv[6], NULL, 10) : 0);
    enum planche_status status =
        planche_archive_open(&archive, argv[1], &limits, &budget, NULL, &help, &error);
    if (status == PLANCHE_OK)
        printf("container %d\n", (int)planche_container_of(argv[1]));
    while (status == PLANCHE_OK && !end) {
        struct planche_archive_entry entry;
        status = planche_archive_next(archive, &entry, &end, &error);
        if (status == PLANCHE_OK && !end && skip)
            printf("%s\n", entry.name);
        else if (status == PLANCHE_OK && !end)
            status = list_entry(archive, &entry, &error);
    }
    planche_archive_close(&archive);
    if (status)
        printf("status %d %s\n", (int)error.status, error.message);
    else
        printf("end\n");
    return budget.used == 0 && status == (error.message[0] ? error.status : PLANCHE_OK) ? 0 : 3;
}
