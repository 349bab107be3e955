/* SPDX-License-Identifier: MIT */
/* Files of weights that are damaged, hostile or of networks that are not supported: each is an
 * error that says what is wrong, and memory is bounded. */
#include "model/load.h"
#include "nets.h"
#include "support/oom.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET (UINT64_C(64) << 20)

static enum planche_status load(const char *name, const uint8_t *data, size_t size,
                                struct planche_error *error)
{
    const struct planche_model_source source = {
        .param_path = name, .param = size ? data : (const uint8_t *)"", .param_size = size};
    struct planche_budget budget;
    struct planche_net *net;
    *error = (struct planche_error){.status = PLANCHE_OK};
    planche_budget_init(&budget, BUDGET);
    enum planche_status status = planche_model_load(&net, &source, NULL, &budget, error);
    planche_net_destroy(&net);
    assert_int_equal(budget.used, 0);
    assert_int_equal(status, error->status);
    return status;
}

static void expect(const char *name, const struct file *file, enum planche_status status,
                   const char *part)
{
    struct planche_error error;
    enum planche_status got = load(name, file->data, file->size, &error);
    if (got != status || !strstr(error.message, part))
        fail_msg("status %d, %s; not status %d, %s", (int)got, error.message, (int)status, part);
}

/* A small network of the table. */
static void make(struct dict *dict)
{
    static const struct net_case net = {"x", NULL, NULL, 3, 2, 4, 1, 0, 0};
    *dict = (struct dict){.random = 3};
    compact_make(dict, &net);
}

static struct file safetensors(const char *text, size_t data)
{
    struct file file = {0};
    file_number(&file, strlen(text), 8);
    file_put(&file, text, strlen(text));
    for (size_t i = 0; i < data; i++)
        file_number(&file, 0, 1);
    return file;
}

static void expect_text(const char *text, size_t data, enum planche_status status, const char *part)
{
    struct file file = safetensors(text, data);
    expect("a.safetensors", &file, status, part);
    free(file.data);
}

#define TENSOR(name, type, shape, from, to)                                                        \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"

static void test_safetensors(void **state)
{
    const enum planche_status model = PLANCHE_ERROR_MODEL;
    (void)state;
    expect_text("{}", 0, model, "has no tensors");
    expect_text("{", 0, model, "not JSON");
    expect_text("[]", 0, model, "not an object");
    expect_text("{" TENSOR("a", "F32", "[2]", "0", "8") "}", 8, PLANCHE_ERROR_UNSUPPORTED,
                "its only tensor is 'a'");
    expect_text("{" TENSOR("b", "F32", "[1]", "0", "4") "," TENSOR("a", "F32", "[1]", "4", "8") "}",
                8, PLANCHE_ERROR_UNSUPPORTED, "its tensors (2) begin with 'a', 'b'");
    expect_text("{" TENSOR("a\\u0041\\n", "F32", "[2]", "0", "8") "}", 8, PLANCHE_ERROR_UNSUPPORTED,
                "tensor is 'aA");
    expect_text("{" TENSOR("a", "F32", "[2]", "0", "8") "}", 7, model, "does not lie in the file");
    expect_text("{" TENSOR("a", "F32", "[2]", "0", "8") "}", 9, model, "left over");
    expect_text("{" TENSOR("a", "F32", "[3]", "0", "8") "}", 8, model, "does not fit the bytes");
    expect_text("{" TENSOR("a", "F32", "[2]", "8", "0") "}", 8, model, "does not lie in the file");
    expect_text("{" TENSOR("a", "F8_E4M3", "[8]", "0", "8") "}", 8, PLANCHE_ERROR_UNSUPPORTED,
                "type F8_E4M3");
    expect_text(
        "{" TENSOR("a", "F32", "[2]", "0", "8") "," TENSOR("a", "F32", "[1]", "8", "12") "}", 12,
        model, "two tensors with the name 'a'");
    expect_text(
        "{" TENSOR("a", "F32", "[2]", "0", "8") "," TENSOR("b", "F32", "[2]", "4", "12") "}", 12,
        model, "overlap or leave holes");
    expect_text("{" TENSOR("a", "F32", "[1,1,1,1,1,1,1]", "0", "4") "}", 4, model, "described");
    expect_text("{" TENSOR("a", "F32", "[4294967296,4294967296,2]", "0", "8") "}", 8, model,
                "too large");
    expect_text("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, model, "is not stated");
    expect_text("{\"__metadata__\":{\"a\":1}}", 0, model, "metadata");
    expect_text("{\"a\":{\"x\":[[{\"y\":[1,null,{}]}]],\"dtype\":\"I64\",\"shape\":[1],"
                "\"data_offsets\":[0,8]}}",
                8, PLANCHE_ERROR_UNSUPPORTED, "no architecture");
    struct file file = safetensors("{}", 0);
    file.data[3] = 1;
    expect("a.safetensors", &file, model, "ends before its text");
    free(file.data);
}

/* No length of a file is one that a reader does not expect. */
static void test_lengths(void **state)
{
    struct file (*const writers[])(const struct dict *) = {dict_safetensors, dict_zip, dict_legacy};
    static const char *const names[] = {"a.safetensors", "a.pth", "a.pth"};
    struct planche_error error;
    struct dict dict;
    (void)state;
    make(&dict);
    for (int form = 0; form < 3; form++) {
        struct file file = writers[form](&dict);
        expect(names[form], &file, PLANCHE_OK, "");
        for (size_t size = 0; size < file.size; size += size < 700 ? 1 : 61)
            if (load(names[form], file.data, size, &error) == PLANCHE_OK)
                fail_msg("%zu of %zu bytes of %s are enough", size, file.size, names[form]);
        free(file.data);
    }
    dict_free(&dict);
}

/* An old file with a pickle of one's own as the object. */
static struct file with_pickle(const char *pickle, size_t size)
{
    struct file file = {0};
    file_put(&file, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    file_put(&file, "\x80\x02M\xe9\x03.", 6);
    file_put(&file, "\x80\x02}.", 4);
    file_put(&file, pickle, size);
    file_put(&file,
             "]X\x01\0\0\0"
             "0a.",
             9);
    file_number(&file, 2, 8);
    file_number(&file, 0, 8);
    return file;
}

static void expect_pickle(const char *pickle, size_t size, enum planche_status status,
                          const char *part)
{
    struct file file = with_pickle(pickle, size);
    expect("a.pth", &file, status, part);
    free(file.data);
}

#define PICKLE(text, status, part) expect_pickle(text, sizeof(text) - 1, status, part)
#define STORAGE(count)                                                                             \
    "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"                                         \
    "0NK" count "tQ"
#define REBUILD       "ctorch._utils\n_rebuild_tensor_v2\n("
#define NAMED(tensor) "}X\x01\0\0\0a" tensor "s."

/* Names that could run code are told and not used. */
static void test_globals(void **state)
{
    const enum planche_status refused = PLANCHE_ERROR_UNSUPPORTED;
    (void)state;
    PICKLE("cos\nsystem\nX\x02\0\0\0id\x85R.", refused, "refers to os.system");
    PICKLE("cbuiltins\neval\n.", refused, "refers to builtins.eval");
    PICKLE("ctorch._utils\n_rebuild_tensor\n.", refused, "torch._utils._rebuild_tensor,");
    PICKLE("\x8c\x05posix\x8c\x06system\x93.", refused, "refers to posix.system");
    PICKLE("cnumpy.core.multiarray\nscalar\n.", refused, "numpy.core.multiarray.scalar");
    PICKLE("ios\nsystem\n.", refused, "operation 0x69"); /* INST */
    PICKLE("\x82\x01.", refused, "operation 0x82");      /* EXT1 */
    PICKLE("P1\n.", refused, "operation 0x50");          /* PERSID */
}

static void test_pickles(void **state)
{
    const enum planche_status model = PLANCHE_ERROR_MODEL;
    (void)state;
    PICKLE(NAMED(REBUILD STORAGE("\x02") "K\0K\x02\x85K\x01\x85\x89NtR"), PLANCHE_ERROR_UNSUPPORTED,
           "no architecture");
    PICKLE(NAMED(REBUILD STORAGE("\x02") "K\x01K\x02\x85K\x01\x85\x89NtR"), model,
           "larger than its storage");
    PICKLE(NAMED(REBUILD STORAGE("\x02") "K\0K\x02\x85K\x02\x85\x89NtR"), model,
           "larger than its storage");
    PICKLE(NAMED(REBUILD STORAGE("\x02") "K\0K\x02\x85K\0\x85\x89NtR"), model,
           "on top of each other");
    PICKLE(NAMED(REBUILD STORAGE("\x02") "K\0J\xff\xff\xff\xff\x85K\x01\x85\x89NtR"), model,
           "negative");
    PICKLE(NAMED(REBUILD STORAGE("\x02") "J\xff\xff\xff\xffK\x02\x85K\x01\x85\x89NtR"), model,
           "made of something else");
    PICKLE(NAMED(REBUILD STORAGE("\x02") "K\0K\x02K\x02\x86K\x01\x85\x89NtR"), model,
           "made of something else");
    PICKLE(NAMED(REBUILD STORAGE(
               "\x02") "K\0\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x8a\x08\xff\xff\xff\xff\xff\xff"
                       "\xff"
                       "\x7f\x86\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x01\x86\x89NtR"),
           model, "too large");
    /* A storage of more than the file has for it. */
    PICKLE(NAMED(REBUILD STORAGE("\x03") "K\0K\x03\x85K\x01\x85\x89NtR"), model,
           "more numbers than the file");
    PICKLE("]K\x01\x61.", model, "listed that no tensor has");
    PICKLE("}.", model, "listed that no tensor has");
    PICKLE("K\x01K\x02s.", model, "not there");
    PICKLE("R.", model, "not there");
    PICKLE("(K\x01u.", model, "not there");
    PICKLE("](K\x01u.", model, "holds none");
    PICKLE("h\x05.", model, "not there");
    PICKLE("r\xff\xff\xff\xff.", model, "not there");
    PICKLE("Nr\xff\xff\xff\xff.", model, "remembers too many");
    PICKLE("\x80\x07.", model, "protocol");
    PICKLE("X\xff\xff\xff\xff", model, "cut short");
    PICKLE("\x8d\xff\xff\xff\xff\xff\xff\xff\xff", model, "cut short");
    PICKLE("K\x01K\x01Q.", model, "no storage");
    PICKLE("K\x01)R.", model, "no function");
    PICKLE("ctorch\nFloatStorage\n)R.", model, "wrong arguments");
    PICKLE("ctorch._utils\n_rebuild_parameter\n)R.", model, "wrong arguments");
    /* A dictionary that holds itself. */
    PICKLE("}q\0X\x05\0\0\0modelh\0s.", model, "listed that no tensor has");
}

/* A stack that grows with each byte. */
static void test_stack(void **state)
{
    size_t size = 200000;
    char *pickle = malloc(size);
    (void)state;
    memset(pickle, '}', size);
    expect_pickle(pickle, size, PLANCHE_ERROR_MODEL, "too large a stack");
    memset(pickle, '(', size);
    expect_pickle(pickle, size, PLANCHE_ERROR_MODEL, "too large a stack");
    free(pickle);
}

static void expect_keys(const char *const *names, enum planche_status status, const char *part)
{
    struct dict dict = {.random = 1};
    for (; *names; names++)
        dict_add(&dict, *names, 0, 1, (int[]){4, 4, 3, 3, 0});
    struct file file = dict_safetensors(&dict);
    expect("a.safetensors", &file, status, part);
    free(file.data);
    dict_free(&dict);
}

#define KEYS(part, ...)                                                                            \
    expect_keys((const char *const[]){__VA_ARGS__, NULL}, PLANCHE_ERROR_UNSUPPORTED, part)

/* RCAN with more averages than are worth their passes. */
static void test_averages(void **state)
{
    struct dict dict = {.random = 2};
    struct file file;
    (void)state;
    dict_conv(&dict, 2, 3, 3, "head.0");
    dict_conv(&dict, 3, 2, 3, "tail.1");
    for (int g = 0; g < 10; g++)
        for (int b = 0; b < 20; b++)
            dict_conv(&dict, 2, 2, 1, "body.%d.body.%d.body.0", g, b);
    dict_conv(&dict, 2, 2, 1, "body.0.body.0.body.3.conv_du.0");
    file = dict_safetensors(&dict);
    expect("a.safetensors", &file, PLANCHE_ERROR_UNSUPPORTED, "whose 200 blocks");
    free(file.data);
    dict_free(&dict);
}

/* What is known and not built is refused by its name. */
static void test_unsupported(void **state)
{
    struct dict dict = {.random = 1};
    (void)state;
    KEYS("architecture OmniSR", "residual_layer.0.residual_layer.0.layer.0.fn.0.weight",
         "input.weight");
    KEYS("architecture DAT", "conv_first.weight", "before_RG.1.weight");
    KEYS("architecture HAT", "relative_position_index_SA");
    KEYS("architecture SwinIR", "layers.0.residual_group.blocks.0.norm1.weight",
         "layers.0.residual_group.blocks.0.mlp.fc1.bias");
    KEYS("architecture DRCT", "layers.0.swin1.norm1.weight");
    KEYS("architecture FDAT", "groups.0.blocks.0.attn.bias");
    KEYS("architecture RGT", "conv_first.weight", "before_RG.1.weight", "layers.0.blocks.0.gamma");
    KEYS("architecture ATD", "relative_position_index_SA", "layers.0.residual_group.td");
    KEYS("architecture GRL", "norm_start.weight", "norm_end.weight");
    KEYS("architecture SRFormer", "layers.0.residual_group.blocks.0.norm1.weight",
         "layers.0.residual_group.blocks.0.mlp.fc1.bias",
         "layers.0.residual_group.blocks.0.attn.aligned_relative_position_index");
    KEYS("architecture Swin2SR", "layers.0.residual_group.blocks.0.norm1.weight",
         "layers.0.residual_group.blocks.0.mlp.fc1.bias", "patch_embed.proj.weight");
    KEYS("architecture SCUNet", "m_head.0.weight", "m_tail.0.weight");
    KEYS("with group norm", "feats.0.weight", "feats.1.lk.conv.weight",
         "feats.1.channel_mixer.0.weight", "feats.1.norm.weight");
    KEYS("DySample", "feats.0.weight", "feats.1.lk.conv.weight", "feats.1.channel_mixer.0.weight",
         "to_img.init_pos");
    KEYS("MoSR network that enlarges with DySample", "gblocks.1.norm.weight",
         "gblocks.1.conv.weight", "shortcut.conv11.weight", "upsampler.init_pos");
    KEYS("SPANPlus network that enlarges with DySample", "feats.0.sk.weight",
         "feats.1.block_1.c1_r.sk.weight", "upsampler.offset.weight");
    KEYS("sparse kernels", "feats.0.weight", "feats.1.channe_mixer.0.weight",
         "feats.1.channe_mixer.2.weight", "feats.1.lk.convs.0.weight", "feats.2.weight");
    KEYS("another activation than PReLU", "body.0.weight", "body.2.weight");
    dict_conv(&dict, 4, 2, 3, "body.0");
    dict_add(&dict, "body.1.weight", 0, 1, (int[]){4, 0});
    dict_conv(&dict, 8, 4, 3, "body.2");
    struct file two = dict_safetensors(&dict);
    expect("a.safetensors", &two, PLANCHE_ERROR_UNSUPPORTED, "takes 2 channels");
    free(two.data);
    dict_free(&dict);
    dict = (struct dict){.random = 1};
    dict_conv(&dict, 4, 3, 3, "body.0");
    dict_add(&dict, "body.1.weight", 0, 1, (int[]){4, 0});
    dict_conv(&dict, 7, 4, 3, "body.2");
    struct file file = dict_safetensors(&dict);
    expect("a.safetensors", &file, PLANCHE_ERROR_MODEL, "those of no scale");
    free(file.data);
    /* A kernel that does not fit what comes before it. */
    dict.tensors[3].shape[0] = 12;
    dict.tensors[3].shape[1] = 2;
    dict.tensors[3].count = 12 * 2 * 9;
    dict.tensors[3].values = realloc(dict.tensors[3].values, 12 * 2 * 9 * sizeof(double));
    dict.tensors[4].shape[0] = 12;
    dict.tensors[4].count = 12;
    dict.tensors[4].values = realloc(dict.tensors[4].values, 12 * sizeof(double));
    for (int i = 0; i < 216; i++)
        dict.tensors[3].values[i] = dict.tensors[4].values[i % 12] = 0;
    file = dict_safetensors(&dict);
    expect("a.safetensors", &file, PLANCHE_ERROR_MODEL, "'body.2' (convolution)");
    free(file.data);
    dict_free(&dict);
}

/* Numbers that are not finite. */
static void test_numbers(void **state)
{
    struct dict dict;
    struct file file;
    (void)state;
    make(&dict);
    file = dict_safetensors(&dict);
    file.data[file.size - 1] = 0x7f;
    file.data[file.size - 2] = 0x80;
    expect("a.safetensors", &file, PLANCHE_ERROR_MODEL, "'body.4.bias' is not finite");
    free(file.data);
    dict_free(&dict);
}

static enum planche_status scenario(void *user, struct planche_budget *budget,
                                    struct planche_error *error)
{
    const struct file *file = user;
    const struct planche_model_source source = {
        .param_path = "a.pth", .param = file->data, .param_size = file->size};
    struct planche_net *net;
    enum planche_status status = planche_model_load(&net, &source, NULL, budget, error);
    planche_net_destroy(&net);
    return status;
}

static void test_out_of_memory(void **state)
{
    struct file (*const writers[])(const struct dict *) = {dict_safetensors, dict_zip, dict_legacy};
    struct dict dict;
    (void)state;
    make(&dict);
    for (int form = 0; form < 3; form++) {
        if (form > 0)
            for (int i = 0; i < dict.count; i++)
                dict.tensors[i].turned = true;
        struct file file = writers[form](&dict);
        assert_true(oom_run("weights", scenario, &file, 1) > 10);
        free(file.data);
    }
    dict_free(&dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors),   cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_globals),       cmocka_unit_test(test_pickles),
        cmocka_unit_test(test_stack),         cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_averages),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
