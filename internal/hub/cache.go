package hub

import (
	"net/http"
	"sync"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// mostCached bounds the answers kept, in bytes.
const mostCached = 4 << 20

// cache keeps answers that have an ETag, so that the same question can be
// asked again for free: GitHub does not count a 304 that was asked for with a
// token.
type cache struct {
	mu      sync.Mutex
	answers map[string]outbound.Answer
	size    int
}

// key holds the token's header too, since answers differ by who asks.
func key(req *http.Request) string {
	return req.URL.String() + "\n" + req.Header.Get("Accept") + "\n" + req.Header.Get("Authorization")
}

func (c *cache) get(req *http.Request) (outbound.Answer, bool) {
	if req.Method != http.MethodGet {
		return outbound.Answer{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, ok := c.answers[key(req)]
	return answer, ok
}

// put keeps an answer. When there is no room left, all others go: a run asks
// the same few questions, and has asked them again a moment later.
func (c *cache) put(req *http.Request, answer outbound.Answer) {
	if req.Method != http.MethodGet || answer.Status != http.StatusOK ||
		answer.Header.Get("ETag") == "" || len(answer.Body) > mostCached {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size += len(answer.Body) - len(c.answers[key(req)].Body)
	if c.answers == nil || c.size > mostCached {
		c.answers, c.size = map[string]outbound.Answer{}, len(answer.Body)
	}
	c.answers[key(req)] = answer
}
