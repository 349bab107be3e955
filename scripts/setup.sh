#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the packages that are missing for the given purposes (build, test, models, bench,
# peers, onnx, ncnn, format, check, coverage, deb, static, static-arm, abi, ci, arm, browser, metrics, service, proxies,
# queue, bindings) on Debian and Ubuntu, after saying which. On Fedora, Arch, Alpine and openSUSE it says what to
# install there (packages.tsv: names that have not been tried). sudo is used only by users other than root. arm is what
# scripts/aarch64.ini needs; it makes the packages of arm64 known to dpkg. browser is for the tests of the page of
# planche serve, queue for the tests of many machines, metrics for more checks of the server's figures, service for
# those of the files that start it (systemd's unit, compose files), proxies for the tests of nginx and Caddy in front of
# it (their services start as Debian has it) and of KOReader's HTTP client, bindings for the tests of other languages.
set -euf

have() {
    # shellcheck disable=SC2086 # a pattern on purpose
    case $1 in
    pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
    /*) set +f && ls $1 >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# From Debian 13 on, libheif's decoders are packages of their own.
heif_decoder() {
    plugin=libheif-plugin-libde265
    [ -z "$(apt-cache search --names-only "^$plugin\$" 2>/dev/null)" ] ||
        echo "/usr/lib/*/libheif/plugins/libheif-libde265.so=$plugin"
}

# axum, which the example of a back end has, is in Debian from 13 on.
axum_crate() {
    [ -z "$(apt-cache search --names-only '^librust-axum-dev$' 2>/dev/null)" ] ||
        echo "$crates/axum-0.*/Cargo.toml=librust-axum-dev"
}

# bindings/rust has what bindgen 0.60 makes, which Debian 12 has; another version's is not compared.
bindgen_tool() {
    ! grep -qs '^VERSION_CODENAME=bookworm$' "${OS_RELEASE:-/etc/os-release}" || echo /usr/bin/bindgen=bindgen
}

# What proves that a package is there, and the package.
needs() {
    arm=/usr/lib/aarch64-linux-gnu
    lib=/usr/lib/*
    case $1 in
    build) echo "cc=gcc /usr/include/stdio.h=libc6-dev pkg-config=pkg-config meson=meson
                 ninja=ninja-build pc:libpng=libpng-dev pc:libjpeg=libjpeg-dev
                 pc:libwebp=libwebp-dev pc:lcms2=liblcms2-dev pc:zlib=zlib1g-dev
                 pc:libavif=libavif-dev pc:libjxl=libjxl-dev
                 pc:libarchive=libarchive-dev pc:nettle=nettle-dev
                 /usr/include/gif_lib.h=libgif-dev pc:libtiff-4=libtiff-dev
                 pc:libopenjp2=libopenjp2-7-dev pc:libheif=libheif-dev $(heif_decoder)
                 pc:libnats=libnats-dev pc:libcurl=libcurl4-openssl-dev pc:libsixel=libsixel-dev
                 pc:jansson=libjansson-dev /usr/include/uniwidth.h=libunistring-dev
                 /usr/include/vulkan/vulkan_core.h=libvulkan-dev" ;;
    test) echo "c++=g++ python3=python3 pc:cmocka=libcmocka-dev nm=binutils
                 pdfimages=poppler-utils /usr/share/vulkan/icd.d/lvp_icd*=mesa-vulkan-drivers
                 /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json=vulkan-validationlayers" ;;
    models) echo "npm=npm" ;;
    bench) echo "python3=python3" ;;
    peers) echo "/usr/lib/*/libvulkan.so.1=libvulkan1 /usr/lib/*/libgomp.so.1=libgomp1 npm=npm" ;;
    onnx) echo "npm=npm node=nodejs" ;;
    ncnn) echo "c++=g++ cmake=cmake make=make" ;;
    check) echo "clang-tidy=clang-tidy cppcheck=cppcheck codespell=codespell git=git
                  python3=python3" ;;
    coverage) echo "gcovr=gcovr python3=python3" ;;
    deb) echo "dpkg-buildpackage=dpkg-dev /usr/share/build-essential/list=build-essential dh=debhelper
                  fakeroot=fakeroot git=git xz=xz-utils python3=python3 pc:cmocka=libcmocka-dev" ;;
    static) echo "g++=g++ cmake=cmake nasm=nasm make=make dpkg-source=dpkg-dev $lib/libaom.a=libaom-dev
                 $lib/libbrotlienc.a=libbrotli-dev $lib/liblzma.a=liblzma-dev $lib/libzstd.a=libzstd-dev
                 $lib/libbz2.a=libbz2-dev" ;;
    static-arm)
        arm=/usr/lib/aarch64-linux-gnu
        echo "aarch64-linux-gnu-g++=g++-aarch64-linux-gnu
              $arm/libgif.a=libgif-dev:arm64 $arm/libtiff.a=libtiff-dev:arm64
              $arm/libopenjp2.a=libopenjp2-7-dev:arm64 $arm/liblzma.a=liblzma-dev:arm64
              $arm/libzstd.a=libzstd-dev:arm64 $arm/libbz2.a=libbz2-dev:arm64" ;;
    abi) echo "abidiff=abigail-tools git=git" ;;
    format) echo "clang-format=clang-format" ;;
    metrics) echo "promtool=prometheus" ;;
    service) echo "systemd-analyze=systemd /usr/lib/python3/dist-packages/yaml/__init__.py=python3-yaml" ;;
    queue) echo "nats-server=nats-server" ;;
    proxies) echo "nginx=nginx-light /usr/bin/caddy=caddy curl=curl openssl=openssl lua5.1=lua5.1
                    /usr/share/lua/5.1/socket/http.lua=lua-socket" ;;
    bindings)
        crates=/usr/share/cargo/registry
        echo "cc=gcc c++=g++ python3=python3 node=nodejs /usr/bin/cargo=cargo /usr/bin/rustc=rustc
              /usr/bin/rustfmt=rustfmt /usr/bin/cargo-clippy=rust-clippy $(bindgen_tool)
              $crates/pkg-config-*/Cargo.toml=librust-pkg-config-dev
              $crates/tokio-1.*/Cargo.toml=librust-tokio-dev
              $crates/image-0.*/Cargo.toml=librust-image-dev
              $crates/hyper-*/Cargo.toml=librust-hyper-dev
              $crates/serde_json-*/Cargo.toml=librust-serde-json-dev $(axum_crate)
              /usr/lib/python3/dist-packages/cffi/api.py=python3-cffi
              /usr/lib/python3/dist-packages/setuptools/__init__.py=python3-setuptools
              /usr/lib/python3/dist-packages/wheel/__init__.py=python3-wheel
              /usr/lib/python3/dist-packages/pip/__init__.py=python3-pip
              /usr/include/python3*/Python.h=libpython3-dev
              /usr/lib/python3/dist-packages/numpy/__init__.py=python3-numpy" ;;
    ci) echo "git=git make=make clang=clang ld.lld=lld ccache=ccache
              /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a=libclang-rt-dev" ;;
    browser) echo "chromium=chromium chromedriver=chromium-driver npm=npm" ;;
    arm) echo "aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu qemu-aarch64=qemu-user
               $arm/libc.so=libc6-dev:arm64 $arm/pkgconfig/libpng.pc=libpng-dev:arm64
               $arm/pkgconfig/libjpeg.pc=libjpeg-dev:arm64
               $arm/pkgconfig/libwebp.pc=libwebp-dev:arm64
               $arm/pkgconfig/lcms2.pc=liblcms2-dev:arm64
               $arm/pkgconfig/zlib.pc=zlib1g-dev:arm64
               $arm/pkgconfig/libarchive.pc=libarchive-dev:arm64
               $arm/pkgconfig/libavif.pc=libavif-dev:arm64
               $arm/pkgconfig/libjxl.pc=libjxl-dev:arm64
               $arm/pkgconfig/nettle.pc=nettle-dev:arm64
               $arm/pkgconfig/jansson.pc=libjansson-dev:arm64
               $arm/libunistring.so=libunistring-dev:arm64
               $arm/pkgconfig/cmocka.pc=libcmocka-dev:arm64" ;;
    *) echo "setup.sh: no such purpose: $1" >&2 && exit 2 ;;
    esac
}

missing=
for purpose in "$@"; do
    for need in $(needs "$purpose"); do
        package=${need##*=}
        (have "${need%=*}") || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

echo "Planche needs these packages:$missing"
# ID and ID_LIKE of os-release; the first that packages.tsv has a column for.
family() {
    # shellcheck disable=SC1090,SC1091 # the system's
    (. "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && for id in ${ID-} ${ID_LIKE-}; do
        case $id in
        debian | ubuntu) echo debian && return ;;
        fedora | rhel | centos) echo fedora && return ;;
        arch | alpine) echo "$id" && return ;;
        *suse*) echo opensuse && return ;;
        esac
    done)
}

# The names of the missing packages in a column of the table; those without a row as "NAME(Debian)".
column() {
    for package in $missing; do
        awk -F '\t' -v package="$package" -v family="$1" '
            /^#/ { next }
            !columns { for (i = 1; i <= NF; i++) column[$i] = i; columns = 1; next }
            $1 == package { print $column[family]; found = 1 }
            END { if (!found) print package "(Debian)" }' "$(dirname "$0")/packages.tsv"
    done | tr -s ' ' '\n' | grep -vx -- - | sort -u
}

names_for() { column "$1" | grep -v '(Debian)$' | tr '\n' ' '; }

# Those without a row, by Debian's names: no part of a command line.
nameless() { column "$1" | awk -F '(' '/\(Debian\)$/ { printf "%s ", $1 }'; }

if [ "$(family)" != debian ] || ! command -v apt-get >/dev/null 2>&1; then
    case $(family) in
    fedora) echo "Install them with: sudo dnf install $(names_for fedora)" >&2 ;;
    arch) echo "Install them with: sudo pacman -S --needed $(names_for arch)" >&2 ;;
    alpine) echo "Install them with: sudo apk add $(names_for alpine)" >&2 ;;
    opensuse) echo "Install them with: sudo zypper install $(names_for opensuse)" >&2 ;;
    *) echo "These are Debian's names: please install what corresponds to them." >&2 ;;
    esac
    others=
    [ -z "$(family)" ] || others=$(nameless "$(family)")
    [ -z "$others" ] || echo "And what corresponds to these of Debian: $others" >&2
    echo "Then try again." >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    command -v sudo >/dev/null 2>&1 ||
        { echo "There is no sudo: please install them as root, then try again." >&2 && exit 1; }
fi
echo "Installing them${as_root:+ with sudo} ..."
install_missing() {
    # shellcheck disable=SC2086 # words on purpose
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        ca-certificates $missing
}
case "$missing" in
*:arm64*) $as_root dpkg --add-architecture arm64 ;;
esac
# The list of packages may be absent or old: then it is fetched and the installation tried again.
install_missing >/dev/null 2>&1 || {
    $as_root apt-get update -q && install_missing
}
