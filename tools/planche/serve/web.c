/* SPDX-License-Identifier: MIT */
/* GET / and its files: the main page. */
#include "serve/web.h"

#include "http/query.h"
#include "http/text.h"
#include "serve/problem.h"
#include "serve/upstream/lend.h"
#include "web/files.h"

#include <string.h>

#define INDEX  "index.html"
#define FOLDER "/web/"

/* What the page may do: nothing but what this server gives it. Pictures of the user's are blobs. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static void add_fields(struct planche_http_connection *c, const struct planche_web_file *file)
{
    planche_http_add_field(c, "ETag", file->tag);
    planche_http_add_field(c, "Cache-Control", "no-cache"); /* asked for again, by its tag */
    planche_http_add_field(c, "Content-Security-Policy", policy);
    planche_http_add_field(c, "Referrer-Policy", "no-referrer");
    planche_http_add_field(c, "Cross-Origin-Resource-Policy", "same-origin");
}

static void answer_file(struct planche_http_connection *c, const struct planche_web_file *file)
{
    const char *tags = planche_http_head_field(&c->head, "if-none-match");
    const struct planche_http_answer same = {.status = 304};
    const struct planche_http_answer whole = {
        .status = 200, .type = file->type, .text = file->data, .size = file->size};
    add_fields(c, file);
    planche_http_answer(c,
                        tags != NULL && planche_http_matches_tag(tags, file->tag) ? &same : &whole);
}

static void answer_name(struct planche_http_connection *c, const char *name)
{
    for (size_t i = 0; i < planche_web_file_count; i++) {
        if (strcmp(planche_web_files[i].name, name) == 0) {
            answer_file(c, &planche_web_files[i]);
            return;
        }
    }
    planche_serve_problem(c, 404, "the main page has no such file");
}

void planche_serve_web(struct planche_serve *serve, struct planche_http_connection *c)
{
    (void)serve;
    answer_name(c, INDEX);
}

void planche_serve_web_file(struct planche_serve *serve, struct planche_http_connection *c)
{
    char path[PLANCHE_HTTP_MAX_TARGET + 1] = "";
    bool right = planche_http_unescape(c->head.target, c->head.path_length, false, path) &&
                 planche_serve_take_own(serve, path) && strncmp(path, FOLDER, strlen(FOLDER)) == 0;
    answer_name(c, right ? path + strlen(FOLDER) : "");
}
