package app

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
)

// Wall names a protection.
type Wall string

// The walls, as they look to somebody without their key.
const (
	Vercel     Wall = "vercel"      // Deployment Protection, a redirect to the login
	VercelPage Wall = "vercel-page" // Deployment Protection, an answer 401
	VercelBot  Wall = "vercel-bot"  // the bot challenge
	Cloudflare Wall = "cloudflare"  // Access
	Netlify    Wall = "netlify"     // the password page
	Basic      Wall = "basic"       // basic authentication
	SSO        Wall = "sso"         // a company's login
)

func wallNames() []string {
	var names []string
	for _, w := range []Wall{Vercel, VercelPage, VercelBot, Cloudflare, Netlify, Basic, SSO} {
		names = append(names, string(w))
	}
	return names
}

func (w Wall) known() bool { return w == "" || slices.Contains(wallNames(), string(w)) }

func (w Wall) serve(rw http.ResponseWriter, req *http.Request) {
	h := rw.Header()
	here := url.QueryEscape("https://" + req.Host + req.URL.Path)
	switch w {
	case Vercel:
		h.Set("Server", "Vercel")
		h.Set("Set-Cookie", "_vercel_sso_nonce=3f0c; Path=/; Secure; HttpOnly; SameSite=Lax")
		http.Redirect(rw, req, "https://vercel.com/sso-api?url="+here+"&nonce=3f0c", http.StatusFound)
	case VercelPage:
		h.Set("Server", "Vercel")
		h.Set("X-Vercel-Id", "fra1::sandbox")
		page(rw, http.StatusUnauthorized, "Authentication Required", "<a href=\"https://vercel.com/sso-api?url="+here+"\">Log in</a>")
	case VercelBot:
		h.Set("Server", "Vercel")
		h.Set("X-Vercel-Mitigated", "challenge")
		page(rw, http.StatusTooManyRequests, "Security Checkpoint", "")
	case Cloudflare:
		h.Set("Server", "cloudflare")
		h.Set("Www-Authenticate", "Cloudflare-Access")
		http.Redirect(rw, req, "https://sandbox.cloudflareaccess.com/cdn-cgi/access/login/"+req.Host, http.StatusFound)
	case Netlify:
		h.Set("Server", "Netlify")
		page(rw, http.StatusUnauthorized, "Password protected site", `<form method="post"><input type="password" name="password"></form>`)
	case Basic:
		h.Set("Www-Authenticate", `Basic realm="staging"`)
		page(rw, http.StatusUnauthorized, "Unauthorized", "")
	case SSO:
		http.Redirect(rw, req, "https://login.example.org/oauth2/authorize?redirect_uri="+here, http.StatusFound)
	}
}

func page(w http.ResponseWriter, status int, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, fmt.Sprintf("<!doctype html><title>%s</title>%s\n", title, body))
}
