// SPDX-License-Identifier: MIT
//! Finds libplanche: where PLANCHE_LIB_DIR and PLANCHE_INCLUDE_DIR say, else with pkg-config.
//! Dependents' build scripts get the folder of its headers as DEP_PLANCHE_INCLUDE.
use std::env;
use std::path::Path;

fn variable(name: &str) -> Option<String> {
    println!("cargo:rerun-if-env-changed={name}");
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn give_up(problem: &str) -> ! {
    eprintln!(
        "planche-sys: libplanche was not found: {problem}\n\
         Install it (README.md of Planche, \"Installation\"), and if pkg-config does not know its \
         folder, set PKG_CONFIG_PATH, or PLANCHE_LIB_DIR (the folder of libplanche.so or \
         libplanche.a) and PLANCHE_INCLUDE_DIR (the folder that has planche/planche.h)."
    );
    std::process::exit(1);
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // docs.rs has no libplanche and links nothing.
    if variable("DOCS_RS").is_some() {
        return;
    }
    let is_static = variable("PLANCHE_STATIC").map_or(false, |value| value != "0");
    let mut include = variable("PLANCHE_INCLUDE_DIR");
    if let Some(folder) = variable("PLANCHE_LIB_DIR") {
        if !Path::new(&folder).is_dir() {
            give_up(&format!("PLANCHE_LIB_DIR is {folder}, which is no folder"));
        }
        println!("cargo:rustc-link-search=native={folder}");
        let kind = if is_static { "static" } else { "dylib" };
        println!("cargo:rustc-link-lib={kind}=planche");
    } else {
        let found = pkg_config::Config::new()
            .atleast_version("0.1.0")
            .statik(is_static)
            .probe("planche");
        let library = found.unwrap_or_else(|error| give_up(&error.to_string()));
        include = include.or_else(|| {
            let has_headers = |path: &&std::path::PathBuf| path.join("planche/planche.h").exists();
            let path = library.include_paths.iter().find(has_headers);
            path.map(|path| path.display().to_string())
        });
    }
    let include = include.unwrap_or_else(|| "/usr/include".into());
    println!("cargo:include={include}");
    println!("cargo:rustc-env=PLANCHE_SYS_INCLUDE={include}");
}
