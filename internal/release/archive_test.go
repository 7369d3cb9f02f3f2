package release_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

var members = []release.File{{Name: "afterdeploy", Mode: 0o755, Content: []byte("program")}, {Name: "LICENSE", Mode: 0o644, Content: []byte("text")}}

func TestTarGzHoldsNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := release.TarGz(&out, members); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("gzip's header has the time %v and the name %q, want neither", z.ModTime, z.Name)
	}
	var got []release.File
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Uname != "" || header.ModTime.Year() != 1980 {
			t.Errorf("%s has user %d %q and time %v, want root without a name in 1980", header.Name, header.Uid, header.Uname, header.ModTime)
		}
		got = append(got, release.File{Name: header.Name, Mode: header.Mode, Content: content})
	}
	if diff := cmp.Diff(members, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestZipHoldsNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := release.Zip(&out, members); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != len(members) {
		t.Fatalf("%d members, want %d", len(r.File), len(members))
	}
	for i, member := range r.File {
		content, err := r.Open(member.Name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		if member.Name != members[i].Name || !bytes.Equal(got, members[i].Content) || member.Modified.Year() != 1980 {
			t.Errorf("member %d is %q of %v with %q, want %q of 1980 with %q", i, member.Name, member.Modified, got, members[i].Name, members[i].Content)
		}
	}
}
