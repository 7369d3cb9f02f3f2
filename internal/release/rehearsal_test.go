//go:build e2e

package release_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

// rehearsed is the version, which no user will ever see.
const rehearsed = "v0.0.1"

// TestRehearsal releases this commit on this machine, step by step as the
// workflow does, to a registry of its own: all but signatures, attestations and
// GitHub's own doings. Only the images below are others, and the release of Go.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	address := newRegistry(t)
	tree := clone(t)
	bases(t, tree, address)
	tool := filepath.Join(t.TempDir(), "tool")
	run(t, tree, "go", "build", "-o", tool, "./internal/release/tool")
	run(t, tree, tool, "prepare", rehearsed)
	commitAll(t, tree, "prepare")
	run(t, tree, tool, "check", rehearsed)

	dist := filepath.Join(t.TempDir(), rehearsed)
	run(t, tree, tool, "build", rehearsed, dist, "afterdeploy")
	t.Run("the archives run and repeat", func(t *testing.T) { t.Parallel(); archives(t, tree, dist) })

	push := func(registry string) string {
		t.Helper()
		out := run(t, tree, tool, "push", "-commit", run(t, tree, "git", "rev-parse", "HEAD"), "-created", "1760000000",
			rehearsed, dist, registry+"/afterdeploy", "afterdeploy")
		return strings.TrimPrefix(out, "afterdeploy=")
	}
	digest := push(address)
	if again := push(newRegistry(t)); again != digest {
		t.Errorf("pushed again the image is %s, want %s", again, digest)
	}
	run(t, tree, tool, "move", rehearsed, address+"/afterdeploy", "afterdeploy="+digest)
	run(t, tree, tool, "pin", rehearsed, digest, dist)
	run(t, tree, tool, "check")
	commitAll(t, tree, "pin")
	if changed := run(t, tree, "git", "diff", "--name-only", "HEAD~", "HEAD"); changed != "action.yml\nsetup/SHA256SUMS" {
		t.Errorf("the release changes %q, want action.yml and setup/SHA256SUMS", changed)
	}

	// From here on the registry's name has to be the rehearsal's.
	replace(t, filepath.Join(tree, "action.yml"), `docker://ghcr\.io/`, "docker://"+address+"/")
	pulled := address + "/afterdeploy/afterdeploy@" + digest
	t.Cleanup(func() { run(t, ".", "docker", "image", "rm", "--force", pulled) })
	t.Run("the image has program, userland and certificates", func(t *testing.T) { t.Parallel(); userland(t, pulled) })
	t.Run("a workflow runs the image", func(t *testing.T) { t.Parallel(); action(t, tree) })
	t.Run("a workflow installs the archive", func(t *testing.T) { t.Parallel(); setup(t, tree, dist) })
}

// clone returns a copy of this commit.
func clone(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	run(t, ".", "git", "clone", "--quiet", "--no-tags", "../..", dir)
	return dir
}

// bases publishes the images that the Dockerfiles stand on, as this machine has
// them, and writes their names into the tree.
func bases(t *testing.T, tree, address string) {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for arch, local := range map[string]string{"amd64": "afterdeploy-ci/base", "arm64": "afterdeploy-ci/base-arm64"} {
		file := filepath.Join(t.TempDir(), arch)
		run(t, tree, "docker", "save", "--output", file, local)
		img, err := tarball.ImageFromPath(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		index = withPlatform(index, img, arch)
	}
	base := pushIndex(t, address+"/busybox", index)
	certificates := pushBase(t, address+"/golang", "etc/ssl/certs/ca-certificates.crt", read(t, "/etc/ssl/certs/ca-certificates.crt"))
	_, digest, _ := strings.Cut(certificates, "@")
	for _, file := range []string{"Dockerfile", "Dockerfile.relay"} {
		path := filepath.Join(tree, file)
		replace(t, path, `(?m)^ARG BASE_IMAGE=.*$`, "ARG BASE_IMAGE="+base)
		replace(t, path, `(?m)^ARG GO_IMAGE=.*$`, fmt.Sprintf("ARG GO_IMAGE=%s/golang:%s-rehearsal@%s", address, strings.TrimPrefix(runtime.Version(), "go"), digest))
	}
}

// archives checks what was built: the one for this machine runs, and is built
// again elsewhere, from nothing, to the same bytes.
func archives(t *testing.T, tree, dist string) {
	checksums, err := release.Verify(dist)
	if err != nil || len(checksums) != 7 {
		t.Fatalf("%d checksums, %v, want those of 6 archives and a bill of materials", len(checksums), err)
	}
	if bill := read(t, filepath.Join(dist, "afterdeploy_"+rehearsed+".cdx.json")); !strings.Contains(bill, "pkg:golang/github.com/spf13/cobra@v") {
		t.Errorf("the bill of materials is %s, want cobra in it", bill)
	}
	packed := read(t, filepath.Join(dist, fmt.Sprintf("afterdeploy_%s_linux_%s.tar.gz", rehearsed, runtime.GOARCH)))
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	var released bytes.Buffer
	if _, err := released.ReadFrom(r); err != nil {
		t.Fatal(err)
	}

	elsewhere := clone(t)
	program := release.Programs()[0]
	again, err := release.Builder{
		Tree: elsewhere, Version: rehearsed, Env: append(os.Environ(), "GOCACHE="+t.TempDir()),
	}.Build(t.Context(), program, release.Platform{OS: "linux", Arch: runtime.GOARCH})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, released.Bytes()) {
		t.Errorf("built again %s is another: %d bytes, %d before", program.Name, len(again), released.Len())
	}
	path := filepath.Join(t.TempDir(), "afterdeploy")
	if err := os.WriteFile(path, released.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := run(t, tree, path, "version"); !strings.HasPrefix(got, "afterdeploy "+rehearsed+" ") {
		t.Errorf("version printed %q, want %s", got, rehearsed)
	}
}

// userland looks into an image with Docker.
func userland(t *testing.T, image string) {
	script := "command -v env tail tar find chmod mv rm && grep -q BEGIN /etc/ssl/certs/ca-certificates.crt && afterdeploy version"
	if out := run(t, ".", "docker", "run", "--rm", "--entrypoint", "sh", image, "-c", script); !strings.Contains(out, "afterdeploy "+rehearsed+" ") {
		t.Errorf("the image prints %q, want %s", out, rehearsed)
	}
}

// action runs the released action.yml: act pulls the image by its digest.
func action(t *testing.T, tree string) {
	workflow := `on: workflow_dispatch
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: afterdeploy/afterdeploy@` + rehearsed + `
        id: tests
        with:
          dry-run: "true"
          api-key: bugster_sandbox_key
          organization-id: org_release
          project-id: release
          environment-url: https://shop.example.com
      - run: echo "outcome=$OUTCOME"
        env:
          OUTCOME: ${{ steps.tests.outputs.outcome }}
`
	out := act(t, tree, workflow, "ubuntu-latest=afterdeploy-ci/runner")
	if !strings.Contains(out, "outcome=dry-run") {
		t.Errorf("act printed %s\nwant outcome=dry-run", out)
	}
}

// setup runs the released setup/action.yml, on this machine itself.
func setup(t *testing.T, tree, dist string) {
	files := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(dist))))
	t.Cleanup(files.Close)
	workflow := `on: workflow_dispatch
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: afterdeploy/afterdeploy/setup@` + rehearsed + `
        id: setup
      - run: afterdeploy version && echo "installed=$VERSION"
        env:
          VERSION: ${{ steps.setup.outputs.version }}
`
	out := act(t, tree, workflow, "ubuntu-latest=-self-hosted", "--env", "AFTERDEPLOY_DOWNLOADS="+files.URL)
	if !strings.Contains(out, "installed="+rehearsed) || !strings.Contains(out, "afterdeploy "+rehearsed+" ") {
		t.Errorf("act printed %s\nwant version and output %s", out, rehearsed)
	}
}

// act runs a workflow of somebody's repository, for which a tree is the tag of
// this one, and returns the log.
func act(t *testing.T, tree, workflow, platform string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, "git", "init", "--quiet")
	run(t, dir, "git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "commit", "--quiet", "--allow-empty", "--message", "start")
	write(t, filepath.Join(dir, "rehearsal.yml"), workflow)
	return run(t, dir, "act", append([]string{
		"workflow_dispatch", "--workflows", "rehearsal.yml", "--platform", platform, "--rm", "--pull=false",
		"--no-cache-server", "--container-daemon-socket", "-",
		"--local-repository", "afterdeploy/afterdeploy@" + rehearsed + "=" + tree,
	}, more...)...)
}

func commitAll(t *testing.T, tree, message string) {
	t.Helper()
	run(t, tree, "git", "add", "--update")
	run(t, tree, "git", "add", "setup")
	run(t, tree, "git", "-c", "user.name=rehearsal", "-c", "user.email=rehearsal@example.com", "commit", "--quiet", "--message", message)
}

func replace(t *testing.T, path, pattern, by string) {
	t.Helper()
	before := read(t, path)
	after := regexp.MustCompile(pattern).ReplaceAllLiteralString(before, by)
	if after == before {
		t.Fatalf("%s has nothing like %s", path, pattern)
	}
	write(t, path, after)
}

// run runs a program in a directory and returns what it prints.
func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	var problem bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s%s", filepath.Base(program), strings.Join(args, " "), err, out, &problem)
	}
	return strings.TrimSpace(string(out))
}
