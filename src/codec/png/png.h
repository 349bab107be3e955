/* SPDX-License-Identifier: MIT */
/* Common part of the PNG reader and writer: libpng with counted memory and errors that are
 * statuses. */
#ifndef PLANCHE_CODEC_PNG_PNG_H
#define PLANCHE_CODEC_PNG_PNG_H

#include "base/error_trap.h"
#include "codec/format.h"

#include <png.h>

/* The keyword of an iTXt chunk that holds XMP. */
#define PLANCHE_PNG_XMP_KEYWORD "XML:com.adobe.xmp"

/* Most that one chunk of metadata may hold, and expand to: a small file must not become a large
 * process. */
#define PLANCHE_PNG_MAX_CHUNK ((uint32_t)16 << 20)

struct planche_png {
    struct planche_error_trap trap;
    struct planche_budget *budget;
    const struct planche_log *log;
    const char *name; /* for messages */
    png_structp png;
    png_infop info;
    struct planche_error failure; /* why an allocation failed; PLANCHE_OK: none did */
    bool writing;
};

/* Makes the structures of libpng. Errors: MEMORY, BUDGET, INTERNAL. */
enum planche_status planche_png_create(struct planche_png *png, struct planche_error *error);
void planche_png_destroy(struct planche_png *png);
/* Runs a step of libpng. An allocation that failed in it is an error, also where libpng could do
 * without: a page must not lose its profile for want of memory. */
enum planche_status planche_png_run(struct planche_png *png, struct planche_error *error,
                                    void (*step)(void *user), void *user);
/* Ends the running step; the trap's error is filled in already. */
_Noreturn void planche_png_leave(struct planche_png *png, enum planche_status status);

bool planche_png_big_endian(void);

enum planche_status planche_png_open(struct planche_decoder *decoder, struct planche_error *error);
enum planche_status planche_png_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error);
enum planche_status planche_png_rewind(struct planche_decoder *decoder,
                                       struct planche_error *error);
void planche_png_close(struct planche_decoder *decoder);

/* Copies what libpng found before the pixels into decoder->metadata; channels are known. cicp: the
 * numbers that stand for colours, before all other chunks; NULL: there are none. Errors:
 * UNSUPPORTED (high dynamic range), MEMORY, BUDGET. */
enum planche_status planche_png_get_metadata(struct planche_png *png,
                                             struct planche_decoder *decoder, const uint8_t *cicp,
                                             struct planche_error *error);
/* Tells libpng what to write before the pixels; part of a step. */
void planche_png_set_metadata(struct planche_png *png, const struct planche_metadata *metadata);

uint64_t planche_png_memory(const struct planche_image_info *info,
                            const struct planche_writer_options *options);
enum planche_status planche_png_start(struct planche_encoder *encoder, struct planche_error *error);
enum planche_status planche_png_write(struct planche_encoder *encoder, const uint8_t *rows,
                                      size_t stride, uint32_t count, struct planche_error *error);
enum planche_status planche_png_finish(struct planche_encoder *encoder,
                                       struct planche_error *error);
void planche_png_abandon(struct planche_encoder *encoder);

#endif
