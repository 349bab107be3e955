/* SPDX-License-Identifier: MIT */
/* Messages of a queue: what is written is read again, what is wrong is refused, and a key says what
 * decides a result. */
#include "support/testing.h"

#include "queue/job.h"
#include "queue/version.h"

#include <stdlib.h>
#include <string.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct planche_queue_job make_job(void)
{
    struct planche_queue_job job = {
        .need = PLANCHE_QUEUE_ANY,
        .name = "book.cbz: 1.jpg",
        .model = "small",
        .engine = PLANCHE_ENGINE_OPTIONS_INIT,
        .page = PLANCHE_PAGE_OPTIONS_INIT,
        .source = {.size = 7, .sha256 = DIGEST, .count = 2, .sequence = {5, 6}},
    };
    job.engine.scale = 2;
    job.engine.has_level = 1;
    job.engine.level = 1.5;
    job.page.format = PLANCHE_FORMAT_JPEG;
    job.page.quality = 77;
    job.page.scale = PLANCHE_SCALE_AUTO;
    job.page.width = 1600;
    assert_true(planche_queue_job_identify(&job));
    return job;
}

static void test_job(void **state)
{
    (void)state;
    struct planche_queue_job job = make_job(), read;
    char *text = planche_queue_job_write(&job);
    assert_non_null(text);
    assert_true(planche_queue_job_read(&read, text, strlen(text)));
    assert_string_equal(read.key, job.key);
    assert_string_equal(read.model, "small");
    assert_int_equal(read.page.quality, 77);
    assert_int_equal(read.page.scale, PLANCHE_SCALE_AUTO);
    assert_int_equal(read.engine.scale, 2);
    assert_true(read.engine.level == 1.5);
    assert_int_equal(read.source.count, 2);
    assert_int_equal(read.source.sequence[1], 6);
    for (size_t cut = 0; cut < strlen(text); cut++)
        assert_false(planche_queue_job_read(&read, text, cut));
    free(text);
}

/* Replaces a part of a job's text; whether it is still a job. */
static bool is_job_with(const char *part, const char *other)
{
    struct planche_queue_job job = make_job();
    char *text = planche_queue_job_write(&job), changed[4096];
    char *at = strstr(text, part);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, other, at + strlen(part));
    free(text);
    return planche_queue_job_read(&job, changed, strlen(changed));
}

static void test_wrong_jobs(void **state)
{
    (void)state;
    assert_true(is_job_with("\"quality\":77", "\"quality\":78"));
    assert_false(is_job_with("\"quality\":77", "\"quality\":101"));
    assert_false(is_job_with("\"quality\":77", "\"quality\":\"77\""));
    assert_false(is_job_with("\"format\":2", "\"format\":6"));
    assert_false(is_job_with("\"level\":1.5", "\"level\":9.5"));
    assert_false(is_job_with("\"need\":\"any\"", "\"need\":\"a.b\""));
    assert_false(is_job_with("\"need\":\"any\"", "\"need\":\"\""));
    assert_false(is_job_with("\"model\":\"small\"", "\"model\":\"../x\""));
    assert_false(is_job_with("\"model\":\"small\"", "\"model\":\"a/b\""));
    assert_false(is_job_with("\"seq\":[5,6]", "\"seq\":[]"));
    assert_false(is_job_with("\"seq\":[5,6]", "\"seq\":[5,-6]"));
    assert_false(is_job_with("\"seq\":[5,6]", "\"file\":0"));
    assert_true(is_job_with("\"seq\":[5,6]", "\"file\":9"));
    assert_false(is_job_with("\"size\":7", "\"size\":700000000000"));
    assert_false(is_job_with(DIGEST "\",\"size\"", "/etc/passwd\",\"size\""));
}

static void test_extensions(void **state)
{
    (void)state;
    static const char *const one[] = {"planche", "onnx", "safetensors", "pth", "pt", "ckpt"};
    static const char *const none[] = {"", "exe", "bin", "../onnx", ".onnx", "x.onnx", "x/y.onnx"};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        assert_true(planche_queue_is_extension(one[i], 1));
        assert_false(planche_queue_is_extension(one[i], 2));
        assert_false(planche_queue_is_extension(one[i], 0));
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(planche_queue_is_extension(none[i], 1));
    assert_true(planche_queue_is_extension("param", 2));
    assert_false(planche_queue_is_extension("param", 1));
    assert_true(planche_queue_is_extension("", 0));
    struct planche_queue_job job = make_job(), read;
    strcpy(job.extension, "onnx");
    job.model_files = 1;
    job.model_file[0] = job.source;
    char *text = planche_queue_job_write(&job);
    assert_true(planche_queue_job_read(&read, text, strlen(text)));
    assert_string_equal(read.extension, "onnx");
    free(text);
    assert_false(is_job_with("\"extension\":\"\"", "\"extension\":\"onnx\""));
}

static void test_key(void **state)
{
    (void)state;
    struct planche_queue_job job = make_job(), other = make_job();
    strcpy(other.name, "another.cbz: 9.jpg");
    other.source.sequence[0] = 99;
    assert_true(planche_queue_job_identify(&other));
    assert_string_equal(job.key, other.key);
    other.page.quality++;
    assert_true(planche_queue_job_identify(&other));
    assert_string_not_equal(job.key, other.key);
    other = make_job();
    other.engine.level = 2.0;
    assert_true(planche_queue_job_identify(&other));
    assert_string_not_equal(job.key, other.key);
    other = make_job();
    other.source.sha256[0] = 'f';
    assert_true(planche_queue_job_identify(&other));
    assert_string_not_equal(job.key, other.key);
    other = make_job();
    strcpy(other.need, "cpu");
    assert_true(planche_queue_job_identify(&other));
    assert_string_not_equal(job.key, other.key);
}

static void test_result(void **state)
{
    (void)state;
    struct planche_queue_result read;
    struct planche_queue_result result = {
        .object = {.size = 9, .sha256 = DIGEST, .file = 12},
        .source = {.size = 8, .sha256 = DIGEST, .count = 1, .sequence = {4}},
        .page = PLANCHE_PAGE_RESULT_INIT,
        .worker = "nas-1",
        .numerics = "cpu",
    };
    result.page.input_width = result.page.input_height = 10;
    result.page.output_width = result.page.output_height = 20;
    result.page.format = PLANCHE_FORMAT_WEBP;
    strcpy(result.page.networks, "small 2x");
    char *text = planche_queue_result_write(&result);
    assert_true(planche_queue_result_read(&read, text, strlen(text)));
    assert_int_equal(read.object.file, 12);
    assert_int_equal(read.source.sequence[0], 4);
    assert_int_equal(read.page.output_width, 20);
    assert_int_equal(read.page.parts, 1);
    assert_string_equal(read.page.networks, "small 2x");
    free(text);
    result.page.output_width = 0;
    text = planche_queue_result_write(&result);
    assert_false(planche_queue_result_read(&read, text, strlen(text)));
    free(text);
}

/* Replaces a part of a result's text; whether it is still a result. */
static bool is_result_with(const char *part, const char *other)
{
    static struct planche_queue_result result, read;
    char changed[4096];
    result = (struct planche_queue_result){
        .object = {.size = 9, .sha256 = DIGEST, .file = 12},
        .source = {.size = 8, .sha256 = DIGEST, .file = 13},
        .page = PLANCHE_PAGE_RESULT_INIT,
    };
    result.page.input_width = result.page.input_height = 10;
    result.page.output_width = result.page.output_height = 20;
    result.page.format = PLANCHE_FORMAT_PNG;
    result.page.level = 1.5;
    result.page.decode_ms = result.page.network_ms = result.page.encode_ms = result.ms = 7.5;
    char *text = planche_queue_result_write(&result);
    char *at = strstr(text, part);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, other, at + strlen(part));
    free(text);
    return planche_queue_result_read(&read, changed, strlen(changed));
}

static void test_wrong_results(void **state)
{
    (void)state;
    static const char *const times[] = {
        "\"ms\":", "\"decode_ms\":", "\"network_ms\":", "\"encode_ms\":"};
    char part[32], other[32];
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        snprintf(part, sizeof part, "%s7.5", times[i]);
        snprintf(other, sizeof other, "%s1e9", times[i]);
        assert_true(is_result_with(part, other));
        snprintf(other, sizeof other, "%s1.1e9", times[i]);
        assert_false(is_result_with(part, other));
        snprintf(other, sizeof other, "%s-1", times[i]);
        assert_false(is_result_with(part, other));
        snprintf(other, sizeof other, "%s\"7\"", times[i]);
        assert_false(is_result_with(part, other));
    }
    assert_true(is_result_with("\"level\":1.5", "\"level\":-1"));
    assert_false(is_result_with("\"level\":1.5", "\"level\":-1.5"));
    assert_false(is_result_with("\"level\":1.5", "\"level\":3.5"));
}

#define WORKER                                                                                     \
    "\"id\":\"nas-1\",\"device\":\"CPU\",\"numerics\":\"cpu\",\"version\":\"1\",\"slots\":2,"      \
    "\"running\":1,\"waiting\":0,\"done\":5,\"failed\":0,\"seconds\":9,\"stopping\":false"

static json_t *read_worker(const char *rest)
{
    char text[PLANCHE_QUEUE_WORKER_BYTES + 512];
    snprintf(text, sizeof text, "{" WORKER "%s}", rest);
    return planche_queue_worker_read(text, strlen(text));
}

/* Of what workers say of themselves the known fields are taken, within bounds. */
static void test_workers(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        ",\"pages_per_second\":-1", ",\"pages_per_second\":1e300", ",\"pages_per_second\":\"2\"",
        ",\"pages_per_second\":2,\"done\":6", /* twice */
    };
    json_t *worker = read_worker(",\"pages_per_second\":2,\"more\":[[[]]]");
    assert_non_null(worker);
    assert_string_equal(json_string_value(json_object_get(worker, "id")), "nas-1");
    assert_int_equal(json_integer_value(json_object_get(worker, "done")), 5);
    assert_true(json_number_value(json_object_get(worker, "pages_per_second")) == 2.0);
    assert_null(json_object_get(worker, "more"));
    assert_int_equal(json_object_size(worker), 12);
    json_decref(worker);
    worker = read_worker(",\"pages_per_second\":2,\"problem\":\"no room\"");
    assert_string_equal(json_string_value(json_object_get(worker, "problem")), "no room");
    json_decref(worker);
    worker = read_worker(",\"pages_per_second\":2,\"problem\":[1]");
    assert_int_equal(json_object_size(worker), 12);
    json_decref(worker);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_null(read_worker(wrong[i]));
    char rest[PLANCHE_QUEUE_WORKER_BYTES];
    snprintf(rest, sizeof rest, ",\"pages_per_second\":2%*s", PLANCHE_QUEUE_WORKER_BYTES - 300, "");
    worker = read_worker(rest);
    assert_non_null(worker);
    json_decref(worker);
    snprintf(rest, sizeof rest, ",\"pages_per_second\":2%*s", PLANCHE_QUEUE_WORKER_BYTES - 100, "");
    assert_null(read_worker(rest));
}

static void test_dead(void **state)
{
    (void)state;
    struct planche_queue_dead read;
    struct planche_queue_dead dead = {
        .status = PLANCHE_ERROR_DATA, .tries = 3, .message = "damaged", .job = make_job()};
    char *text = planche_queue_dead_write(&dead);
    assert_true(planche_queue_dead_read(&read, text, strlen(text)));
    assert_int_equal(read.status, PLANCHE_ERROR_DATA);
    assert_string_equal(read.message, "damaged");
    assert_string_equal(read.job.key, dead.job.key);
    free(text);
}

static void test_versions(void **state)
{
    (void)state;
    static const char *const fixed[] = {"2.11.16", "2.11.99", "2.12.7",
                                        "2.14.0",  "2.20.1",  "3.0.0"};
    static const char *const holes[] = {"2.9.10", "2.10.29", "2.11.15", "2.12.6",
                                        "2.13.0", "1.4.1",   "",        "devel"};
    char version[16];
    static const char line[] = "INFO {\"version\":\"2.9.10\",\"x\":1} \r\n";
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        assert_true(planche_queue_version_is_fixed(fixed[i]));
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++)
        assert_false(planche_queue_version_is_fixed(holes[i]));
    assert_true(planche_queue_version_read(line, sizeof line - 1, version, sizeof version));
    assert_string_equal(version, "2.9.10");
    assert_false(planche_queue_version_read("HTTP/1.1 400", 12, version, sizeof version));
    assert_false(planche_queue_version_read(line, 20, version, sizeof version));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_job),        cmocka_unit_test(test_wrong_jobs),
        cmocka_unit_test(test_key),        cmocka_unit_test(test_result),
        cmocka_unit_test(test_dead),       cmocka_unit_test(test_versions),
        cmocka_unit_test(test_extensions), cmocka_unit_test(test_wrong_results),
        cmocka_unit_test(test_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
