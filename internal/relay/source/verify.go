package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

var (
	// ErrUnverified is the answer to a request that nothing vouches for, but
	// that the service is known to send before a secret can be set. It is kept,
	// marked, and no rule sees it.
	ErrUnverified = errors.New("request carries no secret, as a first check of the address does")
	// ErrRefused is the answer to a request without, or with the wrong, proof.
	ErrRefused = errors.New("request is not from the service")
)

// Verification is how requests prove where they come from. The zero value
// verifies nothing and is refused; None has to be said.
type Verification struct {
	// None accepts every request.
	None bool
	// Header is the name of the header that carries the secret. Empty means
	// that the service signs the body.
	Header string
	// Secrets are all valid now, so that one can replace another without a
	// gap.
	Secrets []secret.String
}

func (v Verification) check(name string, s service) []error {
	if v.None {
		return nil
	}
	var errs []error
	if len(v.Secrets) == 0 {
		errs = append(errs, errors.New("no secret to verify requests with: want one, or verify: none"))
	}
	for _, one := range v.Secrets {
		if one.IsZero() {
			errs = append(errs, errors.New("a secret to verify requests with is empty"))
		}
	}
	switch {
	case v.Header == "" && s.signature == "":
		errs = append(errs, fmt.Errorf("%s does not sign its requests: want a header that carries the secret", name))
	case v.Header != "" && name == GitHub:
		errs = append(errs, errors.New("github sets no headers of yours, it signs: want a signature"))
	}
	return errs
}

// Verify reports whether the request comes from the service: nil, or
// [ErrUnverified], or [ErrRefused] with the reason. It reads the body as it
// arrived and takes the same time whichever secret is right.
func (s *Source) Verify(r Request) error {
	if err := s.prove(r); err != nil {
		return err
	}
	return s.fresh(r)
}

func (s *Source) prove(r Request) error {
	v := s.config.Verify
	switch {
	case v.None:
		return nil
	case v.Header == "":
		return refuse(s.service.signature, v.signed(r.Body, r.Header.Get(s.service.signature)))
	case s.service.probes && len(r.Header.Values(v.Header)) == 0:
		return ErrUnverified
	}
	return refuse(v.Header, v.known(r.Header.Get(v.Header)))
}

func (s *Source) unverified(r Request) bool { return errors.Is(s.prove(r), ErrUnverified) }

func refuse(header string, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%w: header %s is missing or wrong", ErrRefused, http.CanonicalHeaderKey(header))
}

// signed reports whether one of the secrets made the signature, which looks
// like sha256=<hex>. Other algorithms are not accepted.
func (v Verification) signed(body []byte, signature string) bool {
	digits, found := strings.CutPrefix(signature, "sha256=")
	given, err := hex.DecodeString(digits)
	if !found || err != nil {
		return false
	}
	ok := false
	for _, one := range v.Secrets {
		mac := hmac.New(sha256.New, []byte(one.Reveal()))
		mac.Write(body)
		ok = hmac.Equal(mac.Sum(nil), given) && !one.IsZero() || ok
	}
	return ok
}

// known reports whether the value is one of the secrets. All are compared, so
// that time does not tell which.
func (v Verification) known(value string) bool {
	ok := false
	for _, one := range v.Secrets {
		ok = one.Equal(value) || ok
	}
	return ok
}

// fresh compares Currents' own time with ours, where that is asked for. The
// time is not signed, so it only stops a replay by somebody who cannot edit.
func (s *Source) fresh(r Request) error {
	if s.config.Tolerance == 0 {
		return nil
	}
	sent, ok := epoch(r.Header.Get("X-Timestamp"))
	if !ok || r.Received.Sub(sent).Abs() > s.config.Tolerance {
		return fmt.Errorf("%w: header X-Timestamp is missing or not within %s of now", ErrRefused, s.config.Tolerance)
	}
	return nil
}

// epoch reads seconds or milliseconds since 1970; Currents does not say which
// it sends.
func epoch(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	const firstMillis = 100_000_000_000 // seconds until the year 5138
	switch {
	case err != nil || n <= 0:
		return time.Time{}, false
	case n < firstMillis:
		return time.Unix(n, 0).UTC(), true
	}
	return time.UnixMilli(n).UTC(), true
}

// stars stand where a secret or a private field was.
const stars = "***"

// Redact returns the headers with everything secret replaced, which is the
// form that may be stored.
func (s *Source) Redact(h http.Header) http.Header {
	clean := h.Clone()
	for name := range clean {
		if s.secretHeader(name) {
			clean[name] = []string{stars}
		}
	}
	return clean
}

func (s *Source) secretHeader(name string) bool {
	return strings.EqualFold(name, s.config.Verify.Header) || strings.EqualFold(name, s.service.signature) || SecretHeader(name)
}

// SecretHeader reports whether a header's name says that its value is secret.
func SecretHeader(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"cookie", "secret", "token", "password", "signature", "api-key", "apikey", "auth"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
