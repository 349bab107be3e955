/* SPDX-License-Identifier: MIT */
/* JPEG files by libjpeg alone. */
#include "images.h"

#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

static void set_colours(struct jpeg_compress_struct *cinfo, const struct jpeg_spec *spec)
{
    static const J_COLOR_SPACE spaces[5] = {JCS_UNKNOWN, JCS_GRAYSCALE, JCS_UNKNOWN, JCS_RGB,
                                            JCS_CMYK};
    cinfo->input_components = (int)spec->picture->channels;
    cinfo->in_color_space = spaces[spec->picture->channels];
    jpeg_set_defaults(cinfo);
    if (spec->ycck)
        jpeg_set_colorspace(cinfo, JCS_YCCK);
    if (spec->no_adobe)
        cinfo->write_Adobe_marker = FALSE;
    if (!spec->subsampled)
        for (int i = 0; i < cinfo->num_components; i++)
            cinfo->comp_info[i].h_samp_factor = cinfo->comp_info[i].v_samp_factor = 1;
}

static void write_marker(struct jpeg_compress_struct *cinfo, int code, const char *signature,
                         size_t signature_size, const struct bytes *bytes)
{
    uint8_t buffer[65533];
    if (!bytes)
        return;
    assert_true(signature_size + bytes->size <= sizeof buffer);
    memcpy(buffer, signature, signature_size);
    memcpy(buffer + signature_size, bytes->data, bytes->size);
    jpeg_write_marker(cinfo, code, buffer, (unsigned)(signature_size + bytes->size));
}

#define MAX_SCANS 190

static void set_scans(struct jpeg_compress_struct *cinfo, const struct jpeg_spec *spec,
                      jpeg_scan_info scans[MAX_SCANS])
{
    int count = 0;
    if (spec->many_scans)
        scans[count++] = (jpeg_scan_info){.comps_in_scan = 3, .component_index = {0, 1, 2}};
    for (int i = 0; i < cinfo->num_components; i++) {
        if (spec->scans)
            scans[count++] = (jpeg_scan_info){.comps_in_scan = 1, .component_index = {i}, .Se = 63};
        for (int k = 1; spec->many_scans && k < 64; k++)
            scans[count++] =
                (jpeg_scan_info){.comps_in_scan = 1, .component_index = {i}, .Ss = k, .Se = k};
    }
    if (count) {
        cinfo->scan_info = scans;
        cinfo->num_scans = count;
    }
}

static void set_parameters(struct jpeg_compress_struct *cinfo, const struct jpeg_spec *spec,
                           jpeg_scan_info scans[MAX_SCANS])
{
    cinfo->image_width = spec->picture->width;
    cinfo->image_height = spec->picture->height;
    set_colours(cinfo, spec);
    jpeg_set_quality(cinfo, spec->quality ? spec->quality : 100, TRUE);
    cinfo->restart_interval = (unsigned)spec->restart;
    if (spec->progressive)
        jpeg_simple_progression(cinfo);
    if (spec->density) {
        cinfo->density_unit = 1;
        cinfo->X_density = cinfo->Y_density = (UINT16)spec->density;
    }
    set_scans(cinfo, spec, scans);
}

struct bytes make_jpeg(const struct jpeg_spec *spec)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[MAX_SCANS];
    unsigned char *data = NULL;
    unsigned long size = 0;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &data, &size);
    set_parameters(&cinfo, spec, scans);
    jpeg_start_compress(&cinfo, TRUE);
    write_marker(&cinfo, JPEG_APP0 + 1, "Exif\0", 6, spec->exif);
    write_marker(&cinfo, JPEG_APP0 + 1, "http://ns.adobe.com/xap/1.0/", 29, spec->xmp);
    if (spec->icc)
        jpeg_write_icc_profile(&cinfo, spec->icc->data, (unsigned)spec->icc->size);
    for (uint32_t y = 0; y < spec->picture->height; y++) {
        JSAMPROW row = spec->picture->data + y * picture_row_bytes(spec->picture);
        jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    struct bytes bytes = {NULL, 0, 0};
    bytes_append(&bytes, data, size);
    free(data);
    return bytes;
}
