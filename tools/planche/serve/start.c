/* SPDX-License-Identifier: MIT */
/* Start: from the command line to a server that is ready. */
#include "serve/start.h"

#include "books/books.h"
#include "books/library.h"
#include "cache/open.h"
#include "cli/cli.h"
#include "cli/hints.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "commit.h"
#include "http/open_files.h"
#include "metrics/metrics.h"
#include "os/clock.h"
#include "os/file.h"
#include "pages/keys.h"
#include "proxy/proxy.h"
#include "serve/book_count.h"
#include "serve/dispatch.h"
#include "serve/figures.h"
#include "serve/guard.h"
#include "serve/log.h"
#include "serve/metrics.h"
#include "serve/queue/crew.h"
#include "serve/queue/store.h"
#include "serve/routes.h"
#include "serve/upstream/lend.h"
#include "serve/work.h"
#include "service/engine_cache.h"
#include "service/secret.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS      INT64_C(1000000000)
#define DEFAULT_LISTEN "127.0.0.1:8377"
#define MAX_BODIES     (UINT64_C(256) << 20)
#define DEFAULT_BYTES  (UINT64_C(64) << 20)
#define ENOUGH_MEMORY  (UINT64_C(512) << 20) /* for the engine of any model */

/* A quarter of the memory is for bodies and results, but no more than they can use; the rest is for
 * engines and what runs in them. */
static void divide_memory(struct planche_serve *serve, bool bytes_given)
{
    uint64_t memory = serve->options.engine.memory;
    if (memory == 0)
        planche_engine_defaults(&memory, NULL);
    uint64_t bodies = memory / 4 < MAX_BODIES ? memory / 4 : MAX_BODIES;
    planche_http_budget_init(&serve->budget, bodies);
    planche_cli_hint_engines(serve->options.engines); /* an engine is tried before its cache is */
    planche_cli_hint_bodies(MAX_BODIES >> 20);
    serve->options.engine.memory = memory - bodies;
    serve->max_bytes = bytes_given ? serve->options.max_bytes : DEFAULT_BYTES;
    if (serve->max_bytes > bodies)
        serve->max_bytes = bodies;
}

/* A wrong model shows now; one that has not been fetched may come yet. */
static int check_model(struct planche_serve *serve)
{
    struct planche_engine_options wanted = serve->options.engine;
    const struct planche_model_variant *variant;
    struct planche_error error = {0};
    unsigned scale;
    if (planche_cli_choose_typed(&wanted, serve->options.level, &scale, &error) != PLANCHE_OK)
        return planche_cli_wrong_model(&wanted, &error);
    const char *model = wanted.model != NULL ? wanted.model : PLANCHE_CLI_DEFAULT_MODEL;
    if (planche_cli_model_is_path(model) && access(model, R_OK) != 0) {
        planche_cli_message("%s: this model cannot be read: %s", model, strerror(errno));
        return PLANCHE_CLI_NOT_STARTED;
    }
    if (!planche_cli_model_is_path(model) &&
        planche_model_find(model, wanted.scale, wanted.denoise, &variant, &error) == PLANCHE_OK &&
        planche_model_check(variant, wanted.model_directory, 0, &error) != PLANCHE_OK) {
        planche_serve_log(serve, PLANCHE_CLI_LOG_WARN, "%s; fetch it with: planche models fetch %s",
                          error.message, model);
        serve->warned = true;
    }
    return PLANCHE_CLI_OK;
}

/* Where the system does not let pages be isolated, the server does without unless it was told to.
 */
static int choose_isolation(struct planche_serve *serve)
{
    const struct planche_cli_serve_options *options = &serve->options.serve;
    struct planche_error error = {0};
    if (options->isolate && options->no_isolate)
        return planche_cli_usage_error("no-isolate",
                                       "--isolate and --no-isolate exclude each other");
    if (options->no_isolate)
        return PLANCHE_CLI_OK;
    serve->options.engine.isolate = planche_isolation_check(&error) == PLANCHE_OK;
    serve->options.queue.isolates = serve->options.engine.isolate;
    if (serve->options.engine.isolate)
        return PLANCHE_CLI_OK;
    if (options->isolate) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    planche_serve_log(serve, PLANCHE_CLI_LOG_WARN, "%s; pages are decoded in the server's process",
                      error.message);
    return PLANCHE_CLI_OK;
}

/* Whether options.backend asks for more than what is always there. */
static bool names_backend(const char *backend)
{
    return backend != NULL && strcmp(backend, "auto") != 0 && strcmp(backend, "cpu") != 0;
}

static int refuse_engine(enum planche_status status, const char *message)
{
    if (status == PLANCHE_ERROR_ARGUMENT)
        return planche_cli_usage_error("backend", "%s", message);
    planche_cli_message("%s", message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* Makes an engine as requests will want it, where it may fail for good: with little memory, and
 * with GPUs that were asked for by name. Others are asked when the first page comes. */
static int check_engine(const struct planche_serve *serve)
{
    struct planche_engine_options wanted = serve->options.engine;
    struct planche_engine *engine = NULL;
    struct planche_error error = {0};
    bool named = names_backend(wanted.backend);
    unsigned scale;
    wanted.memory /= serve->options.engines;
    if (!named && wanted.memory >= ENOUGH_MEMORY)
        return PLANCHE_CLI_OK;
    if (!named)
        wanted.backend = "cpu";
    if (wanted.memory == 0)
        wanted.memory = 1; /* 0 is the default */
    enum planche_status status = planche_cli_choose(&wanted, serve->options.level, &scale, &error);
    if (status == PLANCHE_OK)
        status = planche_engine_create(&engine, &wanted, &error);
    if (status == PLANCHE_ERROR_NOT_FOUND && named) { /* the model may come; the GPU will not */
        wanted.model = NULL;
        wanted.scale = 0;
        wanted.denoise = PLANCHE_DENOISE_DEFAULT;
        wanted.has_level = 0;
        status = planche_engine_create(&engine, &wanted, &error);
    }
    planche_engine_destroy(&engine);
    bool wrong = status == PLANCHE_ERROR_BUDGET ||
                 (named && status != PLANCHE_OK && status != PLANCHE_ERROR_NOT_FOUND);
    return wrong ? refuse_engine(status, error.message) : PLANCHE_CLI_OK;
}

static int read_token(struct planche_serve *serve)
{
    const struct planche_cli_serve_options *options = &serve->options.serve;
    struct planche_error error = {0};
    if (options->token_file != NULL && options->no_token)
        return planche_cli_usage_error("no-token",
                                       "--token-file and --no-token exclude each other");
    serve->log = (struct planche_log){.fn = planche_serve_log_library, .user = serve};
    planche_secret_warn_in(&serve->log);
    if (options->token_file == NULL ||
        planche_token_read(options->token_file, serve->token, &error) == PLANCHE_OK)
        return PLANCHE_CLI_OK;
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* Everybody on the network could use the machine. */
static int check_places(const struct planche_serve *serve)
{
    for (unsigned i = 0; i < serve->listener_count; i++) {
        const struct planche_http_listener *listener = &serve->listeners[i];
        if (listener->place == PLANCHE_HTTP_NETWORK && *serve->token == 0 &&
            !serve->options.serve.no_token && serve->options.serve.upstream == NULL)
            return planche_cli_usage_error(
                "token-file",
                "%s can be reached from other machines: give --token-file FILE, or "
                "--no-token if everybody may use it",
                listener->name);
    }
    return PLANCHE_CLI_OK;
}

static int listen_everywhere(struct planche_serve *serve)
{
    static const char *const preset[] = {DEFAULT_LISTEN};
    const struct planche_cli_serve_options *options = &serve->options.serve;
    struct planche_error error = {0};
    serve->listener_count =
        planche_http_listen_inherited(serve->listeners, PLANCHE_HTTP_MAX_LISTENERS);
    bool none = serve->listener_count == 0 && options->listen_count == 0;
    const char *const *texts = none ? preset : options->listen;
    unsigned count = none ? 1 : options->listen_count;
    for (unsigned i = 0; i < count && serve->listener_count < PLANCHE_HTTP_MAX_LISTENERS; i++) {
        struct planche_http_listener *listener = &serve->listeners[serve->listener_count];
        enum planche_status status = planche_http_listen(listener, texts[i], &error);
        if (status == PLANCHE_ERROR_ARGUMENT)
            return planche_cli_usage_error("listen", "%s", error.message);
        if (status != PLANCHE_OK) {
            planche_cli_message("%s", error.message);
            return PLANCHE_CLI_NOT_STARTED;
        }
        serve->listener_count++;
    }
    return check_places(serve);
}

/* --check opens no socket, since the server that it is for may run. */
static int check_addresses(const struct planche_serve *serve)
{
    const struct planche_cli_serve_options *options = &serve->options.serve;
    struct planche_error error = {0};
    for (unsigned i = 0; i < options->listen_count; i++) {
        if (planche_http_listen_check(options->listen[i], &error) != PLANCHE_OK)
            return planche_cli_usage_error("listen", "%s", error.message);
    }
    return PLANCHE_CLI_OK;
}

static struct planche_pages *make_pages(struct planche_serve *serve, struct planche_error *error)
{
    const struct planche_pages_settings settings = {
        .loop = serve->loop,
        .budget = &serve->budget,
        .engines = serve->engines,
        .maker = planche_serve_crew_maker(serve),
        .workers = serve->crew != NULL ? PLANCHE_SERVE_CREW_PAGES
                                       : planche_cli_count_jobs(&serve->options.engine),
        .queue_limit = serve->options.serve.queue,
        .cache = serve->cache,
        .unload_ns = serve->options.serve.unload_s * SECOND_NS,
        .observe = planche_serve_observe,
        .user = serve,
    };
    return planche_pages_create(&settings, error);
}

static void fill_settings(struct planche_serve *serve)
{
    serve->settings = (struct planche_http_settings){
        .loop = serve->loop,
        .budget = &serve->budget,
        .head_ns = 10 * SECOND_NS,
        .body_ns = 300 * SECOND_NS,
        .stall_ns = 30 * SECOND_NS,
        .room_ns = 10 * SECOND_NS,
        .idle_ns = 75 * SECOND_NS, /* longer than nginx's: it closes first, without a race */
        .request = planche_serve_request,
        .urgent = planche_serve_is_urgent,
        .refuse = planche_serve_refuse,
        .finished = planche_serve_finished,
        .closed = planche_serve_closed,
        .user = serve,
    };
}

static int refuse_cache(const char *folder)
{
    int problem = errno;
    planche_cli_message("%s: results cannot be kept there: %s; choose another folder with --cache, "
                        "or use --no-cache",
                        folder, strerror(problem));
    return PLANCHE_CLI_NOT_STARTED;
}

/* Of a folder that was named: it must be for this user's writing. */
static int check_cache(const char *folder)
{
    return access(folder, R_OK | W_OK | X_OK) == 0 ? PLANCHE_CLI_OK : refuse_cache(folder);
}

/* A cache that cannot be is said, and the server goes on without: pages are worth more. A folder
 * that was named must be usable. */
static int open_cache(struct planche_serve *serve)
{
    const struct planche_cli_options *options = &serve->options;
    struct planche_error error = {0};
    if (options->serve.no_cache)
        return PLANCHE_CLI_OK;
    serve->log = (struct planche_log){.fn = planche_serve_log_library, .user = serve};
    const struct planche_cache_options wanted = {.folder = options->cache,
                                                 .max_bytes = options->cache_max_size,
                                                 .max_age_s = options->cache_max_age,
                                                 .log = &serve->log};
    if (options->cache != NULL && !planche_folder_make_whole(options->cache, 0700))
        return refuse_cache(options->cache);
    if (planche_cache_open(&serve->cache, &wanted, &error) == PLANCHE_OK)
        return options->cache != NULL ? check_cache(options->cache) : PLANCHE_CLI_OK;
    if (options->cache == NULL) {
        planche_serve_log(serve, PLANCHE_CLI_LOG_WARN, "%s; results are not kept", error.message);
        return PLANCHE_CLI_OK;
    }
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* A request's files at most: its socket, the upstream's or a result, and a pipe between them; the
 * socket of one that waits; with an upstream a tunnel, whose client is counted as a connection no
 * more. */
#define FILES_OF_CONNECTION 5
#define FILES_OF_TUNNEL     2
/* Libraries, drivers, helper programs, models, the cache; spare connections. */
#define FILES_OF_ALL (256 + planche_http_server_capacity(0))

/* More connections than files would end in failures anywhere. */
static void bound_connections(struct planche_serve *serve)
{
    struct planche_cli_serve_options *options = &serve->options.serve;
    uint64_t each = FILES_OF_CONNECTION + (options->upstream != NULL ? FILES_OF_TUNNEL : 0);
    uint64_t limit = planche_http_raise_open_files(options->max_connections * each + FILES_OF_ALL);
    uint64_t others = limit / 2 < FILES_OF_ALL ? limit / 2 : FILES_OF_ALL;
    uint64_t most = limit - others > each ? (limit - others) / each : 1;
    if (options->max_connections <= most)
        return;
    planche_serve_log(serve, PLANCHE_CLI_LOG_WARN,
                      "--max-connections %u is taken as %u: the system lets this process open %u "
                      "files (ulimit -Hn, LimitNOFILE= of systemd)",
                      options->max_connections, (unsigned)most, (unsigned)limit);
    options->max_connections = (unsigned)most;
}

static int make_parts(struct planche_serve *serve)
{
    const struct planche_serve_route *route;
    struct planche_error error = {0};
    serve->options.engine.log = planche_serve_log_library;
    serve->options.engine.log_user = serve;
    serve->loop = planche_http_loop_create();
    serve->engines =
        planche_cli_engine_cache_create(&serve->options.engine, serve->options.engines);
    serve->keys =
        planche_pages_keys_create(&serve->options.engine, PLANCHE_COMMIT,
                                  serve->crew != NULL && !serve->options.queue.same_bytes);
    if (serve->loop == NULL || serve->engines == NULL || serve->keys == NULL ||
        !planche_serve_metrics_create(serve))
        return planche_cli_no_memory();
    for (size_t i = 0; (route = planche_serve_get_route(i)) != NULL; i++)
        planche_serve_count_route(serve, route->method, route->path);
    planche_cli_engine_cache_on_load(serve->engines, planche_serve_count_load, serve);
    serve->pages = make_pages(serve, &error);
    if (serve->pages == NULL) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    serve->ready = planche_pages_ready_create(serve->pages, serve->keys);
    if (serve->ready == NULL)
        return planche_cli_no_memory();
    fill_settings(serve);
    int status = planche_serve_make_proxy(serve);
    if (status != PLANCHE_CLI_OK || serve->options.serve.check)
        return status;
    serve->server =
        planche_http_server_create(&serve->settings, serve->listeners, serve->listener_count,
                                   serve->options.serve.max_connections);
    return serve->server != NULL ? PLANCHE_CLI_OK : planche_cli_no_memory();
}

/* Books go on that were not done when the server before ended. */
static int open_books(struct planche_serve *serve)
{
    const struct planche_cli_serve_options *options = &serve->options.serve;
    struct planche_error error = {0};
    serve->log = (struct planche_log){.fn = planche_serve_log_library, .user = serve};
    struct planche_books_settings settings = {
        .loop = serve->loop,
        .budget = &serve->budget,
        .pages = serve->pages,
        .engines = serve->engines,
        .defaults = &serve->options,
        .log = &serve->log,
        .folder = options->books,
        .max_bytes = options->books_size,
        .upload_bytes = options->books_upload,
        .keep_s = 3600 * (int64_t)options->books_keep,
        .roots = options->roots,
        .root_count = options->root_count,
        .ended = planche_serve_count_book,
        .user = serve,
    };
    planche_serve_crew_books(serve, &settings);
    planche_serve_begin_book_figures(serve);
    if (planche_books_create(&serve->books, &settings, &error) == PLANCHE_OK)
        return PLANCHE_CLI_OK;
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* --check: books are left alone, which may be another server's; the roots are looked at. */
static int check_roots(const struct planche_serve *serve)
{
    const struct planche_cli_serve_options *options = &serve->options.serve;
    struct planche_library library = {0};
    struct planche_error error = {0};
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = 0; i < options->root_count && status == PLANCHE_OK; i++)
        status = planche_library_add(&library, options->roots[i], &error);
    planche_library_close(&library);
    if (status == PLANCHE_OK)
        return PLANCHE_CLI_OK;
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

int planche_serve_start(struct planche_serve *serve)
{
    serve->started = planche_clock_ns();
    divide_memory(serve, planche_cli_option_is_given(&serve->options, "max-bytes"));
    int status = check_model(serve);
    if (status == PLANCHE_CLI_OK)
        status = read_token(serve);
    if (status == PLANCHE_CLI_OK)
        status = serve->options.serve.check ? check_addresses(serve) : listen_everywhere(serve);
    if (status == PLANCHE_CLI_OK)
        status = choose_isolation(serve);
    if (status == PLANCHE_CLI_OK)
        status = check_engine(serve);
    if (status == PLANCHE_CLI_OK)
        status = open_cache(serve);
    bound_connections(serve);
    if (status == PLANCHE_CLI_OK)
        status = planche_serve_check_store(serve);
    if (status == PLANCHE_CLI_OK)
        status = planche_serve_crew_open(serve);
    if (status == PLANCHE_CLI_OK)
        status = make_parts(serve);
    if (status == PLANCHE_CLI_OK)
        status = serve->options.serve.check ? check_roots(serve) : open_books(serve);
    /* Pages of an upstream do not wait for keys by themselves. */
    if (status == PLANCHE_CLI_OK && !serve->options.serve.check &&
        serve->options.serve.upstream != NULL)
        planche_pages_ready_prepare(serve->ready);
    if (status == PLANCHE_CLI_OK && !serve->options.serve.check)
        planche_serve_begin_sweeps(serve);
    for (unsigned i = 0; i < serve->listener_count && status == PLANCHE_CLI_OK; i++)
        planche_serve_log(serve, PLANCHE_CLI_LOG_INFO, "listening on %s", serve->listeners[i].name);
    return status;
}

void planche_serve_stop(struct planche_serve *serve)
{
    planche_secret_warn_in(NULL);
    planche_http_timer_stop(&serve->sweep);
    planche_books_stop(serve->books);
    planche_pages_destroy(serve->pages);
    planche_http_server_destroy(serve->server);
    planche_proxy_destroy(serve->proxy);
    planche_books_destroy(serve->books);
    planche_serve_crew_close(serve);
    planche_cache_close(&serve->cache);
    planche_pages_ready_destroy(serve->ready);
    planche_pages_keys_destroy(serve->keys);
    planche_cli_engine_cache_destroy(serve->engines);
    for (unsigned i = 0; i < serve->listener_count; i++)
        planche_http_listener_close(&serve->listeners[i]);
    planche_http_loop_destroy(serve->loop);
    planche_metrics_destroy(serve->metrics);
    planche_http_budget_destroy(&serve->budget);
}
