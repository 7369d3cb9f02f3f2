#!/usr/bin/env bash
# Makes docs/images/summary.png: the summary of the sandbox's gated demo, as
# GitHub shows it. Needs Node.js, Chromium and a font with emoji.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

(cd .ci/pictures && npm ci --silent --no-audit --no-fund)
go run ./cmd/afterdeploy-sandbox demo --gate |
    sed -n '/^── The step.s summary/,/^── Exit code/{//!p}' |
    node .ci/pictures/page.mjs >"$scratch/summary.html"
chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync \
    --user-data-dir="$scratch/profile" --hide-scrollbars --force-device-scale-factor=1.5 --window-size=980,690 \
    --screenshot="$scratch/summary.png" "file://$scratch/summary.html" 2>/dev/null
mv "$scratch/summary.png" docs/images/summary.png
