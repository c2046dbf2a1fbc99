#!/usr/bin/env bash
# Runs fuzz targets one after the other: `run.sh [SECONDS] [TARGET...]`; 600 seconds and all of
# them by default. Needs nightly Rust and cargo-fuzz. Ends at the first finding, with status 1.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-600}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(header frame decrypt roundtrip streams keys providers)
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
bash fuzz/seed.sh
logs=fuzz/artifacts/logs
mkdir -p "$logs"

for target in "${targets[@]}"; do
  # No allocation over 64 MiB, no input over 20 s: lengths are checked before they are believed.
  cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -max_len=16384 \
    -malloc_limit_mb=64 -rss_limit_mb=1024 -timeout=20 -print_final_stats=1 \
    >"$logs/$target.log" 2>&1 || { tail -n 60 "$logs/$target.log"; exit 1; }
  echo "$target: $(grep -m1 -o 'INITED cov: [0-9]* ft: [0-9]*' "$logs/$target.log")," \
    "$(grep -o 'DONE *cov: [0-9]* ft: [0-9]*' "$logs/$target.log")," \
    "$(grep -E -o '(number_of_executed_units|average_exec_per_sec): *[0-9]*' "$logs/$target.log" | tr -s ' ' | tr '\n' ' ')"
done
