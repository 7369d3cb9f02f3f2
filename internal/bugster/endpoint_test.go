package bugster_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
)

func TestEndpoint(t *testing.T) {
	t.Parallel()
	const path = "/webhooks/integrations/custom"
	tests := map[string]struct{ base, want string }{
		"the service's own":        {bugster.DefaultBase, "https://api.bugster.app" + path},
		"trailing slash":           {"https://api.bugster.app/", "https://api.bugster.app" + path},
		"trailing slashes":         {"https://api.bugster.app//", "https://api.bugster.app" + path},
		"whole already":            {"https://api.bugster.app" + path, "https://api.bugster.app" + path},
		"whole, with a slash":      {"https://api.bugster.app" + path + "/", "https://api.bugster.app" + path},
		"whole, with two":          {"https://api.bugster.app" + path + "//", "https://api.bugster.app" + path},
		"below a prefix":           {"https://corp.example/bugster", "https://corp.example/bugster" + path},
		"whole below a prefix":     {"https://corp.example/b" + path, "https://corp.example/b" + path},
		"a part of the path":       {"https://corp.example/webhooks", "https://corp.example/webhooks" + path},
		"a path that looks alike":  {"https://corp.example/x" + path + "-2", "https://corp.example/x" + path + "-2" + path},
		"port":                     {"https://corp.example:8443", "https://corp.example:8443" + path},
		"scheme in capitals":       {"HTTPS://corp.example", "https://corp.example" + path},
		"http to localhost":        {"http://localhost:8000", "http://localhost:8000" + path},
		"http to 127.0.0.1":        {"http://127.0.0.1:8000", "http://127.0.0.1:8000" + path},
		"http to another loopback": {"http://127.8.9.1", "http://127.8.9.1" + path},
		"http to [::1]":            {"http://[::1]:8000/", "http://[::1]:8000" + path},
		"https to an IPv6 address": {"https://[2001:db8::1]", "https://[2001:db8::1]" + path},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := bugster.Endpoint(tt.base); err != nil || got != tt.want {
				t.Errorf("Endpoint(%q) = %q, %v, want %q", tt.base, got, err, tt.want)
			}
		})
	}
}

func TestEndpointRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ base, want string }{
		"nothing":               {"", "is not an address"},
		"a path":                {"/webhooks", "is not an address"},
		"a host alone":          {"api.bugster.app", `"api.bugster.app" is not an address`},
		"no host":               {"https://", "is not an address"},
		"a port alone":          {"https://:443", "is not an address"},
		"a newline":             {"https://a.example/\nx", "is not an address"},
		"http":                  {"http://api.bugster.app", "unencrypted"},
		"http to a name like":   {"http://localhost.example.com", "unencrypted"},
		"http to 127.1":         {"http://127.1", "unencrypted"},
		"another scheme":        {"ftp://localhost", "unencrypted"},
		"a user":                {"https://hunter2@a.example", "user name or password"},
		"a password":            {"https://me:hunter2@a.example", "user name or password"},
		"a password, no scheme": {"me:hunter2@a.example", "is not an address"},
		"a password, bad port":  {"https://me:hunter2@a.example:x", "is not an address"},
		"a query":               {"https://a.example?key=hunter2", "query or fragment"},
		"an empty query":        {"https://a.example/?", "query or fragment"},
		"a fragment":            {"https://a.example/#hunter2", "query or fragment"},
		"a query, no host":      {"https:?key=hunter2", "is not an address"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := bugster.Endpoint(tt.base)
			if err == nil || got != "" || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "want ") {
				t.Fatalf("Endpoint(%q) = %q, %v, want an error with %q that says what is right", tt.base, got, err, tt.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func FuzzEndpointIsSafeToSendTheKeyTo(f *testing.F) {
	for _, base := range []string{bugster.DefaultBase, "http://localhost:1/x/", "http://[::1]", "https://a@b", "https://a/../..", "https://a//webhooks/integrations/custom//", "https://a/%2e%2e?x"} {
		f.Add(base)
	}
	f.Fuzz(func(t *testing.T, base string) {
		got, err := bugster.Endpoint(base)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatalf("Endpoint(%q) = %q: %v", base, got, err)
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/webhooks/integrations/custom") {
			t.Errorf("Endpoint(%q) = %q, want the endpoint and nothing else", base, got)
		}
		if u.Scheme != "https" && (u.Scheme != "http" || !bugster.IsLoopback(u.Hostname())) {
			t.Errorf("Endpoint(%q) = %q, which is not encrypted", base, got)
		}
		if again, err := bugster.Endpoint(got); err != nil || again != got {
			t.Errorf("Endpoint(%q) = %q, %v, want the same again", got, again, err)
		}
	})
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "localhost.": true, "app.localhost": true, "app.localhost.": true,
		"127.0.0.1": true, "127.255.0.3": true, "::1": true, "0:0:0:0:0:0:0:1": true, "::ffff:127.0.0.1": true,
		"0.0.0.0": true, "::": true,
		"": false, ".": false, "localhost.example.com": false, "mylocalhost": false, "128.0.0.1": false, "10.0.0.1": false,
		"169.254.1.1": false, "::2": false, "fe80::1": false, "127.0.0.1.example.com": false, "127.1": false, "2130706433": false,
	} {
		if got := bugster.IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q) = %v, want %v", host, got, want)
		}
	}
}
