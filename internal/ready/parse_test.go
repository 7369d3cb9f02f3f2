package ready_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/ready"
)

func TestParseStatuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"200":             "200",
		"200, 204":        "200, 204",
		"2XX\n301":        "2xx, 301",
		"300-399":         "3xx",
		"200-299,404":     "2xx, 404",
		"401-403":         "401-403",
		"":                "",
		" , ":             "",
		"ok":              "",
		"99":              "",
		"100":             "",
		"1xx":             "",
		"600":             "",
		"299-200":         "",
		"200-":            "",
		"+200":            "",
		"200 nonsense 7x": "",
	} {
		got, err := ready.ParseStatuses(text)
		if err == nil && got.String() != want || (err != nil) != (want == "") {
			t.Errorf("ParseStatuses(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	_, err := ready.ParseStatuses("200 nonsense 7x")
	if !strings.Contains(err.Error(), `"nonsense"`) || !strings.Contains(err.Error(), `"7x"`) {
		t.Errorf("%v, want both mistakes", err)
	}
}

func FuzzParseStatuses(f *testing.F) {
	f.Add("200,204 2xx\n300-399")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := ready.ParseStatuses(text)
		if err != nil {
			return
		}
		again, err := ready.ParseStatuses(set.String())
		if err != nil {
			t.Fatalf("ParseStatuses(%q) = %s, which does not read: %v", text, set, err)
		}
		some := false
		for status := range 1000 {
			some = some || set.Has(status)
			if set.Has(status) != again.Has(status) || set.Has(status) && (status < 200 || status > 599) {
				t.Errorf("ParseStatuses(%q): %d is in %v, %v", text, status, set.Has(status), again.Has(status))
			}
		}
		if !some {
			t.Errorf("ParseStatuses(%q) holds nothing", text)
		}
	})
}

func TestParseHeaders(t *testing.T) {
	t.Parallel()
	got, err := ready.ParseHeaders("\r\nX-One: a: b\r\n  x-two :  value-two \nEmpty:\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"X-One", "x-two"}, got.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Empty"}, got.Empty()); diff != "" {
		t.Errorf("empty (-want +got):\n%s", diff)
	}
	if secrets := got.Secrets(); len(secrets) != 1 || !secrets[0].Equal("value-two") {
		t.Errorf("%d secrets, want value-two alone", len(secrets))
	}
	if shown := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(shown, "value-two") {
		t.Errorf("headers print as %s", shown)
	}
}

func TestParseHeadersRefusesAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ready.ParseHeaders("X-Fine: 1\nsecret-without-colon\nBad Name: s3cret\nHost: s3cret\nproxy-authorization: s3cret\nX-Tab: s3\x00cret\nX-CR: s3\rcret")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"line 2: want", "line 3: the name", "line 4: Host cannot", "line 5: proxy-authorization cannot", "line 6: the value of X-Tab", "line 7: the value of X-CR"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "s3") || strings.Contains(err.Error(), "without-colon") {
		t.Errorf("the error tells a value: %v", err)
	}
}

func FuzzParseHeaders(f *testing.F) {
	f.Add("X-Key: value\r\nAuthorization: Basic abc\nHost: x")
	f.Fuzz(func(t *testing.T, text string) {
		headers, err := ready.ParseHeaders(text)
		if err != nil {
			return
		}
		names := headers.Names()
		if len(names)+len(headers.Empty()) > strings.Count(text, "\n")+1 {
			t.Errorf("%q makes %d headers", text, len(names))
		}
		for _, name := range names {
			if strings.ContainsAny(name, " \r\n:") || slices.Contains([]string{"host", "connection", "content-length"}, strings.ToLower(name)) {
				t.Errorf("%q makes a header %q", text, name)
			}
		}
		for _, value := range headers.Secrets() {
			if strings.ContainsAny(value.Reveal(), "\r\n\x00") {
				t.Errorf("%q makes a value of several lines", text)
			}
		}
	})
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"/":                          true,
		"/version?full=1":            true,
		"https://app.example/v":      true,
		"http://app.example":         true,
		"":                           false,
		"version":                    false,
		"//evil.test/":               false,
		`/\evil.test/`:               false,
		"https:///x":                 false,
		"https://u:p@app.example/":   false,
		"javascript:alert(1)":        false,
		"/a b":                       false,
		"/a\nb":                      false,
		"?q":                         false,
		"https://app.example:port/x": false,
	} {
		if _, err := ready.ParseAddress(text); (err == nil) != ok {
			t.Errorf("ParseAddress(%q): %v, want ok = %v", text, err, ok)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("/version")
	f.Add("https://app.acme.example/x#y")
	f.Fuzz(func(t *testing.T, text string) {
		address, err := ready.ParseAddress(text)
		if err == nil && address == (ready.Address{}) {
			t.Errorf("ParseAddress(%q) is nowhere", text)
		}
	})
}

func TestShownHidesWhatMayBeSecret(t *testing.T) {
	t.Parallel()
	u := &url.URL{Scheme: "https", User: url.UserPassword("u", "pw"), Host: "app.example:8443", Path: "/a b", RawQuery: "token=s3cret", Fragment: "s3cret"}
	if got, want := ready.Shown(u), "https://app.example:8443/a%20b"; got != want {
		t.Errorf("Shown = %q, want %q", got, want)
	}
}
