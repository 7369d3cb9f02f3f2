// Package bugster is the client of Bugster's custom trigger endpoint
// (https://docs.bugster.dev/integrations/custom): it says a deployment in the
// endpoint's words and judges the answer by its meaning, not by its status
// code alone.
package bugster

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// DefaultBase is the service's own address.
const DefaultBase = "https://api.bugster.app"

// endpointPath is where the endpoint is, below the base.
const endpointPath = "/webhooks/integrations/custom"

// Endpoint makes the endpoint's URL from a base, or takes a URL that already
// ends in the endpoint's path. It wants https, except for a loopback host.
func Endpoint(base string) (string, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "", fmt.Errorf("%q is not an address: want a URL such as %s", base, DefaultBase)
	case u.User != nil:
		return "", fmt.Errorf("the URL holds a user name or password: want them left out, the API key is enough")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("%q has a query or fragment: want a base such as %s", base, DefaultBase)
	case u.Scheme != "https" && !(u.Scheme == "http" && IsLoopback(u.Hostname())):
		return "", fmt.Errorf("%q would send the API key unencrypted: want https (http only to localhost)", base)
	}
	if strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), endpointPath) {
		return strings.TrimSuffix(u.String(), "/"), nil
	}
	return u.JoinPath(endpointPath).String(), nil
}

// IsLoopback reports whether a host, without its port, is this machine.
func IsLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// CheckKey refuses a key that cannot be a header's value, before anything is
// sent. The key itself is not part of the error.
func CheckKey(key secret.String) error {
	for i, r := range key.Reveal() {
		switch {
		case unicode.IsSpace(r):
			return fmt.Errorf("the key has white space at character %d: want the key alone; was more than the key copied?", i+1)
		case r < 0x21 || r > 0x7e:
			return fmt.Errorf("the key has a character that no key has, at %d: want printable ASCII; was it copied from formatted text?", i+1)
		}
	}
	return nil
}

// OtherOrganization returns the organization that the key seems to be made
// for, if that is another than the given one, or "". A key is "bugster_", 16
// characters, the organization without "org_", and 16 characters more
// (Bugster's command line reads it so). Since the form is not documented, the
// finding is good for a warning only.
func OtherOrganization(key secret.String, organization string) string {
	const edge = 16
	rest, ok := strings.CutPrefix(key.Reveal(), "bugster_")
	given, hasForm := strings.CutPrefix(organization, "org_")
	if !ok || !hasForm || len(rest) <= 2*edge || strings.Contains(rest, given) || strings.HasPrefix(rest, "org_") {
		return ""
	}
	embedded := rest[edge : len(rest)-edge]
	for _, r := range embedded {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return ""
		}
	}
	if len(embedded) != len(given) {
		return ""
	}
	return "org_" + embedded
}

// ProjectID reads the project from a repository's .bugster/config.yaml. It
// returns "" where the file names none.
func ProjectID(config []byte) (string, error) {
	var file struct {
		ProjectID string `yaml:"project_id"`
	}
	if err := yaml.Unmarshal(config, &file); err != nil {
		return "", fmt.Errorf("read .bugster/config.yaml: %w", err)
	}
	return strings.TrimSpace(file.ProjectID), nil
}
