package release

import "fmt"

// GoVersion returns the Go release that a Dockerfile names: that of every
// program in a release, such as 1.26.7.
func GoVersion(dockerfile string) (string, error) {
	return argument(dockerfile, "GO_IMAGE", `(?:\S+/)?golang:([0-9.]+)-`)
}

// Images returns the images that a Dockerfile names: the one below, and the one
// that the certificates are taken from.
func Images(dockerfile string) (base, certificates string, err error) {
	const pinned = `(\S+@sha256:[0-9a-f]{64})$`
	if base, err = argument(dockerfile, "BASE_IMAGE", pinned); err != nil {
		return "", "", err
	}
	certificates, err = argument(dockerfile, "GO_IMAGE", pinned)
	return base, certificates, err
}

// argument returns what a pattern finds in an argument's default.
func argument(dockerfile, name, pattern string) (string, error) {
	value := first(dockerfile, "(?m)^ARG "+name+"=(.*)$")
	found := first(value, "^"+pattern)
	if found == "" {
		return "", fmt.Errorf("argument %s of the Dockerfile is %q: want what %s matches", name, value, pattern)
	}
	return found, nil
}
