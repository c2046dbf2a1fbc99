#!/usr/bin/env bash
# Fills fuzz/corpus with seeds: the project's own vectors and test keys, the findings that there
# were, and the published vectors if they lie in ../shared/vectors beside the checkout.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folders=(spec-vectors/vectors crates/waxseal-materials/tests/keys)
shared=../shared/vectors
if [ -d "$shared" ]; then
  for archive in "$shared"/awses-decrypt/*.zip "$shared"/awses-legacy-2017/*.zip; do
    unzip -q -o "$archive" -d "$work/$(basename "$archive" .zip)"
  done
  folders+=("$work" "$shared/nonframed-fixtures")
fi
cargo run --quiet --release -p waxseal-fuzz-bodies --example seed -- fuzz/corpus "${folders[@]}"
for findings in fuzz/bodies/regressions/*/; do
  target=$(basename "$findings")
  mkdir -p "fuzz/corpus/$target"
  cp "$findings"* "fuzz/corpus/$target/"
done
