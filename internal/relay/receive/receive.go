// Package receive is the relay's front door: it takes a request in whole, has
// its source verify it, has it kept, and only then says so.
package receive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// Inbox keeps entries. It returns when one is on disk.
type Inbox interface {
	Put(ctx context.Context, e inbox.Entry) (inbox.Receipt, error)
}

// Handler answers /hooks/{source}.
type Handler struct {
	// Source finds a source by its name.
	Source func(name string) (*source.Source, bool)
	Inbox  Inbox
	// Failed reports whether an event has deliveries that sending it again
	// revives.
	Failed func(ctx context.Context, id string) (bool, error)
	// Kept is called after something was kept.
	Kept func()
	// Observe is told how each request was answered: with a state, or with
	// the reason of a refusal.
	Observe func(source, answer string, took time.Duration)
	Log     *slog.Logger
	// Room bounds the bytes of all bodies that are being received.
	Room *Room
}

// The states of an answer.
const (
	accepted   = "accepted"
	duplicate  = "duplicate"
	rearmed    = "rearmed"
	unverified = "unverified"
)

// ackDeadline is how long a sender waits at most to hear that its event is
// kept. GitHub gives up after ten seconds.
const ackDeadline = 5 * time.Second

// mostUnverified bounds a body that nobody vouches for.
const mostUnverified = 64 << 10

// answer is the body of a 200.
type answer struct {
	ID    string `json:"id,omitempty"`
	State string `json:"state"`
}

// refusal is a request that is not kept: the sender learns the status and the
// word, the log the cause.
type refusal struct {
	status int
	word   string
	cause  error
}

// Error implements error.
func (r refusal) Error() string { return fmt.Sprintf("%s: %v", r.word, r.cause) }

// Unwrap returns the cause.
func (r refusal) Unwrap() error { return r.cause }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	name := r.PathValue("source")
	src, ok := h.Source(name)
	if !ok {
		// The name is a stranger's word: it is no metric's label.
		h.refuse(w, "", refusal{http.StatusNotFound, "unknown source", fmt.Errorf("%q", name)}, began)
		return
	}
	a, err := h.take(w, r, src)
	var no refusal
	switch {
	case errors.As(err, &no):
		h.refuse(w, name, no, began)
	case err != nil:
		h.refuse(w, name, refusal{http.StatusServiceUnavailable, "not kept", err}, began)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // who does not listen any more is not told
		h.Observe(name, a.State, time.Since(began))
	}
}

func (h *Handler) refuse(w http.ResponseWriter, source string, no refusal, began time.Time) {
	if no.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": no.word})
	h.Observe(source, no.word, time.Since(began))
	level := slog.LevelInfo
	if no.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	h.Log.Log(context.Background(), level, "refused", "source", source, "status", no.status, "reason", no.Error())
}

// take receives, verifies and keeps one request.
func (h *Handler) take(w http.ResponseWriter, r *http.Request, src *source.Source) (answer, error) {
	if !src.Allows(r.Method) {
		w.Header().Set("Allow", http.MethodPost)
		return answer{}, refusal{http.StatusMethodNotAllowed, "method not allowed", errors.New(r.Method)}
	}
	body, release, err := h.Room.read(w, r, src.Limit())
	defer release()
	if err != nil {
		return answer{}, err
	}
	request := source.Request{Method: r.Method, Header: r.Header, Body: body, RemoteAddr: r.RemoteAddr, Received: time.Now().UTC()}
	switch err := src.Verify(request); {
	case errors.Is(err, source.ErrUnverified) && len(body) <= mostUnverified:
		return h.keepUnverified(r.Context(), src, request)
	case err != nil:
		return answer{}, refusal{http.StatusUnauthorized, "not verified", err}
	case !src.Accepts(r.Header.Get("Content-Type")):
		return answer{}, refusal{http.StatusUnsupportedMediaType, "unsupported content type", fmt.Errorf("%q", r.Header.Get("Content-Type"))}
	case r.Header.Get("Content-Encoding") != "" && r.Header.Get("Content-Encoding") != "identity":
		return answer{}, refusal{http.StatusUnsupportedMediaType, "unsupported content encoding", fmt.Errorf("%q", r.Header.Get("Content-Encoding"))}
	}
	return h.keep(r.Context(), src, request)
}

func (h *Handler) keep(ctx context.Context, src *source.Source, r source.Request) (answer, error) {
	// The sender's connection may break while the commit is under way; what
	// was verified is worth keeping all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackDeadline)
	defer cancel()
	receipt, err := h.Inbox.Put(ctx, entry(src, r))
	if err != nil {
		return answer{}, err
	}
	h.Kept()
	if !receipt.Duplicate {
		return answer{receipt.ID, accepted}, nil
	}
	failed, err := h.Failed(ctx, receipt.ID)
	if err != nil {
		h.Log.Error("look for failed deliveries", "event", receipt.ID, "error", err)
	}
	if failed {
		return answer{receipt.ID, rearmed}, nil
	}
	return answer{receipt.ID, duplicate}, nil
}

// keepUnverified keeps a request that the service makes before a secret can be
// set. It gets its 200 in any case: without that, no secret could be set.
func (h *Handler) keepUnverified(ctx context.Context, src *source.Source, r source.Request) (answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackDeadline)
	defer cancel()
	e := entry(src, r)
	e.Unverified = true
	receipt, err := h.Inbox.Put(ctx, e)
	if err != nil && !errors.Is(err, inbox.ErrFull) {
		return answer{}, err
	}
	return answer{receipt.ID, unverified}, nil
}

func entry(src *source.Source, r source.Request) inbox.Entry {
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		remote = r.RemoteAddr
	}
	return inbox.Entry{
		Source: src.Name(), Service: src.Service(), Key: src.Key(r),
		Method: r.Method, Remote: remote, Header: src.Redact(r.Header), Body: r.Body, Received: r.Received,
	}
}
