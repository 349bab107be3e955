// SPDX-License-Identifier: MIT
//! The bindings against the C headers: a C program that is made from the headers prints the size of
//! every struct, offset and size of every field, and the value of every constant; the bindings must
//! say the same, and have every function.
use std::collections::BTreeSet;
use std::mem::{size_of, MaybeUninit};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, ptr};

use planche_sys::*;

const INCLUDE: &str = env!("PLANCHE_SYS_INCLUDE");
const BINDINGS: &str = include_str!("../../src/bindings.rs");

fn size_behind<T>(_: *const T) -> usize {
    size_of::<T>()
}

macro_rules! layouts {
    ($($name:ident { $($field:ident,)* })*) => {
        fn rust_layouts() -> Vec<String> {
            let mut lines = Vec::new();
            $(
                let memory = MaybeUninit::<$name>::uninit();
                let base = memory.as_ptr();
                lines.push(format!("{} {}", stringify!($name), size_of::<$name>()));
                $(
                    // SAFETY: the address is taken, nothing is read.
                    let field = unsafe { ptr::addr_of!((*base).$field) };
                    let offset = field as usize - base as usize;
                    lines.push(format!("{}.{} {} {}", stringify!($name), stringify!($field).trim_end_matches('_'), offset,
                                       size_behind(field)));
                )*
            )*
            lines
        }
    };
}

macro_rules! values {
    ($($name:ident,)*) => {
        fn rust_values() -> Vec<String> {
            vec![$(format!("{} {}", stringify!($name), i64::from($name)),)*]
        }
    };
}

include!("list.rs");

/// The public headers without comments, in one string.
fn headers() -> String {
    let folder = Path::new(INCLUDE).join("planche");
    let mut text = String::new();
    for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.extension().map_or(false, |extension| extension == "h") {
            text += &fs::read_to_string(path).unwrap().replace("\\\n", " ");
        }
    }
    let mut code = String::new();
    for (i, piece) in text.split("/*").enumerate() {
        code += if i == 0 {
            piece
        } else {
            piece.split_once("*/").unwrap().1
        };
    }
    code
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Heads and bodies of what begins with `keyword planche_...{`.
fn definitions<'a>(code: &'a str, keyword: &str) -> Vec<(&'a str, &'a str)> {
    let start = format!("\n{keyword} planche_");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let rest = &code[at + 1 + keyword.len() + 1..];
        let end = rest.find(|c| !is_name(c)).unwrap();
        if rest[end..].starts_with(" {") {
            found.push((&rest[..end], &rest[end + 2..rest.find("\n}").unwrap()]));
        }
    }
    found
}

/// The names that a declaration `type a, *b[3]` or `type (*f)(arguments)` declares.
fn declared(declaration: &str) -> Vec<&str> {
    if let Some((_, rest)) = declaration.split_once("(*") {
        return vec![rest.split(')').next().unwrap()];
    }
    declaration
        .split(',')
        .map(|part| part.split('[').next().unwrap().trim())
        .map(|part| part.rsplit(|c| !is_name(c)).next().unwrap())
        .collect()
}

/// Constants that are macros: numbers, not strings, flags or functions.
fn macros(code: &str) -> Vec<&str> {
    let is_number =
        |value: &str| value.starts_with(|c: char| c.is_ascii_digit()) || value == "UINT32_MAX";
    let words = code
        .lines()
        .filter_map(|line| line.strip_prefix("#define PLANCHE_").map(|_| line));
    words
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words.len() == 3 && is_number(words[2]))
        .map(|words| words[1])
        .collect()
}

fn c_program(code: &str) -> String {
    let mut lines = Vec::new();
    for (name, body) in definitions(code, "struct") {
        lines.push(format!("printf(\"{name} %zu\\n\", sizeof(struct {name}));"));
        let fields = body
            .split(';')
            .map(str::trim)
            .filter(|text| !text.is_empty());
        for field in fields.flat_map(declared) {
            lines.push(format!(
                "printf(\"{name}.{field} %zu %zu\\n\", offsetof(struct {name}, {field}), \
                 sizeof(((struct {name} *)0)->{field}));"
            ));
        }
    }
    let enums = definitions(code, "enum").into_iter();
    let values = enums.flat_map(|(_, body)| body.split(','));
    let values = values.map(|text| text.split('=').next().unwrap().trim());
    for name in values.chain(macros(code)).filter(|name| !name.is_empty()) {
        lines.push(format!("printf(\"{name} %lld\\n\", (long long)({name}));"));
    }
    format!(
        "#include <planche/planche.h>\n#include <stddef.h>\n#include <stdio.h>\n\
         int main(void)\n{{\n{}\n    return 0;\n}}\n",
        lines.join("\n")
    )
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What C says of the headers, one line for each fact.
fn c_lines(code: &str) -> BTreeSet<String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (folder.join("layout.c"), folder.join("layout"));
    fs::write(&source, c_program(code)).unwrap();
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut words = compiler.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    run(command
        .args(words)
        .arg("-I")
        .arg(INCLUDE)
        .arg(&source)
        .arg("-o")
        .arg(&program));
    run(&mut Command::new(&program))
        .lines()
        .map(String::from)
        .collect()
}

#[test]
fn structs_and_values_are_those_of_the_headers() {
    let in_c = c_lines(&headers());
    let in_rust: BTreeSet<String> = rust_layouts().into_iter().chain(rust_values()).collect();
    let differences: Vec<_> = in_c.symmetric_difference(&in_rust).collect();
    assert!(
        differences.is_empty(),
        "in one of C and Rust only: {differences:#?}"
    );
    assert!(
        in_c.len() > 250,
        "only {} facts: the headers were misread",
        in_c.len()
    );
}

#[test]
fn functions_are_those_of_the_headers() {
    let code = headers();
    let mut in_c = BTreeSet::new();
    for piece in code.split("PLANCHE_API ").skip(1) {
        let head = piece.split('(').next().unwrap().trim_end();
        let name = head.rsplit(|c| !is_name(c)).next().unwrap();
        if name.starts_with("planche_") {
            in_c.insert(name);
        }
    }
    let heads = BINDINGS.split("pub fn ").skip(1);
    let in_rust: BTreeSet<&str> = heads.map(|text| text.split('(').next().unwrap()).collect();
    assert_eq!(in_c, in_rust);
}

#[test]
fn defaults_are_those_of_the_library() {
    let made = planche_page_options::default();
    let mut expected = MaybeUninit::<planche_page_options>::uninit();
    // SAFETY: the library fills size bytes.
    let expected = unsafe {
        planche_page_options_init(expected.as_mut_ptr(), size_of::<planche_page_options>());
        expected.assume_init()
    };
    assert_eq!(made.struct_size, expected.struct_size);
    assert!(made.cancel.is_null() && expected.cancel.is_null());
    assert_eq!(
        (made.quality, made.scale),
        (expected.quality, expected.scale)
    );
}

#[test]
fn the_library_that_runs_is_that_of_the_headers() {
    // SAFETY: the string is static.
    let version = unsafe { std::ffi::CStr::from_ptr(planche_version()) };
    assert_eq!(version.to_bytes_with_nul(), PLANCHE_VERSION);
}
