/* SPDX-License-Identifier: MIT */
/* Requests of planche stdio: reading ahead within bounds, and cancelling what was read. */
#include "stdio/reader.h"

#include "base/cancel.h"
#include "os/clock.h"

#include "base/status.h"
#include "cli/interrupt.h"
#include "stdio/held.h"
#include "stdio/task.h"

#include <stdlib.h>
#include <string.h>

/* Until the bytes of the requests that are held leave room for more: as many as two requests of the
 * largest size for each worker have. */
static enum planche_status wait_for_bytes(struct planche_cli_server *server, uint64_t bytes,
                                          const struct planche_cancel_token *token,
                                          struct planche_error *error)
{
    uint64_t max = server->options.max_bytes, most = 2 * (uint64_t)server->jobs;
    most = max > UINT64_MAX / most ? UINT64_MAX : most * max;
    bool goes_on = true;
    planche_mutex_lock(&server->lock);
    while (goes_on && server->bytes > most - bytes)
        goes_on = planche_cancel_wait(token, &server->changed, &server->lock);
    planche_mutex_unlock(&server->lock);
    return goes_on ? PLANCHE_OK : planche_cancel_fail(token, error);
}

/* Reads the bytes that belong to a request. */
static enum planche_status receive(struct planche_cli_server *server,
                                   struct planche_cli_request *request,
                                   const struct planche_cancel_token *token,
                                   struct planche_error *error)
{
    if (request->bytes > server->options.max_bytes)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%llu bytes are more than --max-bytes allows",
                            (unsigned long long)request->bytes);
    enum planche_status status = wait_for_bytes(server, request->bytes, token, error);
    if (status != PLANCHE_OK)
        return status;
    request->data = malloc((size_t)request->bytes);
    if (request->data == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %llu bytes",
                            (unsigned long long)request->bytes);
    uint64_t got = planche_cli_channel_bytes(server->channel, request->data, request->bytes);
    if (got == request->bytes)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_DATA, "input ended after %llu of %llu bytes",
                        (unsigned long long)got, (unsigned long long)request->bytes);
}

/* Hands a request over to the queue; waits while that is full. */
static enum planche_status submit(struct planche_cli_task *task, struct planche_error *error)
{
    struct planche_cli_server *server = task->server;
    struct planche_job job = PLANCHE_JOB_INIT;
    job.run = planche_cli_task_run;
    job.done = planche_cli_task_done;
    job.user = task;
    job.priority = task->request.priority;
    enum planche_status status = planche_cancel_fail(&task->token, error);
    if (status != PLANCHE_OK)
        return status;
    int64_t left = task->token.deadline - planche_clock_ns();
    if (task->token.deadline != 0)
        job.deadline_ms = left > 0 ? (uint64_t)left / 1000000 + 1 : 1;
    planche_cli_stdio_hold(server, task);
    status =
        planche_job_submit(server->queue, &job, planche_cli_interrupt_cancel(), &task->job, error);
    if (status != PLANCHE_OK)
        planche_cli_stdio_release(server, task);
    return status;
}

/* Takes the request if it goes well, else leaves it. */
static enum planche_status take_request(struct planche_cli_server *server,
                                        struct planche_cli_request *request,
                                        struct planche_error *error)
{
    const struct planche_cancel_token token = {
        .handle = planche_cli_interrupt_cancel(),
        .deadline = planche_cancel_deadline(request->deadline_ms),
    };
    enum planche_status status = PLANCHE_OK;
    struct planche_cli_task *task = calloc(1, sizeof(*task));
    if (task == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a request");
    if (request->bytes > 0)
        status = receive(server, request, &token, error);
    if (status == PLANCHE_OK) {
        *task = (struct planche_cli_task){
            .server = server, .request = *request, .token = {.deadline = token.deadline}};
        status = submit(task, error);
    }
    if (status != PLANCHE_OK)
        free(task);
    /* The queue has it otherwise: planche_cli_task_done frees it. */
    return status; /* NOLINT(clang-analyzer-unix.Malloc) */
}

static bool has_id(const struct planche_cli_task *task, const json_t *id)
{
    return task->request.id != NULL ? json_equal(task->request.id, id) : json_is_null(id);
}

/* The job of a request with this id that has not been cancelled; false: there is none. */
static bool find_job(struct planche_cli_server *server, const json_t *id, uint64_t *job)
{
    planche_mutex_lock(&server->lock);
    struct planche_cli_task *task = server->held;
    while (task != NULL && (task->cancelled || !has_id(task, id)))
        task = task->next;
    if (task != NULL) {
        task->cancelled = true;
        *job = task->job;
    }
    planche_mutex_unlock(&server->lock);
    return task != NULL;
}

static void cancel_requests(struct planche_cli_server *server, const json_t *id)
{
    uint64_t job;
    while (find_job(server, id, &job))
        planche_job_cancel(server->queue, job);
}

/* Takes one line and what belongs to it; a bad request is answered here. */
static void take_line(struct planche_cli_server *server, const char *line, size_t length)
{
    struct planche_cli_request request;
    struct planche_error error = {0};
    enum planche_status status =
        planche_cli_request_parse(&request, line, length, &server->options, &error);
    if (status == PLANCHE_OK && request.cancel != NULL) {
        cancel_requests(server, request.cancel);
        planche_cli_request_clear(&request);
        return;
    }
    if (status == PLANCHE_OK)
        status = take_request(server, &request, &error);
    if (status == PLANCHE_OK)
        return;
    if (request.data == NULL && !server->output.broken) /* else they are read already */
        planche_cli_channel_bytes(server->channel, NULL, request.bytes);
    error.status = status;
    planche_cli_stdio_refuse(server, request.id, &error);
    planche_cli_request_clear(&request);
}

void planche_cli_stdio_read(struct planche_cli_server *server, char *line)
{
    static const struct planche_error too_long = {PLANCHE_ERROR_LIMIT,
                                                  "a request's line has at most 65535 bytes"};
    size_t length;
    while (!planche_cancel_requested(planche_cli_interrupt_cancel())) {
        switch (planche_cli_channel_line(server->channel, line, &length)) {
        case PLANCHE_CLI_LINE_END:
            return;
        case PLANCHE_CLI_LINE_TOO_LONG:
            planche_cli_stdio_refuse(server, NULL, &too_long);
            break;
        case PLANCHE_CLI_LINE_OK:
            if (strspn(line, " \t\r") < length)
                take_line(server, line, length);
            break;
        }
    }
}
