#!/bin/sh
# SPDX-License-Identifier: MIT
# test.sh tests|lint BUILD: the crates' tests, or their layout and clippy, with the library of a
# build folder, or, without one in it, with the system's. Works on a copy in the build folder,
# because cargo writes beside the sources. Crates are those that Debian packages, offline;
# PLANCHE_CARGO_ONLINE=1 takes cargo's own registry.
# Skipped (77) where cargo or a crate is not installed, unless PLANCHE_REQUIRE_BINDINGS=1.
set -eu
what=$1 build=$2
source=$(cd "$(dirname "$0")" && pwd)
registry=/usr/share/cargo/registry

skip() {
    echo "SKIPPED: $*; scripts/setup.sh bindings installs it" >&2
    [ "${PLANCHE_REQUIRE_BINDINGS:-}" != 1 ] || exit 1
    exit 77
}

# Debian's own cargo and rustc, which go with its crates.
[ ! -x /usr/bin/cargo ] || export PATH="/usr/bin:$PATH"
command -v cargo >/dev/null || skip "there is no cargo"
work=$build/bindings/rust
mkdir -p "$work/home"
if [ "${PLANCHE_CARGO_ONLINE:-}" != 1 ]; then
    for crate in pkg-config-0.3. tokio-1. image-0.2; do
        [ -n "$(find $registry -maxdepth 1 -name "$crate*" 2>/dev/null)" ] ||
            skip "there is no crate $crate* in $registry"
    done
    printf '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "%s"\n[net]\n%s\n' \
        $registry "offline = true" >"$work/home/config.toml"
else
    rm -f "$work/home/config.toml"
fi

rm -rf "$work/$what"
cp -Rp "$source" "$work/$what"
cd "$work/$what"
# hyper 1 is another interface.
if [ "${PLANCHE_CARGO_ONLINE:-}" != 1 ] && { [ -z "$(find $registry -maxdepth 1 -name 'hyper-0.14.*')" ] ||
    [ -z "$(find $registry -maxdepth 1 -name 'serde_json-1.*')" ]; }; then
    echo "hyper 0.14 or serde_json is not in $registry: the examples are left out" >&2
    sed -i 's|, "examples/backend"||' Cargo.toml
fi
# axum is in Debian from 13 on, which has the compiler that its crates need.
axum=examples/axum/Cargo.toml
if [ "${PLANCHE_CARGO_ONLINE:-}" != 1 ] && [ -z "$(find $registry -maxdepth 1 -name 'axum-0.7.*' 2>/dev/null)" ]; then
    echo "axum 0.7 is not in $registry: the example on it is not compiled" >&2
    axum=
fi
export CARGO_HOME="$work/home" CARGO_TARGET_DIR="$work/target" RUST_BACKTRACE=0
export PKG_CONFIG_PATH="$build/meson-uninstalled${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
export LD_LIBRARY_PATH="$build${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

case $what in
tests)
    cargo test --quiet --workspace --features planche/tokio,planche/image
    [ -z "$axum" ] || cargo test --quiet --manifest-path $axum
    ;;
lint)
    command -v cargo-clippy >/dev/null || skip "there is no clippy"
    cargo fmt --all -- --check
    cargo fmt --manifest-path examples/axum/Cargo.toml -- --check
    cargo clippy --quiet --workspace --all-targets --features planche/tokio,planche/image -- \
        -D warnings
    [ -z "$axum" ] || cargo clippy --quiet --all-targets --manifest-path $axum -- -D warnings
    # The bindings are what bindgen of this version makes of the headers.
    case $(bindgen --version 2>/dev/null) in
    *" 0.60."*)
        sh planche-sys/generate.sh "$work/generated"
        diff -u planche-sys/src/bindings.rs "$work/generated/src/bindings.rs"
        diff -u planche-sys/tests/layout/list.rs "$work/generated/tests/layout/list.rs"
        ;;
    *) echo "bindgen 0.60 is not here: the bindings are not made again" >&2 ;;
    esac
    ;;
esac
