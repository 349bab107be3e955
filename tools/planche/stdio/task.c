/* SPDX-License-Identifier: MIT */
/* Task of planche stdio: a request as a job, with its page, its progress and its answer. */
#include "stdio/task.h"

#include "os/clock.h"

#include "base/status.h"
#include "cli/hints.h"
#include "cli/json.h"
#include "stdio/held.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_NS 100000000 /* from one progress line of a request to the next */

static json_t *make_object(const json_t *id)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", id != NULL ? json_deep_copy(id) : json_null());
    return object;
}

static char *make_line(const json_t *id, const struct planche_cli_outcome *outcome,
                       const struct planche_engine_info *info, size_t size)
{
    json_t *object = make_object(id);
    planche_cli_json_page(object, outcome, info);
    if (outcome->status == PLANCHE_OK)
        json_object_set_new(object, "format",
                            json_string(planche_format_extension(outcome->result.format)));
    json_object_set_new(object, "bytes", json_integer((json_int_t)size));
    return planche_cli_json_line(object);
}

void planche_cli_stdio_refuse(struct planche_cli_server *server, const json_t *id,
                              const struct planche_error *error)
{
    const struct planche_cli_outcome outcome = {.status = error->status, .message = error->message};
    char *line = make_line(id, &outcome, NULL, 0);
    planche_cli_output_answer(&server->output, line, NULL, 0);
    free(line);
}

static void report_progress(struct planche_cli_task *task, double done)
{
    int64_t now = planche_clock_ns();
    if (now < task->next_progress)
        return;
    task->next_progress = now + PROGRESS_NS;
    json_t *object = make_object(task->request.id);
    json_object_set_new(object, "progress", json_real(round(done * 1e4) / 1e4));
    char *line = planche_cli_json_line(object);
    planche_cli_output_hint(&task->server->output, line);
    free(line);
}

static void on_progress(void *user, double done)
{
    struct planche_cli_task *task = user;
    if (task->request.wants_progress)
        report_progress(task, done);
}

/* Opens a page's file. Whoever waits for the writer of a pipe waits for ever. */
static enum planche_status open_input(const char *path, int *fd, uint64_t *size,
                                      struct planche_error *error)
{
    struct stat info;
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd < 0)
        return planche_fail(error, errno == ENOENT ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
                            "%s: cannot read: %s", path, strerror(errno));
    if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        *size = (uint64_t)info.st_size;
        return PLANCHE_OK;
    }
    close(*fd);
    *fd = -1;
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: not a file with a page", path);
}

static bool read_all(int fd, void *data, size_t size)
{
    char *next = data;
    while (size > 0) {
        ssize_t got = read(fd, next, size);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        next += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* Reads a page's file into memory for an answer in bytes; with an output the library reads it. */
static enum planche_status read_input(struct planche_cli_task *task, size_t *size,
                                      struct planche_error *error)
{
    struct planche_cli_request *request = &task->request;
    const char *path = request->input;
    uint64_t bytes = 0;
    int fd;
    enum planche_status status = open_input(path, &fd, &bytes, error);
    if (status != PLANCHE_OK)
        return status;
    if (request->output != NULL)
        *size = 0;
    else if (bytes > task->server->options.max_bytes)
        status = planche_fail(error, PLANCHE_ERROR_LIMIT, "%s: larger than --max-bytes", path);
    else if ((request->data = malloc(*size = (size_t)bytes)) == NULL)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: out of memory", path);
    else if (!read_all(fd, request->data, *size))
        status = planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot read to its end", path);
    close(fd);
    return status;
}

static enum planche_status run_page(struct planche_cli_task *task,
                                    const struct planche_engine *engine,
                                    struct planche_page_result *result, struct planche_error *error)
{
    struct planche_cli_request *request = &task->request;
    struct planche_page_options *page = &request->page;
    size_t size = (size_t)request->bytes;
    enum planche_status status = PLANCHE_OK;
    int64_t left = task->token.deadline - planche_clock_ns();
    if (task->token.deadline != 0)
        page->deadline_ms = left > 0 ? (uint64_t)left / 1000000 + 1 : 1;
    if (request->input != NULL)
        status = read_input(task, &size, error);
    if (status != PLANCHE_OK)
        return status;
    if (request->output != NULL)
        return planche_engine_run_file(engine, request->input, request->output, page, result,
                                       error);
    status = planche_engine_run_bytes(engine, request->data, size, &task->data, &task->size, page,
                                      result, error);
    if (status != PLANCHE_OK && request->input != NULL)
        planche_cli_hint_name(error->message, sizeof error->message, request->input);
    return status;
}

enum planche_status planche_cli_task_run(void *user, struct planche_cancel *cancel)
{
    struct planche_cli_task *task = user;
    struct planche_cli_request *request = &task->request;
    struct planche_cli_engine_cache *engines = task->server->engines;
    struct planche_error error = {0};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    const struct planche_engine *engine = NULL;
    struct planche_cli_outcome outcome = {
        .input = request->input,
        .output = request->output,
        .message = error.message,
        .result = PLANCHE_PAGE_RESULT_INIT,
    };
    task->token.handle = cancel;
    request->page.cancel = cancel;
    request->page.priority = request->priority;
    request->page.progress = on_progress;
    request->page.progress_user = task;
    outcome.status =
        planche_cli_engine_cache_acquire(engines, &request->engine, &task->token, &engine, &error);
    if (outcome.status == PLANCHE_OK) {
        planche_engine_get_info(engine, &info, NULL);
        outcome.status = run_page(task, engine, &outcome.result, &error);
    }
    task->line = make_line(request->id, &outcome, engine != NULL ? &info : NULL, task->size);
    task->ran = true;
    if (engine != NULL)
        planche_cli_engine_cache_release(engines, engine);
    return outcome.status;
}

/* The answer to a request that never ran. */
static char *make_line_of_none(const struct planche_cli_task *task, enum planche_status status)
{
    const struct planche_cli_outcome outcome = {
        .input = task->request.input,
        .output = task->request.output,
        .status = status,
        .message = status == PLANCHE_ERROR_DEADLINE ? "the deadline passed before the page began"
                                                    : "cancelled before the page began",
    };
    return make_line(task->request.id, &outcome, NULL, 0);
}

void planche_cli_task_done(void *user, enum planche_status status)
{
    struct planche_cli_task *task = user;
    struct planche_cli_server *server = task->server;
    if (!task->ran) {
        assert(status == PLANCHE_ERROR_CANCELLED || status == PLANCHE_ERROR_DEADLINE);
        task->line = make_line_of_none(task, status);
    }
    planche_cli_stdio_release(server, task);
    planche_cli_output_answer(&server->output, task->line, task->data, task->size);
    planche_cli_request_clear(&task->request);
    planche_free_bytes(task->data);
    free(task->line);
    free(task);
}
