# shellcheck shell=bash
# What every stage uses: names, times, versions and the place for tools.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/afterdeploy-ci

# stage NAME COMMAND... runs a command under a heading and says how long it took.
# It must not be called in a condition, where bash would ignore failures inside.
stage() {
    local name=$1 start=$SECONDS
    shift
    printf '\n=== %s\n' "$name"
    "$@"
    printf -- '--- %s: %d s\n' "$name" $((SECONDS - start))
}

# go_tool MODULE/PATH VERSION builds a program once per version and Go release,
# and puts it in the PATH.
go_tool() {
    local dir
    dir=$cache/$(go env GOVERSION)/${1##*/}-$2
    if [ ! -x "$dir/${1##*/}" ]; then
        GOBIN=$dir go install "$1@$2"
    fi
    PATH=$dir:$PATH
}

# debian PACKAGE... installs what is missing.
debian() {
    local missing=() as_root=()
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$EUID" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get -qq update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null
}
