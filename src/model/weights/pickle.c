/* SPDX-License-Identifier: MIT */
/* Stack machine of the restricted unpickler. */
#include "model/weights/pickle.h"

#include "base/little_endian.h"
#include "base/status.h"
#include "model/weights/pickle_objects.h"

#include <string.h>

#define STACK 65536 /* values at once: the items of a dictionary come in parts of 1000 */
#define MEMO  (1u << 20)
#define NAME  4096 /* longest text that is kept; of others only that there is one */

/* Values grow in the graph's memory, as many as there are operations, so at most as many as the
 * file has bytes. */
struct machine {
    struct planche_pickle_reader *reader;
    struct planche_error *error;
    struct planche_pickle_value **stack; /* STACK */
    struct planche_pickle_value **memo;
    size_t depth, memo_limit, memoized;
    bool stopped;
};

static enum planche_status damaged(const struct machine *machine, const char *what)
{
    return planche_pickle_damaged(machine->reader, what, machine->error);
}

static enum planche_status no_memory(const struct machine *machine)
{
    return planche_graph_no_memory(machine->reader->graph, machine->error);
}

/* The next bytes of the pickle, at most a window of them, gone with the next call; NULL and an
 * error. */
static const uint8_t *take(struct machine *machine, size_t size)
{
    struct planche_pickle_reader *reader = machine->reader;
    if (size > reader->end - reader->at) {
        damaged(machine, "a pickle is cut short");
        return NULL;
    }
    if (reader->at < reader->window_at || reader->at - reader->window_at > reader->held ||
        size > reader->held - (size_t)(reader->at - reader->window_at)) {
        uint64_t left = reader->end - reader->at;
        reader->held = left < PLANCHE_PICKLE_WINDOW ? (size_t)left : PLANCHE_PICKLE_WINDOW;
        reader->window_at = reader->at;
        if (planche_model_file_read_at(reader->file, reader->window, reader->held, reader->at,
                                       machine->error)) {
            reader->held = 0;
            return NULL;
        }
    }
    reader->at += size;
    return reader->window + (reader->at - size - reader->window_at);
}

/* Room for a value that is remembered under a number, with zeroes before it. */
static bool grow_memo(struct machine *machine, size_t wanted)
{
    size_t room = machine->memo_limit ? machine->memo_limit : 256;
    struct planche_pickle_value **bigger;
    if (wanted <= machine->memo_limit)
        return true;
    while (room < wanted)
        room *= 2;
    bigger = planche_realloc(machine->reader->graph->budget, machine->memo, room * sizeof(*bigger));
    if (!bigger)
        return false;
    memset(bigger + machine->memo_limit, 0, (room - machine->memo_limit) * sizeof(*bigger));
    machine->memo = bigger;
    machine->memo_limit = room;
    return true;
}

static enum planche_status push(struct machine *machine, struct planche_pickle_value *value)
{
    if (machine->depth >= STACK)
        return damaged(machine, "a pickle needs too large a stack");
    machine->stack[machine->depth++] = value;
    return PLANCHE_OK;
}

static enum planche_status push_copy(struct machine *machine,
                                     const struct planche_pickle_value *value)
{
    struct planche_pickle_value *copy =
        planche_graph_alloc(machine->reader->graph, 1, sizeof(*copy));
    if (!copy)
        return no_memory(machine);
    *copy = *value;
    return push(machine, copy);
}

static enum planche_status push_type(struct machine *machine, enum planche_pickle_type type)
{
    return push_copy(machine, &(struct planche_pickle_value){.type = type});
}

static enum planche_status push_int(struct machine *machine, int64_t integer)
{
    return push_copy(
        machine, &(struct planche_pickle_value){.type = PLANCHE_PICKLE_INT, .integer = integer});
}

/* NULL: the stack is empty, or its top is a mark. */
static struct planche_pickle_value *pop(struct machine *machine)
{
    if (machine->depth == 0 || machine->stack[machine->depth - 1]->type == PLANCHE_PICKLE_MARK)
        return NULL;
    return machine->stack[--machine->depth];
}

static struct planche_pickle_value *top(const struct machine *machine)
{
    return machine->depth ? machine->stack[machine->depth - 1] : NULL;
}

static enum planche_status short_stack(const struct machine *machine)
{
    return damaged(machine, "a pickle takes values that are not there");
}

/* Takes what lies above the uppermost mark, and the mark, off the stack. */
static bool pop_mark(struct machine *machine, struct planche_pickle_value ***values, size_t *count)
{
    size_t at = machine->depth;
    while (at > 0 && machine->stack[at - 1]->type != PLANCHE_PICKLE_MARK)
        at--;
    if (at == 0)
        return false;
    *values = machine->stack + at;
    *count = machine->depth - at;
    machine->depth = at - 1;
    return true;
}

/* A text of the pickle. Of long ones only the length is kept: no name of weights is one. */
static enum planche_status push_text(struct machine *machine, uint64_t length)
{
    struct planche_pickle_value value = {.type = PLANCHE_PICKLE_TEXT};
    struct planche_pickle_reader *reader = machine->reader;
    const uint8_t *bytes;
    char *text = NULL;
    if (length > NAME) {
        if (length > reader->end - reader->at)
            return damaged(machine, "a pickle is cut short");
        reader->at += length;
        value.text = "";
        return push_copy(machine, &value);
    }
    bytes = take(machine, (size_t)length);
    if (!bytes)
        return machine->error->status;
    text = planche_graph_alloc(reader->graph, (size_t)length + 1, 1);
    if (!text)
        return no_memory(machine);
    memcpy(text, bytes, (size_t)length);
    value.text = text;
    value.length = strlen(text);
    return push_copy(machine, &value);
}

/* An integer of up to 255 bytes, in two's complement. */
static enum planche_status push_long(struct machine *machine, size_t length)
{
    const uint8_t *bytes;
    uint64_t value = 0;
    bytes = take(machine, length);
    if (!bytes)
        return machine->error->status;
    if (length > 8) {
        struct planche_pickle_value big = {.type = PLANCHE_PICKLE_BIG, .length = length};
        char *copy = planche_graph_alloc(machine->reader->graph, length, 1);
        if (!copy)
            return no_memory(machine);
        memcpy(copy, bytes, length);
        big.text = copy;
        return push_copy(machine, &big);
    }
    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    if (length > 0 && length < 8 && bytes[length - 1] & 0x80)
        value |= ~UINT64_C(0) << (8 * length);
    return push_int(machine, (int64_t)value);
}

static enum planche_status push_tuple(struct machine *machine, struct planche_pickle_value **values,
                                      size_t count)
{
    struct planche_pickle_value tuple = {.type = PLANCHE_PICKLE_TUPLE};
    tuple.tuple.count = count;
    tuple.tuple.list =
        planche_graph_alloc(machine->reader->graph, count + 1, sizeof(*tuple.tuple.list));
    if (!tuple.tuple.list)
        return no_memory(machine);
    for (size_t i = 0; i < count; i++)
        tuple.tuple.list[i] = values[i];
    return push_copy(machine, &tuple);
}

static enum planche_status do_tuple(struct machine *machine, size_t count)
{
    for (size_t i = 1; i <= count; i++)
        if (i > machine->depth || machine->stack[machine->depth - i]->type == PLANCHE_PICKLE_MARK)
            return short_stack(machine);
    machine->depth -= count;
    return push_tuple(machine, machine->stack + machine->depth, count);
}

static enum planche_status fill(struct machine *machine, struct planche_pickle_value *to,
                                struct planche_pickle_value **values, size_t count)
{
    bool pairs = to->type == PLANCHE_PICKLE_DICT;
    if ((!pairs && to->type != PLANCHE_PICKLE_LIST) || (pairs && count % 2))
        return damaged(machine, "items are put into something that holds none");
    for (size_t i = 0; i < count; i += pairs ? 2 : 1)
        if (!planche_pickle_append(machine->reader, to, pairs ? values[i] : NULL,
                                   values[pairs ? i + 1 : i]))
            return no_memory(machine);
    return PLANCHE_OK;
}

/* Items above the mark into the dictionary or list below it. */
static enum planche_status do_items(struct machine *machine, enum planche_pickle_type type)
{
    struct planche_pickle_value **values, *to;
    size_t count;
    if (!pop_mark(machine, &values, &count) || !(to = top(machine)))
        return short_stack(machine);
    if (to->type != type)
        return damaged(machine, "items are put into something that holds none");
    return fill(machine, to, values, count);
}

/* One item: SETITEM, APPEND. */
static enum planche_status do_item(struct machine *machine, size_t count)
{
    struct planche_pickle_value *values[2], *to;
    for (size_t i = count; i-- > 0;) {
        values[i] = pop(machine);
        if (!values[i])
            return short_stack(machine);
    }
    to = top(machine);
    if (!to)
        return short_stack(machine);
    if ((to->type == PLANCHE_PICKLE_DICT) != (count == 2))
        return damaged(machine, "an item is put into something that holds none");
    return fill(machine, to, values, count);
}

/* What lies above the mark as a value of its own: TUPLE, LIST, DICT. */
static enum planche_status do_marked(struct machine *machine, enum planche_pickle_type type)
{
    struct planche_pickle_value **values, *made;
    size_t count;
    if (!pop_mark(machine, &values, &count))
        return short_stack(machine);
    if (type == PLANCHE_PICKLE_TUPLE)
        return push_tuple(machine, values, count);
    made = planche_graph_alloc(machine->reader->graph, 1, sizeof(*made));
    if (!made)
        return no_memory(machine);
    made->type = type;
    enum planche_status status = fill(machine, made, values, count);
    return status ? status : push(machine, made);
}

static enum planche_status do_put(struct machine *machine, uint32_t index)
{
    if (!top(machine))
        return short_stack(machine);
    if (index >= MEMO)
        return damaged(machine, "a pickle remembers too many values");
    if (!grow_memo(machine, (size_t)index + 1))
        return no_memory(machine);
    machine->memo[index] = top(machine);
    if (index >= machine->memoized)
        machine->memoized = (size_t)index + 1;
    return PLANCHE_OK;
}

static enum planche_status do_get(struct machine *machine, uint32_t index)
{
    if (index >= machine->memo_limit || !machine->memo[index])
        return short_stack(machine);
    return push(machine, machine->memo[index]);
}

static enum planche_status push_global(struct machine *machine, const char *module,
                                       const char *name)
{
    struct planche_pickle_value global;
    enum planche_status status =
        planche_pickle_find(machine->reader, module, name, &global, machine->error);
    return status ? status : push_copy(machine, &global);
}

/* A line of the pickle, in text[256]. */
static enum planche_status take_line(struct machine *machine, char *text)
{
    for (size_t i = 0; i < 255; i++) {
        const uint8_t *byte = take(machine, 1);
        if (!byte)
            return machine->error->status;
        text[i] = (char)*byte;
        if (*byte == '\n') {
            text[i] = '\0';
            return PLANCHE_OK;
        }
    }
    return damaged(machine, "a pickle refers to a name that is too long");
}

static enum planche_status do_global(struct machine *machine)
{
    char module[256], name[256];
    enum planche_status status = take_line(machine, module);
    if (!status)
        status = take_line(machine, name);
    return status ? status : push_global(machine, module, name);
}

static enum planche_status do_stack_global(struct machine *machine)
{
    const struct planche_pickle_value *name = pop(machine);
    const struct planche_pickle_value *module = pop(machine);
    if (!name || !module || name->type != PLANCHE_PICKLE_TEXT ||
        module->type != PLANCHE_PICKLE_TEXT)
        return short_stack(machine);
    return push_global(machine, module->text, name->text);
}

static enum planche_status do_reduce(struct machine *machine)
{
    const struct planche_pickle_value *arguments = pop(machine), *callee = pop(machine), *made;
    if (!arguments || !callee)
        return short_stack(machine);
    enum planche_status status =
        planche_pickle_call(machine->reader, callee, arguments, &made, machine->error);
    /* What a call gives is changed by later operations, if it is a dictionary. */
    return status ? status : push(machine, (struct planche_pickle_value *)made);
}

/* Attributes of a dictionary, such as its _metadata, are nobody's. */
static enum planche_status do_build(struct machine *machine)
{
    if (!pop(machine) || !top(machine))
        return short_stack(machine);
    if (top(machine)->type != PLANCHE_PICKLE_DICT)
        return damaged(machine, "an object is given attributes that is no dictionary");
    return PLANCHE_OK;
}

static enum planche_status do_refer(struct machine *machine)
{
    const struct planche_pickle_value *id = pop(machine);
    struct planche_pickle_value *storage;
    if (!id)
        return short_stack(machine);
    enum planche_status status =
        planche_pickle_refer(machine->reader, id, &storage, machine->error);
    return status ? status : push(machine, storage);
}

static enum planche_status do_pop(struct machine *machine)
{
    if (machine->depth == 0)
        return short_stack(machine);
    machine->depth--;
    return PLANCHE_OK;
}

static enum planche_status do_pop_mark(struct machine *machine)
{
    struct planche_pickle_value **values;
    size_t count;
    return pop_mark(machine, &values, &count) ? PLANCHE_OK : short_stack(machine);
}

/* Operations whose argument is `width` bytes of a number. */
static enum planche_status run_with_number(struct machine *machine, uint8_t code, size_t width)
{
    const uint8_t *bytes;
    uint64_t value = 0;
    bytes = take(machine, width);
    if (!bytes)
        return machine->error->status;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    switch (code) {
    case 0x80: /* PROTO */
        return value >= 2 && value <= 5 ? PLANCHE_OK
                                        : damaged(machine, "a pickle is of another protocol");
    case 0x95: /* FRAME */
        return PLANCHE_OK;
    case 'q': /* BINPUT */
    case 'r': /* LONG_BINPUT */
        return do_put(machine, (uint32_t)value);
    case 'h': /* BINGET */
    case 'j': /* LONG_BINGET */
        return do_get(machine, (uint32_t)value);
    case 'J': /* BININT */
        return push_int(machine, (int32_t)(uint32_t)value);
    case 'K': /* BININT1 */
    case 'M': /* BININT2 */
        return push_int(machine, (int64_t)value);
    case 'G': /* BINFLOAT */
        return push_type(machine, PLANCHE_PICKLE_NONE);
    case 0x8a: /* LONG1 */
        return push_long(machine, (size_t)value);
    default: /* texts */
        return push_text(machine, value);
    }
}

static enum planche_status run_plain(struct machine *machine, uint8_t code)
{
    switch (code) {
    case '(': /* MARK */
        return push_type(machine, PLANCHE_PICKLE_MARK);
    case '}': /* EMPTY_DICT */
        return push_type(machine, PLANCHE_PICKLE_DICT);
    case ']': /* EMPTY_LIST */
        return push_type(machine, PLANCHE_PICKLE_LIST);
    case ')': /* EMPTY_TUPLE */
        return do_tuple(machine, 0);
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
        return do_tuple(machine, (size_t)code - 0x84);
    case 't': /* TUPLE */
        return do_marked(machine, PLANCHE_PICKLE_TUPLE);
    case 'l': /* LIST */
        return do_marked(machine, PLANCHE_PICKLE_LIST);
    case 'd': /* DICT */
        return do_marked(machine, PLANCHE_PICKLE_DICT);
    case 'u': /* SETITEMS */
        return do_items(machine, PLANCHE_PICKLE_DICT);
    case 'e': /* APPENDS */
        return do_items(machine, PLANCHE_PICKLE_LIST);
    case 's': /* SETITEM */
        return do_item(machine, 2);
    case 'a': /* APPEND */
        return do_item(machine, 1);
    case 'N': /* NONE */
        return push_type(machine, PLANCHE_PICKLE_NONE);
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        return push_int(machine, code == 0x88);
    case 0x94: /* MEMOIZE */
        return do_put(machine, (uint32_t)machine->memoized);
    case 'c': /* GLOBAL */
        return do_global(machine);
    case 0x93: /* STACK_GLOBAL */
        return do_stack_global(machine);
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
        return do_reduce(machine);
    case 'b': /* BUILD */
        return do_build(machine);
    case 'Q': /* BINPERSID */
        return do_refer(machine);
    case '0': /* POP */
        return do_pop(machine);
    case '1': /* POP_MARK */
        return do_pop_mark(machine);
    case '.': /* STOP */
        machine->stopped = true;
        return PLANCHE_OK;
    default:
        return planche_fail(machine->error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: not weights as PyTorch saves them: its pickle has the operation "
                            "0x%02x at byte %llu, which weights do not need",
                            machine->reader->file->name, code,
                            (unsigned long long)machine->reader->at - 1);
    }
}

/* Bytes of the number behind an operation's code; 0: there is none. */
static size_t width_of(uint8_t code)
{
    switch (code) {
    case 0x80:
    case 'q':
    case 'h':
    case 'K':
    case 0x8a:
    case 0x8c: /* SHORT_BINUNICODE */
    case 'U':  /* SHORT_BINSTRING */
        return 1;
    case 'M':
        return 2;
    case 'r':
    case 'j':
    case 'J':
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING */
        return 4;
    case 0x95:
    case 'G':
    case 0x8d: /* BINUNICODE8 */
        return 8;
    default:
        return 0;
    }
}

static enum planche_status run(struct machine *machine)
{
    enum planche_status status = PLANCHE_OK;
    while (!status && !machine->stopped) {
        const uint8_t *byte = take(machine, 1);
        if (!byte)
            return machine->error->status;
        uint8_t code = *byte;
        size_t width = width_of(code);
        status = width ? run_with_number(machine, code, width) : run_plain(machine, code);
    }
    return status;
}

enum planche_status planche_unpickle(struct planche_pickle_reader *reader,
                                     const struct planche_pickle_value **out,
                                     struct planche_error *error)
{
    struct machine machine = {.reader = reader, .error = error};
    enum planche_status status;
    machine.stack = planche_calloc(reader->graph->budget, STACK, sizeof(*machine.stack));
    if (!machine.stack)
        return no_memory(&machine);
    status = run(&machine);
    if (!status) {
        *out = pop(&machine);
        if (!*out)
            status = short_stack(&machine);
    }
    planche_free(machine.stack);
    planche_free(machine.memo);
    return status;
}
