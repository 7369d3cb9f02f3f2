package rest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// Fault is a misbehaviour of the requests that match.
type Fault struct {
	// Method and Path choose; Path is a glob in which * matches anything.
	// Empty: every one.
	Method string `yaml:"method"`
	Path   string `yaml:"path"`
	// Skip is the number of matching requests that are answered well first,
	// Times that of the bad answers. 0: 1. -1: all.
	Skip  int `yaml:"skip"`
	Times int `yaml:"times"`

	// CarryOut does what was asked before failing.
	CarryOut bool `yaml:"carry-out"`
	// Status is the answer. 0: none, the connection is closed.
	Status  int    `yaml:"status"`
	Message string `yaml:"message"`
	// Body is the answer's whole body, instead of an error with Message.
	Body string `yaml:"body"`
	// RetryAfter is the header of that name, as it is.
	RetryAfter string `yaml:"retry-after"`
	// Stall waits so long before the answer. -1: for ever.
	Stall time.Duration `yaml:"stall"`
}

func (f Fault) message() string { return cmp.Or(f.Message, http.StatusText(f.Status)) }

// fault returns the fault that this request meets.
func (s *Server) fault(req *http.Request) (Fault, bool) {
	if s.seen == nil {
		s.seen = make([]int, len(s.Faults))
	}
	for i, fault := range s.Faults {
		glob, err := deploy.ParseGlob(cmp.Or(fault.Path, "*"))
		if err != nil || fault.Method != "" && fault.Method != req.Method || !glob.Match(req.URL.Path) {
			continue
		}
		s.seen[i]++
		n := s.seen[i] - fault.Skip
		if n >= 1 && (fault.Times < 0 || n <= max(1, fault.Times)) {
			return fault, true
		}
	}
	return Fault{}, false
}

// play answers as the fault says; a is the error that it is.
func (f Fault) play(w http.ResponseWriter, req *http.Request, a Answer) {
	if f.Stall != 0 {
		var over <-chan time.Time
		if f.Stall > 0 {
			over = time.After(f.Stall)
		}
		select {
		case <-over:
		case <-req.Context().Done():
		}
	}
	if f.Status == 0 {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to close a connection without an answer
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Body != "" {
		if json.Valid([]byte(f.Body)) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
		}
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body)
		return
	}
	write(w, a)
}
