#!/usr/bin/env bash
# The tests that need what others wrote: the aws command, the Python SDK under pykmssig's logic, and
# openssl, with the embedded KMS's server as KMS.
#
#   run.sh [ARGUMENTS OF cargo test]     needs Python 3.11 or newer, openssl, cargo, and package registries
#
# The packages are those of the embedded KMS's own tests, installed once, outside the tree, in
# $WAXSEAL_INTEROP_CACHE (by default waxseal-interop in the user's cache folder).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
requirements=$here/../../../waxseal-local-kms/tests/peers/requirements.txt
pins=$(cksum <"$requirements" | cut -d ' ' -f 1)
venv=${WAXSEAL_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/waxseal-interop}/local-kms-$pins
if [ ! -e "$venv/done" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    touch "$venv/done"
fi
export WAXSEAL_PEERS_BIN=$venv/bin PYTHONDONTWRITEBYTECODE=1
exec cargo test --manifest-path "$here/../../Cargo.toml" --test peers "$@" -- --ignored
