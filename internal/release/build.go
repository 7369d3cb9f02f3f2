package release

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	cmd.Env = append(b.Env, "CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Arch,
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if problem, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s for %v: %w: %s", program.Name, p, err, bytes.TrimSpace(problem))
	}
	return os.ReadFile(out)
}

// Archives writes an archive for every platform of the programs into a
// directory, each with the license, and SHA256SUMS over all of them.
func (b Builder) Archives(ctx context.Context, programs []Program, dir string) error {
	license, err := os.ReadFile(filepath.Join(b.Tree, "LICENSE"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var all []Checksum
	for _, program := range programs {
		for _, p := range program.Platforms {
			binary, err := b.Build(ctx, program, p)
			if err != nil {
				return err
			}
			packed, err := pack(p, []File{{file(program.Name, p), 0o755, binary}, {"LICENSE", 0o644, license}})
			if err != nil {
				return err
			}
			name := archive(program.Name, b.Version, p)
			if err := os.WriteFile(filepath.Join(dir, name), packed, 0o644); err != nil {
				return err
			}
			all = append(all, ChecksumOf(name, packed))
		}
	}
	return os.WriteFile(filepath.Join(dir, sums), []byte(FormatChecksums(all)), 0o644)
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
