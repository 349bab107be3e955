#!/bin/sh
# SPDX-License-Identifier: MIT
# expand-home.sh PATH: prints it, with HOME for a ~ that it begins with: shells may leave that to make, which does not.
case $1 in
\~/*) printf '%s\n' "$HOME/${1#??}" ;;
*) printf '%s\n' "$1" ;;
esac
