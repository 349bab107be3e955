/* SPDX-License-Identifier: MIT */
/* libpng with counted memory and errors that are statuses. */
#include "codec/png/png.h"

#include "base/status.h"

bool planche_png_big_endian(void)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

_Noreturn void planche_png_leave(struct planche_png *png, enum planche_status status)
{
    planche_error_trap_raise(&png->trap, status);
}

static enum planche_status say_no_memory(const struct planche_png *png, struct planche_error *error)
{
    return planche_fail(error, png->failure.status, "%s", png->failure.message);
}

enum planche_status planche_png_run(struct planche_png *png, struct planche_error *error,
                                    void (*step)(void *user), void *user)
{
    enum planche_status status = planche_error_trap_run(&png->trap, error, step, user);
    return status || !png->failure.status ? status : say_no_memory(png, error);
}

static _Noreturn void on_error(png_structp structure, png_const_charp message)
{
    struct planche_png *png = png_get_error_ptr(structure);
    enum planche_status status;
    if (png->failure.status)
        status = say_no_memory(png, png->trap.error);
    else if (png->writing)
        status = planche_fail(png->trap.error, PLANCHE_ERROR_INTERNAL, "%s: libpng says: %s",
                              png->name, message);
    else
        status = planche_fail(png->trap.error, PLANCHE_ERROR_DATA,
                              "%s: the PNG image is damaged: %s", png->name, message);
    planche_png_leave(png, status);
}

static void on_warning(png_structp structure, png_const_charp message)
{
    const struct planche_png *png = png_get_error_ptr(structure);
    planche_log_write(png->log, PLANCHE_LOG_WARNING, "%s: %s", png->name, message);
}

static png_voidp counted_malloc(png_structp structure, png_alloc_size_t size)
{
    struct planche_png *png = png_get_mem_ptr(structure);
    void *block = planche_alloc(png->budget, size);
    if (!block && size)
        planche_fail_memory(&png->failure, png->budget, size, png->name);
    return block;
}

static void counted_free(png_structp structure, png_voidp block)
{
    (void)structure;
    planche_free(block);
}

static void create_step(void *user)
{
    struct planche_png *png = user;
    if (png->writing)
        png->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, png, on_error, on_warning, png,
                                             counted_malloc, counted_free);
    else
        png->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, png, on_error, on_warning, png,
                                            counted_malloc, counted_free);
    if (!png->png)
        return;
    /* Profiles travel as they are: whether they are well-known ones is of no interest. */
    png_set_option(png->png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
    png->info = png_create_info_struct(png->png);
}

enum planche_status planche_png_create(struct planche_png *png, struct planche_error *error)
{
    enum planche_status status = planche_png_run(png, error, create_step, png);
    if (status || (png->png && png->info))
        return status;
    return planche_fail(error, PLANCHE_ERROR_INTERNAL,
                        "%s: the libpng that is installed is not the one Planche was built for",
                        png->name);
}

void planche_png_destroy(struct planche_png *png)
{
    if (png->writing)
        png_destroy_write_struct(&png->png, &png->info);
    else
        png_destroy_read_struct(&png->png, &png->info, NULL);
    png->png = NULL;
    png->info = NULL;
}
