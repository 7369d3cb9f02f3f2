package ready

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Address is a place on a deployment: a path, or a URL of its own. The zero
// Address is the deployment's URL itself.
type Address struct{ ref *url.URL }

// ParseAddress reads a path that begins with a slash, or a whole http(s) URL.
// Whether the URL belongs to the deployment is known only later, in [Wait].
func ParseAddress(text string) (Address, error) {
	ref, err := url.Parse(text)
	switch {
	case err != nil, strings.ContainsFunc(text, unprintable), strings.ContainsRune(text, '\\'):
		return Address{}, fmt.Errorf("%q is no address: want a path such as /version, or a URL", text)
	case ref.User != nil:
		return Address{}, fmt.Errorf("the URL holds a user name or password: want them left out, and given as a request header")
	case ref.Scheme == "" && ref.Host == "" && strings.HasPrefix(ref.Path, "/"),
		isWeb(ref) && ref.Hostname() != "":
		ref.Fragment, ref.RawFragment = "", ""
		return Address{ref}, nil
	}
	return Address{}, fmt.Errorf("%q is no address: want a path such as /version, or a URL such as https://example.com/version", text)
}

func unprintable(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

// on places the address on a deployment. It refuses another registrable
// domain, and http for a deployment that is reached by https.
func (a Address) on(deployment *url.URL) (*url.URL, error) {
	at := plain(deployment)
	if a.ref != nil {
		at = plain(at.ResolveReference(a.ref))
	}
	switch {
	case !isWeb(at) || at.Hostname() == "":
		return nil, fmt.Errorf("%q is no address of an application: want a URL such as https://example.com", Shown(at))
	case !sameSite(deployment, at):
		return nil, fmt.Errorf("%s is not an address of %s: want a path, or a URL of the same domain", Shown(at), deployment.Hostname())
	case deployment.Scheme == "https" && at.Scheme != "https":
		return nil, fmt.Errorf("%s leaves https: want https, as the deployment's URL has it", Shown(at))
	}
	return at, nil
}

// Shown writes a URL for people: without user, query and fragment, any of
// which may hold a secret.
func Shown(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return bare.String()
}

// plain copies a URL without its user name and password, which net/http would
// send along, and without its fragment.
func plain(u *url.URL) *url.URL {
	bare := *u
	bare.User, bare.Fragment, bare.RawFragment = nil, "", ""
	return &bare
}

func isWeb(u *url.URL) bool { return u.Scheme == "https" || u.Scheme == "http" }

// sameSite reports whether two URLs belong to one owner: one registrable
// domain, by the public suffix list with its private section, in which every
// name under vercel.app or github.io is an owner of its own.
func sameSite(a, b *url.URL) bool {
	one, other := hostname(a), hostname(b)
	return one == other || site(one) != "" && site(one) == site(other)
}

// site returns a host's registrable domain, or "" where it has none: an IP
// address, a single label, or a public suffix.
func site(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

// hostname is how net/http asks for a host: in ASCII, which is also how the
// public suffix list has it.
func hostname(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return host
}

// sameOrigin reports whether scheme, host and port are the same.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
