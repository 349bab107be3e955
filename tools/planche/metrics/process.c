/* SPDX-License-Identifier: MIT */
/* The process's own figures, from /proc/self and the system. */
#include "metrics/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* What /proc/self/stat is read for, counted from the field behind the program's name. */
enum { UTIME = 11, STIME = 12, THREADS = 17, START = 19, VIRTUAL = 20, RESIDENT = 21, FIELDS };

static bool read_stat(double values[FIELDS])
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL)
        return false;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    char *next = strrchr(text, ')'); /* the name may hold anything */
    for (size_t i = 0; next != NULL && i < FIELDS; i++) {
        next = strchr(next, ' ');
        if (next == NULL)
            return false;
        values[i] = (double)strtoull(++next, NULL, 10);
    }
    return next != NULL;
}

/* Since 1970. The time of boot is found once: a step of the clock would look like a restart. Called
 * by one thread. */
static double find_start(double ticks, double hertz)
{
    static double boot;
    struct timespec day, since;
    if (boot == 0 && clock_gettime(CLOCK_REALTIME, &day) == 0 &&
        clock_gettime(CLOCK_BOOTTIME, &since) == 0)
        boot = (double)(day.tv_sec - since.tv_sec) + (double)(day.tv_nsec - since.tv_nsec) * 1e-9;
    return boot + ticks / hertz;
}

static double count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double count = -3; /* of the folder itself: ".", ".." and its own descriptor */
    if (folder == NULL)
        return -1;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

void planche_metrics_set_process(struct planche_metrics *metrics)
{
    double values[FIELDS], hertz = (double)sysconf(_SC_CLK_TCK), open = count_descriptors();
    struct rlimit limit;
    if (open >= 0)
        planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_FDS, open, NULL);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_MAX_FDS, (double)limit.rlim_cur, NULL);
    if (hertz <= 0 || !read_stat(values))
        return;
    planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_CPU,
                        (values[UTIME] + values[STIME]) / hertz, NULL);
    planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_START, find_start(values[START], hertz),
                        NULL);
    planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_THREADS, values[THREADS], NULL);
    planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_VIRTUAL, values[VIRTUAL], NULL);
    planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_RESIDENT,
                        values[RESIDENT] * (double)sysconf(_SC_PAGESIZE), NULL);
}
