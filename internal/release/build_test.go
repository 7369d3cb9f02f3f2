package release_test

import (
	"encoding/json"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

func TestBillNamesEveryModuleOnce(t *testing.T) {
	t.Parallel()
	builds := []*debug.BuildInfo{
		{GoVersion: "go1.26.7", Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.0.0"}}},
		{GoVersion: "go1.26.7", Deps: []*debug.Module{
			{Path: "example.com/a", Version: "v1.0.0"},
			{Path: "example.com/windows", Version: "v0.1.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v0.2.0"}},
		}},
	}
	text, err := release.Bill("afterdeploy", "v1.2.3", builds, "busybox:1.37.0@"+digest)
	if err != nil {
		t.Fatal(err)
	}
	type component struct{ Type, Name, Version, Purl string }
	var got struct {
		BomFormat  string
		Metadata   struct{ Component component }
		Components []component
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []component{
		{"library", "example.com/a", "v1.0.0", "pkg:golang/example.com/a@v1.0.0"},
		{"library", "example.com/fork", "v0.2.0", "pkg:golang/example.com/fork@v0.2.0"},
		{"library", "std", "1.26.7", "pkg:golang/std@1.26.7"},
		{"container", "busybox", "1.37.0", "pkg:oci/busybox@sha256%3A" + strings.TrimPrefix(digest, "sha256:")},
	}
	if diff := cmp.Diff(want, got.Components); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if self := got.Metadata.Component; got.BomFormat != "CycloneDX" || self.Name != "afterdeploy" || self.Version != "v1.2.3" {
		t.Errorf("the bill is a %q of %v", got.BomFormat, self)
	}
}

func TestDockerfilesAreRead(t *testing.T) {
	t.Parallel()
	const sum = "@sha256:1111111111111111111111111111111111111111111111111111111111111111"
	text := "# x\nARG GO_IMAGE=golang:1.26.7-alpine3.24" + sum + "\nARG BASE_IMAGE=busybox:1" + sum + "\n"
	if got, err := release.GoVersion(text); got != "1.26.7" || err != nil {
		t.Errorf("GoVersion = %q, %v, want 1.26.7", got, err)
	}
	if base, certificates, err := release.Images(text); base != "busybox:1"+sum || certificates != "golang:1.26.7-alpine3.24"+sum || err != nil {
		t.Errorf("Images = %q, %q, %v", base, certificates, err)
	}
	if base, _, err := release.Images(strings.ReplaceAll(text, sum, "")); err == nil {
		t.Errorf("Images = %q without digests, want an error", base)
	}
}
