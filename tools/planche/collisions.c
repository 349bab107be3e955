/* SPDX-License-Identifier: MIT */
/* Outputs that would get into each other's or an input's way. */
#include "cli.h"
#include "paths.h"
#include "plan.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct place {
    char *name; /* canonical */
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static int check_outputs(const struct planche_cli_plan *plan, const struct place *places)
{
    for (size_t i = 1; i < plan->count; i++) {
        const struct planche_cli_work *work = &plan->works[places[i].index];
        if (strcmp(places[i - 1].name, places[i].name) == 0)
            return planche_cli_usage_error(
                "", "%s and %s would both become %s; enlarge them in separate runs",
                plan->works[places[i - 1].index].input, work->input, work->output);
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
            status = planche_cli_usage_error("", "%s lies in %s, an input; choose another output",
                                             plan->works[places[i].index].output, input);
    }
    free(folder);
    return status;
}

static int check_folders(const struct planche_cli_plan *plan, const struct place *places)
{
    int status = PLANCHE_CLI_OK;
    for (size_t i = plan->pages; i < plan->count && status == PLANCHE_CLI_OK; i++) {
        if (planche_cli_is_folder(plan->works[i].input))
            status = check_folder(plan, places, plan->works[i].input);
    }
    return status;
}

struct identity {
    dev_t device;
    ino_t file;
};

static int compare_identities(const void *a, const void *b)
{
    const struct identity *left = a, *right = b;
    if (left->device != right->device)
        return left->device < right->device ? -1 : 1;
    return (left->file > right->file) - (left->file < right->file);
}

static bool identify(const char *path, struct identity *out)
{
    struct stat info;
    if (stat(path, &info) != 0 || S_ISDIR(info.st_mode))
        return false;
    *out = (struct identity){info.st_dev, info.st_ino};
    return true;
}

/* No output may be the file of any input, whatever the names are. */
static int check_inputs(const struct planche_cli_plan *plan)
{
    struct identity *inputs = calloc(plan->count + 1, sizeof *inputs), output;
    if (inputs == NULL)
        return planche_cli_no_memory();
    int status = PLANCHE_CLI_OK;
    size_t known = 0;
    for (size_t i = 0; i < plan->count; i++)
        known += identify(plan->works[i].input, &inputs[known]);
    qsort(inputs, known, sizeof *inputs, compare_identities);
    for (size_t i = 0; i < plan->count && status == PLANCHE_CLI_OK; i++) {
        if (identify(plan->works[i].output, &output) &&
            bsearch(&output, inputs, known, sizeof *inputs, compare_identities) != NULL)
            status = planche_cli_usage_error("", "%s is an input; choose another output",
                                             plan->works[i].output);
    }
    free(inputs);
    return status;
}

int planche_cli_plan_check(const struct planche_cli_plan *plan)
{
    size_t filled = 0;
    struct place *places = calloc(plan->count + 1, sizeof *places);
    for (; places != NULL && filled < plan->count; filled++) {
        places[filled] = (struct place){planche_cli_canonical(plan->works[filled].output), filled};
        if (places[filled].name == NULL)
            break;
    }
    int status = PLANCHE_CLI_OK;
    if (places == NULL || filled < plan->count)
        status = planche_cli_no_memory();
    if (status == PLANCHE_CLI_OK) {
        qsort(places, plan->count, sizeof *places, compare_places);
        status = check_outputs(plan, places);
    }
    if (status == PLANCHE_CLI_OK)
        status = check_folders(plan, places);
    if (status == PLANCHE_CLI_OK)
        status = check_inputs(plan);
    for (size_t i = 0; i < filled; i++)
        free(places[i].name);
    free(places);
    return status;
}
