package release_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

// A stand-in for the program. The script calls `afterdeploy version`.
const program = "#!/bin/sh\n[ \"$1\" = version ] && echo afterdeploy v1.2.3 here\n"

// published serves the archives of v1.2.3 as a release does, and returns the
// address and the checksums.
func published(t *testing.T) (address string, sums []release.Checksum) {
	t.Helper()
	files := map[string][]byte{}
	for _, c := range checksums("v1.2.3") {
		var out bytes.Buffer
		name, pack := "afterdeploy", release.TarGz
		if strings.HasSuffix(c.File, ".zip") {
			name, pack = "afterdeploy.exe", release.Zip
		}
		if err := pack(&out, []release.File{{Name: name, Mode: 0o755, Content: []byte(program + "# " + c.File + "\n")}}); err != nil {
			t.Fatal(err)
		}
		files["/v1.2.3/"+c.File] = out.Bytes()
		sums = append(sums, release.ChecksumOf(c.File, out.Bytes()))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, found := files[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return server.URL, sums
}

// job is a step's environment on a runner.
type job struct {
	script string // path of install.sh
	env    []string
	temp   string
}

// newJob lays out an action at v1.2.3 with these checksums, nil for a branch.
func newJob(t *testing.T, system, arch, address string, sums []release.Checksum) job {
	t.Helper()
	wantTools(t)
	dir := filepath.Join(t.TempDir(), "with space")
	write(t, filepath.Join(dir, "setup", "install.sh"), read(t, "../../setup/install.sh"))
	if sums != nil {
		write(t, filepath.Join(dir, "setup", "SHA256SUMS"), release.FormatChecksums(sums))
	}
	j := job{script: filepath.Join(dir, "setup", "install.sh"), temp: filepath.Join(dir, "temp")}
	write(t, filepath.Join(j.temp, "path"), "")
	write(t, filepath.Join(j.temp, "output"), "")
	j.env = append(os.Environ(),
		"RUNNER_OS="+system, "RUNNER_ARCH="+arch, "RUNNER_TEMP="+j.temp, "AFTERDEPLOY_DOWNLOADS="+address,
		"GITHUB_PATH="+filepath.Join(j.temp, "path"), "GITHUB_OUTPUT="+filepath.Join(j.temp, "output"))
	return j
}

// wantTools skips a test where the script's programs are missing, which every
// runner has, unless AFTERDEPLOY_REQUIRE_TOOLS is set.
func wantTools(t *testing.T) {
	t.Helper()
	for _, name := range []string{"bash", "curl", "tar", "unzip"} {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("AFTERDEPLOY_REQUIRE_TOOLS") != "" {
			t.Fatalf("AFTERDEPLOY_REQUIRE_TOOLS is set, but there is no %s", name)
		}
		t.Skipf("no %s", name)
	}
}

// run runs the script and returns what it printed.
func (j job) run(t *testing.T, extra ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("bash", j.script)
	cmd.Env = slices.Concat(j.env, extra)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestSetupInstallsTheArchiveOfThePlatform(t *testing.T) {
	t.Parallel()
	address, sums := published(t)
	for platform, want := range map[string]string{
		"Linux X64": "linux_amd64.tar.gz", "Linux ARM64": "linux_arm64.tar.gz",
		"macOS X64": "darwin_amd64.tar.gz", "macOS ARM64": "darwin_arm64.tar.gz",
		"Windows X64": "windows_amd64.zip", "Windows ARM64": "windows_arm64.zip",
	} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			system, arch, _ := strings.Cut(platform, " ")
			j := newJob(t, system, arch, address, sums)
			out, err := j.run(t)
			if err != nil || !strings.Contains(out, "afterdeploy v1.2.3") {
				t.Fatalf("install.sh: %v: %s", err, out)
			}
			bin := strings.TrimSuffix(read(t, filepath.Join(j.temp, "path")), "\n")
			name := "afterdeploy"
			if system == "Windows" {
				name += ".exe"
			}
			if got := read(t, filepath.Join(bin, name)); !strings.Contains(got, want) {
				t.Errorf("installed %q, want that of %s", got, want)
			}
			if got := read(t, filepath.Join(j.temp, "output")); got != "version=v1.2.3\n" {
				t.Errorf("outputs are %q, want the version", got)
			}
		})
	}
}

func TestSetupFailsClearly(t *testing.T) {
	t.Parallel()
	wantTools(t)
	address, sums := published(t)
	wrong := append([]release.Checksum(nil), sums...)
	wrong[0].Sum = strings.Repeat("0", 64)
	unpublished := checksums("v9.9.9")
	tests := map[string]struct {
		system, arch string
		sums         []release.Checksum
		extra        []string
		want         string
	}{
		"another system":      {"Plan9", "X64", sums, nil, "RUNNER_OS is 'Plan9': want Linux, macOS or Windows"},
		"another processor":   {"Linux", "ARM", sums, nil, "RUNNER_ARCH is 'ARM': there are programs for X64 and ARM64"},
		"a wrong checksum":    {"Linux", "X64", wrong, nil, "it is not what was released, nothing was installed"},
		"not in the list":     {"Windows", "ARM64", sums[:2], nil, "names no archive for windows/arm64"},
		"no such release":     {"Linux", "X64", unpublished, nil, "cannot download " + address + "/v9.9.9/afterdeploy_v9.9.9_linux_amd64.tar.gz"},
		"outside of a job":    {"Linux", "X64", sums, []string{"GITHUB_PATH="}, "GITHUB_PATH is not set"},
		"a branch without Go": {"Linux", "X64", nil, []string{"PATH=" + onlyShell(t)}, "name a version, as in afterdeploy/afterdeploy/setup@v1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, tt.system, tt.arch, address, tt.sums)
			out, err := j.run(t, tt.extra...)
			if err == nil || !strings.Contains(out, "::error title=afterdeploy setup::") || !strings.Contains(out, tt.want) {
				t.Errorf("install.sh: %v, printed %q, want an annotation with %q", err, out, tt.want)
			}
			if installed, _ := filepath.Glob(filepath.Join(j.temp, "afterdeploy", "bin", "*")); len(installed) > 0 {
				t.Errorf("%v is there, want nothing installed", installed)
			}
			if path := read(t, filepath.Join(j.temp, "path")); path != "" {
				t.Errorf("the PATH got %q, want nothing", path)
			}
		})
	}
}

// On a branch the program is built from the tree around the script.
func TestSetupBuildsABranch(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("../../setup/install.sh")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(script), "SHA256SUMS")); err == nil {
		t.Skip("this tree is a release")
	}
	j := newJob(t, "Linux", "X64", "", nil)
	j.script = script
	out, err := j.run(t)
	if err != nil || !strings.HasPrefix(out, "afterdeploy dev ") {
		t.Fatalf("install.sh: %v: %s", err, out)
	}
	if got := read(t, filepath.Join(j.temp, "output")); got != "version=dev\n" {
		t.Errorf("outputs are %q, want the version dev", got)
	}
}

// onlyShell is a PATH with bash and what the script needs, and nothing else.
func onlyShell(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"bash", "dirname", "mkdir", "mktemp", "rm"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
