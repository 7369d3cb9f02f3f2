package target

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// Exchange is one request of an attempt and its answer. What proves who we are
// is replaced, and bodies are cut.
type Exchange struct {
	Method  string        `json:"method"`
	URL     string        `json:"url"`
	Header  http.Header   `json:"header"`
	Body    string        `json:"body"`
	Took    time.Duration `json:"took_ns"` // until the answer's header came
	Status  int           `json:"status"`
	Answer  http.Header   `json:"answer_header"`
	Content string        `json:"answer_body"`
	Error   string        `json:"error,omitempty"`
}

const (
	// mostExchanges is how many requests of one attempt are kept: an issue
	// needs a token, a search and a write.
	mostExchanges = 8
	// mostRead is how much of a body is looked at.
	mostRead = 64 << 10
	// mostKept is how much of it is kept; of an answer that says yes, less.
	mostKept, mostKeptOfYes = 4 << 10, 1 << 10
)

// Exchanges gathers the requests of one attempt.
type Exchanges struct {
	mu   sync.Mutex
	made []*exchange
}

// exchange is an Exchange whose answer may still be read.
type exchange struct {
	Exchange
	answer  bytes.Buffer
	secrets []string
}

type exchangesKey struct{}

// Record returns a context under which the requests of a target are gathered.
func Record(ctx context.Context) (context.Context, *Exchanges) {
	e := &Exchanges{}
	return context.WithValue(ctx, exchangesKey{}, e), e
}

// List returns what was said, in the order of the requests.
func (e *Exchanges) List() []Exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	var secrets []string
	for _, one := range e.made {
		secrets = append(secrets, one.secrets...)
	}
	list := make([]Exchange, len(e.made))
	for i, one := range e.made {
		list[i] = one.clean(secrets)
	}
	return list
}

// clean returns the exchange without the secrets, whoever repeated them.
func (x *exchange) clean(secrets []string) Exchange {
	hide := func(text string) string {
		for _, one := range secrets {
			text = strings.ReplaceAll(text, one, "***")
		}
		return text
	}
	c, most := x.Exchange, mostKept
	if c.Status/100 == 2 {
		most = mostKeptOfYes
	}
	c.URL, c.Error = hide(c.URL), hide(c.Error)
	c.Body = cut(source.RedactText([]byte(hide(c.Body))), mostKept)
	c.Content = cut(source.RedactText([]byte(hide(x.answer.String()))), most)
	c.Header, c.Answer = cleanHeader(c.Header, hide), cleanHeader(c.Answer, hide)
	return c
}

func cleanHeader(h http.Header, hide func(string) string) http.Header {
	clean := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			if source.SecretHeader(name) {
				value = "***"
			}
			clean.Add(name, cut(hide(value), mostKeptOfYes))
		}
	}
	return clean
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// recorder is a transport that tells [Exchanges] what goes through it.
type recorder struct{ next http.RoundTripper }

// recorded returns a client whose requests can be gathered.
func recorded(client *http.Client) *http.Client {
	c := *client
	c.Transport = recorder{client.Transport}
	if client.Transport == nil {
		c.Transport = recorder{http.DefaultTransport}
	}
	return &c
}

// RoundTrip implements [http.RoundTripper].
func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	e, ok := req.Context().Value(exchangesKey{}).(*Exchanges)
	if !ok {
		return r.next.RoundTrip(req)
	}
	x := e.begin(req)
	began := time.Now()
	resp, err := r.next.RoundTrip(req)
	e.mu.Lock()
	defer e.mu.Unlock()
	x.Took = time.Since(began)
	if err != nil {
		x.Error = err.Error()
		return resp, err
	}
	x.Status, x.Answer = resp.StatusCode, resp.Header.Clone()
	resp.Body = listener{resp.Body, e, x}
	return resp, nil
}

func (e *Exchanges) begin(req *http.Request) *exchange {
	x := &exchange{Exchange: Exchange{Method: req.Method, URL: req.URL.Redacted(), Header: req.Header.Clone(), Body: bodyOf(req)}}
	for name, values := range req.Header {
		if source.SecretHeader(name) {
			for _, value := range values {
				_, secret, found := strings.Cut(value, " ") // after Bearer
				if !found {
					secret = value
				}
				if secret != "" {
					x.secrets = append(x.secrets, secret)
				}
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.made) < mostExchanges {
		e.made = append(e.made, x)
	}
	return x
}

// bodyOf reads a copy of a request's body.
func bodyOf(req *http.Request) string {
	if req.GetBody == nil {
		return ""
	}
	body, err := req.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, mostRead))
	if err != nil {
		return ""
	}
	return string(text)
}

// listener keeps what is read of an answer.
type listener struct {
	io.ReadCloser
	e *Exchanges
	x *exchange
}

// Read implements [io.Reader].
func (l listener) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	l.e.mu.Lock()
	defer l.e.mu.Unlock()
	l.x.answer.Write(p[:min(n, mostRead-l.x.answer.Len())])
	return n, err
}
