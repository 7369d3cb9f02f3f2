# shellcheck shell=bash
# A Docker daemon, and images without a registry: what a pull would bring is
# imported from Debian's static programs and this machine's Go.

: "${scratch:?want a directory for files that go away}"

engines() {
    debian busybox-static bash-static
    command -v dockerd >/dev/null || debian docker.io iptables
    go_tool github.com/nektos/act v0.2.89
    start_docker
}

# start_docker starts a daemon where none answers. stop_docker ends that one,
# and leaves it no images without a name.
start_docker() {
    docker info >/dev/null 2>&1 && return 0
    dockerd >"$scratch/dockerd.log" 2>&1 &
    dockerd=$!
    for _ in {1..60}; do
        docker info >/dev/null 2>&1 && return 0
        sleep 0.5
    done
    tail -n 20 "$scratch/dockerd.log" >&2
    echo 'no answer from the Docker daemon after 30 s' >&2
    return 1
}

stop_docker() {
    [ -n "${dockerd:-}" ] || return 0
    docker image prune --force >/dev/null
    kill "$dockerd"
    wait "$dockerd" || echo "the Docker daemon ended with $?"
}

# userland DIR BUSYBOX lays out a root file system: busybox under all its names.
userland() {
    mkdir -p "$1"/{bin,etc/ssl/certs,root,tmp,usr/bin,usr/local/bin}
    chmod 1777 "$1/tmp"
    cp "$2" "$1/bin/busybox"
    for applet in $(busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
    done
    ln -s /bin/env "$1/usr/bin/env"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
}

# import DIR NAME makes an image of a root file system.
import() {
    tar -C "$1" -c . | docker import \
        -c 'ENV PATH=/usr/local/go/bin:/usr/local/bin:/bin:/usr/bin' - "$2" >/dev/null
}

# foreign_busybox ARCH DIR unpacks Debian's busybox of another architecture,
# with package lists of its own, so that this machine stays of one.
foreign_busybox() {
    local apt=(apt-get -qq -o "APT::Architecture=$1" -o "APT::Architectures=$1"
        -o "Dir::State::Lists=$2/lists" -o "Dir::Cache=$2/cache" -o APT::Sandbox::User=root)
    mkdir -p "$2"/{lists/partial,cache/archives/partial}
    "${apt[@]}" update
    (cd "$2" && "${apt[@]}" download "busybox-static:$1")
    dpkg-deb --extract "$2"/busybox-static_*.deb "$2"
}

# base_images imports afterdeploy-ci/base, which stands in for busybox, /go for
# the Go image and /runner for the machine that a workflow's job runs on.
base_images() {
    userland "$scratch/base" /bin/busybox
    import "$scratch/base" afterdeploy-ci/base

    foreign_busybox arm64 "$scratch/arm64"
    userland "$scratch/base-arm64" "$scratch/arm64/bin/busybox"
    import "$scratch/base-arm64" afterdeploy-ci/base-arm64

    userland "$scratch/runner" /bin/busybox
    cp /bin/bash-static "$scratch/runner/bin/bash"
    import "$scratch/runner" afterdeploy-ci/runner

    userland "$scratch/go" /bin/busybox
    cp /etc/ssl/certs/ca-certificates.crt "$scratch/go/etc/ssl/certs/"
    cp -r "$(go env GOROOT)" "$scratch/go/usr/local/go"
    import "$scratch/go" afterdeploy-ci/go
    rm -r "$scratch/go"
}

# build_image ARCH BASE TAG [FILE] builds the Dockerfile, or another.
build_image() {
    DOCKER_BUILDKIT=0 docker build --quiet --network host --file "${4:-Dockerfile}" \
        --build-arg GO_IMAGE=afterdeploy-ci/go --build-arg BASE_IMAGE="$2" \
        --build-arg TARGETARCH="$1" --build-arg VERSION=ci --tag "$3" .
}
