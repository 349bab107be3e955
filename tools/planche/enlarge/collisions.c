/* SPDX-License-Identifier: MIT */
/* Collisions of outputs with each other and with inputs. */
#include "enlarge/collisions.h"

#include "cli/cli.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "os/file_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An output and the item it belongs to. */
struct place {
    char *name; /* canonical */
    bool kept;  /* the file has the input's name */
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = right->kept - left->kept;
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static void free_places(struct place *places, size_t count)
{
    for (size_t i = 0; places != NULL && i < count; i++)
        free(places[i].name);
    free(places);
}

/* Canonical names of all outputs, sorted; NULL: no memory. */
static struct place *list_places(const struct planche_cli_plan *plan)
{
    size_t filled = 0;
    struct place *places = calloc(plan->count + 1, sizeof *places);
    for (; places != NULL && filled < plan->count; filled++) {
        const struct planche_cli_item *item = &plan->items[filled];
        bool kept =
            strcmp(planche_cli_base_name(item->input), planche_cli_base_name(item->output)) == 0;
        places[filled] = (struct place){planche_cli_canonical(item->output), kept, filled};
        if (places[filled].name == NULL)
            break;
    }
    if (places != NULL && filled < plan->count) {
        free_places(places, filled);
        return NULL;
    }
    if (places != NULL)
        qsort(places, plan->count, sizeof *places, compare_places);
    return places;
}

/* Refuses two items that would become the same file. */
static int refuse(const struct planche_cli_item *first, const struct planche_cli_item *second)
{
    char *left = planche_cli_canonical(first->input), *right = planche_cli_canonical(second->input);
    bool same = left != NULL && right != NULL && strcmp(left, right) == 0;
    free(left);
    free(right);
    if (same)
        return planche_cli_usage_error("", "%s is named twice", second->input);
    return planche_cli_usage_error(
        "", "%s and %s would both become %s; run one of them with another -o", first->input,
        second->input, second->output);
}

/* Names the output after the whole name of the input. True if that is another name. */
static bool lengthen(struct planche_cli_item *item, bool *no_memory)
{
    const char *base = planche_cli_base_name(item->output);
    const char *old = planche_cli_base_name(item->input), *dot = strrchr(base, '.');
    bool folder = item->book && item->container == PLANCHE_CONTAINER_FOLDER;
    const char *extension = folder || dot == NULL ? "" : dot;
    char *longer = NULL;
    if (asprintf(&longer, "%.*s%s%s", (int)(base - item->output), item->output, old, extension) <
        0) {
        *no_memory = true;
        return false;
    }
    bool other = strcmp(longer, item->output) != 0;
    free(other ? item->output : longer);
    if (other)
        item->output = longer;
    return other;
}

/* Resolves collisions of files of one library folder by longer names. *changed: there were some. */
static int check_outputs(const struct planche_cli_plan *plan, const struct place *places,
                         bool *changed)
{
    bool no_memory = false;
    *changed = false;
    for (size_t i = 1; i < plan->count; i++) {
        struct planche_cli_item *first = &plan->items[places[i - 1].index];
        struct planche_cli_item *second = &plan->items[places[i].index];
        if (strcmp(places[i - 1].name, places[i].name) != 0)
            continue;
        bool mended = first->operand == second->operand && lengthen(second, &no_memory);
        if (no_memory)
            return planche_cli_no_memory();
        if (!mended)
            return refuse(first, second);
        *changed = true;
    }
    return PLANCHE_CLI_OK;
}

/* A folder that is a book is read while outputs are written. */
static int check_folder(const struct planche_cli_plan *plan, const struct place *places,
                        const char *input)
{
    char *folder = planche_cli_canonical(input);
    if (folder == NULL)
        return PLANCHE_CLI_OK; /* the library will say why it cannot be read */
    int status = PLANCHE_CLI_OK;
    for (size_t i = 0; i < plan->count && status == PLANCHE_CLI_OK; i++) {
        if (planche_cli_lies_in(places[i].name, folder))
            status =
                planche_cli_usage_error("output", "%s lies in %s, an input; choose another output",
                                        plan->items[places[i].index].output, input);
    }
    free(folder);
    return status;
}

static int check_folders(const struct planche_cli_plan *plan, const struct place *places)
{
    int status = PLANCHE_CLI_OK;
    for (size_t i = plan->pages; i < plan->count && status == PLANCHE_CLI_OK; i++) {
        if (planche_cli_is_folder(plan->items[i].input))
            status = check_folder(plan, places, plan->items[i].input);
    }
    return status;
}

struct identity {
    uint64_t device, inode;
};

static int compare_identities(const void *a, const void *b)
{
    const struct identity *left = a, *right = b;
    if (left->device != right->device)
        return left->device < right->device ? -1 : 1;
    return (left->inode > right->inode) - (left->inode < right->inode);
}

/* Finds out which file it is; UNKNOWN: the system does not tell. Folders are as good as absent. */
static enum planche_file_state identify(const char *path, struct identity *out)
{
    struct planche_file_info info;
    enum planche_file_state there = planche_file_find(path, &info);
    if (there == PLANCHE_FILE_PRESENT && info.kind == PLANCHE_FILE_FOLDER)
        return PLANCHE_FILE_ABSENT;
    if (there == PLANCHE_FILE_PRESENT)
        *out = (struct identity){info.device, info.inode};
    /* What must not be looked at can neither be read nor replaced. */
    return there == PLANCHE_FILE_UNKNOWN && (errno == EACCES || errno == ENAMETOOLONG)
               ? PLANCHE_FILE_ABSENT
               : there;
}

static int say_unknown(const char *path)
{
    planche_cli_message("%s: cannot be looked at: %s", path, strerror(errno));
    return PLANCHE_CLI_NOT_STARTED;
}

static int check_input(const struct planche_cli_item *item, const struct identity *inputs,
                       size_t known)
{
    struct identity output;
    enum planche_file_state there = identify(item->output, &output);
    if (there == PLANCHE_FILE_UNKNOWN)
        return say_unknown(item->output);
    if (there == PLANCHE_FILE_PRESENT &&
        bsearch(&output, inputs, known, sizeof *inputs, compare_identities) != NULL)
        return planche_cli_usage_error("output", "%s is an input; choose another output",
                                       item->output);
    return PLANCHE_CLI_OK;
}

/* No output may be the file of any input, whatever the names are. */
static int check_inputs(const struct planche_cli_plan *plan)
{
    struct identity *inputs = calloc(plan->count + 1, sizeof *inputs);
    if (inputs == NULL)
        return planche_cli_no_memory();
    int status = PLANCHE_CLI_OK;
    size_t known = 0;
    for (size_t i = 0; i < plan->count && status == PLANCHE_CLI_OK; i++) {
        enum planche_file_state there = identify(plan->items[i].input, &inputs[known]);
        known += there == PLANCHE_FILE_PRESENT;
        if (there == PLANCHE_FILE_UNKNOWN)
            status = say_unknown(plan->items[i].input);
    }
    qsort(inputs, known, sizeof *inputs, compare_identities);
    for (size_t i = 0; i < plan->count && status == PLANCHE_CLI_OK; i++)
        status = check_input(&plan->items[i], inputs, known);
    free(inputs);
    return status;
}

int planche_cli_plan_check(struct planche_cli_plan *plan)
{
    bool changed;
    struct place *places;
    int status;
    do {
        places = list_places(plan);
        if (places == NULL)
            return planche_cli_no_memory();
        status = check_outputs(plan, places, &changed);
        if (status == PLANCHE_CLI_OK && !changed)
            status = check_folders(plan, places);
        free_places(places, plan->count);
    } while (status == PLANCHE_CLI_OK && changed);
    return status == PLANCHE_CLI_OK ? check_inputs(plan) : status;
}
