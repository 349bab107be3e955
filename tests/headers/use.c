/* SPDX-License-Identifier: MIT */
/* A caller: includes the public headers, uses their macros and is linked with the shared library.
 * Compiled as C17 and as C++17 with every warning an error. */
#include <planche/planche.h>

#include <stdio.h>
#include <string.h>

static int check(int holds, const char *what)
{
    if (!holds)
        printf("does not hold: %s\n", what);
    return holds ? 0 : 1;
}
#define CHECK(condition) failures += check(condition, #condition)

int main(void)
{
    int failures = 0;
    struct planche_engine_options engine = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error;
    CHECK(engine.struct_size == sizeof engine && engine.memory == 0 && !engine.model);
    CHECK(info.struct_size == sizeof info && info.scale == 0);
    CHECK(page.struct_size == sizeof page && page.quality == 0);
    struct planche_book_options book = PLANCHE_BOOK_OPTIONS_INIT;
    struct planche_book_result books = PLANCHE_BOOK_RESULT_INIT;
    CHECK(book.struct_size == sizeof book && !book.page);
    CHECK(books.struct_size == sizeof books && books.outcomes[PLANCHE_BOOK_COPIED] == 0);
    CHECK(strcmp(planche_container_extension(PLANCHE_CONTAINER_ZIP), "cbz") == 0);
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    CHECK(gpu.struct_size == sizeof gpu && gpu.path == PLANCHE_GPU_PATH_AUTO);
    CHECK(strcmp(planche_gpu_path_name(PLANCHE_GPU_PATH_F16), "f16") == 0);
    CHECK(result.struct_size == sizeof result && result.peak_bytes == 0);
    CHECK(sizeof error.message == PLANCHE_ERROR_MESSAGE_SIZE);
    CHECK(strcmp(planche_version(), PLANCHE_VERSION) == 0);
    CHECK(planche_cpu_features() & PLANCHE_CPU_PORTABLE);
    CHECK(strlen(planche_status_name(PLANCHE_ERROR_DATA)) > 0);
    return failures;
}
