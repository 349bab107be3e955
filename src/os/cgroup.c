/* SPDX-License-Identifier: MIT */
/* Limits that Linux control groups set for this process.
 *
 * /proc/self/cgroup has a line "number:controllers:path" for every hierarchy; version 2 has number
 * 0 and no controllers. Hierarchies are looked for where every distribution mounts them. Inside a
 * container the path may be that of the host: then only the mount's root exists, which holds the
 * container's own limits, and the walk over the ancestors finds it. */
#include "os/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called for a group's directory and for those of its ancestors. */
typedef void (*group_fn)(const char *directory, bool version2, void *result);

static bool read_line(const char *directory, const char *file, char *line, int size)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    FILE *stream = fopen(path, "re");
    if (!stream)
        return false;
    bool got = fgets(line, size, stream) != NULL;
    fclose(stream);
    return got;
}

/* A file that holds one number; false: absent, "max" or anything else. */
static bool read_number(const char *directory, const char *file, long long *number)
{
    char line[64], *end;
    if (!read_line(directory, file, line, sizeof line))
        return false;
    *number = strtoll(line, &end, 10);
    return end != line;
}

/* Calls fn for mount + path, its parent, and so on up to the mount itself. */
static void walk_up(const char *mount, const char *path, bool version2, group_fn fn, void *result)
{
    char directory[2 * PATH_MAX];
    snprintf(directory, sizeof directory, "%s%s", mount, path);
    size_t mount_length = strlen(mount);
    for (;;) {
        fn(directory, version2, result);
        char *slash = strrchr(directory, '/');
        if (!slash || (size_t)(slash - directory) < mount_length)
            return;
        *slash = 0;
    }
}

static bool has_controller(const char *controllers, const char *wanted)
{
    size_t length = strlen(wanted);
    while (*controllers) {
        size_t item = strcspn(controllers, ",");
        if (item == length && memcmp(controllers, wanted, length) == 0)
            return true;
        controllers += item;
        controllers += *controllers == ',';
    }
    return false;
}

/* One line of /proc/self/cgroup. */
static void visit_line(char *line, const char *root, const char *controller, group_fn fn,
                       void *result)
{
    char mount[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return;
    *controllers++ = 0;
    *path++ = 0;
    path[strcspn(path, "\n")] = 0;
    if (strcmp(line, "0") == 0 && !*controllers) {
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup", root);
        walk_up(mount, path, true, fn, result);
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/unified", root);
        walk_up(mount, path, true, fn, result);
    } else if (has_controller(controllers, controller)) {
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/%s", root, controllers);
        walk_up(mount, path, false, fn, result);
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/%s", root, controller);
        walk_up(mount, path, false, fn, result);
    }
}

static void visit_groups(const char *root, const char *controller, group_fn fn, void *result)
{
    char path[PATH_MAX], line[PATH_MAX];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *stream = fopen(path, "re");
    if (!stream)
        return;
    while (fgets(line, sizeof line, stream))
        visit_line(line, root, controller, fn, result);
    fclose(stream);
}

static void least_memory(const char *directory, bool version2, void *result)
{
    uint64_t *least = result;
    long long number;
    const char *file = version2 ? "memory.max" : "memory.limit_in_bytes";
    if (read_number(directory, file, &number) && number > 0 && (uint64_t)number < *least)
        *least = (uint64_t)number;
}

uint64_t planche_cgroup_memory(const char *root)
{
    uint64_t least = UINT64_MAX;
    visit_groups(root, "memory", least_memory, &least);
    return least;
}

static bool read_quota(const char *directory, bool version2, long long *quota, long long *period)
{
    char line[64];
    if (version2)
        return read_line(directory, "cpu.max", line, sizeof line) &&
               sscanf(line, "%lld %lld", quota, period) == 2;
    return read_number(directory, "cpu.cfs_quota_us", quota) &&
           read_number(directory, "cpu.cfs_period_us", period);
}

static void least_cpus(const char *directory, bool version2, void *result)
{
    double *least = result;
    long long quota, period;
    if (!read_quota(directory, version2, &quota, &period) || quota <= 0 || period <= 0)
        return;
    double cpus = (double)quota / (double)period;
    if (*least == 0 || cpus < *least)
        *least = cpus;
}

double planche_cgroup_cpus(const char *root)
{
    double least = 0;
    visit_groups(root, "cpu", least_cpus, &least);
    return least;
}
