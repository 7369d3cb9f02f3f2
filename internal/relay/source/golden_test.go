package source_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/afterdeploy/afterdeploy/internal/golden"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const key = "a secret that both sides know"

// received is a fixed time, the one at which the stand-ins send.
func received() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// open makes a source of a service that verifies in the service's own way.
func open(t testing.TB, service string) *source.Source {
	t.Helper()
	return openWith(t, source.Config{Name: service, Service: service, Verify: ways(service, key)})
}

func openWith(t testing.TB, c source.Config) *source.Source {
	t.Helper()
	s, err := source.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ways(service string, keys ...string) source.Verification {
	v := source.Verification{Header: "X-Relay-Secret"}
	if service == source.GitHub || service == source.Bitrise {
		v.Header = ""
	}
	for _, k := range keys {
		v.Secrets = append(v.Secrets, secret.New(k))
	}
	return v
}

// TestServices plays every event of every service, and keeps what becomes of
// it.
func TestServices(t *testing.T) {
	t.Parallel()
	for _, service := range services.Names() {
		for _, name := range services.Events(service) {
			t.Run(service+"/"+name, func(t *testing.T) {
				t.Parallel()
				m, err := services.Make(service, name, services.Options{Secret: key})
				if err != nil {
					t.Fatal(err)
				}
				r := source.Request{Method: m.Method, Header: m.Header, Body: m.Body, Received: received()}
				s := open(t, service)
				if err := s.Verify(r); err != nil && name != "verify" {
					t.Errorf("Verify() = %v", err)
				}
				e, err := s.Parse(r)
				if err != nil {
					t.Errorf("Parse() = %v", err)
				}
				golden.File(t, filepath.Join("testdata", "services", service+"_"+strings.NewReplacer("/", "_", ":", "_").Replace(name)+".json"), show(t, e))
			})
		}
	}
}

// TestRequests parses requests written by hand: what the services document, and
// what else they are known or likely to send.
func TestRequests(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/requests/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no requests", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := readRequest(t, part(archive, "header"), part(archive, "body"))
			service, _, _ := strings.Cut(filepath.Base(file), "_")
			e, err := openWith(t, source.Config{Name: service, Service: service, Verify: source.Verification{None: true}}).Parse(r)
			if err != nil {
				t.Errorf("Parse() = %v", err)
			}
			golden.Part(t, file, "event.json", show(t, e))
		})
	}
}

func readRequest(t *testing.T, header, body []byte) source.Request {
	t.Helper()
	h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(header, '\n')))).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	body = bytes.TrimSuffix(body, []byte("\n"))
	if strings.HasPrefix(h.Get("Content-Type"), "multipart/") {
		body = bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
	}
	return source.Request{Method: http.MethodPost, Header: http.Header(h), Body: body, Received: received()}
}

func part(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// show is an event without its zero values, for people to read.
func show(t *testing.T, e event.Event) []byte {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		if value == "" || value == 0.0 {
			delete(fields, name)
		}
	}
	if e.Counts == (event.Counts{}) {
		delete(fields, "counts")
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(fields); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sign(body []byte, key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
