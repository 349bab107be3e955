/* SPDX-License-Identifier: MIT */
/* Messages of a queue, as JSON. */
#include "queue/job.h"

#include "base/text.h"
#include "io/digest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole number in a struct: all that fields.def names have four bytes. */
struct field {
    const char *name;
    size_t offset;
    json_int_t low, high;
};

#define ENTRY(type, name, low, high) {#name, offsetof(struct type, name), low, high},

static const struct field engine_fields[] = {
#define ENGINE(name, low, high) ENTRY(planche_engine_options, name, low, high)
#define PAGE(name, low, high)
#define RESULT(name, low, high)
#include "queue/fields.def"
#undef ENGINE
#undef PAGE
#undef RESULT
};

static const struct field page_fields[] = {
#define ENGINE(name, low, high)
#define PAGE(name, low, high) ENTRY(planche_page_options, name, low, high)
#define RESULT(name, low, high)
#include "queue/fields.def"
#undef ENGINE
#undef PAGE
#undef RESULT
};

static const struct field result_fields[] = {
#define ENGINE(name, low, high)
#define PAGE(name, low, high)
#define RESULT(name, low, high) ENTRY(planche_page_result, name, low, high)
#include "queue/fields.def"
#undef ENGINE
#undef PAGE
#undef RESULT
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static json_t *write_fields(const struct field *fields, size_t count, const void *object)
{
    json_t *json = json_object();
    for (size_t i = 0; i < count; i++) {
        int32_t value;
        memcpy(&value, (const char *)object + fields[i].offset, sizeof value);
        json_object_set_new(json, fields[i].name, json_integer(value));
    }
    return json;
}

/* Whether a number stands within its bounds; those that are missing stay as they are. */
static bool read_fields(const struct field *fields, size_t count, const json_t *json, void *object)
{
    if (!json_is_object(json))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(json, fields[i].name);
        json_int_t number = json_integer_value(value);
        int32_t taken = (int32_t)number;
        if (value == NULL)
            continue;
        if (!json_is_integer(value) || number < fields[i].low || number > fields[i].high)
            return false;
        memcpy((char *)object + fields[i].offset, &taken, sizeof taken);
    }
    return true;
}

static bool read_text(const json_t *json, const char *key, char *text, size_t size)
{
    const char *value = json_string_value(json_object_get(json, key));
    snprintf(text, size, "%s", value != NULL ? value : "");
    planche_text_clean(text);
    return value != NULL && strlen(value) < size;
}

bool planche_queue_is_name(const char *text)
{
    return *text != 0 && *text != '.' &&
           text[strspn(text,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == 0;
}

bool planche_queue_is_extension(const char *text, unsigned files)
{
    char name[32];
    if (files == 0)
        return *text == 0;
    snprintf(name, sizeof name, "model.%s", text);
    return planche_queue_is_name(text) && strchr(text, '.') == NULL && strlen(text) < 16 &&
           planche_model_is_file(name) && (strcmp(text, "param") == 0) == (files == 2);
}

/* Words that stand in subjects. */
static bool is_word(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && text[length] == 0;
}

static char *finish(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

static json_t *engine_json(const struct planche_queue_job *job)
{
    json_t *json = write_fields(engine_fields, COUNT(engine_fields), &job->engine);
    json_object_set_new(json, "level", json_real(job->engine.level));
    return json;
}

static json_t *job_json(const struct planche_queue_job *job)
{
    json_t *json = json_object(), *files = json_array();
    for (unsigned i = 0; i < job->model_files; i++)
        json_array_append_new(files, planche_queue_object_json(&job->model_file[i]));
    json_object_set_new(json, "key", json_string(job->key));
    json_object_set_new(json, "need", json_string(job->need));
    json_object_set_new(json, "name", json_string(job->name));
    json_object_set_new(json, "model", json_string(job->model));
    json_object_set_new(json, "extension", json_string(job->extension));
    json_object_set_new(json, "files", files);
    json_object_set_new(json, "engine", engine_json(job));
    json_object_set_new(json, "page", write_fields(page_fields, COUNT(page_fields), &job->page));
    json_object_set_new(json, "source", planche_queue_object_json(&job->source));
    return json;
}

bool planche_queue_job_identify(struct planche_queue_job *job)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    json_t *json = json_object(), *files = json_array();
    for (unsigned i = 0; i < job->model_files; i++)
        json_array_append_new(files, json_string(job->model_file[i].sha256));
    json_object_set_new(json, "version", json_string(planche_version()));
    json_object_set_new(json, "need", json_string(job->need));
    json_object_set_new(json, "model", json_string(job->model));
    json_object_set_new(json, "extension", json_string(job->extension));
    json_object_set_new(json, "files", files);
    json_object_set_new(json, "engine", engine_json(job));
    json_object_set_new(json, "page", write_fields(page_fields, COUNT(page_fields), &job->page));
    json_object_set_new(json, "source", json_string(job->source.sha256));
    char *text = finish(json);
    if (text == NULL)
        return false;
    planche_digest_of(text, strlen(text), digest);
    planche_text_hex(job->key, digest, sizeof digest);
    free(text);
    return true;
}

char *planche_queue_job_write(const struct planche_queue_job *job)
{
    return finish(job_json(job));
}

char *planche_queue_result_write(const struct planche_queue_result *result)
{
    json_t *json = json_object();
    json_object_set_new(json, "object", planche_queue_object_json(&result->object));
    json_object_set_new(json, "source", planche_queue_object_json(&result->source));
    json_object_set_new(json, "page",
                        write_fields(result_fields, COUNT(result_fields), &result->page));
    json_object_set_new(json, "networks", json_string(result->page.networks));
    json_object_set_new(json, "level", json_real(result->page.level));
    json_object_set_new(json, "reason", json_string(result->page.reason));
    json_object_set_new(json, "kind", json_string(result->page.kind));
    json_object_set_new(json, "network_ms", json_real(result->page.network_ms));
    json_object_set_new(json, "decode_ms", json_real(result->page.decode_ms));
    json_object_set_new(json, "encode_ms", json_real(result->page.encode_ms));
    json_object_set_new(json, "ms", json_real(result->ms));
    json_object_set_new(json, "worker", json_string(result->worker));
    json_object_set_new(json, "numerics", json_string(result->numerics));
    return finish(json);
}

char *planche_queue_dead_write(const struct planche_queue_dead *dead)
{
    json_t *json = json_object();
    json_object_set_new(json, "status", json_integer(dead->status));
    json_object_set_new(json, "tries", json_integer(dead->tries));
    json_object_set_new(json, "message", json_string(dead->message));
    json_object_set_new(json, "worker", json_string(dead->worker));
    json_object_set_new(json, "job", job_json(&dead->job));
    return finish(json);
}

static bool read_files(struct planche_queue_job *job, const json_t *files)
{
    size_t count = json_array_size(files);
    if (!json_is_array(files) || count > PLANCHE_QUEUE_MODEL_FILES)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!planche_queue_object_parse(&job->model_file[i], json_array_get(files, i)))
            return false;
    }
    job->model_files = (unsigned)count;
    return true;
}

static bool parse_job(struct planche_queue_job *job, const json_t *json)
{
    const json_t *engine = json_object_get(json, "engine");
    *job = (struct planche_queue_job){.engine = PLANCHE_ENGINE_OPTIONS_INIT,
                                      .page = PLANCHE_PAGE_OPTIONS_INIT};
    if (!read_text(json, "key", job->key, sizeof job->key) || !planche_queue_is_sha256(job->key) ||
        !read_text(json, "need", job->need, sizeof job->need) || !is_word(job->need) ||
        !read_text(json, "model", job->model, sizeof job->model) ||
        !planche_queue_is_name(job->model) || !read_files(job, json_object_get(json, "files")) ||
        !read_text(json, "extension", job->extension, sizeof job->extension) ||
        !planche_queue_is_extension(job->extension, job->model_files) ||
        !read_fields(engine_fields, COUNT(engine_fields), engine, &job->engine) ||
        !read_fields(page_fields, COUNT(page_fields), json_object_get(json, "page"), &job->page) ||
        !planche_queue_object_parse(&job->source, json_object_get(json, "source")))
        return false;
    read_text(json, "name", job->name, sizeof job->name);
    job->engine.level = json_number_value(json_object_get(engine, "level"));
    return job->engine.level >= -1.0 && job->engine.level <= 3.0;
}

static json_t *load(const char *text, size_t length)
{
    return text != NULL ? json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

bool planche_queue_job_read(struct planche_queue_job *job, const char *text, size_t length)
{
    json_t *json = load(text, length);
    bool right = parse_job(job, json);
    json_decref(json);
    return right;
}

/* Numbers within their bounds; one that is missing is 0. */
static bool read_number(const json_t *json, const char *key, double low, double high, double *out)
{
    const json_t *value = json_object_get(json, key);
    *out = json_number_value(value);
    return (value == NULL || json_is_number(value)) && *out >= low && *out <= high;
}

#define MAX_MS 1e9 /* eleven days */

static bool read_times(struct planche_queue_result *result, const json_t *json)
{
    struct planche_page_result *page = &result->page;
    return read_number(json, "level", -1.0, 3.0, &page->level) &&
           read_number(json, "network_ms", 0.0, MAX_MS, &page->network_ms) &&
           read_number(json, "decode_ms", 0.0, MAX_MS, &page->decode_ms) &&
           read_number(json, "encode_ms", 0.0, MAX_MS, &page->encode_ms) &&
           read_number(json, "ms", 0.0, MAX_MS, &result->ms);
}

static bool parse_result(struct planche_queue_result *result, const json_t *json)
{
    struct planche_page_result *page = &result->page;
    *result = (struct planche_queue_result){.page = PLANCHE_PAGE_RESULT_INIT};
    if (!planche_queue_object_parse(&result->object, json_object_get(json, "object")) ||
        !planche_queue_object_parse(&result->source, json_object_get(json, "source")) ||
        !read_fields(result_fields, COUNT(result_fields), json_object_get(json, "page"), page) ||
        !read_times(result, json))
        return false;
    read_text(json, "networks", page->networks, sizeof page->networks);
    read_text(json, "reason", page->reason, sizeof page->reason);
    read_text(json, "kind", page->kind, sizeof page->kind);
    read_text(json, "worker", result->worker, sizeof result->worker);
    read_text(json, "numerics", result->numerics, sizeof result->numerics);
    page->parts = 1;
    return page->input_width > 0 && page->input_height > 0 && page->output_width > 0 &&
           page->output_height > 0 && page->format != PLANCHE_FORMAT_AUTO;
}

bool planche_queue_result_read(struct planche_queue_result *result, const char *text, size_t length)
{
    json_t *json = load(text, length);
    bool right = parse_result(result, json);
    json_decref(json);
    return right;
}

bool planche_queue_dead_read(struct planche_queue_dead *dead, const char *text, size_t length)
{
    json_t *json = load(text, length);
    const json_t *status = json_object_get(json, "status"), *tries = json_object_get(json, "tries");
    *dead = (struct planche_queue_dead){0};
    bool right = json_is_integer(status) && json_integer_value(status) > 0 &&
                 json_integer_value(status) < 64 && json_is_integer(tries) &&
                 json_integer_value(tries) >= 0 && json_integer_value(tries) < INT32_MAX &&
                 parse_job(&dead->job, json_object_get(json, "job"));
    dead->status = right ? (enum planche_status)json_integer_value(status) : PLANCHE_ERROR_DATA;
    dead->tries = right ? (unsigned)json_integer_value(tries) : 0;
    read_text(json, "message", dead->message, sizeof dead->message);
    read_text(json, "worker", dead->worker, sizeof dead->worker);
    json_decref(json);
    return right;
}

static bool copy_text(json_t *to, const json_t *from, const char *key)
{
    char text[PLANCHE_QUEUE_NAME_BYTES];
    return read_text(from, key, text, sizeof text) &&
           json_object_set_new(to, key, json_string(text)) == 0;
}

static bool copy_count(json_t *to, const json_t *from, const char *key)
{
    const json_t *value = json_object_get(from, key);
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           json_object_set_new(to, key, json_integer(json_integer_value(value))) == 0;
}

static bool copy_worker(json_t *to, const json_t *from)
{
    static const char *const texts[] = {"id", "device", "numerics", "version"};
    static const char *const counts[] = {"slots", "running", "waiting",
                                         "done",  "failed",  "seconds"};
    const json_t *stopping = json_object_get(from, "stopping");
    double rate;
    bool right = json_is_boolean(stopping) &&
                 read_number(from, "pages_per_second", 0.0, 1e6, &rate) &&
                 json_object_set_new(to, "pages_per_second", json_real(rate)) == 0 &&
                 json_object_set_new(to, "stopping", json_boolean(json_is_true(stopping))) == 0;
    for (size_t i = 0; right && i < COUNT(texts); i++)
        right = copy_text(to, from, texts[i]);
    for (size_t i = 0; right && i < COUNT(counts); i++)
        right = copy_count(to, from, counts[i]);
    char problem[PLANCHE_ERROR_MESSAGE_SIZE];
    if (right && read_text(from, "problem", problem, sizeof problem))
        right = json_object_set_new(to, "problem", json_string(problem)) == 0;
    return right;
}

json_t *planche_queue_worker_read(const char *text, size_t length)
{
    json_t *json = length <= PLANCHE_QUEUE_WORKER_BYTES ? load(text, length) : NULL;
    json_t *worker = json_object();
    if (!copy_worker(worker, json)) {
        json_decref(worker);
        worker = NULL;
    }
    json_decref(json);
    return worker;
}

void planche_queue_numerics(const struct planche_engine_info *info,
                            char text[PLANCHE_QUEUE_NEED_TEXT])
{
    snprintf(text, PLANCHE_QUEUE_NEED_TEXT, "v%s-%s-%s-%s%s%s", planche_version(), info->backend,
             info->precision, info->gpu_path != NULL ? info->gpu_path : info->isa,
             info->device != NULL ? "-" : "", info->device != NULL ? info->device : "");
    for (char *at = text; *at != 0; at++)
        *at = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '-';
}
