/* SPDX-License-Identifier: MIT */
/* Wishes: from a request's query and body to a page that is wanted. */
#include "serve/wish.h"

#include "base/status.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "cli/number.h"
#include "cli/target.h"
#include "http/multipart.h"
#include "http/query.h"
#include "http/text.h"
#include "profile/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_SECONDS 86400

/* What the values of a query are in JSON. */
enum kind { TEXT, NUMBER, SWITCH, NUMBER_OR_TEXT };

/* The settings of planche stdio that a query may have. */
static const struct setting {
    const char *name;
    enum kind kind;
} settings[] = {
    {"model", TEXT},         {"scale", NUMBER_OR_TEXT}, {"denoise", NUMBER_OR_TEXT},
    {"format", TEXT},        {"quality", NUMBER},       {"lossless", SWITCH},
    {"effort", NUMBER},      {"tta", SWITCH},           {"fit", TEXT},
    {"device", TEXT},        {"width", NUMBER},         {"height", NUMBER},
    {"grey", TEXT},          {"mark", SWITCH},          {"priority", TEXT},
    {"deadline_ms", NUMBER},
};

static const struct setting *find_setting(const char *name)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    }
    return NULL;
}

/* A value as JSON; one of the wrong kind stays a text, which is then refused by its name. */
static json_t *make_value(enum kind kind, const char *value)
{
    long number;
    double real;
    bool on = strcmp(value, "true") == 0 || strcmp(value, "1") == 0 || *value == 0;
    bool off = strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
    if ((kind == NUMBER || kind == NUMBER_OR_TEXT) &&
        planche_cli_parse_integer(value, -1, INT32_MAX, &number))
        return json_integer(number);
    if (kind == NUMBER_OR_TEXT && planche_cli_parse_number(value, -1, INT32_MAX, &real))
        return json_real(real);
    if (kind == SWITCH && (on || off))
        return json_boolean(on);
    return planche_cli_json_text(value);
}

static enum planche_status take_seconds(const char *name, const char *value, uint64_t *out,
                                        struct planche_error *error)
{
    long seconds;
    if (!planche_cli_parse_integer(value, 1, MAX_SECONDS, &seconds))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s must be seconds, from 1 to %d", name,
                            MAX_SECONDS);
    *out = (uint64_t)seconds * 1000;
    return PLANCHE_OK;
}

static enum planche_status take_text(const char *name, const char *value, char *out, size_t size,
                                     struct planche_error *error)
{
    if (strlen(value) >= size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s has more than %zu bytes", name,
                            size - 1);
    snprintf(out, size, "%s", value);
    return PLANCHE_OK;
}

static enum planche_status take_container(const char *value, struct planche_serve_book_extras *book,
                                          struct planche_error *error)
{
    bool epub = strcmp(value, "epub") == 0;
    book->container = epub ? PLANCHE_CONTAINER_EPUB : PLANCHE_CONTAINER_ZIP;
    if (epub || strcmp(value, "cbz") == 0)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "container must be cbz or epub");
}

/* Parameters of books. *known: it is one. */
static enum planche_status take_book(const char *name, const char *value,
                                     struct planche_serve_book_extras *book, bool *known,
                                     struct planche_error *error)
{
    *known = true;
    if (strcmp(name, "name") == 0)
        return take_text(name, value, book->name, sizeof book->name, error);
    if (strcmp(name, "path") == 0)
        return take_text(name, value, book->path, sizeof book->path, error);
    if (strcmp(name, "container") == 0)
        return take_container(value, book, error);
    if (strcmp(name, "priority") == 0 || strcmp(name, "deadline_ms") == 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s is for pages, not for books", name);
    *known = false;
    return PLANCHE_OK;
}

static enum planche_status take_parameter(json_t *object, const char *name, const char *value,
                                          struct planche_serve_extras *extras,
                                          struct planche_error *error)
{
    const struct setting *setting = find_setting(name);
    if (strcmp(name, "token") == 0)
        return PLANCHE_OK; /* the guard's */
    if (extras->timed && strcmp(name, "deadline") == 0)
        return take_seconds(name, value, &extras->deadline_ms, error);
    if (extras->timed && strcmp(name, "wait") == 0)
        return take_seconds(name, value, &extras->wait_ms, error);
    bool known = false;
    enum planche_status status =
        extras->book != NULL ? take_book(name, value, extras->book, &known, error) : PLANCHE_OK;
    if (status != PLANCHE_OK || known)
        return status;
    if (setting == NULL)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "unknown parameter %.64s; see the list in docs/serve.md", name);
    if (json_object_get(object, name) != NULL)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s is there twice", name);
    json_object_set_new(object, name, make_value(setting->kind, value));
    return PLANCHE_OK;
}

static enum planche_status take_query(json_t *object, const struct planche_http_head *head,
                                      struct planche_serve_extras *extras,
                                      struct planche_error *error)
{
    char buffer[PLANCHE_HTTP_MAX_TARGET + 2];
    const char *next = head->target + head->path_length, *name, *value;
    enum planche_status status = PLANCHE_OK;
    int found = 1;
    next += *next == '?';
    while (status == PLANCHE_OK &&
           (found = planche_http_query_next(&next, buffer, sizeof buffer, &name, &value)) == 1)
        status = take_parameter(object, name, value, extras, error);
    if (found < 0)
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the query has a broken escape");
    return status;
}

/* A reader is known by the address, the program, and a name that a program may give its users. */
static uint64_t find_session(const struct planche_http_connection *c)
{
    uint64_t hash = planche_http_hash_text(PLANCHE_HTTP_HASH_BEGIN, c->peer);
    hash = planche_http_hash_text(hash, planche_http_head_field(&c->head, "user-agent"));
    return planche_http_hash_text(hash, planche_http_head_field(&c->head, "x-planche-session"));
}

static enum planche_pages_class class_of(const struct planche_cli_request *request)
{
    if (json_object_get(request->body, "priority") == NULL)
        return PLANCHE_PAGES_READER;
    return request->priority == PLANCHE_PRIORITY_INTERACTIVE ? PLANCHE_PAGES_READER
           : request->priority == PLANCHE_PRIORITY_NORMAL    ? PLANCHE_PAGES_PREFETCH
                                                             : PLANCHE_PAGES_BOOK;
}

/* Paths of model files are for who runs the server. */
static enum planche_status check_part(void *user, const char *name,
                                      const struct planche_model_part *part,
                                      struct planche_error *error)
{
    const struct planche_model_variant *variant = NULL;
    (void)user;
    if (*name && strchr(name, '/') == NULL && !planche_cli_model_is_path(name) &&
        planche_model_find(name, 0, PLANCHE_DENOISE_DEFAULT, &variant, NULL) == PLANCHE_OK)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "there is no model named %.*s; model must be a name that /v1/models has, "
                        "or several with + between them",
                        (int)(part->length < 64 ? part->length : 64), part->name);
}

/* In a query a "+" that is not escaped is a space, which no name has: it is what is between the
 * models of a chain. */
static enum planche_status take_chain(json_t *object, const char *model)
{
    char text[PLANCHE_HTTP_MAX_TARGET + 2];
    snprintf(text, sizeof text, "%s", model);
    for (char *space = text; (space = strchr(space, ' ')) != NULL;)
        *space = '+';
    return json_object_set_new(object, "model", planche_cli_json_text(text)) == 0
               ? PLANCHE_OK
               : PLANCHE_ERROR_MEMORY;
}

static enum planche_status check_model(json_t *object, const struct planche_serve *serve,
                                       struct planche_error *error)
{
    const char *model = json_string_value(json_object_get(object, "model"));
    const char *own = serve->options.engine.model;
    if (model == NULL || (own != NULL && strcmp(own, model) == 0))
        return PLANCHE_OK;
    if (take_chain(object, model) != PLANCHE_OK)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the model's name");
    return planche_parts_each(json_string_value(json_object_get(object, "model")), check_part, NULL,
                              error);
}

/* Names of devices are known to the command; docs/devices.md has them, too. */
static enum planche_status check_device(const json_t *object, struct planche_error *error)
{
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    const char *device = json_string_value(json_object_get(object, "device"));
    if (device == NULL || planche_cli_target_device(&page, device))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "there is no device named %.64s; docs/devices.md lists them", device);
}

static bool has_levels(const char *model)
{
    const struct planche_model_variant *variant = NULL;
    const char *name = model != NULL ? model : PLANCHE_CLI_DEFAULT_MODEL;
    int level;
    if (planche_parts_are_several(name))
        return true;
    if (planche_cli_model_is_path(name))
        return strcmp(strrchr(name, '.'), ".planche") == 0;
    return planche_model_find(name, 0, PLANCHE_DENOISE_DEFAULT, &variant, NULL) != PLANCHE_OK ||
           planche_cli_level(variant, &level);
}

/* Programs of nunif always name a level. -1, no cleaning, is what models without levels do. */
static void drop_level(json_t *object, json_t *more, const struct planche_serve *serve)
{
    const json_t *level = json_object_get(more, "denoise");
    const char *model = json_string_value(json_object_get(object, "model"));
    if (level != NULL && level == json_object_get(object, "denoise") &&
        json_number_value(level) == -1 &&
        !has_levels(model != NULL ? model : serve->options.engine.model))
        json_object_del(object, "denoise");
}

/* JPEGs stay JPEGs only as far as that can be. */
static void drop_format(const json_t *object, json_t *more)
{
    const char *format = json_string_value(json_object_get(more, "format"));
    if (json_is_true(json_object_get(object, "lossless")) && format != NULL &&
        strcmp(format, "jpg") == 0)
        json_object_del(more, "format");
}

enum planche_status planche_serve_read_query(const struct planche_serve *serve,
                                             const struct planche_http_connection *c, json_t *more,
                                             struct planche_serve_extras *extras,
                                             struct planche_pages_wish *wish,
                                             struct planche_error *error)
{
    json_t *object = json_object();
    enum planche_status status = take_query(object, &c->head, extras, error);
    drop_format(object, more);
    if (more != NULL)
        json_object_update_missing(object, more);
    drop_level(object, more, serve);
    if (status == PLANCHE_OK)
        status = check_model(object, serve, error);
    if (status == PLANCHE_OK)
        status = check_device(object, error);
    if (status != PLANCHE_OK) {
        json_decref(object);
        return status;
    }
    json_object_set_new(object, "bytes", json_integer(1)); /* there is a body */
    status = planche_cli_request_take(&wish->request, object, &serve->options, error);
    if (status != PLANCHE_OK) {
        planche_cli_request_clear(&wish->request);
        return status;
    }
    wish->class = class_of(&wish->request);
    wish->session = find_session(c);
    if (extras->deadline_ms == 0)
        extras->deadline_ms = wish->request.deadline_ms;
    return PLANCHE_OK;
}

/* The part of a form that is the page: named image or file, else the first that is a file. */
static bool find_part(struct planche_http_multipart *form, struct planche_http_part *found)
{
    struct planche_http_part part;
    bool any = false;
    while (planche_http_multipart_next(form, &part) == 1) {
        bool named = strcmp(part.name, "image") == 0 || strcmp(part.name, "file") == 0;
        if (named || (part.is_file && !any))
            *found = part;
        any = any || named || part.is_file;
        if (named)
            break;
    }
    return any;
}

enum planche_status planche_serve_find_image(const struct planche_http_connection *c,
                                             struct planche_http_blob *body,
                                             struct planche_pages_wish *wish,
                                             struct planche_error *error)
{
    const char *type = planche_http_head_field(&c->head, "content-type");
    struct planche_http_multipart form;
    struct planche_http_part part;
    wish->input = body;
    wish->offset = 0;
    wish->size = 0;
    if (type != NULL && strncasecmp(type, "multipart/", 10) == 0) {
        if (!planche_http_multipart_begin(&form, type, body->data, body->size) ||
            !find_part(&form, &part))
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "the form has no part that is a page; name it image");
        wish->offset = (size_t)(part.data - body->data);
        wish->size = part.size;
    } else {
        wish->size = body->size;
    }
    if (wish->size == 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "there is no image in the request");
    return PLANCHE_OK;
}
