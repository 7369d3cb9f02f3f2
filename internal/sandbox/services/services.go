// Package services plays the services whose webhooks the relay receives: their
// payloads, headers and signatures, as each of them sends them.
package services

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options say what a message tells and how it is sent. The zero value gives a
// realistic message without a secret.
type Options struct {
	// Secret signs the body where the service can sign, and else goes into
	// Header.
	Secret string
	// Header carries the secret; empty signs with GitHub and Bitrise, and is
	// X-Relay-Secret with the others.
	Header string
	// Form is empty for JSON, or urlencoded, or multipart.
	Form string

	Repository string // owner/name
	Commit     string
	Branch     string
	URL        string // of the deployed application
	// Serial numbers the build, run, bug or delivery: another one makes
	// another subject.
	Serial int
	Now    time.Time
}

// Message is one webhook request.
type Message struct {
	Method string
	Header http.Header
	Body   []byte
}

// Request makes the HTTP request that takes the message to an address.
func (m Message) Request(ctx context.Context, address string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, m.Method, address, bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	req.Header = m.Header.Clone()
	return req, nil
}

// payload is a message's content before it has a form.
type payload = map[string]any

// event is one event of a service.
type event struct {
	header http.Header
	body   payload // nil for an empty body
}

// service is how one service sends.
type service struct {
	signature string // the header with the HMAC, if it signs
	events    map[string]func(Options) event
}

func known() map[string]service {
	return map[string]service{
		"github":     {"X-Hub-Signature-256", github()},
		"bitrise":    {"Bitrise-Hook-Signature", bitrise()},
		"currents":   {"", currents()},
		"gleap":      {"", gleap()},
		"betterbugs": {"", betterBugs()},
	}
}

// Names lists the services.
func Names() []string { return slices.Sorted(maps.Keys(known())) }

// Events lists the events that a service is played with. Where one comes in
// several ways, the way follows a colon: build/finished:failed.
func Events(name string) []string { return slices.Sorted(maps.Keys(known()[name].events)) }

// Make makes a message as the service sends it.
func Make(name, what string, o Options) (Message, error) {
	s, ok := known()[name]
	if !ok {
		return Message{}, fmt.Errorf("service %q: want one of %s", name, strings.Join(Names(), ", "))
	}
	play, ok := s.events[what]
	if !ok {
		return Message{}, fmt.Errorf("event %q of %s: want one of %s", what, name, strings.Join(Events(name), ", "))
	}
	o = o.filled()
	e := play(o)
	m := Message{Method: http.MethodPost, Header: e.header.Clone()}
	if m.Header == nil {
		m.Header = http.Header{}
	}
	contentType, body, err := encode(e.body, o.Form, name)
	if err != nil {
		return Message{}, err
	}
	m.Header.Set("Content-Type", contentType)
	m.Body = body
	if e.body == nil {
		// The first check of an address knows no secret yet.
		return m, nil
	}
	m.vouch(s, o)
	return m, nil
}

func (o Options) filled() Options {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&o.Repository, "acme/web")
	fill(&o.Commit, "6dcb09b5b57875f334f61aebed695e2e4193db5e")
	fill(&o.Branch, "main")
	fill(&o.URL, "https://preview.example.com")
	if o.Serial == 0 {
		o.Serial = 1
	}
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	}
	return o
}

// vouch adds what proves where the message comes from.
func (m Message) vouch(s service, o Options) {
	switch {
	case o.Secret == "":
	case o.Header == "" && s.signature != "":
		mac := hmac.New(sha256.New, []byte(o.Secret))
		mac.Write(m.Body)
		m.Header.Set(s.signature, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	case o.Header == "":
		m.Header.Set("X-Relay-Secret", o.Secret)
	default:
		m.Header.Set(o.Header, o.Secret)
	}
}

// encode puts a payload into a form. GitHub's form holds the whole JSON in one
// field; BetterBugs' has a field for each value.
func encode(body payload, form, name string) (contentType string, encoded []byte, err error) {
	if form != "" && name != "github" && name != "betterbugs" {
		return "", nil, fmt.Errorf("form %q: %s sends JSON only", form, name)
	}
	if form == "multipart" && name == "github" {
		return "", nil, fmt.Errorf("form %q: github sends JSON or an urlencoded form", form)
	}
	text, err := json.Marshal(body)
	if body == nil {
		text = nil
	}
	switch form {
	case "":
		return "application/json", text, err
	case "urlencoded":
		values := url.Values{}
		for _, f := range fields(body, text, name) {
			values.Add(f[0], f[1])
		}
		return "application/x-www-form-urlencoded", []byte(values.Encode()), err
	case "multipart":
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, f := range fields(body, text, name) {
			if err := w.WriteField(f[0], f[1]); err != nil {
				return "", nil, err
			}
		}
		err = errors.Join(err, w.Close())
		return w.FormDataContentType(), b.Bytes(), err
	}
	return "", nil, fmt.Errorf("form %q: want urlencoded or multipart", form)
}

// fields flattens a payload: a[b] for objects, a[0] for lists.
func fields(body payload, text []byte, name string) [][2]string {
	if name == "github" {
		return [][2]string{{"payload", string(text)}}
	}
	var found [][2]string
	for _, key := range slices.Sorted(maps.Keys(body)) {
		found = append(found, flatten(key, body[key])...)
	}
	return found
}

func flatten(key string, value any) [][2]string {
	var found [][2]string
	switch v := value.(type) {
	case payload:
		for _, inner := range slices.Sorted(maps.Keys(v)) {
			found = append(found, flatten(key+"["+inner+"]", v[inner])...)
		}
	case []any:
		for i, item := range v {
			found = append(found, flatten(key+"["+strconv.Itoa(i)+"]", item)...)
		}
	case nil:
	default:
		found = append(found, [2]string{key, fmt.Sprint(v)})
	}
	return found
}

// hexID makes an id of the kind that databases give, from a serial number.
func hexID(kind string, serial, length int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, serial))
	return hex.EncodeToString(sum[:])[:length]
}

func millis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
