#!/usr/bin/env bash
# The tests that need what others wrote: the aws command, the Python SDK with boto3 and with the
# material providers library, moto's server, openssl, cfn-lint.
#
#   peers/run.sh [ARGUMENTS OF cargo test]     needs Python 3.11 or newer, openssl, cargo, and
#                                              package registries
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=$(bash "$here/venv.sh")
cd "$here/.."
"$bin/cfn-lint" examples/cloudformation/*.yaml

# The whole workspace is named, so that all is built with the features that the other tests have.
export WAXSEAL_PEERS_BIN=$bin PYTHONDONTWRITEBYTECODE=1
cargo test --workspace --locked --test moto --test peers "$@" -- --ignored
