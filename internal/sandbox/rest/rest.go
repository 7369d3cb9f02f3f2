// Package rest is what the stand-ins of JSON APIs share: scripted faults, who
// may ask, strict bodies, and a record of what was asked.
package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one call that came, without its key.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // with its query
	Body   json.RawMessage `json:"body,omitempty"`
	Status int             `json:"status"` // 0: no answer
}

// Answer is what a call is told.
type Answer struct {
	Status int
	Body   any // nil: an empty body
}

// Server answers the calls of one API, one at a time.
type Server struct {
	// Allow reports why a request may not be made, or a zero Answer.
	Allow func(*http.Request) Answer
	// Refuse writes an error as the API does.
	Refuse func(status int, message string) Answer
	// Faults are what goes wrong.
	Faults []Fault

	mux   http.ServeMux
	mu    sync.Mutex
	seen  []int // how often each fault's requests came
	asked []Request
}

// Handle adds a call. It runs under the server's lock.
func (s *Server) Handle(pattern string, do func(req *http.Request, body []byte) Answer) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { s.serve(w, req, do) })
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if _, pattern := s.mux.Handler(req); pattern == "" {
		s.serve(w, req, func(req *http.Request, _ []byte) Answer {
			return s.Refuse(http.StatusNotFound, "Cannot "+req.Method+" "+req.URL.Path)
		})
		return
	}
	s.mux.ServeHTTP(w, req)
}

// Do runs something under the server's lock.
func (s *Server) Do(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// Requests returns what was asked so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

const mostBody = 1 << 20

func (s *Server) serve(w http.ResponseWriter, req *http.Request, do func(*http.Request, []byte) Answer) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, mostBody))
	if err != nil {
		write(w, s.Refuse(http.StatusRequestEntityTooLarge, "request entity too large"))
		return
	}
	answer, fault, bad := s.answer(req, body, do)
	if bad {
		fault.play(w, req, answer)
		return
	}
	write(w, answer)
}

// answer decides what is answered, and notes it.
func (s *Server) answer(req *http.Request, body []byte, do func(*http.Request, []byte) Answer) (a Answer, fault Fault, bad bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault, bad = s.fault(req)
	if a = s.Allow(req); a.Status == 0 && (!bad || fault.CarryOut) {
		a = do(req, body)
	}
	if bad {
		a = s.Refuse(fault.Status, fault.message())
	}
	noted := Request{Method: req.Method, Path: req.URL.RequestURI(), Status: a.Status}
	if json.Valid(body) {
		noted.Body = body
	}
	s.asked = append(s.asked, noted)
	if a.Body != nil { // written down while nobody changes it
		text, _ := json.Marshal(a.Body) // it is of our own types
		a.Body = json.RawMessage(text)
	}
	return a, fault, bad
}

func write(w http.ResponseWriter, a Answer) {
	if a.Body == nil {
		w.WriteHeader(a.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.Status)
	_ = json.NewEncoder(w).Encode(a.Body) // who hung up is not told
}

// Strict reads a JSON body. It refuses fields that into does not have, and
// whatever follows.
func Strict(req *http.Request, body []byte, into any) error {
	if media, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";"); media != "application/json" {
		return fmt.Errorf("content type %q: want application/json", media)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("body: something follows the JSON")
	}
	return nil
}

// Query refuses parameters that the call does not know, and ones that are there
// twice.
func Query(req *http.Request, known ...string) error {
	var errs []error
	for name, values := range req.URL.Query() {
		switch {
		case !slices.Contains(known, name):
			errs = append(errs, fmt.Errorf("query parameter %q is unknown", name))
		case len(values) > 1:
			errs = append(errs, fmt.Errorf("query parameter %q is there %d times", name, len(values)))
		}
	}
	return errors.Join(errs...)
}

// Optional is a field of a body that can be left out or be null.
type Optional[T any] struct {
	Given bool
	Value *T // nil: null
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	o.Given = true
	return json.Unmarshal(text, &o.Value)
}

// Stamp writes a time as both APIs do.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
