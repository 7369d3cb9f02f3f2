// Package admin is the relay's back door: a page, JSON and metrics for whoever
// runs it. Everything but the two health checks wants the token.
package admin

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Options of the back door.
type Options struct {
	Journal journal.Journal
	Token   secret.String
	Version string
	// Ready proves that the store commits.
	Ready   func(context.Context) error
	Metrics http.Handler
	Log     *slog.Logger
}

//go:embed page/*.html page/style.css
var page embed.FS

// readyTime bounds the proof that the store commits.
const readyTime = 3 * time.Second

// Handler serves the back door. It refuses all but the health checks where
// there is no token.
func Handler(o Options) http.Handler {
	h := &handler{
		Options: o,
		pages:   template.Must(template.New("").Funcs(functions()).ParseFS(page, "page/*.html")),
	}
	private := http.NewServeMux()
	private.HandleFunc("GET /{$}", h.list)
	private.HandleFunc("GET /events/{id}", h.show)
	private.HandleFunc("POST /redeliver/{id}", h.redeliver)
	private.HandleFunc("POST /resume/{target}", h.resume)
	private.HandleFunc("POST /logout", h.logout)
	private.HandleFunc("GET /api/events", h.apiList)
	private.HandleFunc("GET /api/events/{id}", h.apiShow)
	private.HandleFunc("POST /api/redeliver/{id}", h.apiRedeliver)
	private.HandleFunc("GET /api/targets", h.apiTargets)
	private.HandleFunc("POST /api/resume/{target}", h.apiResume)
	private.Handle("GET /metrics", o.Metrics)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", healthy)
	mux.HandleFunc("GET /readyz", h.ready)
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /login", h.loginPage)
	mux.HandleFunc("POST /login", h.login)
	mux.Handle("/", h.guard(private))
	return secure(http.NewCrossOriginProtection().Handler(mux))
}

type handler struct {
	Options
	pages *template.Template
}

// secure sets the headers that keep a page with strangers' words in it what it
// is: no script at all, no frame, no guess at types.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Cache-Control":           "no-store",
		} {
			w.Header().Set(name, value)
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

func healthy(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }

// ready says whether an event could be kept now, by keeping something.
func (h *handler) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	if err := h.Ready(ctx); err != nil {
		h.Log.Error("not ready", "error", err)
		http.Error(w, "the store does not commit", http.StatusServiceUnavailable)
		return
	}
	healthy(w, r)
}

func style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(w, r, page, "page/style.css")
}

// statusOf is the HTTP status that says what an error says.
func statusOf(err error) int {
	switch {
	case errors.Is(err, journal.ErrNotFound), errors.Is(err, work.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, work.ErrUnderway):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}
