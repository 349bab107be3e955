/* SPDX-License-Identifier: MIT */
/* Connecting to a nats-server. */
#include "queue/open.h"

#include "base/status.h"
#include "os/fd.h"
#include "queue/auth.h"
#include "queue/probe.h"
#include "queue/shared/folder.h"
#include "queue/shared/web.h"
#include "queue/streams.h"
#include "service/secret.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SERVERS 16
/* Of the server's largest message, for its head. */
#define HEAD_BYTES 16384
#define MAX_CHUNK  (1 << 20)
#define MIN_CHUNK  4096

/* Splits "nats://a,nats://b" in place. */
static int split(char *urls, const char **servers)
{
    int count = 0;
    char *rest = NULL;
    for (char *url = strtok_r(urls, ",", &rest); url != NULL && count < MAX_SERVERS;
         url = strtok_r(NULL, ",", &rest))
        servers[count++] = url;
    return count;
}

/* libnats prints what it has no handler for. */
static void ignore_error(natsConnection *connection, natsSubscription *subscription,
                         natsStatus status, void *user)
{
    (void)connection;
    (void)subscription;
    (void)status;
    (void)user;
}

static void count_reconnect(natsConnection *connection, void *user)
{
    struct planche_queue *queue = user;
    (void)connection;
    atomic_fetch_add(&queue->reconnects, 1);
}

static natsStatus set_options(natsOptions *nats, struct planche_queue *queue,
                              const char *const *servers, int count, const char *name)
{
    const struct planche_cli_queue_options *options = queue->options;
    natsStatus status =
        planche_libnats.natsOptions_SetServers(nats, (const char **)(uintptr_t)servers, count);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetName(nats, name);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetTimeout(nats, 5000);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetAllowReconnect(nats, true);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetMaxReconnect(nats, -1);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetReconnectWait(nats, 500);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetPingInterval(nats, 10000);
    /* A request whose connection is gone has no answer to wait for. */
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetFailRequestsOnDisconnect(nats, true);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetErrorHandler(nats, ignore_error, NULL);
    if (status == NATS_OK)
        status = planche_libnats.natsOptions_SetReconnectedCB(nats, count_reconnect, queue);
    if (status == NATS_OK && strncmp(servers[0], "tls://", 6) == 0)
        status = planche_libnats.natsOptions_SetSecure(nats, true);
    if (status == NATS_OK && options->ca != NULL)
        status = planche_libnats.natsOptions_LoadCATrustedCertificates(nats, options->ca);
    if (status == NATS_OK && options->certificate != NULL)
        status = planche_libnats.natsOptions_LoadCertificatesChain(
            nats, options->certificate, options->key != NULL ? options->key : options->certificate);
    return status;
}

/* An address as it may be shown: without what is secret in it. */
static const char *shown(const char *server)
{
    const char *scheme = strstr(server, "://"), *user = strrchr(server, '@');
    return user != NULL ? user + 1 : scheme != NULL ? scheme + 3 : server;
}

static enum planche_status connect_to(struct planche_queue *queue, const char *const *servers,
                                      int count, const char *name, struct planche_error *error)
{
    natsOptions *nats = NULL;
    enum planche_status status = PLANCHE_OK;
    natsStatus outcome = planche_libnats.natsOptions_Create(&nats);
    if (outcome == NATS_OK)
        outcome = set_options(nats, queue, servers, count, name);
    if (outcome == NATS_OK && queue->options->auth != NULL)
        status = planche_queue_auth(nats, queue->options->auth, error);
    if (outcome == NATS_OK && status == PLANCHE_OK)
        outcome = planche_libnats.natsConnection_Connect(&queue->connection, nats);
    planche_libnats.natsOptions_Destroy(nats);
    if (status == PLANCHE_OK && outcome != NATS_OK) {
        char what[300];
        snprintf(what, sizeof what, "cannot connect to %.200s%s", shown(servers[0]),
                 count > 1 ? " or others" : "");
        status = planche_queue_fail(error, outcome, what);
    }
    return status;
}

static enum planche_status open_streams(struct planche_queue *queue, struct planche_error *error)
{
    jsOptions options;
    int64_t payload = planche_libnats.natsConnection_GetMaxPayload(queue->connection);
    payload = payload > HEAD_BYTES + MIN_CHUNK ? payload - HEAD_BYTES : MIN_CHUNK;
    queue->chunk = payload < MAX_CHUNK ? (size_t)payload : MAX_CHUNK;
    planche_libnats.jsOptions_Init(&options);
    options.Wait = 5000;
    natsStatus outcome =
        planche_libnats.natsConnection_JetStream(&queue->js, queue->connection, &options);
    if (outcome != NATS_OK)
        return planche_queue_fail(error, outcome, "cannot use JetStream");
    return planche_queue_make_streams(queue, error);
}

/* libnats does not say which file it cannot read. */
static enum planche_status check_files(const struct planche_cli_queue_options *options,
                                       struct planche_error *error)
{
    const struct {
        const char *option, *path;
    } files[] = {{"queue-ca", options->ca},
                 {"queue-cert", options->certificate},
                 {"queue-key", options->key}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int fd = files[i].path != NULL ? planche_fd_open(files[i].path, 0, NULL) : -1;
        if (files[i].path != NULL && fd < 0)
            return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "--%s: %s: %s", files[i].option,
                                files[i].path, strerror(errno));
        planche_fd_close(&fd);
    }
    return options->key != NULL ? planche_secret_check(options->key, "key", error) : PLANCHE_OK;
}

static enum planche_status open_store(struct planche_queue *queue, struct planche_error *error)
{
    const char *store = queue->options->store;
    if (store == NULL)
        return PLANCHE_OK;
    return planche_queue_is_address(store)
               ? planche_queue_web_open(&queue->web, store, queue->options->store_token, error)
               : planche_queue_folder_check(store, error);
}

enum planche_status planche_queue_open(struct planche_queue *queue,
                                       const struct planche_cli_queue_options *options,
                                       const char *name, struct planche_error *error)
{
    const char *servers[MAX_SERVERS] = {""};
    *queue = (struct planche_queue){.options = options};
    enum planche_status status =
        planche_queue_store_check(options->store, options->store_token != NULL, error);
    if (status == PLANCHE_OK)
        status = planche_libnats_load(error);
    if (status == PLANCHE_OK)
        status = check_files(options, error);
    if (status != PLANCHE_OK)
        return status;
    char *urls = strdup(options->url);
    int count = urls != NULL ? split(urls, servers) : 0;
    if (urls == NULL)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    else if (count == 0)
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the queue has no address");
    else
        status = planche_queue_probe(servers, count, options->insecure, error);
    if (status == PLANCHE_OK)
        status = connect_to(queue, servers, count, name, error);
    free(urls);
    if (status == PLANCHE_OK)
        status = open_store(queue, error);
    if (status == PLANCHE_OK)
        status = open_streams(queue, error);
    if (status != PLANCHE_OK)
        planche_queue_close(queue);
    return status;
}

void planche_queue_close(struct planche_queue *queue)
{
    if (queue->js != NULL)
        planche_libnats.jsCtx_Destroy(queue->js);
    if (queue->connection != NULL) {
        planche_libnats.natsSubscription_Destroy(queue->pages);
        planche_libnats.natsInbox_Destroy(queue->inbox);
        planche_libnats.natsConnection_FlushTimeout(queue->connection, 1000);
        planche_libnats.natsConnection_Destroy(queue->connection);
    }
    planche_queue_web_close(queue->web);
    *queue = (struct planche_queue){0};
}
