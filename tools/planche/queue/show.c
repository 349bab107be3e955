/* SPDX-License-Identifier: MIT */
/* planche queue: who works, what waits, what failed; trying again, and emptying. */
#include "cli/cli.h"
#include "cli/fact.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "queue/command.h"
#include "queue/job.h"
#include "queue/open.h"
#include "queue/shared/folder.h"
#include "queue/state.h"
#include "queue/store.h"
#include "words/suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_MS 500

/* A run of planche queue. */
struct run {
    struct planche_queue queue;
    struct planche_cli_options options;
    struct planche_error error;
    unsigned left; /* failures that cannot be tried again */
};

/* A page that was given up. */
struct failure {
    struct planche_queue_dead dead;
    uint64_t sequence; /* of its message */
    int64_t age_s;     /* the server's clock may be ahead of this one: then 0 */
};

static int64_t age_of(natsMsg *message)
{
    int64_t age = (int64_t)time(NULL) - planche_libnats.natsMsg_GetTime(message) / 1000000000;
    return age > 0 ? age : 0;
}

/* Calls visit for each page that was given up. False: the queue could not be asked, or visit did
 * not do its work. */
static bool visit_dead(struct run *run,
                       bool (*visit)(struct run *run, const struct failure *failure))
{
    struct failure *failure = malloc(sizeof *failure);
    natsMsg *message = NULL;
    natsStatus status = failure != NULL ? NATS_OK : NATS_NO_MEMORY;
    bool right = true;
    for (uint64_t next = 1; right && status == NATS_OK;) {
        status = planche_queue_get_next(&run->queue, PLANCHE_QUEUE_DEAD, "planche.dead.>", next,
                                        &message);
        if (status != NATS_OK)
            break;
        failure->sequence = planche_libnats.natsMsg_GetSequence(message);
        failure->age_s = age_of(message);
        next = failure->sequence + 1;
        if (planche_queue_dead_read(&failure->dead, planche_libnats.natsMsg_GetData(message),
                                    (size_t)planche_libnats.natsMsg_GetDataLength(message)))
            right = visit(run, failure);
        else
            planche_cli_message("%s: cannot be read: another version of Planche has failed at it",
                                planche_libnats.natsMsg_GetSubject(message));
        planche_libnats.natsMsg_Destroy(message);
    }
    free(failure);
    if (status == NATS_OK || status == NATS_NOT_FOUND)
        return right;
    planche_queue_fail(&run->error, status, "cannot be asked");
    return false;
}

static json_t *count_json(const struct planche_queue_state *state)
{
    json_t *json = json_object(), *known = planche_queue_state_json(state);
    json_object_set_new(json, "type", json_string("queue"));
    json_object_update(json, known);
    json_decref(known);
    json_object_set_new(json, "seconds_left",
                        state->pages_per_second > 0.0
                            ? json_real((double)state->pages / state->pages_per_second)
                            : json_null());
    return json;
}

/* "12 s", "5 min", "3 h", "2 d". */
static void write_age(int64_t seconds, char *text, size_t size)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * units[i].seconds)
        i++;
    snprintf(text, size, "%" PRId64 " %s", seconds / units[i].seconds, units[i].unit);
}

/* Without the page's name, which an engine's message begins with. */
static const char *reason_of(const struct planche_queue_dead *dead)
{
    size_t length = strlen(dead->job.name);
    bool named = strncmp(dead->message, dead->job.name, length) == 0 &&
                 strncmp(dead->message + length, ": ", 2) == 0;
    return named ? dead->message + length + 2 : dead->message;
}

static bool print_dead(struct run *run, const struct failure *failure)
{
    const struct planche_queue_dead *dead = &failure->dead;
    char age[32];
    write_age(failure->age_s, age, sizeof age);
    if (!run->options.json) {
        planche_cli_print("failed: %s: %s (%s ago, %u %s, last by %s)", dead->job.name,
                          reason_of(dead), age, dead->tries, dead->tries == 1 ? "try" : "tries",
                          dead->worker);
        return true;
    }
    json_t *json = json_object();
    json_object_set_new(json, "type", json_string("failed"));
    json_object_set_new(json, "key", json_string(dead->job.key));
    json_object_set_new(json, "name", planche_cli_json_text(dead->job.name));
    json_object_set_new(json, "status", json_string(planche_status_name(dead->status)));
    json_object_set_new(json, "message", planche_cli_json_text(dead->message));
    json_object_set_new(json, "tries", json_integer(dead->tries));
    json_object_set_new(json, "age_seconds", json_integer(failure->age_s));
    json_object_set_new(json, "worker", planche_cli_json_text(dead->worker));
    return planche_cli_json_print(json);
}

static void print_worker(const json_t *worker)
{
    planche_cli_print("  %-28s %lld of %lld running, %.2f pages/s, %lld made, %lld failed  %s",
                      json_string_value(json_object_get(worker, "id")),
                      (long long)json_integer_value(json_object_get(worker, "running")),
                      (long long)json_integer_value(json_object_get(worker, "slots")),
                      json_number_value(json_object_get(worker, "pages_per_second")),
                      (long long)json_integer_value(json_object_get(worker, "done")),
                      (long long)json_integer_value(json_object_get(worker, "failed")),
                      json_string_value(json_object_get(worker, "numerics")));
    const char *problem = json_string_value(json_object_get(worker, "problem"));
    if (problem != NULL)
        planche_cli_print("    takes no page for a while: %s", problem);
}

static void print_state(const struct planche_queue_state *state)
{
    char store[32];
    planche_cli_print(
        "%-10s %" PRIu64 " waiting (%" PRIu64 " of readers, %" PRIu64 " ahead of them, %" PRIu64
        " of books), %" PRIu64 " running, %" PRIu64 " failed",
        "pages", state->waiting[0] + state->waiting[1] + state->waiting[2], state->waiting[0],
        state->waiting[1], state->waiting[2], state->running, state->dead);
    if (state->pages > 0)
        planche_cli_print("%-10s %" PRId64 " s", "oldest", state->oldest_s);
    planche_cli_print("%-10s %.2f pages/s", "speed", state->pages_per_second);
    if (state->pages > 0 && state->pages_per_second > 0.0)
        planche_cli_print("%-10s %.0f s", "left", (double)state->pages / state->pages_per_second);
    planche_cli_print("%-10s %s", "store",
                      planche_cli_format_bytes(state->store_bytes, store, sizeof store));
    planche_cli_print("%-10s %zu", "workers", json_array_size(state->workers));
    for (size_t i = 0; i < json_array_size(state->workers); i++)
        print_worker(json_array_get(state->workers, i));
}

static bool show(struct run *run)
{
    struct planche_queue_state state;
    bool right = planche_queue_ask(&run->queue, ANSWER_MS, NULL, &state, &run->error) == PLANCHE_OK;
    if (right && run->options.json)
        right = planche_cli_json_print(count_json(&state));
    else if (right)
        print_state(&state);
    planche_queue_state_clear(&state);
    return right && visit_dead(run, print_dead);
}

/* Whether what the job refers to is there: who has been told of the failure removes it. */
static bool has_bytes(struct run *run, const struct planche_queue_job *job)
{
    bool there = false;
    natsStatus status = planche_queue_has(&run->queue, &job->source, &there);
    for (unsigned i = 0; i < job->model_files && there && status == NATS_OK; i++)
        status = planche_queue_has(&run->queue, &job->model_file[i], &there);
    return there || status != NATS_OK;
}

/* As a page of a book: nobody waits for what was given up. */
static bool retry_dead(struct run *run, const struct failure *failure)
{
    const struct planche_queue_dead *dead = &failure->dead;
    if (!has_bytes(run, &dead->job)) {
        planche_cli_message("%s: its bytes are not in the queue any more: the command of its book "
                            "tries it again",
                            dead->job.name);
        run->left++;
        return true;
    }
    char subject[PLANCHE_QUEUE_NEED_TEXT + 128];
    bool taken = false;
    jsErrCode reason;
    char *text = planche_queue_job_write(&dead->job);
    snprintf(subject, sizeof subject, "planche.job.book.%s.%s.0", dead->job.need, dead->job.key);
    natsStatus status =
        text != NULL ? planche_queue_publish(&run->queue, subject, text, strlen(text), NULL, &taken)
                     : NATS_NO_MEMORY;
    free(text);
    if (status == NATS_OK)
        status = planche_libnats.js_DeleteMsg(run->queue.js, PLANCHE_QUEUE_DEAD, failure->sequence,
                                              NULL, &reason);
    if (status != NATS_OK)
        planche_queue_fail(&run->error, status, "cannot try again");
    return status == NATS_OK;
}

static bool retry(struct run *run)
{
    bool right = visit_dead(run, retry_dead);
    planche_libnats.natsConnection_Publish(run->queue.connection, PLANCHE_QUEUE_WAKE, "", 0);
    return right && run->left == 0;
}

static bool empty_stream(struct run *run, const char *stream)
{
    jsErrCode reason;
    natsStatus status = planche_libnats.js_PurgeStream(run->queue.js, stream, NULL, &reason);
    if (status != NATS_OK)
        planche_queue_fail(&run->error, status, "cannot be emptied");
    return status == NATS_OK;
}

static bool forget(struct run *run)
{
    return empty_stream(run, PLANCHE_QUEUE_DEAD);
}

static bool purge(struct run *run)
{
    static const char *const streams[] = {PLANCHE_QUEUE_JOBS, PLANCHE_QUEUE_RESULTS,
                                          PLANCHE_QUEUE_DEAD, PLANCHE_QUEUE_STORE};
    bool right = true;
    for (size_t i = 0; i < sizeof streams / sizeof *streams && right; i++)
        right = empty_stream(run, streams[i]);
    if (right)
        planche_queue_empty_folder(&run->queue);
    if (right && planche_queue_is_address(run->options.queue.store))
        planche_cli_message("the folder of %s was left: purge it where it lies, with --store DIR",
                            run->options.queue.store);
    return right;
}

static const struct action {
    const char *name;
    bool (*run)(struct run *run);
} actions[] = {{"show", show}, {"retry", retry}, {"forget", forget}, {"purge", purge}};

int planche_cli_queue(int argc, char **argv)
{
    struct run run = {0};
    int first, status;
    if (!planche_cli_options_parse(&run.options, PLANCHE_CLI_QUEUE, "queue", argc, argv, &first,
                                   &status))
        return status;
    const char *word = first < argc ? argv[first++] : "show";
    const struct action *action = PLANCHE_CLI_FIND_NAMED(actions, word);
    if (action == NULL)
        return planche_cli_usage_error("queue",
                                       "unknown action '%s'; there are show, retry, forget "
                                       "and purge",
                                       word);
    status = planche_queue_check_usage("queue", &run.options, argc, argv, first);
    if (status != PLANCHE_CLI_OK)
        return status;
    enum planche_status opened =
        planche_queue_open(&run.queue, &run.options.queue, "planche-queue", &run.error);
    if (opened != PLANCHE_OK)
        return planche_queue_refuse(opened, &run.error);
    bool right = action->run(&run);
    if (!right && *run.error.message != 0)
        planche_cli_message("%s", run.error.message);
    planche_queue_close(&run.queue);
    return right ? PLANCHE_CLI_OK : PLANCHE_CLI_PAGE_FAILED;
}
