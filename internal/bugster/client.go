package bugster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/poll"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// The limits of one call.
const (
	tries      = 5
	callBudget = 2 * time.Minute
	tryLimit   = time.Minute
	mostAnswer = 1 << 20 // bytes; a documented answer has about 150
)

// Client calls the endpoint.
type Client struct {
	// HTTP leaves through the run's proxy and certificates.
	HTTP *http.Client
	// Endpoint is the whole URL, as [Endpoint] returns it.
	Endpoint string
	Key      secret.String
	// Tries is the most tries of one call; 0 means 5.
	Tries int
	// AmbiguousRetries is how often a call may be made again after one that
	// may have been carried out.
	AmbiguousRetries int
	// Random spreads the waits; it returns values in [0, 1).
	Random func() float64
	// Observe, if set, is told of each try as it ends.
	Observe func(outbound.Attempt)
}

// Result is what came of a call.
type Result struct {
	Ending deploy.Ending
	// Status and Body are those of the last answer, 0 and empty without one.
	// Where the service echoed the key, it is taken out of all texts of the
	// result.
	Status int
	Body   string
	// RetryAfter is how long that answer asked to wait, or 0.
	RetryAfter time.Duration
	// Reply is the body's meaning, as far as it has the documented form.
	Reply    Reply
	Attempts []outbound.Attempt
}

// Trigger tells the service about a deployment and judges the answer. The error
// is that of a request that could not be written.
func (c *Client) Trigger(ctx context.Context, e Event) (Result, error) {
	body, err := Body(e)
	if err != nil {
		return Result{}, fmt.Errorf("write the request: %w", err)
	}
	poster := outbound.Poster{
		Client: c.HTTP, Tries: cmp.Or(c.Tries, tries), Ambiguous: c.AmbiguousRetries,
		Budget: callBudget, Limit: tryLimit, Most: mostAnswer,
		Backoff: poll.Jitter(poll.Exponential(time.Second, 20*time.Second), c.Random),
		Sleep:   poll.Sleep,
		Observe: c.observe,
	}
	answer, attempts, err := poster.Post(ctx, func(ctx context.Context) (*http.Request, error) {
		return c.request(ctx, body, e.CorrelationID)
	})
	result := Result{Status: answer.Status, Body: c.hideInJSON(answer.Body), Attempts: attempts}
	result.Reply = readReply(answer.Body, c.hide)
	result.RetryAfter, _ = outbound.RetryAfter(answer.Header, time.Now())
	result.Ending, err = judge(answer, result.Reply, attempts, err)
	if state := e.Deployment.State; result.Ending.Reason == deploy.ReasonProcessed && state != deploy.Success {
		result.Ending = deploy.End(deploy.ReasonNoted, fmt.Sprintf("The service took note of the state %s; it runs tests on success only.", state))
	}
	result.Ending.Sentence = c.hide(result.Ending.Sentence)
	return result, err
}

// observe tells of a try, once its failure quotes no key.
func (c *Client) observe(a outbound.Attempt) {
	if a.Failure != nil && c.hide(a.Failure.Err.Error()) != a.Failure.Err.Error() {
		a.Failure.Err = errors.New(c.hide(a.Failure.Err.Error())) // the other side wrote it into an answer that is no HTTP
	}
	if c.Observe != nil {
		c.Observe(a)
	}
}

// hide takes the key out of what the other side wrote: some echo requests.
func (c *Client) hide(text string) string {
	if c.Key.IsZero() {
		return text
	}
	return strings.ReplaceAll(text, c.Key.Reveal(), "***")
}

// hideInJSON takes the key out of a body, also where JSON spells it in escapes:
// such a body is spelled anew.
func (c *Client) hideInJSON(body []byte) string {
	var value any
	if json.Unmarshal(body, &value) == nil {
		var plain bytes.Buffer
		encoder := json.NewEncoder(&plain)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(value) == nil && c.hide(plain.String()) != plain.String() {
			return strings.TrimSpace(c.hide(plain.String()))
		}
	}
	return c.hide(string(body))
}

func (c *Client) request(ctx context.Context, body []byte, correlation string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-API-KEY", c.Key.Reveal())
	if correlation != "" {
		// Not Idempotency-Key: net/http would then replay the request by
		// itself (net/http.Request.isReplayable).
		req.Header.Set("X-Correlation-Id", correlation)
	}
	return req, nil
}
