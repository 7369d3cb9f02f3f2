package hooks

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// address is where a source receives. The revision marks the webhook as ours,
// and changes with the secret, which a service need not tell.
func address(public, name, revision string) string {
	return public + "/hooks/" + name + "?rev=" + revision
}

// Named returns the source and the revision of one of our addresses below
// public. Without a revision it is an address of ours that somebody else set
// up. Ok is false for every other address.
func Named(public, text string) (name, revision string, ok bool) {
	base, err := url.Parse(public)
	if err != nil {
		return "", "", false
	}
	u, err := url.Parse(text)
	if err != nil || !strings.EqualFold(u.Scheme, base.Scheme) || !strings.EqualFold(u.Host, base.Host) {
		return "", "", false
	}
	name, ok = strings.CutPrefix(u.Path, strings.TrimRight(base.Path, "/")+"/hooks/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return "", "", false
	}
	return name, revisionIn(u.RawQuery), true
}

// revisionIn is the revision that a query consists of, or "".
func revisionIn(query string) string {
	if m := regexp.MustCompile(`^rev=([0-9a-f]{8})$`).FindStringSubmatch(query); m != nil {
		return m[1]
	}
	return ""
}

// shown is an address without what may be secret in it: a user, and a query
// other than our mark.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return stars
	}
	text := u.Scheme + "://"
	if u.User != nil {
		text += stars + "@"
	}
	text += u.Host + u.EscapedPath()
	switch {
	case revisionIn(u.RawQuery) != "":
		text += "?" + u.RawQuery
	case u.RawQuery != "":
		text += "?" + stars
	}
	return text
}

// revise hashes how a source verifies. The hash is in an address, which is no
// secret: of a random secret it is too short to tell it from the many others
// that have the same one. A guess at a weak one it would confirm, if slowly.
func revise(public, name string, v source.Verification) (string, error) {
	const rounds, length = 2_000, 4
	proof := "none"
	if !v.None {
		proof = http.CanonicalHeaderKey(v.Header) + ":" + v.Secrets[0].Reveal()
	}
	sum, err := pbkdf2.Key(sha256.New, proof, []byte("afterdeploy webhook "+public+" "+name), rounds, length)
	if err != nil {
		return "", fmt.Errorf("hash the secret of source %s: %w", name, err)
	}
	return hex.EncodeToString(sum), nil
}
