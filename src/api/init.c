/* SPDX-License-Identifier: MIT */
/* Initialisers of the structs that begin with struct_size, for callers that cannot use the macros.
 */
#include <planche/planche.h>

#include <string.h>

/* size is the caller's sizeof: nothing is written behind a struct of an older header. */
static void init(void *out, size_t size)
{
    if (!out || size < sizeof(size))
        return;
    memset(out, 0, size);
    memcpy(out, &size, sizeof(size));
}

void planche_engine_options_init(struct planche_engine_options *out, size_t size)
{
    init(out, size);
}

void planche_engine_info_init(struct planche_engine_info *out, size_t size)
{
    init(out, size);
}

void planche_page_options_init(struct planche_page_options *out, size_t size)
{
    init(out, size);
}

void planche_page_result_init(struct planche_page_result *out, size_t size)
{
    init(out, size);
}

void planche_gpu_tune_options_init(struct planche_gpu_tune_options *out, size_t size)
{
    init(out, size);
}

void planche_provenance_init(struct planche_provenance *out, size_t size)
{
    init(out, size);
}

void planche_pixels_init(struct planche_pixels *out, size_t size)
{
    init(out, size);
}

void planche_book_options_init(struct planche_book_options *out, size_t size)
{
    init(out, size);
}

void planche_book_result_init(struct planche_book_result *out, size_t size)
{
    init(out, size);
}

void planche_job_queue_options_init(struct planche_job_queue_options *out, size_t size)
{
    init(out, size);
}

void planche_job_init(struct planche_job *out, size_t size)
{
    init(out, size);
}

void planche_gpu_info_init(struct planche_gpu_info *out, size_t size)
{
    init(out, size);
}

void planche_image_options_init(struct planche_image_options *out, size_t size)
{
    init(out, size);
}

void planche_model_facts_init(struct planche_model_facts *out, size_t size)
{
    init(out, size);
}

void planche_model_part_init(struct planche_model_part *out, size_t size)
{
    init(out, size);
}

void planche_model_import_options_init(struct planche_model_import_options *out, size_t size)
{
    init(out, size);
}
