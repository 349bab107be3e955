/* SPDX-License-Identifier: MIT */
/* Client of planche-unpack. */
#include "archive/unpacker.h"

#include "archive/unpack_program.h"
#include "base/status.h"
#include "os/fd.h"
#include "os/socket_pair.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What it takes without asking: itself, and libarchive's state. */
#define FIRST_BYTES ((uint64_t)4 << 20)
/* Of a RAR at most: dictionaries and PPMd's models together. More can only be a decompression bomb:
 * the filters of RAR 4 may ask for any amount of zeroes. */
#define MAX_RAR_BYTES ((uint64_t)400 << 20)
/* A 7z or xz may declare a dictionary of 4 GiB. */
#define MAX_BYTES ((uint64_t)5 << 30)
/* A program that goes on asking is ended. */
#define MAX_DENIALS 100u
/* It is the operating system's limit, should the program's own fail. */
#define SECONDS_GRACE 10u
#define OPEN_FILES    64u
#define PATIENCE_MS   120000u

/* "PATH: ENTRY: TEXT". */
static enum planche_status fail(const struct planche_unpacker *unpacker,
                                struct planche_error *error, enum planche_status status,
                                const char *text)
{
    return planche_fail(error, status, "%s: %s%s%s", unpacker->path, unpacker->entry,
                        *unpacker->entry ? ": " : "", text);
}

static enum planche_status fail_memory(const struct planche_unpacker *unpacker,
                                       struct planche_error *error)
{
    if (unpacker->reserved + unpacker->denied <= unpacker->most)
        return planche_fail_memory(error, unpacker->budget, unpacker->denied, unpacker->path);
    return planche_fail(error, PLANCHE_ERROR_LIMIT,
                        "%s: %s%sto unpack it takes more than %" PRIu64 " MiB of memory",
                        unpacker->path, unpacker->entry, *unpacker->entry ? ": " : "",
                        unpacker->most >> 20);
}

static enum planche_status fail_protocol(struct planche_unpacker *unpacker,
                                         struct planche_error *error)
{
    planche_unpacker_stop(unpacker);
    return fail(unpacker, error, PLANCHE_ERROR_IO,
                PLANCHE_UNPACK_PROGRAM " sent what makes no sense: it is not that of this version "
                                       "of Planche, or the archive has taken it over");
}

/* It ended, where it owes an answer. */
static enum planche_status fail_ended(struct planche_unpacker *unpacker,
                                      struct planche_error *error)
{
    int exit_status = -1;
    char text[128];
    /* There is none under a fuzzer. */
    bool ended = unpacker->child.pid > 0 && planche_process_wait(&unpacker->child, &exit_status);
    planche_unpacker_stop(unpacker);
    if (ended && exit_status == PLANCHE_UNPACK_EXIT_SECONDS) {
        snprintf(text, sizeof text,
                 "to unpack it takes more than %" PRIu64 " seconds of computing time",
                 unpacker->seconds);
        return fail(unpacker, error, PLANCHE_ERROR_LIMIT, text);
    }
    if (unpacker->denied)
        return fail_memory(unpacker, error);
    return fail(unpacker, error, PLANCHE_ERROR_IO,
                exit_status < 0
                    ? PLANCHE_UNPACK_PROGRAM " was killed, or crashed on a damaged archive"
                    : PLANCHE_UNPACK_PROGRAM " ended without an answer: it is not that of this "
                                             "version of Planche");
}

/* size bytes of what it sends. */
static enum planche_status receive(struct planche_unpacker *unpacker, void *data, size_t size,
                                   struct planche_error *error)
{
    for (size_t done = 0; done < size;) {
        int64_t got = planche_process_read(&unpacker->child, (char *)data + done, size - done);
        if (got == 0)
            return fail_ended(unpacker, error);
        if (got > 0) {
            done += (size_t)got;
            continue;
        }
        int reason = errno;
        const struct planche_cancel_token *cancel = unpacker->child.cancel;
        planche_unpacker_stop(unpacker);
        if (reason == ECANCELED)
            return planche_cancel_fail(cancel, error);
        return fail(unpacker, error, reason == ETIMEDOUT ? PLANCHE_ERROR_DATA : PLANCHE_ERROR_IO,
                    reason == ETIMEDOUT ? PLANCHE_UNPACK_PROGRAM " takes too long"
                                        : strerror(reason));
    }
    return PLANCHE_OK;
}

/* That nobody receives it shows when the answer is read; false: it receives nothing but goes on. */
static bool send_request(const struct planche_unpacker *unpacker, enum planche_unpack_verb verb,
                         size_t size)
{
    struct planche_unpack_request request = {
        .verb = (uint32_t)verb,
        .size = size < PLANCHE_UNPACK_DATA_BYTES ? (uint32_t)size : PLANCHE_UNPACK_DATA_BYTES};
    return planche_socket_send(unpacker->requests, &request, sizeof request) || errno == EPIPE;
}

/* Counts the memory it asks for in the budget, or denies it. */
static enum planche_status answer_memory(struct planche_unpacker *unpacker, uint32_t size,
                                         struct planche_error *error)
{
    uint64_t bytes = 0;
    if (size != sizeof bytes || unpacker->denials > MAX_DENIALS)
        return fail_protocol(unpacker, error);
    enum planche_status status = receive(unpacker, &bytes, sizeof bytes, error);
    if (status)
        return status;
    bool granted = bytes <= unpacker->most - unpacker->reserved &&
                   planche_budget_reserve(unpacker->budget, bytes);
    if (granted)
        unpacker->reserved += bytes;
    else
        unpacker->denied = bytes < UINT64_MAX / 2 ? bytes : UINT64_MAX / 2;
    unpacker->denials += !granted;
    bool sent = send_request(unpacker, granted ? PLANCHE_UNPACK_GRANT : PLANCHE_UNPACK_DENY, 0);
    return bytes > 0 && sent ? PLANCHE_OK : fail_protocol(unpacker, error);
}

/* An error that it found. */
static enum planche_status receive_error(struct planche_unpacker *unpacker, uint32_t size,
                                         bool *lost, struct planche_error *error)
{
    struct planche_unpack_error head;
    char text[PLANCHE_UNPACK_TEXT_BYTES + 1];
    if (size < sizeof head || size - sizeof head >= sizeof text)
        return fail_protocol(unpacker, error);
    enum planche_status status = receive(unpacker, &head, sizeof head, error);
    if (status == PLANCHE_OK)
        status = receive(unpacker, text, size - sizeof head, error);
    if (status)
        return status;
    text[size - sizeof head] = 0;
    *lost = head.fatal != 0;
    if (unpacker->denied)
        return fail_memory(unpacker, error);
    switch (head.status) {
    case PLANCHE_ERROR_DATA:
    case PLANCHE_ERROR_UNSUPPORTED:
    case PLANCHE_ERROR_IO:
    case PLANCHE_ERROR_MEMORY:
        return fail(unpacker, error, (enum planche_status)head.status, text);
    default:
        return fail_protocol(unpacker, error);
    }
}

/* Sends a request and returns with the head of its answer. */
static enum planche_status ask(struct planche_unpacker *unpacker, enum planche_unpack_verb verb,
                               size_t size, struct planche_unpack_frame *frame, bool *lost,
                               struct planche_error *error)
{
    enum planche_status status;
    *lost = true;
    if (unpacker->child.fd < 0)
        return fail(unpacker, error, PLANCHE_ERROR_IO, PLANCHE_UNPACK_PROGRAM " has ended");
    unpacker->denied = 0;
    if (!send_request(unpacker, verb, size))
        return fail_protocol(unpacker, error);
    do {
        status = receive(unpacker, frame, sizeof *frame, error);
        if (status == PLANCHE_OK && frame->type == PLANCHE_UNPACK_MEMORY)
            status = answer_memory(unpacker, frame->size, error);
    } while (status == PLANCHE_OK && frame->type == PLANCHE_UNPACK_MEMORY);
    if (status == PLANCHE_OK && frame->type == PLANCHE_UNPACK_ERROR)
        status = receive_error(unpacker, frame->size, lost, error);
    return status;
}

enum planche_status planche_unpacker_next(struct planche_unpacker *unpacker,
                                          struct planche_unpack_entry *entry, char *name, bool *end,
                                          struct planche_error *error)
{
    struct planche_unpack_frame frame;
    bool lost;
    enum planche_status status = ask(unpacker, PLANCHE_UNPACK_NEXT, 0, &frame, &lost, error);
    if (status)
        return status;
    *end = frame.type == PLANCHE_UNPACK_END;
    if (*end)
        return frame.size == 0 ? PLANCHE_OK : fail_protocol(unpacker, error);
    if (frame.type != PLANCHE_UNPACK_ENTRY || frame.size < sizeof *entry ||
        frame.size - sizeof *entry > PLANCHE_UNPACK_NAME_BYTES)
        return fail_protocol(unpacker, error);
    size_t length = frame.size - sizeof *entry;
    status = receive(unpacker, entry, sizeof *entry, error);
    if (status == PLANCHE_OK)
        status = receive(unpacker, name, length, error);
    name[length] = 0;
    return status == PLANCHE_OK && memchr(name, 0, length) ? fail_protocol(unpacker, error)
                                                           : status;
}

enum planche_status planche_unpacker_read(struct planche_unpacker *unpacker, void *data,
                                          size_t size, size_t *got, bool *lost,
                                          struct planche_error *error)
{
    struct planche_unpack_frame frame = {0};
    if (size > PLANCHE_UNPACK_DATA_BYTES)
        size = PLANCHE_UNPACK_DATA_BYTES;
    enum planche_status status = ask(unpacker, PLANCHE_UNPACK_READ, size, &frame, lost, error);
    if (status)
        return status;
    if (frame.type != PLANCHE_UNPACK_DATA || frame.size > size)
        return fail_protocol(unpacker, error);
    *got = frame.size;
    return receive(unpacker, data, frame.size, error);
}

static enum planche_status fail_start(const struct planche_unpacker *unpacker, const char *program,
                                      int reason, struct planche_error *error)
{
    if (reason == ENOENT || reason == EACCES || reason == ENOEXEC)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: RAR, 7z and tar take the program %s, which cannot be run: it is "
                            "installed with Planche, or named by PLANCHE_UNPACK",
                            unpacker->path, program);
    return planche_fail(error, reason == ENOMEM ? PLANCHE_ERROR_MEMORY : PLANCHE_ERROR_IO,
                        "%s: %s cannot be started: %s", unpacker->path, program, strerror(reason));
}

static bool start_program(struct planche_unpacker *unpacker,
                          const struct planche_unpacker_options *options, const char *program)
{
    int ends[2];
    char first[24], most[24], seconds[24];
    snprintf(first, sizeof first, "%" PRIu64, unpacker->reserved);
    snprintf(most, sizeof most, "%" PRIu64, unpacker->most);
    snprintf(seconds, sizeof seconds, "%" PRIu64, options->seconds);
    const char *const arguments[] = {
        program, PLANCHE_UNPACK_VERSION, options->kind, first, most, seconds, NULL};
    if (!planche_socket_pair(ends))
        return false;
    const int inherited[] = {ends[1], options->fd};
    const struct planche_process_options how = {
        .arguments = arguments,
        .flags = PLANCHE_PROCESS_NO_NETWORK | PLANCHE_PROCESS_NO_FILE_WRITES,
        .limits = {.cpu_seconds = options->seconds + SECONDS_GRACE, .open_files = OPEN_FILES},
        .inherited = inherited,
        .inherited_count = 2,
        .patience_ms = PATIENCE_MS,
        .cancel = options->cancel,
    };
    bool started = planche_process_start(&unpacker->child, &how);
    int reason = errno;
    planche_fd_close(&ends[1]);
    unpacker->requests = ends[0];
    errno = reason;
    return started;
}

enum planche_status planche_unpacker_start(struct planche_unpacker *unpacker,
                                           const struct planche_unpacker_options *options,
                                           struct planche_error *error)
{
    char program[PLANCHE_UNPACK_PROGRAM_BYTES];
    *unpacker = (struct planche_unpacker)PLANCHE_UNPACKER_NONE;
    unpacker->path = options->path;
    unpacker->budget = options->budget;
    unpacker->seconds = options->seconds;
    unpacker->most = strcmp(options->kind, "rar") == 0 ? MAX_RAR_BYTES : MAX_BYTES;
    uint64_t bytes = options->first_bytes > FIRST_BYTES ? options->first_bytes : FIRST_BYTES;
    if (bytes > unpacker->most)
        bytes = unpacker->most;
    if (!planche_budget_reserve(unpacker->budget, bytes))
        return planche_fail_memory(error, unpacker->budget, bytes, unpacker->path);
    unpacker->reserved = bytes;
    planche_unpack_program(program);
    if (start_program(unpacker, options, program))
        return PLANCHE_OK;
    int reason = errno;
    planche_unpacker_stop(unpacker);
    return fail_start(unpacker, program, reason, error);
}

void planche_unpacker_stop(struct planche_unpacker *unpacker)
{
    planche_process_kill(&unpacker->child);
    planche_fd_close(&unpacker->requests);
    planche_budget_release(unpacker->budget, unpacker->reserved);
    unpacker->reserved = 0;
}
