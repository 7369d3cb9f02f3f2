package hub_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// keys makes a private key in both forms, and its public one.
func keys(t *testing.T) (pkcs1, pkcs8 secret.String, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	modern, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return secret.New(text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))), secret.New(text("PRIVATE KEY", modern)), text("PUBLIC KEY", open)
}

func tokensMade(fake *github.Fake) int {
	n := 0
	for _, w := range fake.Writes() {
		if strings.HasSuffix(w.Path, "/access_tokens") {
			n++
		}
	}
	return n
}

func TestAppTokens(t *testing.T) {
	t.Parallel()
	pkcs1, pkcs8, public := keys(t)
	for name, key := range map[string]secret.String{"PKCS 1": pkcs1, "PKCS 8": pkcs8} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := github.New(github.Script{Token: "nobody's", App: github.App{ID: "123", PublicKey: public}})
				o := options(t, fake)
				app, err := hub.NewApp(o, "123", key)
				if err != nil {
					t.Fatal(err)
				}
				c := client(t, fake, app)
				for _, step := range []struct {
					after time.Duration
					want  int
				}{{0, 1}, {54 * time.Minute, 1}, {2 * time.Minute, 2}} {
					time.Sleep(step.after)
					if err := c.CreateStatus(t.Context(), repo, sha, hub.Status{State: "pending", Context: "x"}); err != nil {
						t.Fatal(err)
					}
					if got := tokensMade(fake); got != step.want {
						t.Errorf("%v later: %d tokens made, want %d", step.after, got, step.want)
					}
				}
			})
		})
	}
}

func TestAppTokenThatEndedEarly(t *testing.T) {
	t.Parallel()
	key, _, public := keys(t)
	fake := github.New(github.Script{
		App:    github.App{ID: "123", PublicKey: public},
		Faults: []github.Fault{{Path: "*/statuses/*", Status: 401}},
	})
	o := options(t, fake)
	app, err := hub.NewApp(o, "123", key)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, fake, app)
	write := func() error {
		return c.CreateStatus(t.Context(), repo, sha, hub.Status{State: "pending", Context: "x"})
	}
	if err := write(); hub.KindOf(err) != hub.KindUnauthorized {
		t.Fatalf("CreateStatus = %v, want kind %s", err, hub.KindUnauthorized)
	}
	if err := write(); err != nil {
		t.Errorf("CreateStatus again = %v", err)
	}
	if got := tokensMade(fake); got != 2 {
		t.Errorf("%d tokens made, want 2", got)
	}
}

func TestAppOfAnotherKey(t *testing.T) {
	t.Parallel()
	key, _, _ := keys(t)
	_, _, public := keys(t)
	fake := github.New(github.Script{App: github.App{ID: "123", PublicKey: public}})
	app, err := hub.NewApp(options(t, fake), "123", key)
	if err != nil {
		t.Fatal(err)
	}
	err = client(t, fake, app).Dispatch(t.Context(), repo, "x", nil)
	if hub.KindOf(err) != hub.KindUnauthorized || !strings.Contains(err.Error(), "dispatch: get the App's token: ") {
		t.Errorf("Dispatch = %v, want kind %s and where it happened", err, hub.KindUnauthorized)
	}
}

func TestNewAppRefuses(t *testing.T) {
	t.Parallel()
	key, _, public := keys(t)
	for name, tt := range map[string]struct {
		id  string
		key secret.String
	}{
		"no id": {"", key}, "no key": {"1", secret.String{}}, "no PEM": {"1", secret.New("key")}, "a public key": {"1", secret.New(public)},
	} {
		if _, err := hub.NewApp(hub.Options{BaseURL: base}, tt.id, tt.key); err == nil {
			t.Errorf("%s: NewApp = nil, want an error", name)
		}
	}
}
