#!/usr/bin/env bash
# Checks the deployment files: the systemd unit is accepted without a word and scores at most 2.0, and a strict
# validator accepts every Kubernetes manifest.
set -euo pipefail
cd "$(dirname "$0")/../.."

unit=deploy/systemd/seatwarden.service
if command -v systemd-analyze >/dev/null 2>&1; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  # `verify` wants the programs that the unit starts to exist; the place of the program is all that differs here.
  sed 's#/usr/bin/seatwarden#/bin/true#' "$unit" >"$folder/seatwarden.service"
  said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$folder/seatwarden.service" 2>&1 | grep -F seatwarden || true)
  if [ -n "$said" ]; then
    echo "systemd-analyze verify: $said"
    exit 1
  fi
  systemd-analyze security --offline=true --no-pager --threshold=20 "$unit" | tail -1
else
  echo "systemd unit: skipped, systemd-analyze is not installed"
fi

validate=target/venv/bin/kubernetes-validate
if [ -x "$validate" ]; then
  "$validate" --strict --quiet -k 1.34 deploy/kubernetes/{namespace,serviceaccount,service,statefulset}.yaml
  echo "Kubernetes manifests: accepted"
else
  echo "Kubernetes manifests: skipped, kubernetes-validate is not installed"
fi
