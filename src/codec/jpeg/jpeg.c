/* SPDX-License-Identifier: MIT */
/* libjpeg's errors as statuses. */
#include "codec/jpeg/jpeg.h"

#include "base/status.h"

#include <jerror.h>

_Noreturn void planche_jpeg_leave(j_common_ptr cinfo, enum planche_status status)
{
    struct planche_jpeg *jpeg = cinfo->client_data;
    planche_error_trap_raise(&jpeg->trap, status);
}

static enum planche_status status_of(const struct planche_jpeg *jpeg, int code)
{
    switch (code) {
    case JERR_OUT_OF_MEMORY:
        return PLANCHE_ERROR_MEMORY;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
        return PLANCHE_ERROR_UNSUPPORTED;
    default:
        return jpeg->writing ? PLANCHE_ERROR_INTERNAL : PLANCHE_ERROR_DATA;
    }
}

static const char *explain(enum planche_status status)
{
    switch (status) {
    case PLANCHE_ERROR_MEMORY:
        return "the system has no memory left";
    case PLANCHE_ERROR_UNSUPPORTED:
        return "this kind of JPEG image is not supported";
    case PLANCHE_ERROR_DATA:
        return "the JPEG image is damaged";
    default:
        return "libjpeg says";
    }
}

static _Noreturn void fail_with_message(j_common_ptr cinfo)
{
    struct planche_jpeg *jpeg = cinfo->client_data;
    char message[JMSG_LENGTH_MAX];
    enum planche_status status = status_of(jpeg, cinfo->err->msg_code);
    cinfo->err->format_message(cinfo, message);
    planche_fail(jpeg->trap.error, status, "%s: %s: %s", jpeg->name, explain(status), message);
    planche_jpeg_leave(cinfo, status);
}

static void on_error(j_common_ptr cinfo)
{
    fail_with_message(cinfo);
}

/* Oddities that leave the pixels as they are. All other warnings are about pixels that libjpeg
 * would invent. */
static bool harmless(int code)
{
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
           code == JWRN_NOT_SEQUENTIAL;
}

static void on_message(j_common_ptr cinfo, int level)
{
    struct planche_jpeg *jpeg = cinfo->client_data;
    char message[JMSG_LENGTH_MAX];
    if (level >= 0)
        return;
    if (!harmless(cinfo->err->msg_code))
        fail_with_message(cinfo);
    cinfo->err->format_message(cinfo, message);
    planche_log_write(jpeg->log, PLANCHE_LOG_WARNING, "%s: %s", jpeg->name, message);
}

void planche_jpeg_set_errors(struct planche_jpeg *jpeg, j_common_ptr cinfo)
{
    cinfo->err = jpeg_std_error(&jpeg->errors);
    jpeg->errors.error_exit = on_error;
    jpeg->errors.emit_message = on_message;
    cinfo->client_data = jpeg;
}
