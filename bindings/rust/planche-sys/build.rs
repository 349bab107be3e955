// SPDX-License-Identifier: MIT
//! Finds libplanche: where PLANCHE_LIB_DIR and PLANCHE_INCLUDE_DIR say, else with pkg-config.
//! Dependents' build scripts get the folder of its headers as DEP_PLANCHE_INCLUDE.
use std::env;
use std::path::{Path, PathBuf};

/// Of the library.
const LEAST_VERSION: &str = "0.1.0";

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

/// What pkg-config knows of the library; `folder`: where the library lies, if not where that says.
fn probe(folder: Option<&str>, is_static: bool) -> pkg_config::Library {
    if let Some(folder) = folder {
        let mut paths = vec![Path::new(folder).join("pkgconfig")];
        let before = variable("PKG_CONFIG_PATH").unwrap_or_default();
        paths.extend(env::split_paths(&before));
        let paths = env::join_paths(paths).unwrap_or_else(|error| give_up(&error.to_string()));
        env::set_var("PKG_CONFIG_PATH", paths);
    }
    pkg_config::Config::new()
        .atleast_version(LEAST_VERSION)
        .statik(is_static)
        .cargo_metadata(!is_static)
        .probe("planche")
        .unwrap_or_else(|error| give_up(&error.to_string()))
}

/// The static library itself, also from folders of the system, where the crate `pkg-config` would
/// link all of it dynamically; what it needs is linked as shared libraries.
fn link_static(library: &pkg_config::Library) {
    for path in &library.link_paths {
        println!("cargo:rustc-link-search=native={}", path.display());
    }
    println!("cargo:rustc-link-lib=static=planche");
    for name in library.libs.iter().filter(|name| *name != "planche") {
        println!("cargo:rustc-link-lib={name}");
    }
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // docs.rs has no libplanche and links nothing.
    if variable("DOCS_RS").is_some() {
        return;
    }
    let is_static = variable("PLANCHE_STATIC").map_or(false, |value| value != "0");
    let mut include = variable("PLANCHE_INCLUDE_DIR");
    let folder = variable("PLANCHE_LIB_DIR");
    if let Some(folder) = &folder {
        if !Path::new(folder).is_dir() {
            give_up(&format!("PLANCHE_LIB_DIR is {folder}, which is no folder"));
        }
        println!("cargo:rustc-link-search=native={folder}");
    }
    if folder.is_some() && !is_static {
        println!("cargo:rustc-link-lib=dylib=planche");
    } else {
        let library = probe(folder.as_deref(), is_static);
        if is_static {
            link_static(&library);
        }
        include = include.or_else(|| {
            let has_headers = |path: &&PathBuf| path.join("planche/planche.h").exists();
            let path = library.include_paths.iter().find(has_headers);
            path.map(|path| path.display().to_string())
        });
    }
    let include = include.unwrap_or_else(|| "/usr/include".into());
    println!("cargo:include={include}");
    println!("cargo:rustc-env=PLANCHE_SYS_INCLUDE={include}");
}
