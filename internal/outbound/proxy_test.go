package outbound_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// proxy leads every connection to one address, whatever name is asked for, and
// keeps what it saw.
type proxy struct {
	to, refuse string

	mu   sync.Mutex
	seen []string // method and host
	text strings.Builder
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.Host)
	_ = r.Header.Write(&p.text)
	p.mu.Unlock()
	if p.refuse != "" || r.Method != http.MethodConnect {
		w.Header().Set("Proxy-Authenticate", "Basic")
		http.Error(w, p.refuse, http.StatusProxyAuthRequired)
		return
	}
	out, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", p.to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	in, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = out.Close()
		return
	}
	_, _ = io.WriteString(in, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(out, in)
		_ = out.Close()
	}()
	_, _ = io.Copy(in, out)
	_ = in.Close()
}

// env is an environment.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ours")
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-API-KEY")+r.Header.Get("Proxy-Authorization"))
	})
	// 0.0.0.0 leads to this machine, and unlike 127.0.0.1 is no name that goes
	// past every proxy.
	server := ca.serveTLS(t, time.Now().Add(time.Hour), ok, "service.test", "0.0.0.0")
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		env    func(proxy string) func(string) string
		host   string
		refuse string
		seen   []string
		kind   outbound.Kind
	}{
		"HTTPS_PROXY": {
			env: func(p string) func(string) string { return env("HTTPS_PROXY", p) }, host: "service.test", seen: []string{"CONNECT service.test:"},
		},
		"https_proxy, with a password": {
			env: func(p string) func(string) string {
				return env("https_proxy", strings.Replace(p, "//", "//proxyuser:proxypass@", 1))
			}, host: "service.test", seen: []string{"CONNECT service.test:"},
		},
		"upper case before lower": {
			env:  func(p string) func(string) string { return env("HTTPS_PROXY", p, "https_proxy", "http://127.0.0.1:1") },
			host: "service.test", seen: []string{"CONNECT service.test:"},
		},
		"NO_PROXY": {
			env: func(p string) func(string) string { return env("HTTPS_PROXY", p, "NO_PROXY", "x.test,0.0.0.0") }, host: "0.0.0.0",
		},
		"no NO_PROXY for it": {
			env: func(p string) func(string) string { return env("HTTPS_PROXY", p, "no_proxy", "x.test") }, host: "0.0.0.0", seen: []string{"CONNECT 0.0.0.0:"},
		},
		"HTTP_PROXY is not for https": {
			env: func(p string) func(string) string { return env("HTTP_PROXY", p) }, host: "0.0.0.0",
		},
		"no environment": {
			env: func(string) func(string) string { return nil }, host: "0.0.0.0",
		},
		"a proxy that wants a password": {
			env: func(p string) func(string) string {
				return env("HTTPS_PROXY", strings.Replace(p, "//", "//someone:pa55word@", 1))
			}, host: "service.test", refuse: "who are you?", seen: []string{"CONNECT service.test:"}, kind: outbound.KindConnect,
		},
		"a proxy that is not there": {
			env: func(string) func(string) string { return env("HTTPS_PROXY", "http://someone:pa55word@127.0.0.1:1") }, host: "service.test", kind: outbound.KindConnect,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &proxy{to: server.Listener.Addr().String(), refuse: tt.refuse}
			door := httptest.NewServer(p)
			t.Cleanup(door.Close)
			answer, failure := post(t, outbound.Options{CA: ca.pem, Getenv: tt.env(door.URL)}, "https://"+tt.host+":"+address.Port())
			if tt.kind != "" {
				wants(t, failure, tt.kind, false)
			} else if failure != nil || string(answer.Body) != apiKey {
				t.Errorf("answer %q, %v, want the key and nothing of the proxy's", answer.Body, failure)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			var want []string
			for _, seen := range tt.seen {
				want = append(want, seen+address.Port())
			}
			if diff := cmp.Diff(want, p.seen); diff != "" {
				t.Errorf("requests at the proxy (-want +got):\n%s", diff)
			}
			if strings.Contains(p.text.String(), apiKey) {
				t.Errorf("the proxy was shown the key: %s", p.text.String())
			}
		})
	}
}

func TestTheProgramNamesItself(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("User-Agent"))
	}))
	t.Cleanup(server.Close)
	answer, failure := post(t, outbound.Options{UserAgent: "afterdeploy/1.2.3"}, server.URL)
	if failure != nil || string(answer.Body) != "afterdeploy/1.2.3" {
		t.Errorf("the server saw %q (%v), want the program and its version", answer.Body, failure)
	}
	client, err := outbound.NewClient(outbound.Options{UserAgent: "afterdeploy/1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "another")
	if answer, err := outbound.Fetch(t.Context(), client, req, long, 1000); err != nil || string(answer.Body) != "another" {
		t.Errorf("the server saw %q (%v), want the request's own", answer.Body, err)
	}
}
