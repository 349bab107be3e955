#!/bin/bash
# SPDX-License-Identifier: MIT
# container.sh FOLDER: builds the image of packaging/container/Containerfile with buildah and tries it: as its user,
# with a root that cannot be written to, a page over HTTP, health, its size. The base is made by mmdebstrap in the place
# of an image from elsewhere; BASE names one of those. FOLDER/planche.tar.gz is the image, for `podman load`.
# Needs root.
set -euo pipefail
mkdir -p "$1"
folder=$(realpath "$1")
cd "$(dirname "$0")/.."
limit=$((120 << 20))
export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
store() { buildah --root "$folder/store" --runroot "$folder/run" "$@"; }

if [ -z "${BASE:-}" ]; then
    [ -f "$folder/base.tar" ] || mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright' bookworm "$folder/base.tar"
    if ! store inspect --type image localhost/planche-base >/dev/null 2>&1; then
        base=$(store from scratch)
        store add -q "$base" "$folder/base.tar" / >/dev/null
        store commit -q "$base" localhost/planche-base >/dev/null
        store rm "$base" >/dev/null
    fi
    BASE=localhost/planche-base
fi

rm -rf "$folder/context" && mkdir -p "$folder/context"
git archive HEAD | tar -x -C "$folder/context"
store bud --network host --pull-never --format docker --layers --build-arg BASE="$BASE" \
    ${CCACHE_FOLDER:+--volume "$CCACHE_FOLDER:/root/.cache/ccache"} -t planche \
    -f packaging/container/Containerfile "$folder/context"
rm -f "$folder/planche.tar"
store push -q planche "docker-archive:$folder/planche.tar:planche:latest"
gzip -9 -f "$folder/planche.tar"
size=$(stat -c %s "$folder/planche.tar.gz")
echo "image: $((size >> 20)) MiB compressed"
[ "$size" -lt "$limit" ] || { echo "larger than $((limit >> 20)) MiB" >&2 && exit 1; }
store inspect --type image planche | grep -q '"Healthcheck": {' || { echo "no health check" >&2 && exit 1; }

# As a container engine runs it: the user of the image, a root that is read-only, volumes that are not.
container=$(store from --pull-never planche)
root=$(store mount "$container")
run=$(mktemp -d)
server=
leave() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
    umount -R "$run/root" || umount -R -l "$run/root" || return 0
    store rm "$container" >/dev/null
    rm -rf --one-file-system "$run"
}
trap leave EXIT
mkdir -p "$run/root" "$run/cache" "$run/state"
chown 8377:8377 "$run/cache" "$run/state"
mount --bind "$root" "$run/root" && mount -o remount,bind,ro "$run/root"
mount --bind "$run/cache" "$run/root/cache"
mount --bind "$run/state" "$run/root/var/lib/planche"
mount -t proc proc "$run/root/proc"
mount -t tmpfs -o mode=755 tmpfs "$run/root/dev"
for device in null:3 zero:5 random:8 urandom:9; do mknod -m 666 "$run/root/dev/${device%:*}" c 1 "${device#*:}"; done
mount -t tmpfs tmpfs "$run/root/tmp"
as_user=(chroot --userspec=8377:8377 "$run/root" env -i PATH=/usr/bin:/bin HOME=/var/lib/planche XDG_CACHE_HOME=/cache)
inside() { "${as_user[@]}" "$@"; }
! inside touch /written 2>/dev/null || { echo "the root can be written to" >&2 && exit 1; }
inside planche --version
"${as_user[@]}" planche serve --listen 127.0.0.1:18378 --no-token --cache /cache 2>"$run/log" &
server=$! # of the server itself: a function would be a shell of its own
inside curl -fsS --retry 30 --retry-connrefused --retry-delay 1 -o /dev/null http://127.0.0.1:18378/healthz
curl -fsS --data-binary @samples/strip.png -o "$run/page.avif" \
    'http://127.0.0.1:18378/v1/upscale?model=small&format=avif'
[ "$(dd if="$run/page.avif" bs=1 skip=4 count=8 2>/dev/null)" = ftypavif ]
[ -n "$(find "$run/cache" -type f -print -quit)" ] || { echo "nothing was kept in /cache" >&2 && exit 1; }
kill -TERM "$server" && wait "$server"
# The image's health check asks the server itself, also when what it stands before does not answer.
health=$(sed -n 's/^    CMD \(curl .*\)/\1/p' packaging/container/Containerfile)
for upstream in "" "--upstream http://127.0.0.1:9"; do
    # shellcheck disable=SC2086 # words on purpose
    "${as_user[@]}" planche serve --listen 127.0.0.1:18378 --no-token $upstream 2>"$run/log" &
    server=$!
    curl -sS --retry 30 --retry-connrefused --retry-delay 1 -o /dev/null http://127.0.0.1:18378/planche/healthz
    inside sh -c "${health//8377/18378}"
    kill -TERM "$server" && wait "$server"
    ! inside sh -c "${health//8377/18378}" 2>/dev/null || { echo "the health check cannot fail" >&2 && exit 1; }
done
server=
echo "container: passed"
