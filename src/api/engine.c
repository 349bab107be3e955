/* SPDX-License-Identifier: MIT */
/* Engines. */
#include "api/engine_options.h"
#include "base/alloc.h"
#include "codec/isolation.h"
#include "engine/internal.h"
#include "os/cpu.h"

#include <string.h>

/* More threads or jobs than this are a mistake. */
#define MAX_THREADS   1024
#define DEFAULT_MODEL "auto"

uint32_t planche_cpu_features(void)
{
    return planche_cpu_detect();
}

void planche_engine_defaults(uint64_t *memory, unsigned *threads)
{
    if (memory)
        *memory = planche_engine_default_memory();
    if (threads)
        *threads = planche_engine_default_threads();
}

enum planche_status planche_isolation_check(struct planche_error *error)
{
    struct planche_error own = {0};
    return planche_isolation_try(planche_args_error(error, &own));
}

static enum planche_status check_options(const struct planche_engine_options *options,
                                         struct planche_error *error)
{
    if (options->threads > MAX_THREADS || options->jobs > MAX_THREADS)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "more than %d threads or jobs",
                            MAX_THREADS);
    if (options->se != PLANCHE_SE_EXACT && options->se != PLANCHE_SE_SAMPLED)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown way to average: %d",
                            (int)options->se);
    return PLANCHE_OK;
}

enum planche_status planche_args_take_engine(struct planche_engine_options *to,
                                             const struct planche_engine_options *from,
                                             struct planche_error *error)
{
    enum planche_status status = planche_args_take(
        to, from, PLANCHE_ARGS_STRUCT(struct planche_engine_options, PLANCHE_ENGINE_OPTIONS_INIT),
        error);
    if (!to->model)
        to->model = DEFAULT_MODEL;
    return status ? status : check_options(to, error);
}

enum planche_status planche_engine_create(struct planche_engine **out,
                                          const struct planche_engine_options *options,
                                          struct planche_error *error)
{
    struct planche_engine_options taken;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!out)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "out must be given");
    *out = NULL;
    enum planche_status status = planche_args_take_engine(&taken, options, error);
    return status ? status : planche_engine_open(out, &taken, error);
}

void planche_engine_destroy(struct planche_engine **engine)
{
    if (engine)
        planche_engine_close(engine);
}

enum planche_status planche_engine_get_info(const struct planche_engine *engine,
                                            struct planche_engine_info *info,
                                            struct planche_error *error)
{
    const struct planche_args_struct *type =
        PLANCHE_ARGS_STRUCT(struct planche_engine_info, PLANCHE_ENGINE_INFO_INIT);
    struct planche_engine_info full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!engine || !info)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "engine and info must be given");
    enum planche_status status = planche_args_check_result(info, type, error);
    if (status)
        return status;
    planche_engine_describe(engine, &full);
    planche_args_give(info, &full, type);
    return PLANCHE_OK;
}

/* Entries of another size than this library's: as much of each as fits; the rest is zero. */
static size_t spread_profile(const struct planche_engine *engine, void *entries, size_t entry_size,
                             size_t count)
{
    struct planche_layer_profile *full = planche_calloc(NULL, count, sizeof(*full));
    if (!full)
        return 0;
    size_t total = planche_engine_read_profile(engine, full, count);
    size_t known = entry_size < sizeof(*full) ? entry_size : sizeof(*full);
    for (size_t i = 0; i < count && i < total; i++) {
        char *entry = (char *)entries + i * entry_size;
        memset(entry, 0, entry_size);
        memcpy(entry, &full[i], known);
    }
    planche_free(full);
    return total;
}

size_t planche_engine_get_profile(const struct planche_engine *engine,
                                  struct planche_layer_profile *entries, size_t entry_size,
                                  size_t count)
{
    if (!engine)
        return 0;
    if (!entries || count == 0 || entry_size == 0)
        return planche_engine_read_profile(engine, NULL, 0);
    if (entry_size != sizeof(*entries))
        return spread_profile(engine, entries, entry_size, count);
    return planche_engine_read_profile(engine, entries, count);
}
