package relayload_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/lite"
	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// contestant is a program with a store in some condition.
type contestant struct {
	name string
	// path is where webhooks go.
	path string
	// prepare makes a server with nothing left to deliver, listening at address.
	prepare func(b *testing.B, address string, draining bool) *server
	// kept returns the identifiers of what was kept since, and how many bytes
	// the store takes for each event. It is nil where the program tells its
	// senders no identifiers.
	kept func(b *testing.B, since time.Time) (map[string]bool, int64)
}

const rules = `
sources:
  hub: {service: github, verify: {signature: env:SECRET}}
targets:
  there: {service: github, token: env:TOKEN, api-url: "%s", repositories: [acme/web], concurrency: 16}
rules:
  - {name: status, source: hub, kind: %s, do: status, to: there, with: {context: deployed}}
`

// The kinds of event that the rule wants: all that come, or none.
const (
	draining = "deployment"
	idle     = "build"
)

// afterdeployRelay is the relay on the stores of a directory, or on a database.
func afterdeployRelay(b *testing.B, name, binary, dir, database, hub string) contestant {
	b.Helper()
	return contestant{
		name: name,
		path: "/hooks/hub",
		prepare: func(b *testing.B, address string, drains bool) *server {
			b.Helper()
			kind := idle
			if drains {
				kind = draining
			}
			forgetWork(b, dir, database)
			admin := freeAddress(b)
			config := write(b, dir, "relay.yaml", fmt.Sprintf(rules, hub, kind))
			return &server{
				args:  []string{binary, "serve", "--config", config, "--data", dir, "--listen", address, "--admin", admin},
				env:   []string{"SECRET=" + key, "TOKEN=t", "AFTERDEPLOY_RELAY_TOKEN=t", "AFTERDEPLOY_RELAY_DATABASE_URL=" + database},
				ready: "http://" + admin + "/readyz",
				log:   filepath.Join(dir, "log"),
			}
		},
		kept: func(b *testing.B, since time.Time) (map[string]bool, int64) {
			b.Helper()
			path := filepath.Join(dir, "inbox.db")
			db, err := lite.OpenReader(b.Context(), path)
			size := func() (int64, error) { return lite.Size(path) }
			if database != "" {
				db, err = pgtest.Open(b, database).SQL, nil
				size = func() (int64, error) { return pg.Size(b.Context(), db, "event") }
			}
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			return identifiers(b, db, since), perEvent(b, db, size)
		},
	}
}

func perEvent(b *testing.B, db *sql.DB, size func() (int64, error)) int64 {
	b.Helper()
	var n int64
	err := db.QueryRowContext(b.Context(), `SELECT count(*) FROM event`).Scan(&n)
	if err != nil {
		b.Fatal(err)
	}
	bytes, err := size()
	if err != nil {
		b.Fatal(err)
	}
	return bytes / max(1, n)
}

func identifiers(b *testing.B, db *sql.DB, since time.Time) map[string]bool {
	b.Helper()
	found, err := db.QueryContext(b.Context(), `SELECT id FROM event WHERE received >= $1`, since.UnixMilli())
	if err != nil {
		b.Fatal(err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) })
	if err != nil {
		b.Fatal(err)
	}
	set := make(map[string]bool, len(list))
	for _, id := range list {
		set[id] = true
	}
	return set
}

// forgetWork leaves nothing to route or to deliver of what was measured before.
func forgetWork(b *testing.B, dir, database string) {
	b.Helper()
	const routed = `UPDATE event SET route_at = NULL, state = 'ignored' WHERE route_at IS NOT NULL`
	if database != "" {
		db := pgtest.Open(b, database).SQL
		for _, statement := range []string{routed, `DROP TABLE IF EXISTS delivery, attempt CASCADE`, `TRUNCATE river_job`} {
			// Before the first start there is no such table.
			_, _ = db.ExecContext(b.Context(), statement)
		}
		return
	}
	if _, err := os.Stat(filepath.Join(dir, "inbox.db")); err != nil {
		return // it was never started
	}
	for _, name := range []string{"work.db", "work.db-wal", "work.db-shm"} {
		_ = os.Remove(filepath.Join(dir, name))
	}
	db, err := lite.Open(context.Background(), filepath.Join(dir, "inbox.db"), lite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), routed); err != nil {
		b.Fatal(err)
	}
}

const hookaidoRules = `
ingress { listen "%s" }
pull_api { auth token raw:t }
admin_api { listen "%s" }
queue_limits { max_depth 10000000 }
defaults {
  egress { https_only off
    dns_rebind_protection off
    allow "127.0.0.1" }
}
/webhooks/github {
  queue { backend sqlite }
  auth hmac {
    provider github
    secret env:SECRET
  }
  %s
}
`

// hookaido is the relay that the goals are about. Idle, it keeps what comes
// until somebody asks for it.
func hookaido(b *testing.B, binary, dir, sink string) contestant {
	b.Helper()
	return contestant{
		name: "Hookaido",
		path: "/webhooks/github",
		prepare: func(b *testing.B, address string, drains bool) *server {
			b.Helper()
			mode := `pull { path /pull/github }`
			if drains {
				mode = fmt.Sprintf("deliver_concurrency 16\n  deliver %q { timeout 10s }", sink)
			}
			for _, name := range []string{"db", "db-wal", "db-shm"} {
				_ = os.Remove(filepath.Join(dir, name))
			}
			admin := freeAddress(b)
			config := write(b, dir, "Hookaidofile", fmt.Sprintf(hookaidoRules, address, admin, mode))
			return &server{
				args:  []string{binary, "run", "--config", config, "--db", filepath.Join(dir, "db")},
				env:   []string{"SECRET=" + key},
				ready: "http://" + admin + "/healthz",
				log:   filepath.Join(dir, "log"),
			}
		},
	}
}

// build compiles the relay as its image has it.
func build(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "afterdeploy-relay")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "../../../cmd/afterdeploy-relay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

func write(b *testing.B, dir, name, text string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}
