//go:build e2e

package e2e_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// inspected is a name in the certificate of net/http/httptest. Go never goes
// through a proxy to localhost, so the service needs another name.
const inspected = "example.com:443"

// proxy starts a proxy as companies have it, which opens TLS with a certificate
// of its own and passes what it reads on to a service:
//
//	proxy NAME SERVICE_URL CA.pem
//
// $NAME becomes its address. The service is https://example.com behind it.
func proxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: proxy name service-url ca.pem")
	}
	target, err := url.Parse(args[1])
	ts.Check(err)
	inside := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	})
	ts.Defer(inside.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: inside.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), ca, 0o600))
	outside := httptest.NewServer(connect(inside.Listener.Addr().String()))
	ts.Defer(outside.Close)
	ts.Setenv(args[0], outside.URL)
}

// connect tunnels CONNECT requests for one name to address and refuses others.
func connect(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != inspected {
			http.Error(w, "want CONNECT "+inspected, http.StatusForbidden)
			return
		}
		inside, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer inside.Close()
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		both(client, inside)
	})
}

// both copies between two connections until one side ends.
func both(a, b net.Conn) {
	var done sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		done.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		})
	}
	done.Wait()
}
