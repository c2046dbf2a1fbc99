#!/usr/bin/env bash
# Both ways between waxseal and the published SDKs: the Python and the JavaScript SDK make
# messages that waxseal opens, then open what waxseal writes. With both providers.
#
#   run.sh          needs Python 3.11 or newer, Node 20 or newer, cargo, and package registries
#   run.sh renew    makes the messages of ../vectors anew, with the same keys, and opens them
#
# The SDKs are installed once, outside the tree, in $WAXSEAL_INTEROP_CACHE (by default
# waxseal-interop in the user's cache folder).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
vectors=$here/../vectors
pins=$(cat "$here/requirements.txt" "$here/package.json" | cksum | cut -d ' ' -f 1)
cache=${WAXSEAL_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/waxseal-interop}/$pins
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

install() {
    if [ ! -e "$cache/python/done" ]; then
        rm -rf "$cache/python"
        python3 -m venv "$cache/python"
        "$cache/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
        touch "$cache/python/done"
    fi
    mkdir -p "$cache/node"
    cp "$here"/*.mjs "$here/package.json" "$cache/node"
    if [ ! -e "$cache/node/done" ]; then
        (cd "$cache/node" && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error)
        touch "$cache/node/done"
    fi
    # Node 20 opens PKCS#1 v1.5 with this option alone; some other versions don't know it.
    node_option=--security-revert=CVE-2023-46809
    node "$node_option" -e '' 2>/dev/null || node_option=--no-warnings
}

python_sdk() { "$cache/python/bin/python" "$here/$1" "$2"; }
node_sdk() { node "$node_option" "$cache/node/$1" "$2"; }
# The runner is built here, unless the caller has one.
waxseal_vectors() {
    if [ -n "${WAXSEAL_VECTORS:-}" ]; then
        "$WAXSEAL_VECTORS" "$@"
    else
        cargo run --quiet --release -p waxseal-vectors --manifest-path "$here/../Cargo.toml" -- "$@"
    fi
}

make_messages() {
    python_sdk make_python.py "$1"
    python_sdk make_data_keys.py "$1"
    node_sdk make_node.mjs "$1"
}

check_with() {
    waxseal_vectors decrypt --provider "$1" "$work/made"
    waxseal_vectors write --provider "$1" "$work/$1"
    python_sdk check_python.py "$work/$1"
    node_sdk check_node.mjs "$work/$1"
}

install
if [ "${1:-}" = renew ]; then
    rm -rf "$vectors/python" "$vectors/node" "$vectors/plaintexts"
    make_messages "$vectors"
    waxseal_vectors decrypt "$vectors"
    exit
fi
mkdir "$work/made"
cp "$vectors/keys.json" "$work/made"
make_messages "$work/made"
check_with native
check_with rustcrypto
