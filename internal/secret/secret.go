// Package secret holds strings that nothing prints by accident.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// String is a string that every fmt verb, slog and every encoder show as
// asterisks. The zero value is no secret.
type String struct{ s *string } // a pointer, so that reflection finds an address

// New wraps a secret. An empty text gives the zero value.
func New(text string) String {
	if text == "" {
		return String{}
	}
	return String{&text}
}

// Reveal returns the secret itself, for the one place that needs it.
func (s String) Reveal() string {
	if s.s == nil {
		return ""
	}
	return *s.s
}

// IsZero reports whether there is no secret.
func (s String) IsZero() bool { return s.s == nil }

// Equal compares with a text in a time that tells nothing, not even the
// secret's length. No secret equals nothing.
func (s String) Equal(text string) bool {
	if s.s == nil {
		return false
	}
	want, got := sha256.Sum256([]byte(*s.s)), sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

const stars = "***"

// Format implements [fmt.Formatter].
func (String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stars) }

// LogValue implements [slog.LogValuer].
func (String) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalText implements [encoding.TextMarshaler], and so JSON, XML and YAML.
func (String) MarshalText() ([]byte, error) { return []byte(stars), nil }
