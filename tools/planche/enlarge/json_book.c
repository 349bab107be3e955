/* SPDX-License-Identifier: MIT */
/* JSON lines of a run: single pages, pages of books, and books. */
#include "enlarge/json_book.h"

static const char *const outcome_names[] = {
    [PLANCHE_BOOK_ENLARGED] = "enlarged",
    [PLANCHE_BOOK_DUPLICATE] = "duplicate",
    [PLANCHE_BOOK_RESUMED] = "resumed",
    [PLANCHE_BOOK_ALREADY_ENLARGED] = "marked",
    [PLANCHE_BOOK_LARGE] = "large",
    [PLANCHE_BOOK_FAILED] = "failed",
    [PLANCHE_BOOK_COPIED] = "copied",
    [PLANCHE_BOOK_UP_TO_DATE] = "up_to_date",
    [PLANCHE_BOOK_OTHER_SETTINGS] = "other_settings",
    [PLANCHE_BOOK_SOURCE_CHANGED] = "source_changed",
    [PLANCHE_BOOK_DROPPED] = "dropped",
    [PLANCHE_BOOK_UNSELECTED] = "unselected",
};
#define OUTCOMES (sizeof outcome_names / sizeof *outcome_names)

const char *planche_cli_outcome_name(enum planche_book_outcome outcome)
{
    return outcome_names[outcome];
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, planche_cli_json_text(text));
}

enum planche_book_outcome planche_cli_page_outcome(const struct planche_cli_outcome *outcome)
{
    if (outcome->status != PLANCHE_OK)
        return PLANCHE_BOOK_FAILED;
    if (outcome->large)
        return PLANCHE_BOOK_LARGE;
    return outcome->marked ? PLANCHE_BOOK_ALREADY_ENLARGED : PLANCHE_BOOK_ENLARGED;
}

json_t *planche_cli_json_single(const struct planche_cli_outcome *outcome,
                                const struct planche_engine_info *info)
{
    json_t *object = json_object();
    set_text(object, "type", "page");
    set_text(object, "book", NULL);
    set_text(object, "entry", NULL);
    set_text(object, "fate", planche_cli_outcome_name(planche_cli_page_outcome(outcome)));
    planche_cli_json_page(object, outcome, info);
    return object;
}

json_t *planche_cli_json_entry(const char *input, const char *output,
                               const struct planche_book_page *page,
                               const struct planche_engine_info *info)
{
    const struct planche_cli_outcome outcome = {
        .input = input,
        .output = output,
        .status = page->status,
        .message = page->message,
        .result = *page->result,
    };
    json_t *object = json_object();
    set_text(object, "type", "page");
    set_text(object, "book", input);
    set_text(object, "entry", page->name);
    set_text(object, "output_entry", page->output_name);
    set_text(object, "fate", planche_cli_outcome_name(page->outcome));
    planche_cli_json_set_count(object, "input_bytes", page->input_bytes);
    planche_cli_json_set_count(object, "output_bytes", page->output_bytes);
    planche_cli_json_page(object, &outcome, info);
    return object;
}

json_t *planche_cli_json_book(const struct planche_cli_book_outcome *outcome)
{
    bool ok = outcome->status == PLANCHE_OK;
    json_t *object = json_object();
    set_text(object, "type", "book");
    set_text(object, "input", outcome->input);
    set_text(object, "output", outcome->output);
    set_text(object, "status", ok ? "ok" : planche_status_name(outcome->status));
    json_object_set_new(object, "error", planche_cli_json_message(ok ? NULL : outcome->message));
    planche_cli_json_set_count(object, "pages", outcome->result.pages);
    for (size_t i = 0; i < OUTCOMES; i++)
        planche_cli_json_set_count(object, outcome_names[i], outcome->outcomes[i]);
    planche_cli_json_set_count(object, "input_bytes", outcome->result.input_bytes);
    planche_cli_json_set_count(object, "output_bytes", outcome->result.output_bytes);
    json_object_set_new(object, "ms", planche_cli_json_ms(outcome->ms));
    return object;
}

json_t *planche_cli_json_other(const struct planche_cli_item *item, enum planche_status status,
                               const char *message)
{
    bool ok = status == PLANCHE_OK;
    json_t *object = json_object();
    set_text(object, "type", "other");
    set_text(object, "input", item->input);
    set_text(object, "output", item->output);
    set_text(object, "status",
             !ok           ? planche_status_name(status)
             : item->makes ? "copied"
                           : planche_cli_verdict_name(item->verdict));
    set_text(object, "error", ok ? NULL : message);
    return object;
}

json_t *planche_cli_json_existing(const struct planche_cli_item *item)
{
    json_t *object = json_object();
    set_text(object, "type", item->book ? "book" : "page");
    set_text(object, "input", item->input);
    set_text(object, "output", item->output);
    set_text(object, "status", planche_cli_verdict_name(item->verdict));
    set_text(object, "error", NULL);
    return object;
}
