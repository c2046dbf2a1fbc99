#!/usr/bin/env bash
# The tests that need what others wrote: the aws command, the Python SDK with boto3 and with the
# material providers library, moto's server, openssl, cfn-lint.
#
#   peers/run.sh [ARGUMENTS OF cargo test]     needs Python 3.11 or newer, openssl, cargo, and
#                                              package registries
#
# The packages are installed once, outside the tree, in $WAXSEAL_INTEROP_CACHE (by default
# waxseal-interop in the user's cache folder).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pins=$(cksum <"$here/requirements.txt" | cut -d ' ' -f 1)
venv=${WAXSEAL_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/waxseal-interop}/peers-$pins
if [ ! -e "$venv/done" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    touch "$venv/done"
fi
cd "$here/.."
"$venv/bin/cfn-lint" examples/cloudformation/*.yaml

# The whole workspace is named, so that all is built with the features that the other tests have.
export WAXSEAL_PEERS_BIN=$venv/bin PYTHONDONTWRITEBYTECODE=1
cargo test --workspace --locked --test moto --test peers "$@" -- --ignored
