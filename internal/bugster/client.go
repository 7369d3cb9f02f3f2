package bugster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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

// Event is one deployment to tell the service about.
type Event struct {
	Deployment     deploy.Deployment
	ProjectID      string
	OrganizationID string
	// CorrelationID goes with every attempt, so that the service's operators
	// can see which belong together.
	CorrelationID string
}

// payload is the documented JSON, in the documented order.
type payload struct {
	State          string `json:"deployment_state"`
	ProjectID      string `json:"project_id"`
	OrganizationID string `json:"organization_id"`
	Commit         string `json:"commit_sha,omitempty"`
	Branch         string `json:"branch,omitempty"`
	URL            string `json:"environment_url,omitempty"`
	Environment    string `json:"environment,omitempty"`
}

// Body is the request's body for an event: exactly one of commit_sha and
// branch, and no field that is not known.
func Body(e Event) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(payload{
		State:          string(e.Deployment.State),
		ProjectID:      e.ProjectID,
		OrganizationID: e.OrganizationID,
		Commit:         e.Deployment.Ref.Commit(),
		Branch:         e.Deployment.Ref.Branch(),
		URL:            e.Deployment.URL,
		Environment:    e.Deployment.Environment,
	})
	return bytes.TrimSpace(out.Bytes()), err
}

// Result is what came of a call.
type Result struct {
	Ending deploy.Ending
	// Status and Body are those of the last answer, 0 and empty without one.
	// The key is not in the body even where the service echoed it.
	Status int
	Body   string
	// RetryAfter is how long that answer asked to wait, or 0.
	RetryAfter time.Duration
	// Reply is the body's meaning, as far as it has the documented form.
	Reply    Reply
	Attempts []outbound.Attempt
}

// Trigger tells the service about a deployment and judges the answer.
func (c *Client) Trigger(ctx context.Context, e Event) (Result, error) {
	body, err := Body(e)
	if err != nil {
		return Result{}, fmt.Errorf("write the request: %w", err)
	}
	poster := outbound.Poster{
		Client: c.HTTP, Tries: cmp.Or(c.Tries, tries), Ambiguous: c.AmbiguousRetries,
		Budget: callBudget, Limit: tryLimit, Most: mostAnswer,
		Backoff: poll.Jitter(poll.Exponential(time.Second, 20*time.Second), c.Random),
		Observe: c.Observe,
	}
	answer, attempts, err := poster.Post(ctx, func(ctx context.Context) (*http.Request, error) {
		return c.request(ctx, body, e.CorrelationID)
	})
	if key := c.Key.Reveal(); key != "" {
		answer.Body = bytes.ReplaceAll(answer.Body, []byte(key), []byte("***"))
	}
	result := Result{Status: answer.Status, Body: string(answer.Body), Reply: readReply(answer.Body), Attempts: attempts}
	result.RetryAfter, _ = outbound.RetryAfter(answer.Header, time.Now())
	result.Ending, err = judge(answer, result.Reply, attempts, err)
	return result, err
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
