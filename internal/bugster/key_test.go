package bugster_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// edge is what stands on each side of the organization in a key.
const edge = "0123456789abcdef"

func TestCheckKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ key, want string }{
		"a key":                 {"bugster_" + edge + "abc" + edge, ""},
		"all of printable":      {"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", ""},
		"none":                  {"", ""},
		"newline at the end":    {"bugster_x\n", "white space at character 10"},
		"space before":          {" bugster_x", "white space at character 1"},
		"two words":             {"Bearer x", "white space at character 7"},
		"no-break space":        {"bugster\u00a0x", "white space at character 8"},
		"NUL":                   {"bugster\x00x", "at 8"},
		"delete":                {"bugster\x7f", "at 8"},
		"zero-width space":      {"bugster\u200bx", "at 8"},
		"curly quote":           {"“bugster", "at 1"},
		"not UTF-8":             {"bug\xff", "at 4"},
		"header of another one": {"x\r\nX-Admin: 1", "white space at character 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := bugster.CheckKey(secret.New(tt.key))
			if tt.want == "" {
				if err != nil {
					t.Errorf("CheckKey(%q) = %v, want nil", tt.key, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "want ") {
				t.Fatalf("CheckKey(%q) = %v, want an error with %q", tt.key, err, tt.want)
			}
			if strings.Contains(err.Error(), "bugster") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

// FuzzCheckKey holds what is let through against net/http and a server.
func FuzzCheckKey(f *testing.F) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("X-Api-Key"))
	}))
	f.Cleanup(server.Close)
	f.Add("bugster_x")
	f.Add("a b")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, key string) {
		if bugster.CheckKey(secret.New(key)) != nil || key == "" || len(key) > 1000 {
			t.Skip()
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-KEY", key)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatalf("CheckKey takes %q, which no header can hold: %v", key, err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get("X-Echo"); got != key {
			t.Errorf("CheckKey takes %q, of which the service sees %q", key, got)
		}
	})
}

func TestOtherOrganization(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key, organization string
		want              bool
	}{
		"the same":                   {"bugster_" + edge + "abc123def456" + edge, "org_abc123def456", false},
		"another":                    {"bugster_" + edge + "abc123def456" + edge, "org_xyz123def456", true},
		"another, of another length": {"bugster_" + edge + "abc123def456" + edge, "org_xyz", false},
		"another form of key":        {"bugster_org_abc123def456abc123def456abc123de", "org_xyz123def456", false},
		"no prefix":                  {edge + "abc123def456" + edge, "org_xyz123def456", false},
		"no organization's form":     {"bugster_" + edge + "abc123def456" + edge, "xyz123def456", false},
		"not alphanumeric":           {"bugster_" + edge + "abc123-ef456" + edge, "org_xyz123def456", false},
		"too short":                  {"bugster_" + edge + edge, "org_", false},
		"no key":                     {"", "org_xyz123def456", false},
		"no organization":            {"bugster_" + edge + "abc123def456" + edge, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bugster.OtherOrganization(secret.New(tt.key), tt.organization); got != tt.want {
				t.Errorf("OtherOrganization(%q, %q) = %v, want %v", tt.key, tt.organization, got, tt.want)
			}
		})
	}
}
