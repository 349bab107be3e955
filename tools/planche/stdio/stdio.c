/* SPDX-License-Identifier: MIT */
/* planche stdio: the resident process behind a reader's back end. docs/stdio.md has the protocol.
 */
#include "cli/cli.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/logging.h"
#include "cli/model_options.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "service/engine_cache.h"
#include "service/request.h"
#include "stdio/channel.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define POLL_MS 100

struct server {
    struct planche_cli_options options;
    struct planche_cli_engine_cache *engines;
    struct planche_cli_channel *channel;
    unsigned jobs; /* workers */

    /* Requests that wait for a worker, a ring. As many as there are workers: reading stops there.
     */
    struct planche_cli_request waiting[PLANCHE_CLI_MAX_JOBS];
    size_t first, count;
    bool ended; /* nothing will be added */
    pthread_mutex_t lock;
    pthread_cond_t changed;

    pthread_mutex_t output_lock; /* an answer's line and its bytes stay together */
    atomic_bool broken;          /* nobody reads the answers */
};

/* What an answer is made of. */
struct answer {
    struct planche_cli_outcome outcome;
    const struct planche_engine_info *info; /* NULL: no engine was involved */
    void *data;                             /* own, planche_free_bytes */
    size_t size;
};

static void send(struct server *server, const json_t *id, const struct answer *answer)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", id != NULL ? json_deep_copy(id) : json_null());
    planche_cli_json_page(object, &answer->outcome, answer->info);
    if (answer->outcome.status == PLANCHE_OK)
        json_object_set_new(object, "format",
                            json_string(planche_format_extension(answer->outcome.result.format)));
    json_object_set_new(object, "bytes", json_integer((json_int_t)answer->size));
    char *line = planche_cli_json_line(object);
    pthread_mutex_lock(&server->output_lock);
    if (!server->broken && (line == NULL || !planche_cli_channel_write(line, strlen(line)) ||
                            !planche_cli_channel_write(answer->data, answer->size)))
        server->broken = true;
    pthread_mutex_unlock(&server->output_lock);
    free(line);
}

static void send_error(struct server *server, const json_t *id, const struct planche_error *error)
{
    const struct answer answer = {
        .outcome = {.status = error->status, .message = error->message},
    };
    send(server, id, &answer);
}

static int on_progress(void *user, double done)
{
    const struct server *server = user;
    (void)done;
    return planche_cli_interrupt_signal() != 0 || server->broken;
}

/* Reads a page's file into memory for an answer in bytes. */
static enum planche_status read_input(const char *path, uint64_t limit, void **data, size_t *size,
                                      struct planche_error *error)
{
    struct stat info;
    FILE *file = fopen(path, "rbe");
    enum planche_status status = PLANCHE_OK;
    if (file == NULL)
        return planche_cli_fail(error, errno == ENOENT ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
                                "%s: cannot read: %s", path, strerror(errno));
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
        status = planche_cli_fail(error, PLANCHE_ERROR_DATA, "%s: not a file with a page", path);
    else if ((uint64_t)info.st_size > limit)
        status = planche_cli_fail(error, PLANCHE_ERROR_LIMIT, "%s: larger than --max-bytes", path);
    else if ((*data = malloc((size_t)info.st_size)) == NULL)
        status = planche_cli_fail(error, PLANCHE_ERROR_MEMORY, "%s: out of memory", path);
    else if ((*size = fread(*data, 1, (size_t)info.st_size, file)) < (size_t)info.st_size)
        status = planche_cli_fail(error, PLANCHE_ERROR_IO, "%s: cannot read to its end", path);
    fclose(file);
    return status;
}

static enum planche_status run_page(const struct server *server,
                                    struct planche_cli_request *request,
                                    const struct planche_engine *engine, struct answer *answer,
                                    struct planche_error *error)
{
    struct planche_page_result *result = &answer->outcome.result;
    struct planche_page_options *page = &request->page;
    page->progress = on_progress;
    page->progress_user = (void *)(uintptr_t)server;
    if (request->output != NULL)
        return planche_engine_run_file(engine, request->input, request->output, page, result,
                                       error);
    size_t size = (size_t)request->bytes;
    enum planche_status status = PLANCHE_OK;
    if (request->input != NULL)
        status =
            read_input(request->input, server->options.max_bytes, &request->data, &size, error);
    if (status == PLANCHE_OK)
        status = planche_engine_run_bytes(engine, request->data, size, &answer->data, &answer->size,
                                          page, result, error);
    return status;
}

static void serve(struct server *server, struct planche_cli_request *request)
{
    struct planche_error error = {0};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct answer answer = {
        .outcome = {.input = request->input,
                    .output = request->output,
                    .message = error.message,
                    .result = PLANCHE_PAGE_RESULT_INIT},
    };
    const struct planche_engine *engine = NULL;
    enum planche_status status;
    if (planche_cli_interrupt_signal() != 0)
        status = planche_cli_fail(&error, PLANCHE_ERROR_CANCELLED, "stopped");
    else
        status =
            planche_cli_engine_cache_acquire(server->engines, &request->engine, &engine, &error);
    if (status == PLANCHE_OK) {
        planche_engine_get_info(engine, &info);
        answer.info = &info;
        status = run_page(server, request, engine, &answer, &error);
    }
    answer.outcome.status = status;
    send(server, request->id, &answer);
    if (engine != NULL)
        planche_cli_engine_cache_release(server->engines, engine);
    planche_free_bytes(answer.data);
}

static void *work(void *user)
{
    struct server *server = user;
    for (;;) {
        pthread_mutex_lock(&server->lock);
        while (server->count == 0 && !server->ended)
            pthread_cond_wait(&server->changed, &server->lock);
        if (server->count == 0) {
            pthread_mutex_unlock(&server->lock);
            return NULL;
        }
        struct planche_cli_request request = server->waiting[server->first];
        server->first = (server->first + 1) % PLANCHE_CLI_MAX_JOBS;
        server->count--;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
        serve(server, &request);
        planche_cli_request_clear(&request);
    }
}

static bool is_stopping(const struct server *server)
{
    return planche_cli_interrupt_signal() != 0 || server->broken;
}

/* Nothing more is read while all workers have a page in front of them. False: stop. */
static bool wait_for_room(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    while (server->count >= server->jobs && !is_stopping(server)) {
        /* A signal does not wake a condition. */
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&server->changed, &server->lock, &until);
    }
    pthread_mutex_unlock(&server->lock);
    return !is_stopping(server);
}

static void enqueue(struct server *server, const struct planche_cli_request *request)
{
    pthread_mutex_lock(&server->lock);
    server->waiting[(server->first + server->count) % PLANCHE_CLI_MAX_JOBS] = *request;
    server->count++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* Reads the bytes that belong to a request. */
static enum planche_status receive(struct server *server, struct planche_cli_request *request,
                                   struct planche_error *error)
{
    if (request->bytes > server->options.max_bytes)
        return planche_cli_fail(error, PLANCHE_ERROR_LIMIT,
                                "%llu bytes are more than --max-bytes allows",
                                (unsigned long long)request->bytes);
    request->data = malloc((size_t)request->bytes);
    if (request->data == NULL)
        return planche_cli_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %llu bytes",
                                (unsigned long long)request->bytes);
    uint64_t got = planche_cli_channel_bytes(server->channel, request->data, request->bytes);
    if (got == request->bytes)
        return PLANCHE_OK;
    return planche_cli_fail(error, PLANCHE_ERROR_DATA, "input ended after %llu of %llu bytes",
                            (unsigned long long)got, (unsigned long long)request->bytes);
}

/* Takes one line and what belongs to it; a bad request is answered here. */
static void accept_request(struct server *server, const char *line, size_t length)
{
    struct planche_cli_request request;
    struct planche_error error = {0};
    enum planche_status status =
        planche_cli_request_parse(&request, line, length, &server->options, &error);
    if (status == PLANCHE_OK && request.bytes > 0)
        status = receive(server, &request, &error);
    if (status == PLANCHE_OK) {
        enqueue(server, &request);
        return;
    }
    if (request.data == NULL) /* else they are read already */
        planche_cli_channel_bytes(server->channel, NULL, request.bytes);
    error.status = status;
    send_error(server, request.id, &error);
    planche_cli_request_clear(&request);
}

static void read_requests(struct server *server, char *line)
{
    static const struct planche_error too_long = {PLANCHE_ERROR_LIMIT,
                                                  "a request's line has at most 65535 bytes"};
    size_t length;
    while (wait_for_room(server)) {
        switch (planche_cli_channel_line(server->channel, line, &length)) {
        case PLANCHE_CLI_LINE_END:
            return;
        case PLANCHE_CLI_LINE_TOO_LONG:
            send_error(server, NULL, &too_long);
            break;
        case PLANCHE_CLI_LINE_OK:
            if (strspn(line, " \t\r") < length)
                accept_request(server, line, length);
            break;
        }
    }
}

/* As many pages as any engine has in flight. */
static unsigned count_jobs(const struct planche_engine_options *options)
{
    unsigned jobs = options->jobs != 0 ? options->jobs : options->threads;
    if (jobs == 0)
        planche_engine_defaults(NULL, &jobs);
    return jobs < PLANCHE_CLI_MAX_JOBS ? jobs : PLANCHE_CLI_MAX_JOBS;
}

/* Workers until the input ends; at least one. */
static bool run(struct server *server, char *line)
{
    pthread_t threads[PLANCHE_CLI_MAX_JOBS];
    unsigned started = 0;
    while (started < server->jobs && pthread_create(&threads[started], NULL, work, server) == 0)
        started++;
    if (started > 0)
        read_requests(server, line);
    pthread_mutex_lock(&server->lock);
    server->ended = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return started > 0;
}

/* Without a model, what no model could do with shows now as well: the library looks at the memory
 * before it looks for the model's file. */
static int check_memory(struct server *server)
{
    struct planche_engine_options wanted = {.model = "/dev/null/none.param"};
    const struct planche_engine *engine;
    struct planche_error error = {0};
    if (planche_cli_engine_cache_acquire(server->engines, &wanted, &engine, &error) !=
        PLANCHE_ERROR_BUDGET)
        return PLANCHE_CLI_OK;
    planche_cli_message("%s; raise --memory", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* A model named on the command line is loaded at once, so that its absence shows now. */
static int preload(struct server *server)
{
    struct planche_engine_options wanted = server->options.engine;
    const struct planche_engine *engine;
    struct planche_error error = {0};
    unsigned scale;
    if (planche_cli_choose(&wanted, server->options.level, &scale, &error) != PLANCHE_OK)
        return planche_cli_usage_error("stdio", "%s", error.message);
    if (wanted.model == NULL)
        return check_memory(server);
    if (planche_cli_engine_cache_acquire(server->engines, &wanted, &engine, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(engine, &info);
    if (info.jobs > server->jobs) /* GPUs have pages beside those of the threads */
        server->jobs = info.jobs < PLANCHE_CLI_MAX_JOBS ? info.jobs : PLANCHE_CLI_MAX_JOBS;
    planche_cli_engine_cache_release(server->engines, engine);
    return PLANCHE_CLI_OK;
}

static int serve_all(struct server *server, char *line)
{
    int status = preload(server);
    if (status != PLANCHE_CLI_OK)
        return status;
    if (!run(server, line)) {
        planche_cli_message("cannot start a thread; see ulimit -u");
        return PLANCHE_CLI_NOT_STARTED;
    }
    if (planche_cli_interrupt_signal() == SIGTERM) {
        planche_cli_interrupt_forget(); /* the ordinary way to end a service */
        return PLANCHE_CLI_OK;
    }
    if (server->broken)
        planche_cli_message("standard output: nobody reads the answers");
    int error = server->channel->error;
    if (error != 0)
        planche_cli_message("standard input: cannot read: %s", strerror(error));
    return server->broken || error != 0 ? PLANCHE_CLI_PAGE_FAILED : PLANCHE_CLI_OK;
}

int planche_cli_stdio(int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_STDIO, "stdio", argc, argv, &first,
                                   &status))
        return status;
    if (first < argc)
        return planche_cli_usage_error("stdio", "unexpected '%s'; requests come on stdin",
                                       argv[first]);
    struct server *server = calloc(1, sizeof *server);
    char *line = malloc(PLANCHE_CLI_LINE_SIZE);
    status = PLANCHE_CLI_NOT_STARTED;
    if (server != NULL) {
        server->options = options;
        server->jobs = count_jobs(&options.engine);
        server->options.engine.log = planche_cli_log;
        server->options.engine.log_user = &server->options;
        pthread_mutex_init(&server->lock, NULL);
        pthread_mutex_init(&server->output_lock, NULL);
        pthread_cond_init(&server->changed, NULL);
        server->channel = calloc(1, sizeof *server->channel);
        server->engines = planche_cli_engine_cache_create(&server->options.engine, options.engines);
    }
    if (server == NULL || line == NULL || server->channel == NULL || server->engines == NULL)
        planche_cli_message("out of memory");
    else if (!planche_cli_interrupt_install())
        planche_cli_message("cannot make a pipe; see ulimit -n");
    else
        status = serve_all(server, line);
    if (server != NULL) {
        planche_cli_engine_cache_destroy(server->engines);
        free(server->channel);
    }
    free(server);
    free(line);
    return status;
}
