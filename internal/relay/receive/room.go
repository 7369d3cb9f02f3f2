package receive

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"golang.org/x/sync/semaphore"
)

// Room bounds how much is received at once: requests, and bytes of their
// bodies. Bytes count as they arrive, so that a sender cannot take room by
// announcing what it does not send.
type Room struct {
	requests *semaphore.Weighted
	bytes    *semaphore.Weighted
}

// NewRoom makes room for so many requests and bytes.
func NewRoom(requests, bytes int64) *Room {
	return &Room{semaphore.NewWeighted(requests), semaphore.NewWeighted(bytes)}
}

// step is how many bytes are admitted at a time.
const step = 64 << 10

// read reads a body whole, or refuses the request. Release gives its room back
// and has to be called in any case.
func (r *Room) read(w http.ResponseWriter, req *http.Request, limit int64) (body []byte, release func(), err error) {
	if !r.requests.TryAcquire(1) {
		return nil, func() {}, refusal{http.StatusServiceUnavailable, "busy", errors.New("too many requests at once")}
	}
	var taken int64
	release = func() {
		r.bytes.Release(taken)
		r.requests.Release(1)
	}
	if req.ContentLength > limit {
		return nil, release, tooLarge(limit)
	}
	in := http.MaxBytesReader(w, req.Body, limit)
	for {
		if int64(len(body)) == taken {
			if !r.bytes.TryAcquire(step) {
				return nil, release, refusal{http.StatusServiceUnavailable, "busy", errors.New("too many bytes at once")}
			}
			taken += step
		}
		if len(body) == cap(body) {
			body = slices.Grow(body, growth(req.ContentLength, len(body)))
		}
		n, err := in.Read(body[len(body):min(int64(cap(body)), taken)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF): // and not io.ErrUnexpectedEOF: such a body is not whole
			return body, release, nil
		case errors.As(err, new(*http.MaxBytesError)):
			return nil, release, tooLarge(limit)
		case err != nil:
			return nil, release, refusal{http.StatusBadRequest, "body not received", err}
		}
	}
}

// growth is how much memory a body is given next: what was announced, and a byte
// in which to see the end; but no more than was admitted.
func growth(announced int64, received int) int {
	if rest := announced - int64(received); rest >= 0 && rest < step {
		return int(rest) + 1
	}
	return step
}

func tooLarge(limit int64) error {
	return refusal{http.StatusRequestEntityTooLarge, "too large", fmt.Errorf("want at most %d bytes", limit)}
}
