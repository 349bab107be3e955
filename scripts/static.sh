#!/bin/bash
# SPDX-License-Identifier: MIT
# static.sh FOLDER [musl]: builds planche as one file, FOLDER/planche, on Debian 12 or 13. All libraries are part of it
# but the C library, of which it needs glibc 2.28 or newer, and Vulkan's loader, which is found at run time. With
# `musl`: FOLDER/planche-nolibc, which needs no C library either, for systems with musl, and has no GPUs, since a
# program without a loader cannot load their drivers. docs/packages.md says why there are two.
#
# ARCH=aarch64 makes it for 64-bit Arm on another machine, with Debian's cross compiler.
#
# Libraries that Debian has no static form of are built from Debian's sources; the C library that is linked
# against, but not put in, is that of Debian 11, so that nothing newer is asked for.
set -euo pipefail
mkdir -p "$1"
folder=$(realpath "$1")
kind=${2:-glibc}
cd "$(dirname "$0")/.."
scripts/setup.sh build static
target=${ARCH:-$(uname -m)}
cross='' arch=$(gcc -print-multiarch) debian=$(dpkg --print-architecture)
for_cmake=() for_configure=() for_meson=()
if [ "$target" != "$(uname -m)" ]; then
    [ "$target" = aarch64 ] || { echo "static.sh: cannot build for $target here" >&2 && exit 2; }
    scripts/setup.sh arm static-arm
    cross=aarch64-linux-gnu- arch=aarch64-linux-gnu debian=arm64
    for_cmake=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64)
    for_configure=(--host=aarch64-linux-gnu)
    for_meson=(--cross-file scripts/aarch64.ini -Dpkg_config_path="$folder/deps/lib/pkgconfig")
fi
deps=$folder/deps
export CFLAGS="-O3 -fPIC -ffunction-sections -fdata-sections" PKG_CONFIG_PATH=$deps/lib/pkgconfig
export CXXFLAGS=$CFLAGS
export STRIP=${cross}strip # of the helper programs
jobs=$(nproc)
launcher=$(command -v ccache || true)
export CC="${launcher:+$launcher }${cross}gcc" CXX="${launcher:+$launcher }${cross}g++"

# Lists of packages of our own, from the system's mirror: its own are left as they are.
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $release" | sed -n 1p)
[ -n "$uri" ] || { echo "static.sh: apt knows no mirror of Debian $release: run apt-get update" >&2 && exit 1; }
private_apt() { # SUITE COMMAND...
    local lists=$folder/apt-$1 suite=$1 tool=apt-get
    mkdir -p "$lists/partial"
    printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$uri" "$suite" \
        /usr/share/keyrings/debian-archive-keyring.gpg >"$folder/$suite.sources"
    shift
    [ "$1" != showsrc ] || tool=apt-cache
    "$tool" -q -o Dir::Etc::SourceList="$folder/$suite.sources" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$lists" -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root "$@"
}

get_source() { # NAME: unpacks Debian's source package into FOLDER/src/NAME
    rm -rf "${folder:?}/src/$1"
    mkdir -p "$folder/src/get" && (cd "$folder/src/get" && private_apt "$release" source "$1")
    mv "$folder"/src/get/*/ "$folder/src/$1" && rm -rf "$folder/src/get"
}

source_version() { # NAME: of Debian's newest source package, by lists that are a day old at most, if there is a network
    local updated=$folder/apt-$release/updated
    [ -n "$(find "$updated" -mtime -1 2>/dev/null)" ] || { private_apt "$release" update >&2 && touch "$updated"; } || :
    private_apt "$release" showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -V | sed -n '$p'
}

made() { # NAME [OPTION...]: whether that version is built with these options; else it is about to be
    local name=$1 version
    version=$(source_version "$name")
    [ -n "$version" ] || { echo "static.sh: Debian has no source package $name" >&2 && exit 1; }
    shift
    stamp=$deps/made-$name-$version-$(echo "$CFLAGS $*" | sha256sum | cut -c 1-12)
    [ -e "$stamp" ] && return
    echo "building $name $version ..."
    rm -f "$deps/made-$name"-[0-9]*
    get_source "$name"
    return 1
}

cmake_library() { # NAME [OPTION...]
    local name=$1
    made "$@" && return 0
    shift
    cmake -S "$folder/src/$name" -B "$folder/src/$name/build-static" -GNinja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_INSTALL_PREFIX="$deps" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_PREFIX_PATH="$deps" -DBUILD_SHARED_LIBS=OFF \
        ${launcher:+-DCMAKE_C_COMPILER_LAUNCHER=$launcher -DCMAKE_CXX_COMPILER_LAUNCHER=$launcher} \
        "${for_cmake[@]}" -DCMAKE_C_COMPILER="${cross}gcc" -DCMAKE_CXX_COMPILER="${cross}g++" -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_POLICY_VERSION_MINIMUM=3.5 "$@" \
        >"$folder/$name.log" 2>&1 || { tail -n 30 "$folder/$name.log" && return 1; }
    ninja -j "$jobs" -C "$folder/src/$name/build-static" install >>"$folder/$name.log" 2>&1 ||
        { tail -n 30 "$folder/$name.log" && return 1; }
    touch "$stamp"
}

jxl() {
    cmake_library highway -DHWY_ENABLE_TESTS=OFF -DHWY_ENABLE_EXAMPLES=OFF -DHWY_ENABLE_CONTRIB=OFF -DBUILD_TESTING=OFF \
        -DHWY_FORCE_STATIC_LIBS=ON
    cmake_library jpeg-xl -DBUILD_TESTING=OFF -DJPEGXL_ENABLE_TOOLS=OFF -DJPEGXL_ENABLE_BENCHMARK=OFF \
        -DJPEGXL_ENABLE_EXAMPLES=OFF -DJPEGXL_ENABLE_DOXYGEN=OFF -DJPEGXL_ENABLE_MANPAGES=OFF -DJPEGXL_ENABLE_JNI=OFF \
        -DJPEGXL_ENABLE_SJPEG=OFF -DJPEGXL_ENABLE_OPENEXR=OFF -DJPEGXL_ENABLE_PLUGINS=OFF -DJPEGXL_ENABLE_VIEWERS=OFF \
        -DJPEGXL_ENABLE_SKCMS=OFF -DJPEGXL_FORCE_SYSTEM_BROTLI=ON -DJPEGXL_FORCE_SYSTEM_HWY=ON -DJPEGXL_FORCE_SYSTEM_LCMS2=ON \
        -DJPEGXL_STATIC=OFF -DJPEGXL_ENABLE_TCMALLOC=OFF
}

lcms() {
    made lcms2 && return 0
    (cd "$folder/src/lcms2" && ./configure "${for_configure[@]}" --prefix="$deps" --disable-shared --with-pic --without-jpeg \
        --without-tiff && make -j "$jobs" install) >"$folder/lcms2.log" 2>&1 ||
        { tail -n 30 "$folder/lcms2.log" && return 1; }
    touch "$stamp"
}

# What the C library of Debian 11 exports, to link against.
old_glibc() {
    [ -e "$folder/glibc/made" ] && return
    mkdir -p "$folder/glibc/get"
    private_apt bullseye update
    (cd "$folder/glibc/get" && private_apt bullseye download libc6:"$debian"/bullseye \
        libc6-dev:"$debian"/bullseye)
    for package in "$folder"/glibc/get/*.deb; do dpkg-deb -x "$package" "$folder/glibc"; done
    # Links that begin at the root mean that of the packages.
    find "$folder/glibc" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
        ln -sfn "$folder/glibc$target" "$link"
    done
    touch "$folder/glibc/made"
}

mkdir -p "$deps/lib" "$folder/src"
lcms
cmake_library libarchive -DENABLE_TEST=OFF -DENABLE_TAR=OFF -DENABLE_CPIO=OFF -DENABLE_CAT=OFF -DENABLE_LIBXML2=OFF \
    -DENABLE_EXPAT=OFF -DENABLE_OPENSSL=OFF -DENABLE_NETTLE=OFF -DENABLE_LIBB2=OFF -DENABLE_ACL=OFF -DENABLE_XATTR=OFF \
    -DENABLE_ICONV=OFF -DENABLE_LZ4=OFF -DENABLE_LZO=OFF -DENABLE_PCREPOSIX=OFF -DENABLE_UNZIP=OFF
cmake_library libde265 -DENABLE_SDL=OFF -DENABLE_DECODER=OFF -DENABLE_ENCODER=OFF
cmake_library libheif -DWITH_EXAMPLES=OFF -DWITH_X265=OFF -DWITH_AOM_DECODER=OFF -DWITH_AOM_ENCODER=OFF -DWITH_DAV1D=OFF \
    -DWITH_RAV1E=OFF -DWITH_SvtEnc=OFF -DWITH_LIBDE265=ON -DENABLE_PLUGIN_LOADING=OFF -DWITH_GDK_PIXBUF=OFF -DBUILD_TESTING=OFF
# JXL=linked: JPEG XL, which takes longer to build than all else, is put in. Else a system's library is loaded.
[ "${JXL:-loaded}" = loaded ] || jxl
old_glibc

# Prefer what was made above, then Debian's static libraries.
export PKG_CONFIG_PATH=$deps/lib/pkgconfig:$deps/share/pkgconfig
unset CFLAGS CXXFLAGS
# heif: C++, through libheif and libde265 of above. AVIF: the source of libavif is not to be had everywhere, so it is
# loaded where a system has the one of Debian 12.
common=(-Dstandalone=true -Dprefer_static=true -Ddefault_library=static -Dcommand=enabled -Dserver=enabled -Dunpack=enabled
    -Dstrip=true -Dprefix=/usr/local)
links=(-L"$deps/lib" -static-libgcc -Wl,--gc-sections -Wl,-O1)
name=planche
[ "${JXL:-loaded}" = loaded ] || common+=(-Djxl=enabled -Dlinked=jxl)
case $kind in
glibc)
    old=$folder/glibc
    # The start files and libraries of the old C library; its linker scripts name paths below --sysroot. Functions that
    # it has in a newer version than 2.28 are called in the older one (packaging/static/old_symbols.c).
    "${cross}gcc" -O2 -fPIC -c packaging/static/old_symbols.c -o "$folder/old_symbols.o"
    links+=(--sysroot="$old" -B"$old/usr/lib/$arch" -L"$old/usr/lib/$arch" -L"$old/lib/$arch" "$folder/old_symbols.o"
        -Wl,--no-as-needed -ldl -lpthread -Wl,--as-needed -Wl,-Bstatic -lstdc++ -Wl,-Bdynamic)
    for function in exp log log2 pow; do links+=("-Wl,--wrap=$function"); done
    common+=(-Dvulkan=enabled -Davif=auto)
    ;;
musl)
    name=planche-nolibc
    # The helper programs have a malloc of their own before that of the C library.
    links+=(-static -lstdc++ -Wl,--allow-multiple-definition)
    common+=(-Dvulkan=disabled -Davif=disabled)
    [ "${JXL:-loaded}" = linked ] || common+=(-Djxl=disabled)
    ;;
*) echo "static.sh: no such kind: $kind" >&2 && exit 2 ;;
esac
# Set up anew when the options are others than the last time, such as JXL=.
build=$folder/build-$kind
options="${for_meson[*]} ${common[*]} ${links[*]}"
if [ "$(cat "$build/made-with" 2>/dev/null)" != "$options" ]; then
    rm -rf "$build"
    meson setup "$build" --buildtype release "${for_meson[@]}" "${common[@]}" -Dc_link_args="${links[*]}"
    echo "$options" >"$build/made-with"
fi
ninja -j "$jobs" -C "$build" tools/planche/planche
"${cross}strip" -o "$folder/$name" "$build/tools/planche/planche"
ls -l "$folder/$name"
if [ "$kind" = glibc ]; then
    newest=$("${cross}objdump" -T "$folder/$name" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    echo "needs: $("${cross}objdump" -p "$folder/$name" | sed -n 's/ *NEEDED *//p' | paste -s -d' '), $newest"
    [ "$(printf '%s\nGLIBC_2.28\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.28 ] ||
        { echo "static.sh: it needs a newer C library than 2.28" >&2 && exit 1; }
fi
