package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"
)

// Answer is what came back: any status, and the whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Busy reports whether the server says that it did not carry out the request
// and wants it later: 429, or 503 with a Retry-After that can be read.
func (a Answer) Busy() bool {
	_, named := RetryAfter(a.Header, time.Time{})
	return a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable && named
}

// errTryOver ends one try, so that it can be told from the end of the run.
var errTryOver = errors.New("the time for one try is over")

// Fetch makes one call and reads the answer whole, up to most bytes after
// decoding. It gives the call limit of time, if limit is not 0, inside what
// the context allows. Every error is a [*Failure].
func Fetch(ctx context.Context, client *http.Client, req *http.Request, limit time.Duration, most int64) (Answer, error) {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errTryOver)
		defer cancel()
	}
	var p progress
	resp, err := client.Do(req.WithContext(httptrace.WithClientTrace(ctx, p.trace())))
	if err != nil {
		return Answer{}, failed(ctx, req.URL.Host, p.stage(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	answer := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body[:min(int64(len(body)), most)]}
	switch class := resp.StatusCode / 100; {
	case class == 3 || class == 4:
		return answer, nil // a clear no, even where the explanation is cut short
	case int64(len(body)) > most:
		return answer, &Failure{
			Kind: KindTooLarge, Sent: true, Host: req.URL.Host,
			Err: fmt.Errorf("it is larger than %d bytes", most),
		}
	case err != nil && class == 2:
		return answer, failed(ctx, req.URL.Host, connected, err)
	}
	return answer, nil
}
