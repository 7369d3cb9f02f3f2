//go:build e2e

package e2e_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// largest is the goal for the compressed image.
const largest = 5_000_000 // bytes

func TestImageIsSmall(t *testing.T) {
	t.Parallel()
	size := 0
	for name, layer := range layers(t, image) {
		n := compressed(t, layer)
		t.Logf("%s: %d bytes compressed", name, n)
		size += n
	}
	t.Logf("%s: %d bytes compressed", image, size)
	if size > largest {
		t.Errorf("%s has %d bytes compressed, want at most %d", image, size, largest)
	}
}

// A manifest may say arm64 over a userland of amd64, so every program is asked
// for itself.
func TestProgramsAreOfTheirArchitecture(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]elf.Machine{
		image:            elf.EM_X86_64,
		image + "-arm64": elf.EM_AARCH64,
	} {
		t.Run(want.String(), func(t *testing.T) {
			t.Parallel()
			found := map[string]elf.Machine{}
			for _, layer := range layers(t, name) {
				machines(t, layer, found)
			}
			for program, got := range found {
				if got != want {
					t.Errorf("%s: /%s is for %v, want %v", name, program, got, want)
				}
			}
			if len(found) < 2 || found["usr/local/bin/afterdeploy"] == 0 {
				t.Errorf("%s has the programs %v, want afterdeploy and a userland", name, found)
			}
		})
	}
}

func TestImageRunsAsRunnersExpect(t *testing.T) {
	t.Parallel()
	type config struct {
		User, WorkingDir string
		Entrypoint       []string
		Labels           map[string]string
	}
	var got config
	if err := json.Unmarshal(docker(t, "image", "inspect", "--format", "{{json .Config}}", image), &got); err != nil {
		t.Fatal(err)
	}
	version := "ci"
	if release := os.Getenv("RELEASE_VERSION"); release != "" {
		version = release
	}
	if label := got.Labels["org.opencontainers.image.version"]; label != version {
		t.Errorf("the label version is %q, want %q", label, version)
	}
	got.Labels = nil
	want := config{User: "0", Entrypoint: []string{"/usr/local/bin/afterdeploy"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config of %s (-want +got):\n%s", image, diff)
	}
	if out := docker(t, "run", "--rm", image, "version"); !strings.HasPrefix(string(out), "afterdeploy "+version+" ") {
		t.Errorf("version printed %q, want afterdeploy %s", out, version)
	}
}

// GitLab starts a job's image through sh, CircleCI and the runner's Kubernetes
// mode keep it alive with tail, and all need a CA bundle.
func TestImageHasAUserland(t *testing.T) {
	t.Parallel()
	script := "command -v env tail tar find chmod mv rm && grep -c BEGIN /etc/ssl/certs/ca-certificates.crt"
	docker(t, "run", "--rm", "--entrypoint", "sh", image, "-c", script)
}

// docker runs the client and returns what it prints.
func docker(t *testing.T, args ...string) []byte {
	t.Helper()
	var problem bytes.Buffer
	cmd := exec.Command("docker", args...)
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, &problem)
	}
	return out
}

// layers returns the uncompressed layers of an image.
func layers(t *testing.T, name string) map[string][]byte {
	t.Helper()
	saved := map[string][]byte{}
	each(t, bytes.NewReader(docker(t, "save", name)), func(name string, content []byte) {
		saved[name] = content
	})
	var manifest []struct{ Layers []string }
	if err := json.Unmarshal(saved["manifest.json"], &manifest); err != nil || len(manifest) != 1 {
		t.Fatalf("manifest.json of %s has %d images, %v; want 1", name, len(manifest), err)
	}
	found := map[string][]byte{}
	for _, layer := range manifest[0].Layers {
		found[layer] = uncompressed(t, saved[layer])
	}
	return found
}

// uncompressed undoes what some stores of Docker do to layers.
func uncompressed(t *testing.T, layer []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(layer))
	if errors.Is(err, gzip.ErrHeader) {
		return layer
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// machines adds what ELF files a layer holds, and for which machine.
func machines(t *testing.T, layer []byte, found map[string]elf.Machine) {
	t.Helper()
	each(t, bytes.NewReader(layer), func(name string, content []byte) {
		if !bytes.HasPrefix(content, []byte(elf.ELFMAG)) {
			return
		}
		f, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found[strings.TrimPrefix(name, "./")] = f.Machine
	})
}

// each calls f for every regular file of an archive.
func each(t *testing.T, archive io.Reader, f func(name string, content []byte)) {
	t.Helper()
	r := tar.NewReader(archive)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		f(header.Name, content)
	}
}

// compressed tells the size that a registry would store.
func compressed(t *testing.T, layer []byte) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(layer); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
