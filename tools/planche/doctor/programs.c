/* SPDX-License-Identifier: MIT */
/* planche doctor: libraries and programs that are used beside the library's own code. */
#include "doctor/checks.h"

#include "io/sandbox.h"
#include "os/fd.h"

#include <ctype.h>
#include <limits.h>
#include <planche/planche.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A part that builds may be without, which is no fault. False: it is not there, and that is told.
 */
static bool has_part(struct planche_doctor_findings *findings, const char *part, const char *name)
{
    struct planche_error error = {0};
    enum planche_status status = planche_build_check(part, &error);
    if (status == PLANCHE_OK)
        return true;
    planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, name,
                       status == PLANCHE_ERROR_UNSUPPORTED
                           ? "install a build with it, if that matters"
                           : "install the package of that library, if such pages matter",
                       "%s", error.message);
    return false;
}

/* Libraries of formats: what planche_build_info calls libNAME, with the version that is there. */
static void check_formats(struct planche_doctor_findings *findings)
{
    char fact[512], found[1024] = "";
    has_part(findings, "avif", "formats");
    has_part(findings, "jxl", "formats");
    for (size_t i = 0; planche_build_info(i, fact, sizeof fact); i++) {
        size_t used = strlen(found);
        if (strncmp(fact, "lib", 3) != 0 || !isdigit((unsigned char)fact[strcspn(fact, " ") + 1]))
            continue;
        snprintf(found + used, sizeof found - used, "%s%.*s", used ? ", " : "",
                 (int)strcspn(fact, "("), fact);
        for (size_t end = strlen(found); end > 0 && found[end - 1] == ' ';)
            found[--end] = 0;
    }
    planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "formats", "", "%s", found);
}

static void check_decode(struct planche_doctor_findings *findings)
{
    struct planche_error error = {0};
    if (planche_isolation_check(&error) == PLANCHE_OK)
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "decode", "",
                           "planche-decode runs, confined: it reads GIF, TIFF, JPEG 2000, HEIC and "
                           "pages for planche serve");
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_PROBLEM, "decode",
                           "install Planche as a whole, with its folder libexec/planche; "
                           "PLANCHE_DECODE names the program elsewhere",
                           "GIF, TIFF, JPEG 2000 and HEIC pages cannot be read, and planche serve "
                           "cannot isolate pages: %s",
                           error.message);
}

/* An archive of the format tar with one small file, in memory. -1: the system has no such files. */
static int make_tar(void)
{
    static uint8_t tar[2048];
    char *header = (char *)tar;
    unsigned sum = 0;
    memset(tar, 0, sizeof tar);
    memcpy(header, "a.txt", 5);
    memcpy(header + 100, "0000644", 8);
    memcpy(header + 108, "0000000", 8);
    memcpy(header + 116, "0000000", 8);
    memcpy(header + 124, "00000000001", 12);
    memcpy(header + 136, "00000000000", 12);
    memset(header + 148, ' ', 8);
    header[156] = '0';
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < 512; i++)
        sum += tar[i];
    snprintf(header + 148, 8, "%06o", sum);
    header[512] = 'x';
    int fd = memfd_create("planche-doctor", MFD_CLOEXEC);
    if (fd >= 0 && !planche_fd_write(fd, tar, sizeof tar))
        planche_fd_close(&fd);
    return fd;
}

static void check_unpack(struct planche_doctor_findings *findings)
{
    struct planche_book_options how = PLANCHE_BOOK_OPTIONS_INIT;
    struct planche_book_result result = PLANCHE_BOOK_RESULT_INIT;
    struct planche_error error = {0};
    char path[64];
    if (!has_part(findings, "unpack", "unpack"))
        return;
    int fd = make_tar();
    if (fd < 0)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum planche_status status = planche_book_inspect(path, &how, &result, &error);
    planche_fd_close(&fd);
    /* It has no pages, which is told once it is unpacked. */
    if (status == PLANCHE_OK || result.outcomes[PLANCHE_BOOK_COPIED] > 0)
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "unpack", "",
                           "planche-unpack runs: it reads books in RAR, 7z and tar");
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_PROBLEM, "unpack",
                           "install Planche as a whole, with its folder libexec/planche; "
                           "PLANCHE_UNPACK names the program elsewhere",
                           "books in RAR, 7z and tar (CBR, CB7, CBT) cannot be read: %s",
                           error.message);
}

static bool is_in_path(const char *program)
{
    const char *list = getenv("PATH");
    char path[PATH_MAX];
    for (const char *at = list; at != NULL; at = strchr(at, ':')) {
        at += *at == ':';
        int length = snprintf(path, sizeof path, "%.*s/%s", (int)strcspn(at, ":"), at, program);
        if (length > 0 && (size_t)length < sizeof path && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static void check_poppler(struct planche_doctor_findings *findings)
{
    static const char *const programs[] = {"pdfinfo", "pdfimages", "pdftoppm", "pdftocairo"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (is_in_path(programs[i]))
            continue;
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "poppler",
                           "install poppler-utils, if books in PDF matter",
                           "PDFs cannot be read: there is no program %s in PATH", programs[i]);
        return;
    }
    planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "poppler", "",
                       "its programs are there: they read books in PDF");
}

static void check_sandbox(struct planche_doctor_findings *findings)
{
    bool files = planche_sandbox_has_files(), calls = planche_sandbox_has_network();
    const char *lack = files ? "seccomp" : "Landlock";
    if (!files && !calls)
        lack = "Landlock and no seccomp";
    if (files && calls)
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "sandbox", "",
                           "Landlock and seccomp confine programs that read foreign files");
    else
        planche_doctor_add(
            findings, PLANCHE_DOCTOR_NOTE, "sandbox",
            "use a kernel of version 5.13 or newer with Landlock in its list of security modules "
            "(lsm=landlock,...) and with seccomp; containers may forbid both",
            "the kernel has no %s: programs that read foreign files are confined less", lack);
}

void planche_doctor_check_programs(struct planche_doctor_findings *findings)
{
    check_formats(findings);
    check_decode(findings);
    check_unpack(findings);
    check_poppler(findings);
    check_sandbox(findings);
}
