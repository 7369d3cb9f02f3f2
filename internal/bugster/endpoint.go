// Package bugster is the client of Bugster's custom trigger endpoint
// (https://docs.bugster.dev/integrations/custom): it says a deployment in the
// endpoint's words and judges the answer by its meaning, not by its status
// code alone.
package bugster

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// DefaultBase is the service's own address.
const DefaultBase = "https://api.bugster.app"

// endpointPath is where the endpoint is, below the base.
const endpointPath = "/webhooks/integrations/custom"

// Endpoint makes the endpoint's URL from a base, or takes a URL that already
// ends in the endpoint's path. It wants https, except for a loopback host. What
// may be a secret in a wrong base is not part of the error.
func Endpoint(base string) (string, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Hostname() == "":
		return "", fmt.Errorf("%s is not an address: want a URL such as %s", shown(base), DefaultBase)
	case u.User != nil:
		return "", errors.New("the URL holds a user name or password: want them left out, the API key is enough")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("the URL has a query or fragment: want a base such as %s", DefaultBase)
	case u.Scheme != "https" && !(u.Scheme == "http" && IsLoopback(u.Hostname())):
		return "", fmt.Errorf("%q would send the API key unencrypted: want https (http only to localhost)", base)
	}
	if path := strings.TrimRight(u.Path, "/"); strings.HasSuffix(path, endpointPath) {
		return strings.TrimRight(u.String(), "/"), nil
	}
	return u.JoinPath(endpointPath).String(), nil
}

// shown quotes a base that cannot be read, unless it may hold a password or a
// token.
func shown(base string) string {
	if strings.ContainsAny(base, "@?#") {
		return "the URL"
	}
	return strconv.Quote(base)
}

// IsLoopback reports whether a host, without its port, is this machine.
func IsLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}
