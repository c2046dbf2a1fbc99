#!/usr/bin/env bash
# The Python packages of requirements.txt, installed once, outside the tree, in $WAXSEAL_INTEROP_CACHE
# (by default waxseal-interop in the user's cache folder). Prints the folder of their commands, which
# tests and examples take as $WAXSEAL_PEERS_BIN. Needs Python 3.11 or newer and its package registry.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pins=$(cksum <"$here/requirements.txt" | cut -d ' ' -f 1)
venv=${WAXSEAL_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/waxseal-interop}/peers-$pins
if [ ! -e "$venv/done" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    touch "$venv/done"
fi
echo "$venv/bin"
