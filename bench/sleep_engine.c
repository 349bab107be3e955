/* SPDX-License-Identifier: MIT */
/* Preloaded into planche worker: a page takes SLEEP_MS milliseconds at least, without computing, so
 * that many workers can be measured on few cores. The page is made all the same; it is to be tiny.
 */
#include <dlfcn.h>
#include <planche/planche.h>
#include <stdlib.h>
#include <time.h>

enum planche_status planche_engine_run_bytes(const struct planche_engine *engine, const void *data,
                                             size_t size, void **out_data, size_t *out_size,
                                             const struct planche_page_options *options,
                                             struct planche_page_result *result,
                                             struct planche_error *error)
{
    __typeof__(&planche_engine_run_bytes) real =
        (__typeof__(real))dlsym(RTLD_NEXT, "planche_engine_run_bytes");
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += strtol(getenv("SLEEP_MS"), NULL, 10) % 1000 * 1000000;
    until.tv_sec += strtol(getenv("SLEEP_MS"), NULL, 10) / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    enum planche_status status =
        real(engine, data, size, out_data, out_size, options, result, error);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    return status;
}
