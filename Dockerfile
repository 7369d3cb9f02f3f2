# The image of the action, and of `afterdeploy` on any other CI. It builds under
# the classic builder too, which some self-hosted runners still have.
#
# Both bases are multi-architecture indexes, and arguments, so that a place
# without a registry can bring its own.
ARG GO_IMAGE=golang:1.26.7-alpine3.24@sha256:28d89ee9cc0ff9fec75c82ca201e6bf7fdf9a679d4b7b24dfa04f2bb766bb468
ARG BASE_IMAGE=busybox:1.37.0-musl@sha256:5cec3fc171c87218698e85a52af7087de727372aae264a787b8112901a5b0092

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY . .
# BuildKit sets TARGETARCH; empty, as under the classic builder, it means this
# machine's own.
ARG TARGETARCH
ARG VERSION=dev
# -l: without inlining the image is half a megabyte smaller. The program waits
# for a network nearly all of its time.
RUN CGO_ENABLED=0 GOOS=linux GOARCH=${TARGETARCH} go build -trimpath -gcflags=all=-l \
    -ldflags="-s -w -X main.version=${VERSION}" -o /out/afterdeploy ./cmd/afterdeploy

# Busybox, since GitLab, CircleCI and the runner's Kubernetes mode start a
# container through sh, env and tail.
FROM ${BASE_IMAGE}
ARG VERSION=dev
LABEL org.opencontainers.image.title="afterdeploy" \
      org.opencontainers.image.description="Starts the right tests on a live deployment, once and correctly addressed." \
      org.opencontainers.image.source="https://github.com/afterdeploy/afterdeploy" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/afterdeploy /usr/local/bin/afterdeploy
# Root: GitHub runs container actions so, and only root may write the files for
# outputs and summary, which belong to the runner's user.
USER 0
# No WORKDIR: the runner mounts the workspace and makes it the working directory.
ENTRYPOINT ["/usr/local/bin/afterdeploy"]
