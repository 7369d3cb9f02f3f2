// Package pgtest starts a Postgres for tests, from Debian's binaries, on a
// socket in a temporary directory.
package pgtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Required is the environment variable that makes a missing Postgres a failure,
// so that it is not skipped where it must run.
const Required = "AFTERDEPLOY_REQUIRE_POSTGRES"

// binaries returns where Debian's newest Postgres is, "" without one.
func binaries() string {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

// Start returns the URL of an empty database that lives as long as the test.
// Without the binaries the test is skipped.
func Start(t testing.TB) string {
	t.Helper()
	if binaries() == "" {
		if os.Getenv(Required) != "" {
			t.Fatalf("%s is set, but there is no Postgres in /usr/lib/postgresql", Required)
		}
		t.Skip("no Postgres in /usr/lib/postgresql")
	}
	// Not t.TempDir: its path is longer than a socket's may be, and closed to
	// other users.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Log(err)
		}
	})
	as := serverUser(t, dir)
	data := filepath.Join(dir, "data")
	run(t, as, "initdb", "--pgdata", data, "--username", "test", "--auth", "trust", "--no-sync", "--encoding", "UTF8")

	var log bytes.Buffer
	server := exec.Command(filepath.Join(binaries(), "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=")
	server.SysProcAttr, server.Stdout, server.Stderr = as, &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = server.Wait()
		if t.Failed() {
			t.Logf("postgres: %s", log.String())
		}
	})
	url := fmt.Sprintf("postgres:///postgres?host=%s&user=test", dir)
	await(t, url)
	return url
}

// Open opens the database that Start returned, and closes it after the test.
func Open(t testing.TB, url string) *pg.DB {
	t.Helper()
	db, err := pg.Open(context.Background(), secret.New(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// OpenSchema opens a schema of the test's own in that database.
func OpenSchema(t testing.TB, url string) *pg.DB {
	t.Helper()
	schema := fmt.Sprintf("t%x", sha256.Sum256([]byte(t.Name())))[:32]
	if _, err := Open(t, url).SQL.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	return Open(t, url+"&search_path="+schema)
}

// serverUser finds somebody to run the server as, since it refuses root, and
// gives him dir.
func serverUser(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.Atoi(who.Uid)
	gid, err2 := strconv.Atoi(who.Gid)
	if err := errors.Join(err1, err2, os.Chown(dir, uid, gid)); err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func run(t testing.TB, as *syscall.SysProcAttr, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(binaries(), name), args...)
	cmd.SysProcAttr, cmd.Dir = as, "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// await waits until the server answers.
func await(t testing.TB, url string) {
	t.Helper()
	db := Open(t, url)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := db.Pool.Ping(context.Background())
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("postgres does not answer: %v", err)
		}
	}
}
