#!/usr/bin/env bash
# Looks for inputs that break a promise of a reader or of the matcher: with libFuzzer where cargo-fuzz is installed
# (`cargo install cargo-fuzz`), else with the mutator of the tests. SECONDS_EACH is the time for each target.
set -euo pipefail
cd "$(dirname "$0")/../.."

each="${SECONDS_EACH:-60}"
if cargo fuzz --version >/dev/null 2>&1; then
  # libFuzzer's hooks are unstable flags of the compiler; nothing but the fuzz targets is built with them.
  export RUSTC_BOOTSTRAP=1
  for target in toml csv xlsx matcher scim; do
    echo "== $target"
    # What is found stays in fuzz/artifacts; inputs that are new go to a folder of their own, the kept corpus is small.
    mkdir -p "fuzz/target/corpus/$target"
    cargo fuzz run "$target" "fuzz/target/corpus/$target" "fuzz/corpus/$target" -- \
      -max_total_time="$each" -max_len=4096 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1
  done
else
  echo "cargo-fuzz is not installed: the tests' own mutator looks instead"
  SEATWARDEN_FUZZ_SECONDS="$each" cargo test --test it -- fuzz:: --nocapture
fi
