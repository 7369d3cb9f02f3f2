package contract

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// Handler passes requests on to next and reports all that is not as described,
// in the requests as in the answers. Prefix is what stands before the
// described paths.
func (d *Description) Handler(prefix string, next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			report(err)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		path := strings.TrimPrefix(req.URL.EscapedPath(), prefix)
		if err := d.Request(req.Method, path, req.URL.Query(), body); err != nil {
			report(err)
		}
		seen := &recorder{ResponseWriter: w, status: http.StatusOK}
		http.StripPrefix(prefix, next).ServeHTTP(seen, req)
		if err := d.Answer(req.Method, path, seen.status, seen.body.Bytes()); err != nil {
			report(err)
		}
	})
}

// recorder keeps what passes through it.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}
