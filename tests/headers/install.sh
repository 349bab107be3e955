#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh SOURCE BUILD PREFIX LIBDIR server|command|library COMPILER...: installs into an empty folder, then builds a
# caller as users do, with pkg-config, against the shared and the static library, and runs it. Then removes all of it.
set -eu
source=$1 build=$2 prefix=$3 libdir=$4 most=$5
shift 5
root=$(mktemp -d "${TMPDIR:-/tmp}/planche-install-XXXXXX")
trap 'rm -rf "$root"' EXIT
meson install -C "$build" --no-rebuild --quiet --destdir "$root"

lib=$root$prefix/$libdir
for file in "$root$prefix/include/planche/planche.h" \
    "$root$prefix/include/planche/planche.hpp" \
    "$lib/libplanche.so" "$lib/libplanche.so.0" "$lib/libplanche.a" "$lib/pkgconfig/planche.pc" \
    "$root$prefix/share/doc/planche/README.md" "$root$prefix/share/doc/planche/LICENSE" \
    "$root$prefix/share/doc/planche/LICENSE-MODELS" \
    "$root$prefix/share/doc/planche/samples/preview-strip.webp" \
    "$root$prefix/share/doc/planche/docs/stdio.md" "$root$prefix/share/man/man3/planche.3"; do
    [ -e "$file" ] || { echo "not installed: ${file#"$root"}" && exit 1; }
done
units=$root$prefix/lib/systemd/system
case $most in
server)
    grep -q "^ExecStart=$prefix/bin/planche serve" "$units/planche.service"
    [ -e "$units/planche.socket" ]
    ;;
*) [ ! -e "$units" ] || { echo "units without a server are installed" && exit 1; } ;;
esac
for file in "$root$prefix/bin/planche" "$root$prefix/share/man/man1/planche.1"; do
    there=library
    [ ! -e "$file" ] || there=command
    [ "$there" = "$most" ] || [ "$there$most" = commandserver ] || { echo "$file: built is the $most" && exit 1; }
done
others=$(find "$root$prefix/include" -type f ! -path '*/include/planche/*.h' \
    ! -path '*/include/planche/planche.hpp')
[ -z "$others" ] || { echo "installed beside the public headers: $others" && exit 1; }

export PKG_CONFIG_PATH="$lib/pkgconfig"
flags() {
    pkg-config --define-variable=prefix="$root$prefix" "$@" planche
}
# shellcheck disable=SC2046 # words on purpose
"$@" "$source" $(flags --cflags --libs) -o "$root/shared"
LD_LIBRARY_PATH=$lib "$root/shared"
# The whole archive: what a caller leaves out today must have its libraries named all the same.
# shellcheck disable=SC2046 # words on purpose
"$@" "$source" $(flags --cflags) -Wl,--whole-archive "$lib/libplanche.a" -Wl,--no-whole-archive \
    $(flags --static --libs | sed 's/-lplanche//') -o "$root/static"
"$root/static"
[ "$most" = library ] || PLANCHE_CPU_MASK=1 LD_LIBRARY_PATH=$lib "$root$prefix/bin/planche" --version
# What is loaded at run time need not be there for a caller to be built.
! grep -q 'libavif\|libjxl' "$lib/pkgconfig/planche.pc" || { echo "planche.pc asks for what is loaded" && exit 1; }

rm "$root/shared" "$root/static"
# What others have put there stays, also a folder that was empty, and what a link leads to.
uninstall=$(dirname "$source")/../../scripts/uninstall.sh
DESTDIR='' "$uninstall" "$build" "" 2>/dev/null && { echo "an empty PREFIX is taken" && exit 1; }
DESTDIR=relative "$uninstall" "$build" "$prefix" 2>/dev/null && { echo "a relative DESTDIR is taken" && exit 1; }
DESTDIR=$root "$uninstall" "$root" "$prefix" 2>/dev/null && { echo "no build is needed" && exit 1; }
[ -e "$root$prefix/include/planche/planche.h" ]
echo theirs >"$root$prefix/share/man/man3/planchette.3"
echo theirs >"$root$prefix/share/doc/planche/docs/theirs.md"
export HOME="${HOME:-/home}"
mkdir -p "$root$HOME/else/bin" "$root/checkout"
mv "$root$prefix/share/doc/planche/samples" "$root/checkout/samples"
ln -s "$root/checkout/samples" "$root$prefix/share/doc/planche/samples"
mv "$root$prefix/share/man/man3" "$root$prefix/share/man/linked" # within the prefix: is followed
ln -s linked "$root$prefix/share/man/man3"
# shellcheck disable=SC2088 # as it comes from shells that leave it to make
DESTDIR=$root "$uninstall" "$build" '~/else' | grep -qxF "Nothing is installed in $root$HOME/else"
DESTDIR=$root "$uninstall" "$build" "$prefix"
left=$(cd "$root$prefix" && find . ! -type d | sort | tr '\n' ' ')
[ "$left" = "./share/doc/planche/docs/theirs.md ./share/doc/planche/samples ./share/man/linked/planchette.3 \
./share/man/man3 " ] || { echo "left: $left" && exit 1; }
for path in "$root$HOME/else/bin" "$root$prefix/include" "$root/checkout/samples/preview-strip.webp"; do
    [ -e "$path" ] || { echo "removed: ${path#"$root"}" && exit 1; }
done
[ ! -e "$root$prefix/include/planche" ] || { echo "a folder of Planche's own is left" && exit 1; }

# What root has made in somebody's build folder becomes that user's; nothing else does.
scripts=$(dirname "$uninstall")
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$root/user/build/new" "$root/user/made/new"
    ln -s ../../checkout "$root/user/build/link"
    chown 65534 "$root/user" "$root/user/build"
    "$scripts/give-back.sh" "$root/user/build"
    "$scripts/give-back.sh" "$root/user/made"
    "$scripts/give-back.sh" "$root/checkout"
    owners=$(cd "$root/user" && stat -c %u . build build/new build/link made made/new ../checkout | tr '\n' ' ')
    [ "$owners" = "65534 65534 65534 65534 65534 65534 0 " ] || { echo "owners: $owners" && exit 1; }
fi
for script in install uninstall; do
    grep -q "^trap .*/give-back.sh" "$scripts/$script.sh" || { echo "$script keeps what root makes" && exit 1; }
done

# A prefix with a space stays one.
for goal in install uninstall; do
    make -n -C "$(dirname "$source")/../.." "$goal" PREFIX="/a b" | grep -qF ' "/a b"' ||
        { echo "make $goal cuts PREFIX at its spaces" && exit 1; }
done
