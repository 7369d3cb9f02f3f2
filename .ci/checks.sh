# shellcheck shell=bash
# What is read and tested without a container.

: "${scratch:?want a directory for files that go away}"

linters() {
    debian shellcheck
    go_tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0
    go_tool github.com/rhysd/actionlint/cmd/actionlint v1.7.12
}

demo() { go run ./cmd/afterdeploy-sandbox demo; }

formatted() {
    local files
    files=$(gofmt -l cmd internal)
    [ -z "$files" ] || { printf 'not formatted by gofmt:\n%s\n' "$files" >&2; return 1; }
}

shell_scripts() { shellcheck --external-sources --source-path=SCRIPTDIR .ci/run .ci/*.sh setup/*.sh; }

# action_files reads every action.yml with GitHub's parser.
action_files() {
    (cd .ci/workflow-parser && npm ci --silent --no-audit --no-fund && npm run --silent build)
    git ls-files 'action.yml' '*/action.yml' | xargs node .ci/workflow-parser/node_modules/check.cjs
}

# deployments reads deploy/ as docker compose, a Kubernetes API server and systemd
# do. systemd gives the unit at most 2.0 of 10 points of exposure, or this fails.
deployments() {
    local unit=$scratch/afterdeploy-relay.service
    (cd .ci/manifests && go build -o "$scratch/manifests" .)
    "$scratch/manifests" deploy/compose/compose.yaml deploy/kubernetes/*.yaml
    debian systemd
    sed 's#/usr/local/bin/afterdeploy-relay#/bin/true#' deploy/systemd/afterdeploy-relay.service >"$unit"
    systemd-analyze verify --man=no "$unit"
    systemd-analyze security --offline=true --threshold=20 --no-pager "$unit" | tail -n 1
}

# tests runs them all, with Postgres, a browser and what setup's script needs,
# without which some would be skipped.
tests() {
    debian curl postgresql unzip
    command -v chromium google-chrome >/dev/null || debian chromium
    # The race detector also checks pointers, which in SQLite's C, turned into Go,
    # is most of the work and none of ours.
    AFTERDEPLOY_REQUIRE_POSTGRES=1 AFTERDEPLOY_REQUIRE_CHROMIUM=1 AFTERDEPLOY_REQUIRE_TOOLS=1 \
        go test -race -gcflags='modernc.org/...=-d=checkptr=0' -shuffle=on -count=1 ./...
}

# system_tests runs those of the relay that need root and strace.
system_tests() {
    local names
    debian postgresql strace
    names=$(sed -n 's/^func \(Test[A-Za-z0-9]*\)(.*/\1/p' internal/relay/*_e2e_test.go | paste -sd'|')
    AFTERDEPLOY_REQUIRE_POSTGRES=1 go test -tags e2e -count=1 -run "^($names)\$" ./internal/relay
}

# fuzz TIME runs every fuzz target that long (10s) or that often (3000x). A count
# cannot end in the middle of an input, which the fuzzer takes for a failure.
# What it finds depends on chance, so it is no part of what proves a commit: the
# nightly run looks for counterexamples, and `go test` tries those ever found.
fuzz() {
    local package target count=0
    while read -r package target; do
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$package" </dev/null
        count=$((count + 1))
    done < <(git grep -E '^func Fuzz' -- '*_test.go' | sed -E 's#^(.*)/[^/]+:func (Fuzz[A-Za-z0-9_]+).*#./\1 \2#')
    printf 'fuzzed %d targets\n' "$count"
    [ "$count" -gt 0 ]
}

benchmark() {
    debian curl time
    make --no-print-directory bench
}
