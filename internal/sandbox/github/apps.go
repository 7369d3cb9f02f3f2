package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// installation is where and how long a token is good.
type installation struct{ expires time.Time }

func (f *Fake) getInstallation(req *http.Request, _ []byte) answer {
	if !f.signedByApp(bearer(req)) {
		return problem(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	owner := req.PathValue("owner")
	return answer{status: http.StatusOK, body: object{
		"id": 42, "app_id": 1, "app_slug": "afterdeploy", "client_id": "Iv1.1", "account": user(owner),
		"target_id": 1, "target_type": "Organization", "single_file_name": nil, "repository_selection": "selected",
		"access_tokens_url": api + "/app/installations/42/access_tokens", "html_url": site, "repositories_url": api,
		"events": []any{}, "permissions": object{"issues": "write", "statuses": "write", "contents": "write"},
		"created_at": stamp(f.start), "updated_at": stamp(f.start), "suspended_by": nil, "suspended_at": nil,
	}}
}

func (f *Fake) createToken(req *http.Request, _ []byte) answer {
	if !f.signedByApp(bearer(req)) {
		return problem(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	lifetime := f.script.App.Lifetime
	if lifetime == 0 {
		lifetime = time.Hour
	}
	token := fmt.Sprintf("ghs_sandbox%d", f.nextID())
	f.tokens[token] = installation{time.Now().Add(lifetime)}
	return answer{status: http.StatusCreated, changed: true, body: object{
		"token": token, "expires_at": stamp(f.tokens[token].expires), "permissions": object{}, "repository_selection": "selected",
	}}
}

// signedByApp looks at an App's own token as GitHub does: who, since when, no
// longer than ten minutes, and signed with its key.
func (f *Fake) signedByApp(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	var claims struct {
		Issuer  string `json:"iss"`
		Issued  int64  `json:"iat"`
		Expires int64  `json:"exp"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return false
	}
	now := time.Now().Unix()
	if claims.Issuer != f.script.App.ID || claims.Issued > now || claims.Expires <= now || claims.Expires > now+600 {
		return false
	}
	if f.script.App.PublicKey == "" {
		return true
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	return err == nil && verify(f.script.App.PublicKey, parts[0]+"."+parts[1], signature)
}

func verify(publicKey, signed string, signature []byte) bool {
	block, _ := pem.Decode([]byte(publicKey))
	if block == nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return false
	}
	public, ok := key.(*rsa.PublicKey)
	sum := sha256.Sum256([]byte(signed))
	return ok && rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
}
