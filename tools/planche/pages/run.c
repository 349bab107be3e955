/* SPDX-License-Identifier: MIT */
/* Running a flight, on a worker's thread. */
#include "pages/run.h"

#include "base/cancel.h"
#include "base/status.h"
#include "cli/json.h"
#include "http/image.h"
#include "os/clock.h"
#include "service/engine_cache.h"

#include <stdio.h>
#include <stdlib.h>

/* What is kept beside the result, and answered with it. */
static enum planche_status take_result(struct planche_pages_flight *flight, void *data, size_t size,
                                       void (*release)(void *data))
{
    char extent[32];
    const struct planche_page_result *page = &flight->page;
    const struct planche_cache_header headers[] = {{"X-Planche-Size", extent},
                                                   {"X-Planche-Model", flight->model}};
    const struct planche_cache_meta meta = {
        .type = planche_http_image_type(data, size), .headers = headers, .header_count = 2};
    snprintf(extent, sizeof extent, "%ux%u", page->output_width, page->output_height);
    enum planche_status status = planche_cache_result_create(&flight->result, NULL, data, size,
                                                             release, &meta, &flight->error);
    if (status != PLANCHE_OK)
        release(data);
    return status;
}

static enum planche_status run_page(struct planche_pages_flight *flight,
                                    const struct planche_engine *engine)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    const struct planche_pages_wish *wish = &flight->wish;
    void *data = NULL;
    size_t size = 0;
    planche_engine_get_info(engine, &info, NULL);
    enum planche_status status =
        planche_engine_run_bytes(engine, wish->input->data + wish->offset, wish->size, &data, &size,
                                 &wish->request.page, &flight->page, &flight->error);
    if (status != PLANCHE_OK)
        return status;
    planche_cli_json_networks(&flight->page, &info, flight->model, sizeof flight->model);
    return take_result(flight, data, size, planche_free_bytes);
}

static void run_here(struct planche_pages_flight *flight, struct planche_cli_engine_cache *engines,
                     struct planche_cancel *cancel)
{
    struct planche_cli_request *request = &flight->wish.request;
    const struct planche_cancel_token token = {.handle = cancel};
    const struct planche_engine *engine = NULL;
    flight->status = planche_cli_engine_cache_acquire(engines, &request->engine, &token, &engine,
                                                      &flight->error);
    if (flight->status == PLANCHE_ERROR_UNSUPPORTED) /* of this machine: the page is right */
        flight->status = PLANCHE_ERROR_DEVICE;
    if (flight->status == PLANCHE_OK) {
        flight->status = run_page(flight, engine);
        planche_cli_engine_cache_release(engines, engine);
    }
}

/* By somebody else, who may leave it to this process. */
static void run_elsewhere(struct planche_pages_flight *flight,
                          struct planche_cli_engine_cache *engines,
                          const struct planche_pages_maker *maker, struct planche_cancel *cancel)
{
    struct planche_pages_made made = {0};
    flight->status = maker->make(maker->user, flight, cancel, &made);
    if (!made.here) {
        if (flight->status == PLANCHE_OK)
            flight->status = take_result(flight, made.data, made.size, free);
        return;
    }
    flight->error = (struct planche_error){0}; /* of who did not make it */
    if (maker->enter(maker->user, cancel)) {
        run_here(flight, engines, cancel);
        maker->leave(maker->user);
    } else {
        flight->status = planche_fail(&flight->error, PLANCHE_ERROR_CANCELLED, "cancelled");
    }
}

void planche_pages_run(struct planche_pages_flight *flight,
                       struct planche_cli_engine_cache *engines,
                       const struct planche_pages_maker *maker, struct planche_cancel *cancel)
{
    static const enum planche_priority priorities[PLANCHE_PAGES_CLASSES] = {
        [PLANCHE_PAGES_READER] = PLANCHE_PRIORITY_INTERACTIVE,
        [PLANCHE_PAGES_PREFETCH] = PLANCHE_PRIORITY_NORMAL,
        [PLANCHE_PAGES_BOOK] = PLANCHE_PRIORITY_BACKGROUND};
    struct planche_cli_request *request = &flight->wish.request;
    double start = planche_clock_ms();
    request->page.cancel = cancel;
    request->page.priority = priorities[flight->wish.class];
    if (maker != NULL)
        run_elsewhere(flight, engines, maker, cancel);
    else
        run_here(flight, engines, cancel);
    flight->run_ms = planche_clock_ms() - start;
}
