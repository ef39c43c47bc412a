#!/usr/bin/env bash
# Brings the tools that the tests use and a newcomer may lack. Never fails: a test that misses its tool says so.
set -uo pipefail
cd "$(dirname "$0")/../.."

apt_wanted=()
command -v systemd-analyze >/dev/null 2>&1 || apt_wanted+=(systemd)
command -v cc >/dev/null 2>&1 || apt_wanted+=(gcc libc6-dev)
python3 -m venv --help >/dev/null 2>&1 || apt_wanted+=(python3-venv)
if [ "${#apt_wanted[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${apt_wanted[@]}" >/dev/null
  else
    echo "not installed (needs root and apt): ${apt_wanted[*]}"
  fi
fi

venv=target/venv
if [ ! -e "$venv/ok-2" ] && python3 -m venv "$venv" >/dev/null 2>&1; then
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/tools/requirements.txt && touch "$venv/ok-2"
fi
[ -e "$venv/ok-2" ] || echo "the Python tools could not be installed: tests against foreign servers will be skipped"
exit 0
