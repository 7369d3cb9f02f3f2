# shellcheck shell=bash
# The release, as far as it goes without GitHub.

# rehearsal releases this commit to a registry on the loopback, and runs what
# came of it under act. It wants Docker, act and the base images.
rehearsal() { go test -tags e2e -count=1 -run '^TestRehearsal$' ./internal/release; }

# other_systems vets what setup installs where there is no Linux. The rehearsal
# has compiled it, with the same flag.
other_systems() {
    local packages system
    mapfile -t packages < <(go list -deps ./cmd/afterdeploy | grep '^github.com/afterdeploy/')
    [ ${#packages[@]} -gt 5 ]
    for system in darwin windows; do
        CGO_ENABLED=0 GOOS=$system go vet -gcflags=all=-l "${packages[@]}"
    done
}
