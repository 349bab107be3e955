/* SPDX-License-Identifier: MIT */
/* Explanation of chains and choices: their pages, their models, and the networks of a page. */
#include "models/explain.h"

#include "cli/cli.h"
#include "cli/imported.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "models/describe.h"
#include "profile/parts.h"

#include <stdio.h>
#include <string.h>

/* A text while its models are printed. */
struct explanation {
    const char *text;
    bool json, failed;    /* failed: a model cannot be used */
    unsigned alternative; /* that was begun; 0: none */
};

/* "grey, height <= 1250" */
static void format_rule(const struct planche_model_part *part, char *text, size_t size)
{
    const char *kind = part->grey ? "grey" : part->colour ? "colour" : "";
    if (part->height > 0)
        snprintf(text, size, "%s%sheight <= %u", kind, *kind != 0 ? ", " : "", part->height);
    else
        snprintf(text, size, "%s", *kind != 0 ? kind : "all");
}

/* The networks that a page of this alternative runs through; "": they are known once the files are
 * loaded. */
static void find_networks(const struct explanation *explanation, unsigned alternative,
                          struct planche_page_result *result)
{
    struct planche_engine_options engine = PLANCHE_ENGINE_OPTIONS_INIT;
    char chain[4096];
    planche_parts_chain(explanation->text, alternative, chain, sizeof chain);
    engine.model = chain;
    *result = (struct planche_page_result)PLANCHE_PAGE_RESULT_INIT;
    if (planche_engine_predict(NULL, &engine, 1, 1, NULL, result, NULL) != PLANCHE_OK)
        *result = (struct planche_page_result)PLANCHE_PAGE_RESULT_INIT;
}

static void begin_alternative(struct explanation *explanation,
                              const struct planche_model_part *part)
{
    struct planche_page_result result;
    char rule[64];
    explanation->alternative = part->alternative;
    format_rule(part, rule, sizeof rule);
    find_networks(explanation, part->alternative, &result);
    planche_cli_print("  pages: %s%s", rule, part->levels ? ", black and white point first" : "");
    if (*result.networks != 0)
        planche_cli_print("    networks: %s", result.networks);
}

static void print_model(const char *name, const struct planche_cli_description *description)
{
    if (description == NULL)
        planche_cli_print("    %s", name);
    else if (description->usable)
        planche_cli_print("    %s: %s %s, %ux", name, description->facts.format,
                          description->facts.architecture, description->facts.scale);
    else
        planche_cli_print("    %s: cannot be used: %s", name, description->reason);
}

static void print_json(const struct explanation *explanation, const char *name,
                       const struct planche_model_part *part,
                       const struct planche_cli_description *description)
{
    struct planche_page_result result;
    char rule[64];
    json_t *object = json_object();
    format_rule(part, rule, sizeof rule);
    find_networks(explanation, part->alternative, &result);
    json_object_set_new(object, "text", planche_cli_json_text(explanation->text));
    json_object_set_new(object, "alternative", json_integer(part->alternative));
    json_object_set_new(object, "pages", planche_cli_json_text(rule));
    json_object_set_new(object, "levels", json_boolean(part->levels));
    json_object_set_new(object, "model", planche_cli_json_text(name));
    json_object_set_new(object, "scale",
                        description != NULL && description->facts.scale > 0
                            ? json_integer(description->facts.scale)
                            : json_null());
    json_object_set_new(object, "networks",
                        *result.networks != 0 ? planche_cli_json_text(result.networks)
                                              : json_null());
    json_object_set_new(object, "usable", json_boolean(!description || description->usable));
    planche_cli_json_print(object);
}

static enum planche_status explain_part(void *user, const char *name,
                                        const struct planche_model_part *part,
                                        struct planche_error *error)
{
    struct explanation *explanation = user;
    struct planche_cli_description file;
    const struct planche_cli_description *description = NULL;
    (void)error;
    if (planche_cli_model_is_path(name)) {
        planche_cli_describe(&file, name, false);
        description = &file;
        explanation->failed = explanation->failed || !file.usable;
    }
    if (explanation->json) {
        print_json(explanation, name, part, description);
        return PLANCHE_OK;
    }
    if (part->alternative != explanation->alternative)
        begin_alternative(explanation, part);
    print_model(name, description);
    return PLANCHE_OK;
}

int planche_cli_explain_texts(const struct planche_cli_options *options, int count,
                              char *const *texts)
{
    bool failed = false;
    for (int i = 0; i < count; i++) {
        struct planche_cli_options own = *options;
        struct planche_error error = {0};
        unsigned scale;
        own.engine.model = own.models[0] = texts[i];
        own.model_count = 1;
        if (!planche_cli_imported_settle(&own))
            return PLANCHE_CLI_USAGE;
        struct explanation explanation = {.text = own.engine.model, .json = options->json};
        if (planche_cli_choose(&own.engine, PLANCHE_CLI_NO_LEVEL, &scale, &error) != PLANCHE_OK)
            return planche_cli_usage_error("models", "%s: %s", texts[i], error.message);
        if (!options->json)
            planche_cli_print("%s", explanation.text);
        planche_parts_each(explanation.text, explain_part, &explanation, &error);
        failed = failed || explanation.failed;
    }
    return failed ? PLANCHE_CLI_PAGE_FAILED : PLANCHE_CLI_OK;
}
