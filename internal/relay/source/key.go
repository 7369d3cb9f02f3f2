package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Key identifies the request: a request with the same key is the same event
// sent again. It is GitHub's delivery id, else a hash of the source, the event's
// name and the body, and never holds a time or anything random. A multipart
// body is hashed by its fields, since its boundary is new each time. What
// nobody vouches for has keys of its own, so that it never takes the place of
// the real event.
func (s *Source) Key(r Request) string {
	if id := r.Header.Get("X-GitHub-Delivery"); s.config.Service == GitHub && id != "" {
		return "github:" + id
	}
	body := r.Body
	if mediaType(r.Header.Get("Content-Type")) == multipartType {
		if fields, err := decode(r); err == nil {
			body, _ = json.Marshal(fields)
		}
	}
	hash := sha256.New()
	for _, part := range []string{s.config.Name, r.Header.Get(s.service.name), string(body)} {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	scheme := "sha256:"
	if s.unverified(r) {
		scheme = "unverified:"
	}
	return scheme + hex.EncodeToString(hash.Sum(nil))
}
