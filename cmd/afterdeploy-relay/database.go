package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// databaseVariable holds the URL of a Postgres, where no flag names one.
const databaseVariable = "AFTERDEPLOY_RELAY_DATABASE_URL"

// databaseFlag declares --database. What it returns reads the URL; it is empty
// where SQLite is meant.
func databaseFlag(f *pflag.FlagSet) func() (secret.String, error) {
	text := f.String("database", "",
		"A Postgres to use instead of SQLite: env:NAME, file:PATH, or a URL without a password.")
	return func() (secret.String, error) { return database(*text) }
}

func database(text string) (secret.String, error) {
	name, isVariable := strings.CutPrefix(text, "env:")
	path, isFile := strings.CutPrefix(text, "file:")
	var at secret.String
	switch {
	case text == "":
		return secret.New(os.Getenv(databaseVariable)), nil
	case isVariable:
		at = secret.New(os.Getenv(name))
	case isFile:
		var err error
		if at, err = reveal(path, ""); err != nil {
			return secret.String{}, fmt.Errorf("--database: %w", err)
		}
	default:
		return withoutPassword(text)
	}
	if at.IsZero() {
		return secret.String{}, fmt.Errorf("--database is %q: want a URL there, and there is none", text)
	}
	return at, nil
}

// withoutPassword takes a URL that everybody on the machine can read.
func withoutPassword(text string) (secret.String, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		// The text is not quoted: it may hold a password all the same.
		return secret.String{}, errors.New("read --database: want env:NAME, file:PATH, or a URL such as postgres://user@host/name")
	}
	_, has := u.User.Password()
	if has || u.Query().Has("password") || u.Query().Has("sslpassword") {
		return secret.String{}, errors.New("--database has a password, which everybody on this machine can read: want it in PGPASSWORD or a password file, or the whole URL in env:NAME or file:PATH")
	}
	return secret.New(text), nil
}
