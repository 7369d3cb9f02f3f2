package release_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

// newRegistry starts a registry on the loopback and returns its address.
func newRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// pushBase publishes an index with an image of one file for each architecture,
// and returns its reference with the digest.
func pushBase(t *testing.T, repository, path, content string) string {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, arch := range []string{"amd64", "arm64"} {
		var layer bytes.Buffer
		w := tar.NewWriter(&layer)
		if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(content + arch))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content+arch); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
		if err != nil {
			t.Fatal(err)
		}
		img, err := mutate.AppendLayers(empty.Image, l)
		if err != nil {
			t.Fatal(err)
		}
		index = withPlatform(index, img, arch)
	}
	return pushIndex(t, repository, index)
}

// withPlatform adds the image of Linux on a processor to an index.
func withPlatform(index v1.ImageIndex, img v1.Image, arch string) v1.ImageIndex {
	return mutate.AppendManifests(index, mutate.IndexAddendum{
		Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
	})
}

// pushIndex pushes an index and returns its name by digest.
func pushIndex(t *testing.T, repository string, index v1.ImageIndex) string {
	t.Helper()
	ref, err := name.ParseReference(repository + ":base")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	hash, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return repository + "@" + hash.String()
}

// newPusher has archives of every program, of which each holds its own name.
func newPusher(t *testing.T, address string) release.Pusher {
	t.Helper()
	dir := t.TempDir()
	for _, program := range release.Programs() {
		for _, arch := range []string{"amd64", "arm64"} {
			var out bytes.Buffer
			if err := release.TarGz(&out, []release.File{{Name: program.Name, Mode: 0o755, Content: []byte(program.Name + arch)}}); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, program.Name+"_v1.2.3_linux_"+arch+".tar.gz"), out.String())
		}
	}
	return release.Pusher{
		Version: "v1.2.3", Archive: dir, Commit: commit, Created: time.Unix(1760000000, 0),
		Base:         pushBase(t, address+"/busybox", "bin/sh", "shell "),
		Certificates: pushBase(t, address+"/golang", "etc/ssl/certs/ca-certificates.crt", "certificates "),
	}
}

func TestImagesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	for _, recipe := range release.Recipes() {
		t.Run(recipe.Program, func(t *testing.T) {
			t.Parallel()
			first, second := newRegistry(t), newRegistry(t)
			a, err := newPusher(t, first).Push(t.Context(), recipe, first+"/x:v1.2.3")
			if err != nil {
				t.Fatal(err)
			}
			b, err := newPusher(t, second).Push(t.Context(), recipe, second+"/x:v1.2.3")
			if err != nil || a != b {
				t.Errorf("pushed again it is %s, %v, want %s", b, err, a)
			}
		})
	}
}

func TestImageIsWhatItsRecipeSays(t *testing.T) {
	t.Parallel()
	address := newRegistry(t)
	digest, err := newPusher(t, address).Push(t.Context(), release.Recipes()[1], address+"/relay:v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		ref, err := name.NewDigest(address + "/relay@" + digest)
		if err != nil {
			t.Fatal(err)
		}
		img, err := remote.Image(ref, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}))
		if err != nil {
			t.Fatal(err)
		}
		config, err := img.ConfigFile()
		if err != nil || config.Architecture != arch || config.Created.Unix() != 1760000000 {
			t.Errorf("config of %s is of %s at %v, %v", arch, config.Architecture, config.Created, err)
		}
		type member struct {
			Mode        int64
			User, Group int
			Content     string
		}
		got := map[string]member{}
		content := mutate.Extract(img)
		for r := tar.NewReader(content); ; {
			header, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			got[header.Name] = member{header.Mode, header.Uid, header.Gid, string(text)}
		}
		want := map[string]member{
			"bin/sh":                            {0o755, 0, 0, "shell " + arch},
			"etc/ssl/certs/ca-certificates.crt": {0o644, 0, 0, "certificates amd64"},
			"usr/local/bin/afterdeploy-relay":   {0o755, 0, 0, "afterdeploy-relay" + arch},
			"data":                              {0o700, 65532, 65532, ""},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("files for %s (-want +got):\n%s", arch, diff)
		}
	}
}

// Whoever moves v1.2.3 in the meantime does not move v1.
func TestMovedTagNamesTheIndexOfTheDigest(t *testing.T) {
	t.Parallel()
	address := newRegistry(t)
	pusher := newPusher(t, address)
	digest, err := pusher.Push(t.Context(), release.Recipes()[0], address+"/afterdeploy:v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	pusher.Created = pusher.Created.Add(time.Hour)
	other, err := pusher.Push(t.Context(), release.Recipes()[0], address+"/afterdeploy:v1.2.3")
	if err != nil || other == digest {
		t.Fatalf("Push = %s, %v, want another image", other, err)
	}
	for _, wrong := range []string{"v1.2.3", "", "sha256:1111"} {
		if err := release.Move(t.Context(), address+"/afterdeploy", wrong, "v1"); err == nil {
			t.Errorf("Move to %q = nil, want an error", wrong)
		}
	}
	if err := release.Move(t.Context(), address+"/afterdeploy", digest, "v1"); err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(address + "/afterdeploy:v1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := remote.Head(ref); err != nil || got.Digest.String() != digest {
		t.Errorf("v1 is %v, %v, want %s", got, err, digest)
	}
}

func TestPushRefusesWhatMoves(t *testing.T) {
	t.Parallel()
	address := newRegistry(t)
	pusher := newPusher(t, address)
	pusher.Base = address + "/busybox:base"
	if digest, err := pusher.Push(t.Context(), release.Recipes()[0], address+"/x:v1.2.3"); err == nil {
		t.Errorf("Push = %s on a base without a digest, want an error", digest)
	}
}

// What a release's image says of itself, its Dockerfile says too: a branch and
// a release behave alike.
func TestDockerfilesSayWhatRecipesSay(t *testing.T) {
	t.Parallel()
	files := []string{"Dockerfile", "Dockerfile.relay"}
	bases := map[string]bool{}
	for i, recipe := range release.Recipes() {
		text := read(t, "../../"+files[i])
		base, certificates, err := release.Images(text)
		if err != nil {
			t.Error(err)
		}
		bases[base+" "+certificates] = true
		final := text[strings.LastIndex(text, "\nFROM "):]
		array := func(words []string) string {
			out, err := json.Marshal(words)
			if err != nil {
				t.Fatal(err)
			}
			return strings.ReplaceAll(string(out), ",", ", ")
		}
		want := []string{
			"USER " + recipe.User + "\n",
			`ENTRYPOINT ["/usr/local/bin/` + recipe.Program + "\"]\n",
			`title="` + recipe.Program + `"`,
			`description="` + recipe.About + `"`,
			"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n",
			"COPY --from=build /out/" + recipe.Program + " /usr/local/bin/" + recipe.Program + "\n",
		}
		if recipe.Args != nil {
			want = append(want, "CMD "+array(recipe.Args)+"\n", "VOLUME "+recipe.Data+"\n", "STOPSIGNAL "+recipe.StopSignal+"\n",
				"EXPOSE "+strings.TrimSuffix(recipe.Port, "/tcp")+"\n",
				"--chown="+recipe.User+" /out/data "+recipe.Data+"\n",
				fmt.Sprintf("HEALTHCHECK --interval=%v --timeout=%v --start-period=%v \\\n    CMD %s\n",
					recipe.Healthcheck.Interval, recipe.Healthcheck.Timeout, recipe.Healthcheck.StartPeriod, array(recipe.Healthcheck.Test[1:])))
		}
		for _, line := range want {
			if !strings.Contains(final, line) {
				t.Errorf("%s does not say %q", files[i], line)
			}
		}
		if n := len(regexp.MustCompile(`(?m)^[A-Z]+ `).FindAllString(final, -1)); n != wantInstructions(recipe) {
			t.Errorf("the last stage of %s has %d instructions, want %d: is one of them missing in the recipe?", files[i], n, wantInstructions(recipe))
		}
	}
	if len(bases) != 1 {
		t.Errorf("the Dockerfiles name different images: %v", bases)
	}
}

// wantInstructions counts those of the last stage: FROM, ARG, LABEL, two COPY,
// USER and ENTRYPOINT, and for a server COPY, VOLUME, EXPOSE, HEALTHCHECK,
// STOPSIGNAL and CMD.
func wantInstructions(recipe release.Recipe) int {
	if recipe.Args != nil {
		return 13
	}
	return 7
}
