package admin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The session's cookie. Its value is the time of its end and a signature made
// with the token: a new token ends every session.
const (
	cookieName = "afterdeploy-relay"
	session    = 12 * time.Hour
)

// guard lets in who brings the token, or a session's cookie.
func (h *handler) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known := h.knows(r)
		if !known && r.Header.Get("Authorization") != "" && !h.slow(w, r) {
			return
		}
		switch {
		case known:
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		default:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "want the admin token", http.StatusUnauthorized)
		}
	})
}

func (h *handler) knows(r *http.Request) bool {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return h.Token.Equal(token)
	}
	c, err := r.Cookie(cookieName)
	if err != nil || h.Token.IsZero() {
		return false
	}
	end, _, _ := strings.Cut(c.Value, ".")
	seconds, err := strconv.ParseInt(end, 10, 64)
	return err == nil && time.Now().Unix() < seconds && hmac.Equal([]byte(c.Value), []byte(h.sign(seconds)))
}

func (h *handler) sign(end int64) string {
	text := strconv.FormatInt(end, 10)
	mac := hmac.New(sha256.New, []byte(h.Token.Reveal()))
	mac.Write([]byte("session until " + text))
	return text + "." + hex.EncodeToString(mac.Sum(nil))
}

// mostWrong is how many wrong tokens wait at once; the rest is turned away. So
// many can be tried in a second, however many connections they come by, and
// the right one is never kept waiting.
const mostWrong = 8

// slow keeps a wrong token waiting. It reports whether to answer still.
func (h *handler) slow(w http.ResponseWriter, r *http.Request) bool {
	h.Log.Warn("wrong token", "remote", r.RemoteAddr)
	select {
	case h.wrong <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many wrong tokens", http.StatusTooManyRequests)
		return false
	}
	defer func() { <-h.wrong }()
	wait := time.NewTimer(h.Slow)
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// entrance is what the page that asks for the token says.
type entrance struct{ Wrong bool }

func (h *handler) loginPage(w http.ResponseWriter, _ *http.Request) {
	h.render(w, http.StatusOK, view{Page: "login", Title: "Log in", Data: entrance{}})
}

func (h *handler) login(w http.ResponseWriter, r *http.Request) {
	if !h.Token.Equal(r.PostFormValue("token")) {
		if h.slow(w, r) {
			h.render(w, http.StatusUnauthorized, view{Page: "login", Title: "Log in", Data: entrance{Wrong: true}})
		}
		return
	}
	end := time.Now().Add(session)
	setCookie(w, r, h.sign(end.Unix()), end)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (h *handler) logout(w http.ResponseWriter, r *http.Request) {
	setCookie(w, r, "", time.Unix(1, 0))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func setCookie(w http.ResponseWriter, r *http.Request, value string, end time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", Expires: end, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		// Behind a proxy that ends TLS the relay itself speaks HTTP, on the
		// loopback by default.
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}
