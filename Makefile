# The ways in. What proves a commit is .ci/run; these are its parts, by hand.

TIME ?= 5s
ROUNDS ?= 1

.PHONY: all test lint fuzz bench bench-relay image e2e docs pictures openapi

all: lint test

test:
	go test -race -shuffle=on -count=1 ./...

lint:
	go vet ./...
	golangci-lint run ./...

# Every fuzz target for TIME: make fuzz TIME=30s
fuzz:
	bash -euo pipefail -c '. .ci/checks.sh; fuzz $(TIME)'

# Ratios against what a user would pick instead; see docs/performance.md.
bench:
	go test -run '^$$' -bench . -benchtime 40x ./internal/bench

# What the relay acknowledges, and what that costs: one table. A look that takes
# half a minute: make bench-relay EVENTS=20000 DURATION=1s
bench-relay:
	go test -run '^$$' -bench . -benchtime $(ROUNDS)x -timeout 60m ./internal/bench/relayload

image:
	docker build --build-arg VERSION=dev --tag afterdeploy:dev .

# The image under a workflow engine. Installs what it needs on Debian.
e2e:
	bash .ci/run containers

# Rewrites what is generated from code: action.yml, documents, goldens, the
# reusable workflows.
docs:
	UPDATE=1 go test ./cmd/afterdeploy ./internal/origin ./internal/trigger ./internal/e2e

# The pictures in docs/images. Needs Node.js, Chromium and a font with emoji.
pictures:
	bash .ci/pictures.sh

# GitHub's own description of its API, cut to the calls that are made.
VERSION_OF_OPENAPI := 23.0.2
openapi:
	bash internal/hub/testdata/cut.sh $(VERSION_OF_OPENAPI)
