package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/app"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
)

// Script says how the sandbox misbehaves.
type Script struct {
	// Account is what the trigger endpoint accepts.
	Account *Account `yaml:"account"`
	// Endpoint lists what it does call by call.
	Endpoint []Step `yaml:"endpoint"`
	// App is the deployed application. Without it, every other path is none.
	App *app.Script `yaml:"app"`
	// GitHub is the GitHub API, at /api/v3 as on a server of one's own.
	// Without it there is none.
	GitHub *github.Script `yaml:"github"`
	// Currents and Bitrise are those services' APIs, at /currents/v1 and
	// /bitrise/v0.1.
	Currents currents.Script `yaml:"currents"`
	Bitrise  bitrise.Script  `yaml:"bitrise"`
}

// Step is what is done with one call. The zero Step is an honest answer.
type Step struct {
	// Times is how many calls the step is for: 0 and 1 one, -1 all.
	Times int `yaml:"times"`
	// Delay passes before anything is answered.
	Delay time.Duration `yaml:"delay"`
	// Hang answers nothing until the caller gives up.
	Hang bool `yaml:"hang"`
	// Reset breaks the connection "before" or "after" the body is read.
	Reset string `yaml:"reset"`
	// Garbage is written to the connection instead of HTTP.
	Garbage string `yaml:"garbage"`

	// Status, Headers and Body are answered, if Status is set. Without a
	// body it is an error of the documented form.
	Status  int               `yaml:"status"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
	// RetryAfter is the header of that name, as it is.
	RetryAfter string `yaml:"retry-after"`
	// Redirect is the Location of an answer 307.
	Redirect string `yaml:"redirect"`
	// BodySize is the length of a body of spaces, in bytes.
	BodySize int64 `yaml:"body-size"`
}

// ParseScript reads a script from YAML. Unknown keys are errors, with their
// position.
func ParseScript(text []byte) (Script, error) {
	var s Script
	if len(bytes.TrimSpace(text)) == 0 {
		return s, nil
	}
	if err := yaml.UnmarshalWithOptions(text, &s, yaml.DisallowUnknownField()); err != nil {
		return s, fmt.Errorf("read script: %w", err)
	}
	for i, step := range s.Endpoint {
		if step.Reset != "" && step.Reset != "before" && step.Reset != "after" {
			return s, fmt.Errorf("read script: endpoint[%d]: reset is %q: want before or after", i, step.Reset)
		}
	}
	if s.App == nil {
		return s, nil
	}
	if err := s.App.Check(); err != nil {
		return s, fmt.Errorf("read script: %w", err)
	}
	return s, nil
}

// play does what the step says, and reports whether it answered. Note is told
// the status, 0 for silence, before the answer leaves.
func (s Step) play(w http.ResponseWriter, req *http.Request, note func(int)) bool {
	if s.Delay > 0 {
		select {
		case <-req.Context().Done():
		case <-time.After(s.Delay):
		}
	}
	switch {
	case s.Hang:
		note(0)
		<-req.Context().Done()
	case s.Reset != "":
		note(0)
		hangUp(w)
	case s.Garbage != "":
		note(0)
		writeRaw(w, s.Garbage)
	case s.Redirect != "":
		note(http.StatusTemporaryRedirect)
		w.Header().Set("Location", s.Redirect)
		w.WriteHeader(http.StatusTemporaryRedirect)
	case s.Status != 0 || s.BodySize > 0:
		s.answer(w, note)
	default:
		return false
	}
	return true
}

func (s Step) answer(w http.ResponseWriter, note func(int)) {
	status := s.Status
	if status == 0 {
		status = http.StatusOK
	}
	note(status)
	for name, value := range s.Headers {
		w.Header().Set(name, value)
	}
	if s.RetryAfter != "" {
		w.Header().Set("Retry-After", s.RetryAfter)
	}
	switch {
	case s.BodySize > 0:
		w.Header().Set("Content-Length", strconv.FormatInt(s.BodySize, 10))
		w.WriteHeader(status)
		_, _ = io.Copy(w, io.LimitReader(spaces{}, s.BodySize))
	case s.Body != "":
		w.WriteHeader(status)
		_, _ = io.WriteString(w, s.Body)
	default:
		writeJSON(w, status, refusal(http.StatusText(status), ""))
	}
}

// spaces is an endless body.
type spaces struct{}

// Read implements [io.Reader].
func (spaces) Read(p []byte) (int, error) { return copy(p, strings.Repeat(" ", len(p))), nil }

// hangUp breaks the connection with a reset, where the protocol allows.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) //nolint:forbidigo // HTTP/2: net/http resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close with RST
	}
	_ = conn.Close()
}

func writeRaw(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) //nolint:forbidigo // HTTP/2: net/http resets the stream
	}
	_, _ = io.WriteString(conn, text)
	_ = conn.Close()
}
