#!/bin/sh
# SPDX-License-Identifier: MIT
# generate.sh [FOLDER]: makes src/bindings.rs from the headers with bindgen 0.60 (Debian 12's), and
# from it tests/layout/list.rs, the list of what tests/layout compares; in FOLDER instead of here, if
# there is one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
include=${PLANCHE_INCLUDE_DIR:-$here/../../../include}
folder=${1:-$here}
mkdir -p "$folder/src" "$folder/tests/layout"
bindings=$folder/src/bindings.rs list=$folder/tests/layout/list.rs
bindgen "$include/planche/planche.h" --output "$bindings" \
    --allowlist-function 'planche_.*' --allowlist-type 'planche_.*' --allowlist-var 'PLANCHE_.*' \
    --blocklist-type '__.*' --blocklist-type 'u?int(8|16|32|64)_t' --blocklist-type 'size_t' \
    --no-layout-tests --no-doc-comments --no-prepend-enum-name --size_t-is-usize --no-derive-debug \
    --raw-line '// SPDX-License-Identifier: MIT' \
    --raw-line '// Made by generate.sh from include/planche: do not edit.' \
    -- -I "$include" -std=c17
sed -i -e '1{/automatically generated/d}' "$bindings"
sed -i -e '1{/^$/d}' "$bindings"
rustfmt --edition 2021 "$bindings"

awk '
BEGIN { print "// SPDX-License-Identifier: MIT"
        print "// Made by generate.sh from src/bindings.rs: do not edit."; print "layouts! {" }
/^pub struct / { name = $3; fields = "" }
/^    pub [a-z0-9_]+:/ && name { sub(":", "", $2); fields = fields " " $2 "," }
/^}/ && name { if (fields) print "    " name " {" fields " }"; name = "" }
END { print "}" }' "$bindings" >"$list"
awk '
BEGIN { print "values! {" }
/^pub const / && !/&/ { sub(":", "", $3); print "    " $3 "," }
END { print "}" }' "$bindings" >>"$list"
