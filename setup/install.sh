#!/usr/bin/env bash
# Puts afterdeploy into the PATH of the steps that follow.
#
# A release carries the checksums of its own archives in SHA256SUMS beside this
# script, so a commit of the action is a commit of the program too. A branch has
# no such file: there the program is built from source.
#
# AFTERDEPLOY_DOWNLOADS is the address of a mirror: a directory for each
# version, with that release's files.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sums=$here/SHA256SUMS
downloads=${AFTERDEPLOY_DOWNLOADS:-https://github.com/afterdeploy/afterdeploy/releases/download}

# fail prints an annotation and ends the step.
fail() {
    printf '::error title=afterdeploy setup::%s\n' "$*"
    exit 1
}

# unix and native translate a path for this shell and for everything else:
# on Windows the two differ.
unix() { if command -v cygpath >/dev/null; then cygpath --unix "$1"; else printf '%s\n' "$1"; fi; }
native() { if command -v cygpath >/dev/null; then cygpath --windows "$1"; else printf '%s\n' "$1"; fi; }

# platform sets os, arch, the program's name and the kind of archive.
platform() {
    program=afterdeploy kind=tar.gz
    case ${RUNNER_OS:-} in
        Linux) os=linux ;;
        macOS) os=darwin ;;
        Windows) os=windows program=afterdeploy.exe kind=zip ;;
        *) fail "RUNNER_OS is '${RUNNER_OS:-}': want Linux, macOS or Windows" ;;
    esac
    case ${RUNNER_ARCH:-} in
        X64) arch=amd64 ;;
        ARM64) arch=arm64 ;;
        *) fail "RUNNER_ARCH is '${RUNNER_ARCH:-}': there are programs for X64 and ARM64" ;;
    esac
}

# download fetches the archive that SHA256SUMS names for this platform, and
# unpacks it when its checksum is right.
download() {
    local want file got
    read -r want file < <(grep -E "^[0-9a-f]{64}  afterdeploy_v[0-9.]+_${os}_${arch}\.${kind//./\\.}\$" "$sums") ||
        fail "SHA256SUMS names no archive for $os/$arch"
    version=${file#afterdeploy_} version=${version%%_*}

    curl --silent --show-error --fail --location --proto-redir =https --retry 3 --connect-timeout 20 --max-time 300 \
        --output "$scratch/$file" "$downloads/$version/$file" 2>"$scratch/curl" ||
        fail "cannot download $downloads/$version/$file: $(tr '\r\n' '  ' <"$scratch/curl")"
    got=$(checksum <"$scratch/$file")
    [ "$got" = "$want" ] || fail "$file has the checksum $got, want $want: it is not what was released, nothing was installed"
    unpack "$scratch/$file"
}

# checksum prints the SHA-256 of what it reads. macOS has no sha256sum.
checksum() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum --algorithm 256; fi | cut -d ' ' -f 1
}

unpack() {
    case $kind in
        tar.gz) tar -xzf "$1" -C "$bin" "$program" ;;
        zip) unzip -q -o "$1" "$program" -d "$bin" ;;
    esac || fail "cannot unpack ${1##*/}"
}

# build makes the program of a branch, which has no release.
build() {
    version=dev
    command -v go >/dev/null ||
        fail "this is a branch, not a release, and Go is not installed: name a version, as in afterdeploy/afterdeploy/setup@v1, or run actions/setup-go before"
    (cd "$here/.." && CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$(native "$bin/$program")" ./cmd/afterdeploy) ||
        fail "cannot build ./cmd/afterdeploy"
}

for name in RUNNER_TEMP GITHUB_PATH GITHUB_OUTPUT; do
    [ -n "${!name:-}" ] || fail "$name is not set: this script is a step of a job on GitHub"
done
platform
bin=$(unix "$RUNNER_TEMP")/afterdeploy/bin
mkdir -p "$bin"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -f "$sums" ]; then download; else build; fi

"$bin/$program" version
native "$bin" >>"$GITHUB_PATH"
printf 'version=%s\n' "$version" >>"$GITHUB_OUTPUT"
