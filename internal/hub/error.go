package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// Kind says what a caller can do about an error.
type Kind string

// The kinds of error.
const (
	KindUnauthorized Kind = "unauthorized" // the token is not accepted
	KindPermission   Kind = "permission"   // the token may not do this
	KindNotFound     Kind = "not-found"    // it is not there, or the token may not know of it
	KindGone         Kind = "gone"         // it was there
	KindMoved        Kind = "moved"        // the repository has another name now
	KindValidation   Kind = "validation"   // GitHub would refuse it again
	KindRateLimited  Kind = "rate-limited" // not before Until
	KindServer       Kind = "server"       // GitHub failed
	KindNetwork      Kind = "network"      // no answer came
	KindOther        Kind = "other"
)

// Error is a call that did not do what it was made for.
type Error struct {
	Kind Kind
	// Op is what was tried ("list deployments").
	Op string
	// Status is the HTTP status, or 0 where no answer came.
	Status int
	// Message is what GitHub said about it.
	Message string
	// Needs is the permission that the call needs.
	Needs Permission
	// Until is when it may be tried again, where GitHub named a time.
	Until time.Time
	// Ambiguous reports a write that may have been carried out, though no
	// answer says so.
	Ambiguous bool
	// Err is the cause, where there is one.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "GitHub answered %d", e.Status)
		if e.Message != "" {
			b.WriteString(": " + e.Message)
		}
	case e.Kind == KindRateLimited:
		b.WriteString("GitHub's rate limit is used up")
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	}
	switch e.Kind {
	case KindPermission:
		fmt.Fprintf(&b, " (the token needs %s)", e.Needs)
	case KindRateLimited:
		fmt.Fprintf(&b, " (again at %s)", e.Until.UTC().Format("15:04:05 MST"))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error, [KindOther] for errors of elsewhere,
// and "" for nil.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	}
	return KindOther
}

// within names the operation in an error.
func within(op operation, err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		return &Error{Kind: KindOther, Op: op.name, Needs: op.needs, Err: err}
	}
	named := *e
	if e.Op != "" { // that of getting the token
		named.Op = op.name + ": " + e.Op
		return &named
	}
	named.Op, named.Needs = op.name, op.needs
	return &named
}

// classify turns an answer that is not a success into an error.
func classify(method string, a outbound.Answer, now time.Time) *Error {
	e := &Error{Status: a.Status, Message: message(a.Body)}
	if until, ok := limited(a.Status, a.Header, e.Message, now); ok {
		e.Kind, e.Until = KindRateLimited, until
		return e
	}
	e.Kind = kindOf(a.Status)
	switch e.Kind {
	case KindMoved:
		e.Message = "the repository has moved" + place(a.Header.Get("Location")) + ": use its new name"
	case KindServer:
		wait, asked := outbound.RetryAfter(a.Header, now)
		if asked {
			e.Until = now.Add(wait)
		}
		e.Ambiguous = writes(method) && !(asked && a.Status == http.StatusServiceUnavailable)
	}
	return e
}

func kindOf(status int) Kind {
	switch status {
	case http.StatusUnauthorized:
		return KindUnauthorized
	case http.StatusForbidden:
		return KindPermission
	case http.StatusNotFound:
		return KindNotFound
	case http.StatusGone:
		return KindGone
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return KindValidation
	}
	switch status / 100 {
	case 3:
		return KindMoved
	case 5:
		return KindServer
	}
	return KindOther
}

// place names a redirect's target without its query.
func place(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return ""
	}
	return " to " + u.Host + u.Path
}

// mostMessage bounds what is quoted of an answer, in characters.
const mostMessage = 300

// message is what an answer says about itself: its message, and what its
// errors name. GitHub gives errors as objects and as strings.
func message(body []byte) string {
	var said struct {
		Message string            `json:"message"`
		Errors  []json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	parts := []string{said.Message}
	for _, raw := range said.Errors {
		parts = append(parts, detail(raw))
	}
	parts = strings.Fields(strings.Join(parts, " "))
	return clip(strings.Join(parts, " "), mostMessage)
}

func detail(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var e struct{ Resource, Field, Code, Message string }
	if json.Unmarshal(raw, &e) != nil {
		return ""
	}
	if e.Message != "" {
		return e.Message
	}
	return strings.TrimSpace(fmt.Sprintf("(%s %s: %s)", e.Resource, e.Field, e.Code))
}
