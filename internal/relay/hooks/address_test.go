package hooks_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/hooks"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]string{
		"https://relay.example.com/at/hooks/ci?rev=0123abcd":       {"ci", "0123abcd", "ours"},
		"HTTPS://Relay.Example.com/at/hooks/ci?rev=0123abcd":       {"ci", "0123abcd", "ours"},
		"https://relay.example.com/at/hooks/ci":                    {"ci", "", "ours"},
		"https://relay.example.com/at/hooks/ci?rev=0123abcd&x=1":   {"ci", "", "ours"},
		"https://relay.example.com/at/hooks/ci?rev=0123ABCD":       {"ci", "", "ours"},
		"https://relay.example.com/at/hooks/ci/?rev=0123abcd":      {},
		"https://relay.example.com/at/hooks/?rev=0123abcd":         {},
		"https://relay.example.com/hooks/ci?rev=0123abcd":          {},
		"https://relay.example.com.evil.org/at/hooks/ci?rev=0":     {},
		"https://evil.org/?https://relay.example.com/at/hooks/ci":  {},
		"https://relay.example.com@evil.org/at/hooks/ci":           {},
		"http://relay.example.com/at/hooks/ci?rev=0123abcd":        {},
		"https://relay.example.com:8443/at/hooks/ci?rev=0123abcd":  {},
		"https://relay.example.com/at/../at/hooks/ci?rev=0123abcd": {},
		"::": {},
	} {
		name, revision, ok := hooks.Named(public, text)
		if name != want[0] || revision != want[1] || ok != (want[2] != "") {
			t.Errorf("Named(%q) = %q, %q, %v; want %v", text, name, revision, ok, want)
		}
	}
}

// An address is shown without what may be secret in it.
func TestHidden(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://relay.example.com/at/hooks/ci?rev=0123abcd": "https://relay.example.com/at/hooks/ci?rev=0123abcd",
		"https://other.example.com:8443/a%2Fb":               "https://other.example.com:8443/a%2Fb",
		"https://other.example.com/?rev=0123abcd&key=k":      "https://other.example.com/?***",
		"https://user:p@ss@other.example.com/in?key=k#f":     "https://***@other.example.com/in?***",
		"https://token@other.example.com":                    "https://***@other.example.com",
		"mailto:user@example.com":                            "***",
		"https://%zz":                                        "***",
	} {
		if got := (hooks.Webhook{URL: text}).Hidden().URL; got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// FuzzNamed: only an address below our own is ours, and only with our mark it
// was made by a sync.
func FuzzNamed(f *testing.F) {
	f.Add("https://relay.example.com/at/hooks/ci?rev=0123abcd")
	f.Add("https://relay.example.com/at/hooks/ci%2f?rev=0123abcd#x")
	f.Add("//relay.example.com/at/hooks/ci")
	f.Fuzz(func(t *testing.T, text string) {
		name, revision, ok := hooks.Named(public, text)
		if !ok {
			if name != "" && revision != "" {
				t.Errorf("Named(%q) = %q, %q of an address that is not ours", text, name, revision)
			}
			return
		}
		u, err := url.Parse(text)
		if err != nil || !strings.EqualFold(u.Scheme+"://"+u.Host+u.Path, public+"/hooks/"+name) && u.Path != "/at/hooks/"+name {
			t.Errorf("Named(%q) = %q", text, name)
		}
		if (revision != "") != (len(u.RawQuery) == len("rev=0123abcd") && u.RawQuery == "rev="+revision) {
			t.Errorf("Named(%q) has revision %q", text, revision)
		}
	})
}
