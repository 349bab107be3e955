/* SPDX-License-Identifier: MIT */
/* Client of the library's helper programs. */
#include "io/helper.h"

#include "base/status.h"
#include "io/helper_program.h"
#include "os/fd.h"
#include "os/socket_pair.h"
#include "os/system.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A program that goes on asking is ended. */
#define MAX_DENIALS 100u
/* It is the operating system's limit, should the program's own fail. */
#define SECONDS_GRACE 10u
#define OPEN_FILES    64u
#define PATIENCE_MS   120000u
/* Address space that is not used: stacks and pools of threads. */
#define SPACE_SLACK ((uint64_t)256 << 20)
/* Of a program whose libraries could not be loaded. */
#define EXIT_LOADER 127

/* "SUBJECT: PART: TEXT". */
__attribute__((format(printf, 4, 5))) static enum planche_status
fail(const struct planche_helper *helper, struct planche_error *error, enum planche_status status,
     const char *format, ...)
{
    char text[PLANCHE_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return planche_fail(error, status, "%s: %s%s%s", helper->subject, helper->part,
                        *helper->part ? ": " : "", text);
}

static enum planche_status fail_memory(const struct planche_helper *helper,
                                       struct planche_error *error)
{
    if (helper->reserved + helper->denied <= helper->most)
        return planche_fail_memory(error, helper->budget, helper->denied, helper->subject);
    return fail(helper, error, PLANCHE_ERROR_LIMIT,
                "to %s it takes more than %" PRIu64 " MiB of memory", helper->kind->task,
                helper->most >> 20);
}

static enum planche_status fail_exhausted(const struct planche_helper *helper,
                                          struct planche_error *error)
{
    return fail(helper, error, PLANCHE_ERROR_MEMORY, "the system has no memory left for %s",
                helper->kind->name);
}

enum planche_status planche_helper_fail_protocol(struct planche_helper *helper,
                                                 struct planche_error *error)
{
    planche_helper_stop(helper);
    return fail(helper, error, PLANCHE_ERROR_IO,
                "%s sent what makes no sense: it is not that of this version of Planche, or the "
                "%s has taken it over",
                helper->kind->name, helper->kind->input);
}

/* It ended, where it owes an answer. */
static enum planche_status fail_ended(struct planche_helper *helper, struct planche_error *error)
{
    int exit_status = -1;
    /* There is none under a fuzzer. */
    bool ended = helper->child.pid > 0 && planche_process_wait(&helper->child, &exit_status);
    planche_helper_stop(helper);
    if (ended && exit_status == PLANCHE_HELPER_EXIT_SECONDS)
        return fail(helper, error, PLANCHE_ERROR_LIMIT,
                    "to %s it takes more than %" PRIu64 " seconds of computing time",
                    helper->kind->task, helper->seconds);
    if (ended && exit_status == PLANCHE_HELPER_EXIT_OPEN)
        return fail(helper, error, PLANCHE_ERROR_UNSUPPORTED,
                    "%s is refused its sandbox by the system: without it nothing is read",
                    helper->kind->name);
    if (helper->denied)
        return fail_memory(helper, error);
    /* Under a limit of address space libraries may not fit, and a stack may not grow. */
    bool loaded = exit_status >= 0 && exit_status != EXIT_LOADER;
    if (helper->exhausted || (!loaded && planche_system_limits_memory()))
        return fail_exhausted(helper, error);
    if (exit_status == -SIGKILL || exit_status == -SIGTERM)
        return fail(helper, error, PLANCHE_ERROR_IO, "%s was killed", helper->kind->name);
    if (exit_status < 0)
        return fail(helper, error, PLANCHE_ERROR_DATA, "%s crashed: the %s is damaged",
                    helper->kind->name, helper->kind->input);
    return fail(helper, error, PLANCHE_ERROR_IO,
                loaded ? "%s ended without an answer: it is not that of this version of Planche"
                       : "%s cannot load the libraries that it was built with: install them, or "
                         "Planche, again",
                helper->kind->name);
}

enum planche_status planche_helper_receive(struct planche_helper *helper, void *data, size_t size,
                                           struct planche_error *error)
{
    for (size_t done = 0; done < size;) {
        int64_t got = planche_process_read(&helper->child, (char *)data + done, size - done);
        if (got == 0)
            return fail_ended(helper, error);
        if (got > 0) {
            done += (size_t)got;
            continue;
        }
        int reason = errno;
        const struct planche_cancel_token *cancel = helper->child.cancel;
        planche_helper_stop(helper);
        if (reason == ECANCELED)
            return planche_cancel_fail(cancel, error);
        if (reason != ETIMEDOUT)
            return fail(helper, error, PLANCHE_ERROR_IO, "%s", strerror(reason));
        return fail(helper, error, PLANCHE_ERROR_DATA, "%s takes too long", helper->kind->name);
    }
    return PLANCHE_OK;
}

/* That nobody receives it shows when the answer is read; false: it receives nothing but goes on. */
static bool send_request(const struct planche_helper *helper, uint32_t verb, uint32_t size)
{
    const struct planche_helper_request request = {.verb = verb, .size = size};
    return planche_socket_send(helper->requests, &request, sizeof request) || errno == EPIPE;
}

/* Counts the memory it asks for in the budget, or denies it. */
static enum planche_status answer_memory(struct planche_helper *helper, uint64_t bytes,
                                         struct planche_error *error)
{
    if (helper->denials > MAX_DENIALS)
        return planche_helper_fail_protocol(helper, error);
    bool granted =
        bytes <= helper->most - helper->reserved && planche_budget_reserve(helper->budget, bytes);
    if (granted)
        helper->reserved += bytes;
    else
        helper->denied = bytes < UINT64_MAX / 2 ? bytes : UINT64_MAX / 2;
    helper->denials += !granted;
    bool sent = send_request(helper, granted ? PLANCHE_HELPER_GRANT : PLANCHE_HELPER_DENY, 0);
    return bytes > 0 && sent ? PLANCHE_OK : planche_helper_fail_protocol(helper, error);
}

/* A frame that is about memory. */
static enum planche_status receive_memory(struct planche_helper *helper,
                                          const struct planche_helper_frame *frame,
                                          struct planche_error *error)
{
    uint64_t bytes = 0;
    if (frame->size != sizeof bytes)
        return planche_helper_fail_protocol(helper, error);
    enum planche_status status = planche_helper_receive(helper, &bytes, sizeof bytes, error);
    if (status)
        return status;
    if (frame->type == PLANCHE_HELPER_MEMORY)
        return answer_memory(helper, bytes, error);
    helper->exhausted = true;
    return PLANCHE_OK;
}

/* What it may say is wrong. */
static bool is_status(uint32_t status)
{
    return status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED ||
           status == PLANCHE_ERROR_IO || status == PLANCHE_ERROR_MEMORY ||
           status == PLANCHE_ERROR_LIMIT;
}

/* An error that it found. */
static enum planche_status receive_error(struct planche_helper *helper, uint32_t size, bool *lost,
                                         struct planche_error *error)
{
    struct planche_helper_error head;
    char text[PLANCHE_HELPER_TEXT_BYTES + 1];
    if (size < sizeof head || size - sizeof head >= sizeof text)
        return planche_helper_fail_protocol(helper, error);
    enum planche_status status = planche_helper_receive(helper, &head, sizeof head, error);
    if (status == PLANCHE_OK)
        status = planche_helper_receive(helper, text, size - sizeof head, error);
    if (status)
        return status;
    text[size - sizeof head] = 0;
    *lost = head.fatal != 0;
    if (helper->denied)
        return fail_memory(helper, error);
    if (helper->exhausted)
        return fail_exhausted(helper, error);
    return is_status(head.status)
               ? fail(helper, error, (enum planche_status)head.status, "%s", text)
               : planche_helper_fail_protocol(helper, error);
}

enum planche_status planche_helper_receive_frame(struct planche_helper *helper,
                                                 struct planche_helper_frame *frame, bool *lost,
                                                 struct planche_error *error)
{
    enum planche_status status;
    bool memory;
    *lost = true;
    do {
        status = planche_helper_receive(helper, frame, sizeof *frame, error);
        memory = status == PLANCHE_OK &&
                 (frame->type == PLANCHE_HELPER_MEMORY || frame->type == PLANCHE_HELPER_EXHAUSTED);
        if (memory)
            status = receive_memory(helper, frame, error);
    } while (status == PLANCHE_OK && memory);
    if (status == PLANCHE_OK && frame->type == PLANCHE_HELPER_ERROR)
        status = receive_error(helper, frame->size, lost, error);
    return status;
}

enum planche_status planche_helper_ask(struct planche_helper *helper, uint32_t verb, uint32_t size,
                                       struct planche_helper_frame *frame, bool *lost,
                                       struct planche_error *error)
{
    *lost = true;
    if (helper->child.fd < 0)
        return fail(helper, error, PLANCHE_ERROR_IO, "%s has ended", helper->kind->name);
    helper->denied = 0;
    helper->exhausted = false;
    if (!send_request(helper, verb, size))
        return planche_helper_fail_protocol(helper, error);
    return planche_helper_receive_frame(helper, frame, lost, error);
}

enum planche_status planche_helper_tell(struct planche_helper *helper, uint32_t verb, uint32_t size,
                                        struct planche_error *error)
{
    return send_request(helper, verb, size) ? PLANCHE_OK
                                            : planche_helper_fail_protocol(helper, error);
}

bool planche_helper_waits(const struct planche_helper *helper)
{
    return planche_fd_is_quiet(helper->child.fd);
}

void planche_helper_take_back(struct planche_helper *helper, uint64_t bytes)
{
    if (bytes > helper->reserved)
        bytes = helper->reserved;
    planche_budget_release(helper->budget, bytes);
    helper->reserved -= bytes;
}

static enum planche_status fail_start(const struct planche_helper *helper, const char *program,
                                      int reason, struct planche_error *error)
{
    if (reason == ENOENT || reason == EACCES || reason == ENOEXEC)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: %s the program %s, which cannot be run: it is installed with "
                            "Planche, or named by %s",
                            helper->subject, helper->kind->uses, program, helper->kind->variable);
    return planche_fail(
        error, reason == ENOMEM || reason == EAGAIN ? PLANCHE_ERROR_MEMORY : PLANCHE_ERROR_IO,
        "%s: %s cannot be started: %s", helper->subject, program, strerror(reason));
}

/* What the operating system holds it to: should it be taken over, it does not ask. */
static uint64_t address_space(const struct planche_helper *helper)
{
    uint64_t most = helper->most;
    for (const struct planche_budget *part = helper->budget; part; part = part->parent)
        if (part->limit && part->limit < most)
            most = part->limit;
    return most < helper->most - SPACE_SLACK ? most + SPACE_SLACK : helper->most;
}

static bool start_program(struct planche_helper *helper,
                          const struct planche_helper_options *options, const char *program)
{
    int ends[2], inherited[1 + PLANCHE_HELPER_INHERITED];
    char first[24], most[24], seconds[24];
    snprintf(first, sizeof first, "%" PRIu64, helper->reserved);
    snprintf(most, sizeof most, "%" PRIu64, address_space(helper));
    snprintf(seconds, sizeof seconds, "%" PRIu64, options->seconds);
    const char *const arguments[] = {
        program, options->kind->version, options->format, first, most, seconds, NULL};
    assert(options->inherited_count <= PLANCHE_HELPER_INHERITED);
    if (!planche_socket_pair(ends))
        return false;
    inherited[0] = ends[1];
    memcpy(inherited + 1, options->inherited, options->inherited_count * sizeof *inherited);
    const struct planche_process_options how = {
        .arguments = arguments,
        .flags = PLANCHE_PROCESS_NO_NETWORK | PLANCHE_PROCESS_NO_FILE_WRITES,
        .limits = {.cpu_seconds = options->seconds + SECONDS_GRACE, .open_files = OPEN_FILES},
        .inherited = inherited,
        .inherited_count = 1 + options->inherited_count,
        .patience_ms = PATIENCE_MS,
        .cancel = options->cancel,
    };
    bool started = planche_process_start(&helper->child, &how);
    int reason = errno;
    planche_fd_close(&ends[1]);
    helper->requests = ends[0];
    errno = reason;
    return started;
}

enum planche_status planche_helper_start(struct planche_helper *helper,
                                         const struct planche_helper_options *options,
                                         struct planche_error *error)
{
    char program[PLANCHE_HELPER_PROGRAM_BYTES];
    *helper = (struct planche_helper)PLANCHE_HELPER_NONE;
    helper->kind = options->kind;
    helper->subject = options->subject;
    helper->budget = options->budget;
    helper->seconds = options->seconds;
    helper->most = options->most_bytes;
    uint64_t bytes =
        options->first_bytes < options->most_bytes ? options->first_bytes : options->most_bytes;
    if (!planche_budget_reserve(helper->budget, bytes))
        return planche_fail_memory(error, helper->budget, bytes, helper->subject);
    helper->reserved = bytes;
    planche_helper_program(options->kind->name, options->kind->variable, program);
    if (start_program(helper, options, program))
        return PLANCHE_OK;
    int reason = errno;
    planche_helper_stop(helper);
    return fail_start(helper, program, reason, error);
}

void planche_helper_stop(struct planche_helper *helper)
{
    planche_process_kill(&helper->child);
    planche_fd_close(&helper->requests);
    planche_budget_release(helper->budget, helper->reserved);
    helper->reserved = 0;
}
