/* SPDX-License-Identifier: MIT */
/* Rules: from a TOML file to what is done with a page. */
#include "proxy/rules.h"

#include "base/status.h"
#include "cli/model_options.h"
#include "service/request.h"
#include "toml/toml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct rule {
    struct rule *next;
    const struct planche_toml *server, *series, *library; /* NULL: any */
    const struct planche_toml *enlarge, *skip_above, *min_gain, *prefetch;
    json_t *settings;
};

struct planche_proxy_rules {
    const struct planche_cli_options *options;
    struct planche_toml *file; /* NULL: there are no rules */
    struct rule *first;
    json_t *none; /* settings of pages without a rule */
};

/* Settings of pages, by the names of planche stdio. */
static const struct {
    const char *key, *name;
} settings[] = {{"model", "model"},   {"scale", "scale"},     {"denoise", "denoise"},
                {"format", "format"}, {"quality", "quality"}, {"lossless", "lossless"},
                {"effort", "effort"}, {"tta", "tta"},         {"fit", "fit"},
                {"device", "device"}, {"width", "width"},     {"height", "height"},
                {"grey", "grey"},     {"mark", "mark"}};

/* A file that is being read. */
struct reading {
    struct planche_proxy_rules *rules;
    const char *path;
    struct planche_error *error;
};

__attribute__((format(printf, 3, 4))) static enum planche_status
refuse(const struct reading *reading, const struct planche_toml *value, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return planche_fail(reading->error, PLANCHE_ERROR_ARGUMENT, "%s:%u: %s", reading->path,
                        value->line, text);
}

static bool is_id(const struct planche_toml *value)
{
    return value->type == PLANCHE_TOML_STRING || value->type == PLANCHE_TOML_INTEGER;
}

/* A name or number, or an array of such. */
static enum planche_status check_ids(const struct reading *reading,
                                     const struct planche_toml *value)
{
    bool right = is_id(value) || value->type == PLANCHE_TOML_ARRAY;
    const struct planche_toml *one = value->type == PLANCHE_TOML_ARRAY ? value->first : NULL;
    for (; one != NULL; one = one->next)
        right = right && is_id(one);
    return right
               ? PLANCHE_OK
               : refuse(reading, value, "%s must be a name or number, or an array of such, not %s",
                        value->key, planche_toml_type_name(value->type));
}

static enum planche_status check_number(const struct reading *reading,
                                        const struct planche_toml *value, double low, double high)
{
    bool whole = value->type == PLANCHE_TOML_INTEGER;
    double number = whole ? (double)value->integer : value->real;
    bool right = (whole || value->type == PLANCHE_TOML_FLOAT) && number >= low && number <= high;
    return right
               ? PLANCHE_OK
               : refuse(reading, value, "%s must be a number from %g to %g", value->key, low, high);
}

static json_t *to_json(const struct planche_toml *value)
{
    switch (value->type) {
    case PLANCHE_TOML_STRING:
        return json_string(value->text);
    case PLANCHE_TOML_INTEGER:
        return json_integer((json_int_t)value->integer);
    case PLANCHE_TOML_FLOAT:
        return json_real(value->real);
    case PLANCHE_TOML_BOOLEAN:
        return json_boolean(value->boolean);
    default:
        return json_null();
    }
}

/* Whether the setting is one that a page can be made with. */
static enum planche_status check_setting(const struct reading *reading, const char *name,
                                         const struct planche_toml *value, json_t *made)
{
    struct planche_cli_request request = {0};
    struct planche_error error = {0};
    json_t *alone = json_pack("{s:i, s:O}", "bytes", 1, name, made);
    enum planche_status status =
        alone != NULL ? planche_cli_request_take(&request, alone, reading->rules->options, &error)
                      : planche_fail(&error, PLANCHE_ERROR_MEMORY, "out of memory");
    planche_cli_request_clear(&request);
    return status == PLANCHE_OK ? status : refuse(reading, value, "%s", error.message);
}

static enum planche_status take_setting(const struct reading *reading, struct rule *rule,
                                        const struct planche_toml *value)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].key, value->key) != 0)
            continue;
        json_t *made = to_json(value);
        enum planche_status status = check_setting(reading, settings[i].name, value, made);
        if (json_object_set_new(rule->settings, settings[i].name, made) != 0 &&
            status == PLANCHE_OK)
            status = planche_fail(reading->error, PLANCHE_ERROR_MEMORY, "out of memory");
        return status;
    }
    return refuse(reading, value, "there is no setting %.64s; docs/serve.md lists them",
                  value->key);
}

static enum planche_status take_server(const struct reading *reading,
                                       const struct planche_toml *value)
{
    static const char *const names[] = {"komga", "kavita", "suwayomi"};
    for (size_t i = 0; value->type == PLANCHE_TOML_STRING && i < sizeof names / sizeof *names;
         i++) {
        if (strcmp(value->text, names[i]) == 0)
            return PLANCHE_OK;
    }
    return refuse(reading, value, "server must be \"komga\", \"kavita\" or \"suwayomi\"");
}

static enum planche_status take_key(const struct reading *reading, struct rule *rule,
                                    const struct planche_toml *value)
{
    const char *key = value->key;
    if (strcmp(key, "series") == 0 || strcmp(key, "library") == 0) {
        *(*key == 's' ? &rule->series : &rule->library) = value;
        return check_ids(reading, value);
    }
    if (strcmp(key, "server") == 0) {
        rule->server = value;
        return take_server(reading, value);
    }
    if (strcmp(key, "enlarge") == 0) {
        rule->enlarge = value;
        return value->type == PLANCHE_TOML_BOOLEAN
                   ? PLANCHE_OK
                   : refuse(reading, value, "enlarge must be true or false");
    }
    if (strcmp(key, "skip-above") == 0) {
        rule->skip_above = value;
        return check_number(reading, value, 0, INT32_MAX);
    }
    if (strcmp(key, "min-gain") == 0) {
        rule->min_gain = value;
        return check_number(reading, value, 1, 16);
    }
    if (strcmp(key, "prefetch") == 0) {
        rule->prefetch = value;
        return check_number(reading, value, 0, 50);
    }
    return take_setting(reading, rule, value);
}

/* What would be refused of every page. */
static enum planche_status check_request(const struct planche_cli_request *request,
                                         struct planche_error *error)
{
    const struct planche_page_options *page = &request->page;
    const char *model = request->engine.model;
    if (page->scale == PLANCHE_SCALE_AUTO && page->width == 0 && page->height == 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "scale = \"auto\" needs a size: fit, device, width or height");
    if (model != NULL && planche_cli_model_is_path(model) && access(model, R_OK) != 0)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: this model cannot be read: %s",
                            model, strerror(errno));
    return PLANCHE_OK;
}

/* The settings together, as a page will have them: some exclude others. */
static enum planche_status check_rule(const struct reading *reading, const struct rule *rule,
                                      const struct planche_toml *table)
{
    struct planche_cli_request request = {0};
    struct planche_error error = {0};
    json_t *all = json_copy(rule->settings);
    json_object_set_new(all, "bytes", json_integer(1));
    enum planche_status status =
        planche_cli_request_take(&request, all, reading->rules->options, &error);
    if (status == PLANCHE_OK)
        status = check_request(&request, &error);
    planche_cli_request_clear(&request);
    return status == PLANCHE_OK ? status : refuse(reading, table, "%s", error.message);
}

static enum planche_status take_rule(const struct reading *reading, struct rule ***link,
                                     const struct planche_toml *table)
{
    struct rule *rule = calloc(1, sizeof *rule);
    enum planche_status status = PLANCHE_OK;
    if (rule == NULL || (rule->settings = json_object()) == NULL) {
        free(rule);
        return planche_fail(reading->error, PLANCHE_ERROR_MEMORY, "out of memory");
    }
    **link = rule;
    *link = &rule->next;
    for (const struct planche_toml *value = table->first; value != NULL && status == PLANCHE_OK;
         value = value->next)
        status = take_key(reading, rule, value);
    return status == PLANCHE_OK ? check_rule(reading, rule, table) : status;
}

static enum planche_status take_file(const struct reading *reading)
{
    struct rule **link = &reading->rules->first;
    enum planche_status status = PLANCHE_OK;
    for (const struct planche_toml *value = reading->rules->file->first;
         value != NULL && status == PLANCHE_OK; value = value->next) {
        if (strcmp(value->key, "rule") != 0)
            return refuse(reading, value, "only [[rule]] stands here, not %.64s", value->key);
        if (value->type != PLANCHE_TOML_ARRAY || !value->of_tables)
            return refuse(reading, value, "a rule begins with [[rule]]");
        for (const struct planche_toml *table = value->first; table != NULL && status == PLANCHE_OK;
             table = table->next)
            status = take_rule(reading, &link, table);
    }
    return status;
}

enum planche_status planche_proxy_rules_read(struct planche_proxy_rules **out, const char *path,
                                             const struct planche_cli_options *options,
                                             struct planche_error *error)
{
    struct planche_proxy_rules *rules = calloc(1, sizeof *rules);
    const struct reading reading = {rules, path, error};
    *out = NULL;
    if (rules == NULL || (rules->none = json_object()) == NULL) {
        free(rules);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    }
    rules->options = options;
    enum planche_status status =
        path != NULL ? planche_toml_read(&rules->file, path, error) : PLANCHE_OK;
    if (status == PLANCHE_OK && path != NULL)
        status = take_file(&reading);
    if (status == PLANCHE_OK)
        *out = rules;
    else
        planche_proxy_rules_free(rules);
    return status;
}

/* The model of a rule is not there. */
static bool lacks_model(const struct planche_proxy_rules *rules, const struct rule *rule,
                        struct planche_error *error)
{
    struct planche_cli_request request = {0};
    const struct planche_model_variant *variant;
    json_t *all = json_copy(rule->settings);
    json_object_set_new(all, "bytes", json_integer(1));
    enum planche_status status = planche_cli_request_take(&request, all, rules->options, error);
    const struct planche_engine_options *engine = &request.engine;
    bool lacks = status == PLANCHE_OK && engine->model != NULL &&
                 json_object_get(rule->settings, "model") != NULL &&
                 !planche_cli_model_is_path(engine->model) &&
                 planche_model_find(engine->model, engine->scale, engine->denoise, &variant,
                                    error) == PLANCHE_OK &&
                 planche_model_check(variant, engine->model_directory, 0, error) != PLANCHE_OK;
    planche_cli_request_clear(&request);
    return lacks;
}

void planche_proxy_rules_check_models(const struct planche_proxy_rules *rules,
                                      void (*lacks)(void *user, const char *message), void *user)
{
    for (const struct rule *rule = rules->first; rule != NULL; rule = rule->next) {
        struct planche_error error = {0};
        if (lacks_model(rules, rule, &error))
            lacks(user, error.message);
    }
}

void planche_proxy_rules_free(struct planche_proxy_rules *rules)
{
    if (rules == NULL)
        return;
    for (struct rule *rule = rules->first, *next; rule != NULL; rule = next) {
        next = rule->next;
        json_decref(rule->settings);
        free(rule);
    }
    json_decref(rules->none);
    planche_toml_free(rules->file);
    free(rules);
}

bool planche_proxy_rules_ask(const struct planche_proxy_rules *rules)
{
    for (const struct rule *rule = rules->first; rule != NULL; rule = rule->next) {
        if (rule->series != NULL || rule->library != NULL)
            return true;
    }
    return false;
}

static bool is_one(const struct planche_toml *value, const char *text)
{
    char number[32];
    if (value->type == PLANCHE_TOML_STRING)
        return strcasecmp(value->text, text) == 0;
    snprintf(number, sizeof number, "%lld", (long long)value->integer);
    return strcmp(number, text) == 0;
}

/* Whether a name is the one, or one of those. */
static bool is_among(const struct planche_toml *value, const char *text)
{
    const struct planche_toml *one = value->type == PLANCHE_TOML_ARRAY ? value->first : value;
    if (*text == 0)
        return false;
    for (; one != NULL; one = value->type == PLANCHE_TOML_ARRAY ? one->next : NULL) {
        if (is_one(one, text))
            return true;
    }
    return false;
}

static bool is_for(const struct rule *rule, const struct planche_proxy_identity *identity)
{
    return (rule->server == NULL || is_among(rule->server, identity->server)) &&
           (rule->library == NULL || is_among(rule->library, identity->library)) &&
           (rule->series == NULL || is_among(rule->series, identity->series) ||
            is_among(rule->series, identity->title));
}

static double number_of(const struct planche_toml *value, double otherwise)
{
    if (value == NULL)
        return otherwise;
    return value->type == PLANCHE_TOML_INTEGER ? (double)value->integer : value->real;
}

void planche_proxy_rules_find(const struct planche_proxy_rules *rules,
                              const struct planche_proxy_identity *identity,
                              struct planche_proxy_policy *policy)
{
    const struct planche_cli_options *options = rules->options;
    const struct rule *rule = rules->first;
    static const struct rule none;
    while (rule != NULL && !is_for(rule, identity))
        rule = rule->next;
    json_t *own = rule != NULL ? rule->settings : rules->none;
    rule = rule != NULL ? rule : &none;
    *policy = (struct planche_proxy_policy){
        .enlarges = rule->enlarge == NULL || rule->enlarge->boolean,
        .settings = json_incref(own),
        .skip_above = (unsigned)number_of(rule->skip_above, options->book.skip_above),
        .prefetch = (unsigned)number_of(rule->prefetch, options->serve.prefetch),
        .min_gain = number_of(rule->min_gain, options->serve.min_gain)};
}
