#!/usr/bin/env bash
# Runs fuzz targets one after the other: `run.sh [SECONDS] [TARGET...]`; 600 seconds and all of
# them by default. Needs nightly Rust and cargo-fuzz. Ends at the first finding, with status 1.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-600}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(header frame decrypt roundtrip streams encrypting keys providers
  signatures kms_protocol kms_ciphertext kms_policy kms_store)
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
bash fuzz/seed.sh
logs=fuzz/artifacts/logs
mkdir -p "$logs"

# Inputs that only choose are short; those that hold a message or a key are longer.
longest() {
  case $1 in
    frame | decrypt) echo 256 ;;
    encrypting) echo 512 ;;
    roundtrip | kms_ciphertext) echo 1024 ;;
    header) echo 2048 ;;
    keys | kms_protocol | kms_policy) echo 4096 ;;
    *) echo 16384 ;;
  esac
}

for target in "${targets[@]}"; do
  log=$logs/$target.log
  options=(-max_total_time="$seconds" -max_len="$(longest "$target")" -print_final_stats=1)
  # What chooses much needs length at once.
  case $target in decrypt | kms_*) options+=(-len_control=0) ;; esac
  # Scoped threads can still be ending when leaks are looked for, and look like one.
  case $target in streams | encrypting) options+=(-detect_leaks=0) ;; esac
  # No allocation over 64 MiB, no input over 20 s: lengths are checked before they are believed.
  options+=(-malloc_limit_mb=64 -rss_limit_mb=1024 -timeout=20)
  cargo +nightly fuzz run "$target" -- "${options[@]}" >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
  echo "$target: $(grep -m1 -o 'INITED cov: [0-9]* ft: [0-9]*' "$log")," \
    "$(grep -o 'DONE *cov: [0-9]* ft: [0-9]*' "$log" | tr -s ' ')," \
    "$(grep -o -E '(number_of_executed_units|average_exec_per_sec): *[0-9]*' "$log" | tr -s ' \n' ' ')"
done
