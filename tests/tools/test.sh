#!/usr/bin/env bash
# Everything that must hold before a change lands, the test runner last so that its closing line closes the log.
# Installs what is missing where it can (Debian packages as root, PyPI into target/venv) and says what it skips.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '\n== %s\n' "$*"; }
has() { command -v "$1" >/dev/null 2>&1; }

say "tools"
bash tests/tools/install.sh

say "format and lints"
cargo fmt --all --check
cargo clippy --workspace --all-targets --quiet -- -D warnings

say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

if has cargo-deny; then
  say "dependencies"
  cargo deny --log-level error check bans licenses sources
else
  say "dependencies: skipped, cargo-deny is not installed"
fi

say "deployment files"
bash tests/tools/deploy.sh

say "tests"
export SEATWARDEN_VENV="$PWD/target/venv"
cargo test --workspace --doc --quiet
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --no-fail-fast
else
  cargo test --workspace --lib --bins --tests
fi
