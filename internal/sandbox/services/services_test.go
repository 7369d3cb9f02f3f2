package services_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

func makeOne(t *testing.T, service, what string, o services.Options) services.Message {
	t.Helper()
	m, err := services.Make(service, what, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every event can be sent in the same bytes again, and another serial number
// makes another event.
func TestMake(t *testing.T) {
	t.Parallel()
	for _, service := range services.Names() {
		if len(services.Events(service)) == 0 {
			t.Errorf("%s has no events", service)
		}
		for _, what := range services.Events(service) {
			m, again := makeOne(t, service, what, services.Options{}), makeOne(t, service, what, services.Options{})
			if m.Method != http.MethodPost || !bytes.Equal(m.Body, again.Body) {
				t.Errorf("%s %s: made differently twice", service, what)
			}
			if len(m.Body) == 0 {
				continue // a first check of the address
			}
			if !json.Valid(m.Body) {
				t.Errorf("%s %s: not JSON: %s", service, what, m.Body)
			}
			other := makeOne(t, service, what, services.Options{Serial: 2})
			if bytes.Equal(m.Body, other.Body) && m.Header.Get("X-GitHub-Delivery") == other.Header.Get("X-GitHub-Delivery") {
				t.Errorf("%s %s: two serial numbers make the same event", service, what)
			}
		}
	}
}

// What GitHub plays in several ways is several deliveries, and not one that is
// sent again.
func TestDeliveriesHaveIdentifiersOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, what := range services.Events("github") {
		id := makeOne(t, "github", what, services.Options{}).Header.Get("X-GitHub-Delivery")
		if other, known := seen[id]; known || id == "" {
			t.Errorf("%s and %s: delivery %q", what, other, id)
		}
		seen[id] = what
	}
}

func TestMakeSigns(t *testing.T) {
	t.Parallel()
	for service, header := range map[string]string{"github": "X-Hub-Signature-256", "bitrise": "Bitrise-Hook-Signature"} {
		m := makeOne(t, service, services.Events(service)[0], services.Options{Secret: "s"})
		mac := hmac.New(sha256.New, []byte("s"))
		mac.Write(m.Body)
		if got, want := m.Header.Get(header), "sha256="+hex.EncodeToString(mac.Sum(nil)); got != want {
			t.Errorf("%s: %s is %q, want %q", service, header, got, want)
		}
	}
	for _, service := range []string{"currents", "gleap", "betterbugs"} {
		what := services.Events(service)[0]
		if got := makeOne(t, service, what, services.Options{Secret: "s"}).Header.Get("X-Relay-Secret"); got != "s" {
			t.Errorf("%s: X-Relay-Secret is %q", service, got)
		}
		if got := makeOne(t, service, what, services.Options{Secret: "s", Header: "X-Key"}).Header.Get("X-Key"); got != "s" {
			t.Errorf("%s: X-Key is %q", service, got)
		}
	}
	if m := makeOne(t, "betterbugs", "verify", services.Options{Secret: "s"}); len(m.Header) != 1 || len(m.Body) != 0 {
		t.Errorf("the check of the address is %v %q", m.Header, m.Body)
	}
}

func TestMakeForms(t *testing.T) {
	t.Parallel()
	m := makeOne(t, "betterbugs", "report", services.Options{Form: "urlencoded"})
	form, err := url.ParseQuery(string(m.Body))
	if err != nil || form.Get("customFields[team]") != "checkout" || form.Get("assignees[0][name]") != "quinn" {
		t.Errorf("form %v, %v", form, err)
	}
	m = makeOne(t, "betterbugs", "report", services.Options{Form: "multipart"})
	req, err := m.Request(t.Context(), "http://127.0.0.1/hooks/bugs")
	if err != nil {
		t.Fatal(err)
	}
	if err := req.ParseMultipartForm(1 << 20); err != nil || req.FormValue("customFields[team]") != "checkout" {
		t.Errorf("multipart form %v, %v", req.Form, err)
	}
	m = makeOne(t, "github", "push", services.Options{Form: "urlencoded"})
	if form, err := url.ParseQuery(string(m.Body)); err != nil || !json.Valid([]byte(form.Get("payload"))) {
		t.Errorf("form %v, %v", form, err)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	m := makeOne(t, "currents", "RUN_START", services.Options{})
	req, err := m.Request(t.Context(), "http://127.0.0.1/hooks/e2e")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil || !bytes.Equal(body, m.Body) || req.Header.Get("X-Timestamp") == "" {
		t.Errorf("request %v %q, %v", req.Header, body, err)
	}
	if _, err := m.Request(t.Context(), "::"); err == nil {
		t.Error("an address that is none was taken")
	}
}

func TestMakeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ service, what, form, want string }{
		{"gitlab", "push", "", "want one of betterbugs, bitrise"},
		{"bitrise", "build/started", "", "want one of build/finished"},
		{"currents", "RUN_START", "multipart", "currents sends JSON only"},
		{"betterbugs", "report", "xml", "want urlencoded or multipart"},
		{"github", "push", "multipart", "github sends JSON or an urlencoded form"},
	} {
		if _, err := services.Make(tt.service, tt.what, services.Options{Form: tt.form}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
