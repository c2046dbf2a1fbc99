#!/usr/bin/env bash
# waxseal and others at the same work, in one run: aws-esdk, the Python and the JavaScript SDK, age, rage.
#
#   run.sh          measures for about ten minutes and writes docs/peers.md, docs/peers/ and the README's table
#   run.sh quick    few rounds, into target/quick beside this file, to see that all of it works
#   run.sh report   writes the tables and plots anew from docs/peers/results.json
#
# Needs Linux, Python 3.11 or newer, Node 20 or newer, cargo, and package registries. What is compared is
# installed once, outside the tree, in $WAXSEAL_INTEROP_CACHE (by default waxseal-interop in the user's cache
# folder); age comes from the system's packages where it isn't there. Streams need 3 GiB in $TMPDIR.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
rage_version=0.12.1
pins=$({ cat "$here/requirements.txt" "$here/package.json"; echo "rage $rage_version"; } | cksum | cut -d ' ' -f 1)
cache=${WAXSEAL_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/waxseal-interop}/bench-peers-$pins
export PYTHONDONTWRITEBYTECODE=1

once() {
    local what=$1
    if [ ! -e "$cache/$what.done" ]; then
        rm -rf "${cache:?}/$what"
        mkdir -p "$cache/$what"
        "install_$what"
        touch "$cache/$what.done"
    fi
}

install_python() {
    python3 -m venv "$cache/python"
    "$cache/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
}

install_node() {
    cp "$here/package.json" "$cache/node"
    (cd "$cache/node" && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error)
}

install_rage() {
    cargo install --quiet --locked --root "$cache/rage" --target-dir "$cache/rage/build" "rage@$rage_version"
    rm -rf "$cache/rage/build"
}

measure() {
    once node
    once rage
    command -v age >/dev/null || { apt-get update -qq && apt-get install -y -qq age; }
    cargo build --release --locked --manifest-path "$here/Cargo.toml"
    cargo build --release --locked --manifest-path "$root/Cargo.toml" -p waxseal-cli --bin waxseal
    # A module finds its packages from where it stands.
    cp "$here/workers/node_sdk.mjs" "$cache/node"
    "$cache/python/bin/python" "$here/compare.py" --bin "${CARGO_TARGET_DIR:-$here/target}/release" \
        --node "$cache/node" --rage "$cache/rage/bin/rage" \
        --command "${CARGO_TARGET_DIR:-$root/target}/release/waxseal" --rounds "$1" "$2/peers/results.json"
}

report() { "$cache/python/bin/python" "$here/report.py" "$1" "${@:2}"; }

once python
case "${1:-full}" in
full)
    measure full "$root/docs"
    report "$root/docs" "$root/README.md"
    ;;
quick)
    measure quick "$here/target/quick"
    report "$here/target/quick"
    ;;
report) report "$root/docs" "$root/README.md" ;;
*)
    echo "run.sh [quick|report]" >&2
    exit 2
    ;;
esac
