package hub

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// renewal is how long before its end a token is not used any more.
const renewal = 5 * time.Minute

// App is an [Auth] that asks for a GitHub App's installation tokens: one for
// each repository, good for that repository alone.
type App struct {
	client *Client
	mu     sync.Mutex
	tokens map[string]installationToken
}

type installationToken struct {
	value   secret.String
	expires time.Time
}

// NewApp makes the Auth of a GitHub App from its id (or client id) and its
// private key in PEM. O.Auth is not used.
func NewApp(o Options, id string, key secret.String) (*App, error) {
	private, err := parseKey([]byte(key.Reveal()))
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, fmt.Errorf("the GitHub App has no id: want its App ID or client ID")
	}
	o.Auth = signer{id, private}
	client, err := New(o)
	if err != nil {
		return nil, err
	}
	return &App{client: client, tokens: map[string]installationToken{}}, nil
}

// Client speaks as the App itself, about itself: its webhook.
func (a *App) Client() *Client { return a.client }

// Token implements [Auth]. A token is kept until shortly before it expires.
func (a *App) Token(ctx context.Context, repository string) (secret.String, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t, ok := a.tokens[repository]; ok && time.Until(t.expires) > renewal {
		return t.value, nil
	}
	t, err := a.client.installationToken(ctx, repository)
	if err != nil {
		return secret.String{}, err
	}
	a.tokens[repository] = t
	return t.value, nil
}

// forget drops a token that GitHub no longer accepts.
func (a *App) forget(repository string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.tokens, repository)
}

func (c *Client) installationToken(ctx context.Context, repository string) (installationToken, error) {
	var made installationToken
	op := operation{"get the App's token", Permission{"metadata", "read"}}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		installation, _, err := api.Apps.FindRepositoryInstallation(ctx, owner, name)
		if err != nil {
			return err
		}
		token, _, err := api.Apps.CreateInstallationToken(ctx, installation.GetID(), &github.InstallationTokenOptions{Repositories: []string{name}})
		made = installationToken{secret.New(token.GetToken()), token.GetExpiresAt().Time}
		return err
	})
	return made, err
}

// signer is the Auth of an App about itself: a JSON Web Token (RFC 7519) by
// RS256.
type signer struct {
	id  string
	key *rsa.PrivateKey
}

// Token implements [Auth].
func (s signer) Token(context.Context, string) (secret.String, error) {
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iat": now.Add(-time.Minute).Unix(), // for a clock that runs behind
		"exp": now.Add(9 * time.Minute).Unix(),
		"iss": s.id,
	})
	if err != nil {
		return secret.String{}, fmt.Errorf("write the App's token: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return secret.String{}, fmt.Errorf("sign the App's token: %w", err)
	}
	return secret.New(signed + "." + encode(signature)), nil
}

// parseKey reads an RSA key in the form that GitHub gives (PKCS #1), or in
// PKCS #8.
func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("the GitHub App's key is no PEM: want text that begins with -----BEGIN RSA PRIVATE KEY-----")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the GitHub App's key: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the GitHub App's key is a %T: want an RSA key", key)
	}
	return private, nil
}
