/* SPDX-License-Identifier: MIT */
/* A plugin of qemu-user that counts the instructions of shared libraries (not those of the program
 * itself, whose loops measure the FMA peak), as bench/instructions.py builds and loads it. Each
 * process appends a line to the file that the argument "out" names: instructions, multiply-adds
 * among them, and instructions that read or write memory. The declarations are those of
 * qemu-plugin.h, which Debian does not package. */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info; /* not looked at */
typedef uint64_t plugin_id;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          void (*cb)(unsigned vcpu, void *user), int flags,
                                          void *user);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id id, void *user), void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_start_code(void);
uint64_t qemu_plugin_end_code(void);

EXPORT int qemu_plugin_version = API_VERSION; /* of the qemu that loads it */

struct counts {
    uint64_t all, products, memory;
};

static struct counts total; /* threads add to it */
static const char *out;

static void add(uint64_t *sum, uint64_t count)
{
    __atomic_fetch_add(sum, count, __ATOMIC_RELAXED);
}

static void execute(unsigned vcpu, void *user)
{
    const struct counts *block = user;
    (void)vcpu;
    add(&total.all, block->all);
    add(&total.products, block->products);
    add(&total.memory, block->memory);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void look_at(struct counts *block, const char *text)
{
    block->all++;
    block->products += begins(text, "vfmadd") || begins(text, "vfnmadd") || begins(text, "fml") ||
                       begins(text, "fmadd");
#if defined(ARM_GUEST)
    block->memory += begins(text, "ld") || begins(text, "st") || begins(text, "prf");
#else
    block->memory += strchr(text, '(') != NULL && !begins(text, "lea") && !begins(text, "nop");
#endif
}

/* Blocks live as long as the process: qemu keeps what it has translated. */
static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
    const uint64_t address = qemu_plugin_tb_vaddr(tb);
    struct counts *block = calloc(1, sizeof *block);
    (void)id;
    if (block == NULL)
        abort();
    if (address >= qemu_plugin_start_code() && address < qemu_plugin_end_code())
        return;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        char *text = qemu_plugin_insn_disas(qemu_plugin_tb_get_insn(tb, i));
        look_at(block, text ? text : "");
        free(text);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, 0, block);
}

static void finish(plugin_id id, void *user)
{
    FILE *file = fopen(out, "a");
    (void)id;
    (void)user;
    if (file == NULL)
        return;
    fprintf(file, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", total.all, total.products, total.memory);
    fclose(file);
}

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || !begins(argv[0], "out="))
        return -1;
    out = argv[0] + 4;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
