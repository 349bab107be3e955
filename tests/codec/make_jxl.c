/* SPDX-License-Identifier: MIT */
/* JPEG XL files by libjxl alone. */
#include "images.h"

#include <jxl/encode.h>
#include <string.h>

static void set_info(const struct jxl_spec *spec, JxlEncoder *encoder)
{
    const struct picture *picture = spec->picture;
    bool extra = picture->channels % 2 == 0;
    JxlBasicInfo info;
    JxlEncoderInitBasicInfo(&info);
    info.xsize = picture->width;
    info.ysize = picture->height;
    info.bits_per_sample = picture->depth;
    info.num_color_channels = picture->channels < 3 ? 1 : 3;
    info.num_extra_channels = extra + spec->extra_channels;
    info.alpha_bits = extra && !spec->cmyk ? picture->depth : 0;
    info.uses_original_profile = spec->lossless;
    info.orientation = (JxlOrientation)(spec->orientation ? spec->orientation : 1);
    if (spec->frames) {
        info.have_animation = JXL_TRUE;
        info.animation.tps_numerator = info.animation.tps_denominator = 1;
    }
    assert_int_equal(JxlEncoderSetBasicInfo(encoder, &info), JXL_ENC_SUCCESS);
    if (spec->cmyk) {
        JxlExtraChannelInfo black;
        JxlEncoderInitExtraChannelInfo(JXL_CHANNEL_BLACK, &black);
        black.bits_per_sample = picture->depth;
        assert_int_equal(JxlEncoderSetExtraChannelInfo(encoder, 0, &black), JXL_ENC_SUCCESS);
    }
    for (unsigned i = 0; i < spec->extra_channels; i++) {
        JxlExtraChannelInfo channel;
        JxlEncoderInitExtraChannelInfo(JXL_CHANNEL_OPTIONAL, &channel);
        channel.bits_per_sample = picture->depth;
        assert_int_equal(JxlEncoderSetExtraChannelInfo(encoder, extra + i, &channel),
                         JXL_ENC_SUCCESS);
    }
}

static void set_colours(const struct jxl_spec *spec, JxlEncoder *encoder)
{
    JxlColorEncoding colours;
    if (spec->icc) {
        assert_int_equal(JxlEncoderSetICCProfile(encoder, spec->icc->data, spec->icc->size),
                         JXL_ENC_SUCCESS);
        return;
    }
    JxlColorEncodingSetToSRGB(&colours, spec->picture->channels < 3);
    if (spec->primaries)
        colours.primaries = (JxlPrimaries)spec->primaries;
    if (spec->transfer)
        colours.transfer_function = (JxlTransferFunction)spec->transfer;
    assert_int_equal(JxlEncoderSetColorEncoding(encoder, &colours), JXL_ENC_SUCCESS);
}

static void add_box(const struct jxl_spec *spec, JxlEncoder *encoder, const char *type,
                    const struct bytes *bytes)
{
    struct bytes box = {NULL, 0, 0};
    if (!bytes)
        return;
    if (strcmp(type, "Exif") == 0)
        bytes_append(&box, "\0\0\0", 4);
    bytes_append(&box, bytes->data, bytes->size);
    assert_int_equal(JxlEncoderAddBox(encoder, type, box.data, box.size, spec->compressed_boxes),
                     JXL_ENC_SUCCESS);
    bytes_free(&box);
}

static void add_boxes(const struct jxl_spec *spec, JxlEncoder *encoder)
{
    add_box(spec, encoder, "Exif", spec->exif);
    add_box(spec, encoder, "xml ", spec->xmp);
}

static void add_picture(const struct jxl_spec *spec, JxlEncoder *encoder, unsigned number)
{
    const struct picture *picture = spec->picture;
    JxlPixelFormat format = {
        .num_channels = spec->cmyk ? 3 : picture->channels,
        .data_type = picture->depth == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
        .endianness = JXL_NATIVE_ENDIAN,
    };
    size_t pixels = (size_t)picture->width * picture->height, sample = picture->depth / 8;
    JxlEncoderFrameSettings *frame = JxlEncoderFrameSettingsCreate(encoder, NULL);
    JxlFrameHeader header;
    JxlEncoderFrameSettingsSetOption(frame, JXL_ENC_FRAME_SETTING_EFFORT, 3);
    if (spec->modular)
        JxlEncoderFrameSettingsSetOption(frame, JXL_ENC_FRAME_SETTING_MODULAR, 1);
    if (spec->progressive) {
        JxlEncoderFrameSettingsSetOption(frame, JXL_ENC_FRAME_SETTING_PROGRESSIVE_AC, 1);
        JxlEncoderFrameSettingsSetOption(frame, JXL_ENC_FRAME_SETTING_PROGRESSIVE_DC, 1);
    }
    if (spec->photon_noise)
        JxlEncoderFrameSettingsSetFloatOption(frame, JXL_ENC_FRAME_SETTING_PHOTON_NOISE,
                                              spec->photon_noise);
    if (spec->resampling)
        JxlEncoderFrameSettingsSetOption(frame, JXL_ENC_FRAME_SETTING_RESAMPLING, spec->resampling);
    if (spec->lossless)
        JxlEncoderSetFrameLossless(frame, JXL_TRUE);
    else
        JxlEncoderSetFrameDistance(frame, 0.1f);
    JxlEncoderInitFrameHeader(&header);
    header.duration = spec->frames ? 1 : 0;
    if (spec->layers) {
        /* Each is kept for the next ones, which are blended with it. */
        header.layer_info.save_as_reference = number % 4;
        header.layer_info.blend_info.source = (number + 3) % 4;
        header.layer_info.blend_info.blendmode = number ? JXL_BLEND_ADD : JXL_BLEND_REPLACE;
    }
    if (spec->frames || spec->layers)
        assert_int_equal(JxlEncoderSetFrameHeader(frame, &header), JXL_ENC_SUCCESS);
    assert_int_equal(JxlEncoderAddImageFrame(frame, &format, picture->data,
                                             pixels * format.num_channels * sample),
                     JXL_ENC_SUCCESS);
    for (unsigned i = 0; i < spec->extra_channels; i++)
        assert_int_equal(JxlEncoderSetExtraChannelBuffer(frame, &format, picture->data,
                                                         pixels * sample,
                                                         (picture->channels % 2 == 0) + i),
                         JXL_ENC_SUCCESS);
    if (!spec->cmyk)
        return;
    /* The file is never decoded: what black looks like does not matter. */
    assert_int_equal(
        JxlEncoderSetExtraChannelBuffer(frame, &format, picture->data, pixels * sample, 0),
        JXL_ENC_SUCCESS);
}

static void take_output(JxlEncoder *encoder, struct bytes *bytes)
{
    JxlEncoderStatus status = JXL_ENC_NEED_MORE_OUTPUT;
    while (status == JXL_ENC_NEED_MORE_OUTPUT) {
        uint8_t buffer[4096], *next = buffer;
        size_t left = sizeof buffer;
        status = JxlEncoderProcessOutput(encoder, &next, &left);
        bytes_append(bytes, buffer, sizeof buffer - left);
    }
    assert_int_equal(status, JXL_ENC_SUCCESS);
}

struct bytes make_jxl(const struct jxl_spec *spec)
{
    struct bytes bytes = {NULL, 0, 0};
    JxlEncoder *encoder = JxlEncoderCreate(NULL);
    assert_non_null(encoder);
    if (spec->exif || spec->xmp)
        JxlEncoderUseBoxes(encoder);
    JxlEncoderUseContainer(encoder, spec->container ? JXL_TRUE : JXL_FALSE);
    set_info(spec, encoder);
    set_colours(spec, encoder);
    if (!spec->boxes_behind)
        add_boxes(spec, encoder);
    unsigned pictures = spec->frames ? spec->frames : spec->layers ? spec->layers : 1;
    for (unsigned i = 0; i < pictures; i++)
        add_picture(spec, encoder, i);
    JxlEncoderCloseFrames(encoder);
    if (spec->boxes_behind) {
        take_output(encoder, &bytes);
        add_boxes(spec, encoder);
    }
    JxlEncoderCloseInput(encoder);
    take_output(encoder, &bytes);
    JxlEncoderDestroy(encoder);
    return bytes;
}

struct bytes make_jxl_of_jpeg(const struct bytes *jpeg)
{
    struct bytes bytes = {NULL, 0, 0};
    JxlEncoder *encoder = JxlEncoderCreate(NULL);
    assert_non_null(encoder);
    JxlEncoderStoreJPEGMetadata(encoder, JXL_TRUE);
    JxlEncoderFrameSettings *frame = JxlEncoderFrameSettingsCreate(encoder, NULL);
    assert_int_equal(JxlEncoderAddJPEGFrame(frame, jpeg->data, jpeg->size), JXL_ENC_SUCCESS);
    JxlEncoderCloseInput(encoder);
    take_output(encoder, &bytes);
    JxlEncoderDestroy(encoder);
    return bytes;
}
