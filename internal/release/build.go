package release

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
)

// Builder builds programs of a tree with the Go of this machine. The same tree,
// version and Go give the same bytes, wherever the tree lies.
type Builder struct {
	Tree    string
	Version Version
	// Env is the environment of the compiler.
	Env []string
}

// Build returns a program for a platform.
func (b Builder) Build(ctx context.Context, program Program, p Platform) ([]byte, error) {
	dir, err := os.MkdirTemp("", "afterdeploy-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, file(program.Name, p))
	// No build identifier of the linker, no state of the repository, no path.
	args := append([]string{
		"build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -buildid= -X main.version=" + string(b.Version), "-o", out,
	}, program.Flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/"+program.Name)...)
	cmd.Dir = b.Tree
	// GOAMD64 and GOARM64 choose instructions, GOEXPERIMENT and GOFLAGS nearly
	// anything: none of them may come from the machine.
	cmd.Env = append(slices.Clone(b.Env), "CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Arch,
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if problem, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s for %v: %w: %s", program.Name, p, err, bytes.TrimSpace(problem))
	}
	return os.ReadFile(out)
}

// Release writes what is released of the programs into a directory: an archive
// for every platform, each with the license, a bill of materials for every
// program, and SHA256SUMS over all of them.
func (b Builder) Release(ctx context.Context, programs []Program, dir string) error {
	license, err := os.ReadFile(filepath.Join(b.Tree, "LICENSE"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var files []File
	for _, program := range programs {
		made, err := b.files(ctx, program, license)
		if err != nil {
			return err
		}
		files = append(files, made...)
	}
	var all []Checksum
	for _, f := range files {
		all = append(all, ChecksumOf(f.Name, f.Content))
	}
	files = append(files, File{sums, 0o644, []byte(FormatChecksums(all))})
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// files returns the archives of a program and its bill of materials.
func (b Builder) files(ctx context.Context, program Program, license []byte) ([]File, error) {
	var files []File
	var builds []*debug.BuildInfo
	for _, p := range program.Platforms {
		binary, err := b.Build(ctx, program, p)
		if err != nil {
			return nil, err
		}
		info, err := buildinfo.Read(bytes.NewReader(binary))
		if err != nil {
			return nil, fmt.Errorf("modules of %s for %v: %w", program.Name, p, err)
		}
		builds = append(builds, info)
		packed, err := pack(p, []File{{file(program.Name, p), 0o755, binary}, {"LICENSE", 0o644, license}})
		if err != nil {
			return nil, err
		}
		files = append(files, File{archive(program.Name, b.Version, p), 0o644, packed})
	}
	base, err := b.base(program)
	if err != nil {
		return nil, err
	}
	bill, err := Bill(program.Name, b.Version, builds, base)
	return append(files, File{billOf(program.Name, b.Version), 0o644, bill}), err
}

// base returns the image that a program's own stands on, "" where it has none.
func (b Builder) base(program Program) (string, error) {
	if !slices.ContainsFunc(Recipes(), func(r Recipe) bool { return r.Program == program.Name }) {
		return "", nil
	}
	dockerfile, err := os.ReadFile(filepath.Join(b.Tree, "Dockerfile"))
	if err != nil {
		return "", err
	}
	base, _, err := Images(string(dockerfile))
	return base, err
}

func pack(p Platform, files []File) ([]byte, error) {
	write := TarGz
	if p.OS == "windows" {
		write = Zip
	}
	var out bytes.Buffer
	err := write(&out, files)
	return out.Bytes(), err
}
