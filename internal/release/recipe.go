package release

import (
	"archive/tar"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Recipe is what makes an image of a program. It says what the program's
// Dockerfile says, and a test holds the two together: the Dockerfile builds a
// branch wherever Docker is, the recipe a release, the same bytes each time.
type Recipe struct {
	Program string // and the name of the image
	About   string // description, for people
	User    string
	// Data is a directory that belongs to the user, a volume; "" for none.
	Data        string
	Port        string // "" for none
	Healthcheck *v1.HealthConfig
	Args        []string
	StopSignal  string
}

// Recipes returns the images of a release.
func Recipes() []Recipe {
	return []Recipe{{
		Program: "afterdeploy",
		About:   "Starts the right tests on a live deployment, once and correctly addressed.",
		User:    "0",
	}, {
		Program: "afterdeploy-relay",
		About:   "Brings webhooks to tests, workflows, commit statuses and issues.",
		User:    "65532:65532",
		Data:    "/data",
		Port:    "8080/tcp",
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/readyz"},
			Interval: 10 * time.Second, Timeout: 5 * time.Second, StartPeriod: 10 * time.Second,
		},
		Args:       []string{"serve", "--config", "/etc/afterdeploy/relay.yaml", "--data", "/data"},
		StopSignal: "SIGTERM",
	}}
}

// owner is the user that Data belongs to.
const owner = 65532

func (r Recipe) layer(program, certificates []byte) []entry {
	entries := headers([]File{
		{bundle, 0o644, certificates},
		{"usr/local/bin/" + r.Program, 0o755, program},
	})
	if r.Data != "" {
		entries = append(entries, entry{header: tar.Header{
			Typeflag: tar.TypeDir, Name: r.Data[1:] + "/", Mode: 0o700, Uid: owner, Gid: owner,
		}})
	}
	return entries
}

func (r Recipe) config(version Version, commit string, env []string) v1.Config {
	config := v1.Config{
		Env:         env,
		User:        r.User,
		Entrypoint:  []string{"/usr/local/bin/" + r.Program},
		Cmd:         r.Args,
		Healthcheck: r.Healthcheck,
		StopSignal:  r.StopSignal,
		Labels: map[string]string{
			"org.opencontainers.image.title":       r.Program,
			"org.opencontainers.image.description": r.About,
			"org.opencontainers.image.source":      "https://github.com/afterdeploy/afterdeploy",
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.version":     string(version),
			"org.opencontainers.image.revision":    commit,
		},
	}
	if r.Port != "" {
		config.ExposedPorts = map[string]struct{}{r.Port: {}}
	}
	if r.Data != "" {
		config.Volumes = map[string]struct{}{r.Data: {}}
	}
	return config
}
