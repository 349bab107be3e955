/* SPDX-License-Identifier: MIT */
/* Speeds of earlier runs: a line each, "KEY PIXELS_PER_SECOND", the last run first. */
#include "enlarge/speed.h"

#include "cli/model_options.h"
#include "cli/paths.h"
#include "io/atomic_file.h"
#include "io/cache_dir.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)16 << 10)
#define KEY_SIZE  256

/* Everything that changes the time of a page by much, without blanks. False: it does not fit. */
static bool make_key(const struct planche_cli_options *o, unsigned scale, char key[KEY_SIZE])
{
    const struct planche_engine_options *e = &o->engine;
    int length = snprintf(key, KEY_SIZE, "%s:%u:%g:%s:%d:%d:%d:%d:%u:%u:%d:%d",
                          e->model != NULL ? e->model : PLANCHE_CLI_DEFAULT_MODEL, scale, o->level,
                          e->backend != NULL ? e->backend : "auto", (int)e->gpu_path,
                          (int)e->precision, (int)e->se, o->page.tta, e->threads, e->jobs,
                          (int)o->page.format, o->page.lossless);
    return length > 0 && length < KEY_SIZE && strpbrk(key, " \n") == NULL;
}

/* The file's text in text, "" if there is none. False: there is no state directory. */
static bool read_file(char *path, size_t path_size, char text[MAX_BYTES + 1])
{
    struct planche_error error = {0};
    text[0] = 0;
    if (planche_state_path(path, path_size, "speeds", &error) != PLANCHE_OK)
        return false;
    FILE *file = fopen(path, "re");
    size_t size = file != NULL ? fread(text, 1, MAX_BYTES, file) : 0;
    if (file != NULL)
        fclose(file);
    text[size] = 0;
    return true;
}

double planche_cli_speed_find(const struct planche_cli_options *options, unsigned scale)
{
    static char text[MAX_BYTES + 1];
    char key[KEY_SIZE], path[PATH_MAX];
    if (!make_key(options, scale, key) || !read_file(path, sizeof path, text))
        return 0.0;
    for (const char *line = text; *line;) {
        size_t length = strlen(key), whole = strcspn(line, "\n");
        if (strncmp(line, key, length) == 0 && line[length] == ' ') {
            double speed = strtod(line + length + 1, NULL);
            return speed > 0.0 && speed < 1e15 ? speed : 0.0;
        }
        line += whole + (line[whole] == '\n');
    }
    return 0.0;
}

void planche_cli_speed_keep(const struct planche_cli_options *options, unsigned scale,
                            double pixels_per_second)
{
    static char text[MAX_BYTES + 1], kept[MAX_BYTES + KEY_SIZE + 64];
    char key[KEY_SIZE], path[PATH_MAX];
    struct planche_budget budget;
    struct planche_atomic_file *file = NULL;
    struct planche_error error = {0};
    if (!make_key(options, scale, key) || !read_file(path, sizeof path, text))
        return;
    size_t used = (size_t)snprintf(kept, sizeof kept, "%s %.0f\n", key, pixels_per_second);
    for (const char *line = text; *line;) {
        size_t length = strlen(key), whole = strcspn(line, "\n");
        bool same = strncmp(line, key, length) == 0 && line[length] == ' ';
        if (!same && whole > 0 && used + whole + 1 <= MAX_BYTES) {
            memcpy(kept + used, line, whole);
            used += whole;
            kept[used++] = '\n';
        }
        line += whole + (line[whole] == '\n');
    }
    planche_budget_init(&budget, 0);
    if (planche_cli_make_parent(path) &&
        planche_atomic_file_create(&file, path, true, &budget, &error) == PLANCHE_OK &&
        planche_atomic_file_write(file, kept, used, &error) == PLANCHE_OK)
        planche_atomic_file_commit(file, &error);
    planche_atomic_file_destroy(&file);
}
