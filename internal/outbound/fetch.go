package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// Answer is what came back: any status, and the whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
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
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	host := req.URL.Host
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return Answer{}, failed(ctx, host, connected.Load(), err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	answer := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body[:min(int64(len(body)), most)]}
	switch {
	case resp.StatusCode/100 == 3 || resp.StatusCode/100 == 4:
		return answer, nil // a clear no, even where the explanation is cut short
	case err != nil:
		return answer, failed(ctx, host, true, err)
	case int64(len(body)) > most:
		return answer, &Failure{
			Kind: KindTooLarge, Sent: true, Host: host,
			Err: fmt.Errorf("it is larger than %d bytes", most),
		}
	}
	return answer, nil
}
