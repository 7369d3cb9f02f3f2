package pg_test

import (
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// A connection whose commits may be lost is not used, whoever made it so.
func TestRefusesCommitsThatMayBeLost(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	for setting, want := range map[string]string{
		"local": "", "remote_write": "", "on": "", "remote_apply": "",
		"off": "the database has synchronous_commit off: want on",
	} {
		err := pgtest.Open(t, at+"&synchronous_commit="+setting).SQL.PingContext(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("with synchronous_commit=%s: %v, want %q", setting, err, want)
		}
	}
}

// A URL that cannot be read may have its password in the wrong place.
func TestBadURLIsNotQuoted(t *testing.T) {
	t.Parallel()
	_, err := pg.Open(t.Context(), secret.New("postgres://u:hunter2@host:port/db"))
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "postgres://user:password@host/name") {
		t.Errorf("Open = %v, want what a URL looks like and not this one", err)
	}
}

// A relay with too few connections would wait for itself.
func TestWantsConnections(t *testing.T) {
	t.Parallel()
	_, err := pg.Open(t.Context(), secret.New("postgres://u:hunter2@host/db?pool_max_conns=1"))
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "pool_max_conns is 1: want 4 or more") {
		t.Errorf("Open = %v, want how many connections there should be", err)
	}
}
