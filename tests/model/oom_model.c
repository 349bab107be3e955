/* SPDX-License-Identifier: MIT */
/* The model loader under failing allocations. */
#include "support/oom.h"

#include "archive/writer.h"
#include "base/text.h"
#include "io/digest.h"
#include "io/tree.h"
#include "model/import/import.h"
#include "model/load.h"
#include "onnx_cases.h"
#include "onnx_graph.h"
#include "random_graph.h"

#include "support/testing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum planche_status load_scenario(void *user, struct planche_budget *budget,
                                         struct planche_error *error)
{
    const struct random_graph *files = user;
    const struct planche_model_source source = {.param_path = "random.param",
                                                .bin_path = "random.bin",
                                                .param = files->param,
                                                .param_size = files->param_size,
                                                .bin = files->bin,
                                                .bin_size = files->bin_size};
    struct planche_net *net;
    enum planche_status status = planche_model_load(&net, &source, NULL, budget, error);
    planche_net_destroy(&net);
    return status;
}

static void test_load(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct random_graph files;
        random_graph_make(&files, seed);
        assert_true(oom_run("model", load_scenario, &files, 1) > 10);
        random_graph_free(&files);
    }
}

struct bytes {
    uint8_t *data;
    size_t size;
};

static enum planche_status onnx_scenario(void *user, struct planche_budget *budget,
                                         struct planche_error *error)
{
    const struct bytes *file = user;
    const struct planche_model_source source = {
        .param_path = "a.onnx", .param = file->data, .param_size = file->size};
    struct planche_net *net;
    enum planche_status status = planche_model_load(&net, &source, NULL, budget, error);
    planche_net_destroy(&net);
    return status;
}

static void test_onnx(void **state)
{
    static struct onnx_graph graph;
    (void)state;
    for (size_t i = 0; i < onnx_case_count; i++) {
        struct bytes file;
        onnx_begin(&graph, i);
        graph.opset = onnx_cases[i].opset ? onnx_cases[i].opset : graph.opset;
        onnx_lines(&graph, onnx_cases[i].lines);
        file.data = onnx_write(&graph, &file.size);
        assert_true(oom_run("onnx", onnx_scenario, &file, 1) > 10);
        free(file.data);
        onnx_free(&graph);
    }
}

/* A folder to import from, the same as a ZIP, and a folder to import to, which is not there. */
struct folders {
    char from[64], zip[72], to[72];
    const char *source; /* from or zip */
};

static void write_file(const char *folder, const char *name, const void *data, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void count_model(void *user, const struct planche_model_imported *model)
{
    assert_int_equal(model->there, 0);
    ++*(int *)user;
}

/* Packs files of folders->from; the ZIP holds the whole of each. */
static void write_zip(const struct folders *folders, const char *const *names, size_t count)
{
    struct planche_archive_writer *writer;
    struct planche_error error;
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_ZIP, folders->zip,
                                                   false, NULL, &error),
                     PLANCHE_OK);
    for (size_t i = 0; i < count; i++) {
        struct planche_archive_entry entry = {.name = names[i]};
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folders->from, names[i]);
        assert_int_equal(planche_archive_writer_add(writer, &entry, path, &error), PLANCHE_OK);
    }
    assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &error), PLANCHE_OK);
    planche_archive_writer_destroy(&writer);
}

/* The budget is the import's own. */
static enum planche_status import_scenario(void *user, struct planche_budget *budget,
                                           struct planche_error *error)
{
    const struct folders *folders = user;
    struct planche_model_import_options options = PLANCHE_MODEL_IMPORT_OPTIONS_INIT;
    char imported[96];
    struct stat info;
    int models = 0;
    (void)budget;
    options.directory = folders->to;
    options.imported = count_model;
    options.user = &models;
    enum planche_status status = planche_import_run(folders->source, &options, error);
    snprintf(imported, sizeof imported, "%s/imported/x.param", folders->to);
    assert_int_equal(models, status == PLANCHE_OK);
    assert_int_equal(stat(imported, &info) == 0, status == PLANCHE_OK);
    planche_tree_remove(folders->to);
    return status;
}

static void test_import(void **state)
{
    struct folders folders = {.from = "/tmp/planche-oom-import-XXXXXX"};
    struct random_graph files;
    char sums[512];
    int length = 0;
    (void)state;
    assert_non_null(mkdtemp(folders.from));
    snprintf(folders.to, sizeof folders.to, "%s-to", folders.from);
    snprintf(folders.zip, sizeof folders.zip, "%s.zip", folders.from);
    random_graph_make(&files, 1);
    const struct {
        const char *name;
        const void *data;
        size_t size;
    } contents[] = {{"x.param", files.param, files.param_size},
                    {"x.bin", files.bin, files.bin_size},
                    {"x.txt", "MIT License", 11},
                    {"readme", "x", 1}};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
        char hex[PLANCHE_IO_DIGEST_TEXT];
        write_file(folders.from, contents[i].name, contents[i].data, contents[i].size);
        planche_digest_of(contents[i].data, contents[i].size, digest);
        planche_text_hex(hex, digest, sizeof digest);
        length += snprintf(sums + length, sizeof sums - (size_t)length, "%s  %s\n", hex,
                           contents[i].name);
    }
    write_file(folders.from, "SHA256SUMS", sums, (size_t)length);
    random_graph_free(&files);
    write_zip(&folders, (const char *const[]){"x.param", "x.bin", "x.txt", "readme", "SHA256SUMS"},
              5);
    folders.source = folders.from;
    assert_true(oom_run("import", import_scenario, &folders, 1) > 10);
    folders.source = folders.zip;
    assert_true(oom_run("import of a ZIP", import_scenario, &folders, 1) > 10);
    remove(folders.zip);
    assert_true(planche_tree_remove(folders.from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_load), cmocka_unit_test(test_onnx),
                                       cmocka_unit_test(test_import)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
