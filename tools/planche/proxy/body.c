/* SPDX-License-Identifier: MIT */
/* Body: an answer of the upstream in memory. */
#include "proxy/body.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 65536

bool planche_proxy_body_reserve(struct planche_proxy_body *body, uint64_t size)
{
    if (size <= body->capacity)
        return true;
    if (size > body->limit || size > SIZE_MAX)
        return false;
    uint64_t more = size - body->capacity;
    if (!planche_http_budget_try(body->budget, more))
        return false;
    char *data = realloc(body->data, (size_t)size);
    if (data == NULL) {
        planche_http_budget_release(body->budget, more);
        return false;
    }
    body->data = data;
    body->capacity = (size_t)size;
    return true;
}

bool planche_proxy_body_add(struct planche_proxy_body *body, const char *data, size_t size)
{
    uint64_t wanted = (uint64_t)body->size + size, doubled = 2 * (uint64_t)body->capacity;
    if (wanted > body->capacity) {
        uint64_t larger = doubled > FIRST ? doubled : FIRST;
        larger = larger > wanted ? larger : wanted;
        larger = larger < body->limit ? larger : body->limit;
        if (!planche_proxy_body_reserve(body, larger) || wanted > body->capacity)
            return false;
    }
    memcpy(body->data + body->size, data, size);
    body->size += size;
    return true;
}

struct planche_http_blob *planche_proxy_body_take(struct planche_proxy_body *body)
{
    struct planche_http_blob *blob =
        planche_http_blob_create(body->data, body->size, free, NULL, body->budget, body->capacity);
    if (blob == NULL)
        return NULL;
    body->data = NULL;
    body->size = body->capacity = 0;
    return blob;
}

void planche_proxy_body_clear(struct planche_proxy_body *body)
{
    free(body->data);
    if (body->capacity > 0)
        planche_http_budget_release(body->budget, body->capacity);
    body->data = NULL;
    body->size = body->capacity = 0;
}
