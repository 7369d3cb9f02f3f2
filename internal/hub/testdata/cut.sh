#!/usr/bin/env bash
# Fetches a version of GitHub's API description and cuts it to openapi.json.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
cd "$dir"
npm pack --silent "@octokit/openapi@$1" >/dev/null
tar xzf ./*.tgz package/generated/api.github.com.json
node "$here/cut.mjs" package/generated/api.github.com.json >"$dir/openapi.json"
mv "$dir/openapi.json" "$here/openapi.json"
