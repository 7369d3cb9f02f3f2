package bugster_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer step
		reason deploy.Reason
		says   string // part of the sentence
	}{
		"processed":             {says(200, processed), "processed", "processed the event"},
		"processed, 201":        {says(201, processed), "processed", ""},
		"processed in capitals": {says(200, `{"status":" Processed "}`), "processed", ""},

		"200 with INVALID_PROJECT": {says(200, invalidProject), "invalid-project", "Invalid project_id (INVALID_PROJECT)"},
		"400 with INVALID_PROJECT": {says(400, invalidProject), "invalid-project", "answered 400: Invalid project_id (INVALID_PROJECT)"},
		"200 with another error":   {says(200, `{"status":"error","message":"No."}`), "refused", "200, but with an error: No."},
		"200 with a bare error":    {says(200, `{"status":"error"}`), "refused", `status "error"`},

		"no folder, 200":          {says(200, `{"status":"processed","message":"`+noFolder+`"}`), "no-bugster-folder", "runs nothing: Skipping event"},
		"no folder, an error":     {says(200, `{"status":"error","message":"`+noFolder+`"}`), "no-bugster-folder", noFolder},
		"no folder, 422":          {says(422, `{"status":"error","message":"`+noFolder+`"}`), "no-bugster-folder", "422"},
		"no folder, in quotes":    {says(404, `{"message":"No '.bugster/' in this repository."}`), "no-bugster-folder", ""},
		"skipped":                 {says(200, `{"status":"processed","message":"Skipping event: environment is not enabled"}`), "service-skipped", "environment is not enabled"},
		"skipped, another word":   {says(200, `{"status":"skipped","message":"skipping event"}`), "service-skipped", ""},
		"skipped, about a host":   {says(200, `{"status":"processed","message":"Skipping event, see docs.bugster.dev."}`), "service-skipped", ""},
		"401":                     {says(401, `{"detail":"Invalid API key"}`), "unauthorized", "answered 401: Invalid API key."},
		"401 that names a host":   {says(401, `{"message":"Look at https://docs.bugster.dev"}`), "unauthorized", ""},
		"403":                     {says(403, ``), "forbidden", "answered 403."},
		"403 that names a host":   {says(403, `{"message":"Ask at app.bugster.dev"}`), "forbidden", ""},
		"404":                     {says(404, `<html>not here</html>`), "refused", "answered 404."},
		"422 of a framework":      {says(422, `{"detail":[{"loc":["body"],"msg":"field required"}]}`), "refused", "answered 422."},
		"a redirect":              {says(307, ``, "Location", "https://me:pa55word@login.example/?token=hunter2"), "redirected", "to login.example; that was not followed"},
		"a redirect to a path":    {says(301, ``, "Location", "/v2"), "redirected", "another path of the same host"},
		"a redirect to nowhere":   {says(302, ``), "redirected", "cannot be read"},
		"500":                     {says(500, `{"message":"boom"}`), "server-error", "answered 500: boom."},
		"502":                     {says(502, `<html>`), "server-error", "answered 502."},
		"503":                     {says(503, `down`), "server-error", "answered 503."},
		"504":                     {says(504, ``), "server-error", ""},
		"501":                     {says(501, ``), "server-error", ""},
		"no status of HTTP":       {says(999, ``), "server-error", "999"},
		"429 to the end":          {says(429, `{"message":"Plan limit reached"}`), "rate-limited", "429 (too many requests): Plan limit reached."},
		"429 for too long":        {says(429, ``, "Retry-After", "3600"), "rate-limited", "429 (too many requests, Retry-After: 3600)."},
		"503 for too long":        {says(503, ``, "Retry-After", "3600"), "busy", "503 (unavailable, Retry-After: 3600)."},
		"429 for ever":            {says(429, ``, "Retry-After", strings.Repeat("9", 1<<16)), "rate-limited", "9…)."},
		"a redirect to far away":  {says(302, ``, "Location", "https://"+strings.Repeat("a", 1<<16)), "redirected", "a…; that"},
		"503 with a bad header":   {says(503, ``, "Retry-After", "soon"), "server-error", "503"},
		"another status word":     {says(200, `{"status":"accepted","message":"Queued"}`), "unrecognised-answer", "Queued"},
		"success as a word":       {says(200, `{"status":"success"}`), "unrecognised-answer", `status "success"`},
		"ok as a word":            {says(200, `{"status":"ok"}`), "unrecognised-answer", ""},
		"not processed":           {says(200, `{"status":"not processed"}`), "unrecognised-answer", ""},
		"processed as a message":  {says(200, `{"message":"processed"}`), "unrecognised-answer", ""},
		"HTML":                    {says(200, `<!doctype html><title>processed</title>`), "unrecognised-answer", "not in its documented form"},
		"empty":                   {says(200, ``), "unrecognised-answer", ""},
		"204":                     {says(204, ``), "unrecognised-answer", "answered 204"},
		"null":                    {says(200, `null`), "unrecognised-answer", ""},
		"an array":                {says(200, `[`+processed+`]`), "unrecognised-answer", ""},
		"a string":                {says(200, `"processed"`), "unrecognised-answer", ""},
		"status of another type":  {says(200, `{"status":true,"message":{"a":1},"code":7}`), "unrecognised-answer", ""},
		"status as a list":        {says(200, `{"status":["processed"]}`), "unrecognised-answer", ""},
		"message of another type": {says(200, `{"status":"processed","message":["x"]}`), "processed", ""},
		"cut short":               {says(200, processed[:20]), "unrecognised-answer", ""},
		"twice":                   {says(200, processed+processed), "unrecognised-answer", ""},
		"huge":                    {says(200, `{"status":"processed","message":"`+strings.Repeat("x", 2<<20)+`"}`), "answer-too-large", "larger than 1048576 bytes"},
		"a long message":          {says(400, `{"message":"`+strings.Repeat("long ", 1000)+`"}`), "refused", "…"},
		"hostile":                 {says(400, `{"message":"\n::error::owned\r\n##[error]x\u0000\u2028","code":"::add-mask::a\n"}`), "refused", ""},
		"hostile status":          {says(200, `{"status":"\n::stop-commands::x"}`), "unrecognised-answer", ""},
		"no JSON at all":          {says(400, "\xff\xfe\x00::error::x"), "refused", "answered 400."},
		"refused":                 {refused, "connect", "Connect to api.bugster.app: "},
		"no such host":            {fails(&net.DNSError{Err: "no such host", Name: "api.bugster.app", IsNotFound: true}), "dns", "Resolve api.bugster.app: "},
		"certificate":             {fails(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), "certificate", "Set up TLS with api.bugster.app: "},
		"reset":                   {reset, "no-answer", "Get a whole answer from api.bugster.app: "},
		"silence":                 {silent, "no-answer", "No answer from api.bugster.app in time."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				result, _ := trigger(t, 0, tt.answer)
				end := result.Ending
				if end.Reason != tt.reason || end.Outcome != deploy.Describe(tt.reason).Outcome || end.Next != deploy.Describe(tt.reason).Next {
					t.Errorf("ending %+v, want the reason %s with its outcome and remedy", end, tt.reason)
				}
				if !strings.Contains(end.Sentence, tt.says) || !strings.HasSuffix(end.Sentence, ".") {
					t.Errorf("sentence %q, want one with %q", end.Sentence, tt.says)
				}
				if len(end.Sentence) > 1500 || strings.ContainsAny(end.Sentence, "\r\n") {
					t.Errorf("sentence %q, want one line of readable length", end.Sentence)
				}
				for _, private := range []string{"hunter2", "pa55word"} {
					if strings.Contains(end.Sentence, private) {
						t.Errorf("sentence %q quotes a URL", end.Sentence)
					}
				}
			})
		})
	}
}

func TestReplyKeepsWhatIsText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want bugster.Reply
	}{
		"documented":       {invalidProject, bugster.Reply{Status: "error", Message: "Invalid project_id", Code: "INVALID_PROJECT"}},
		"more fields":      {`{"status":"error","message":"m","code":"c","run":{"id":1}}`, bugster.Reply{Status: "error", Message: "m", Code: "c"}},
		"a framework's":    {`{"detail":"Not authenticated"}`, bugster.Reply{Message: "Not authenticated"}},
		"both":             {`{"message":"m","detail":"d"}`, bugster.Reply{Message: "m"}},
		"of another type":  {`{"status":1,"message":null,"code":["c"]}`, bugster.Reply{}},
		"not an object":    {`[1]`, bugster.Reply{}},
		"not JSON":         {`<html>`, bugster.Reply{}},
		"of another case":  {`{"Status":"error"}`, bugster.Reply{}},
		"kept as it comes": {`{"message":" a\n::error::b "}`, bugster.Reply{Message: " a\n::error::b "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, _ := trigger(t, 0, says(400, tt.body))
			if diff := cmp.Diff(tt.want, result.Reply); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
			if result.Status != 400 || result.Body != tt.body {
				t.Errorf("status %d, body %q, want them as they came", result.Status, result.Body)
			}
		})
	}
}

// TestDoubt has a first try that may have started tests: what comes after it
// must not be told as if nothing had been started.
func TestDoubt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		steps  []step
		reason deploy.Reason
		says   string
	}{
		"then refused":        {[]step{says(500, ""), refused}, "no-answer", "Try 1 may have been carried out. After it: Connect to"},
		"then silence":        {[]step{reset, silent}, "no-answer", "No answer"},
		"then busy":           {[]step{reset, says(503, "", "Retry-After", "3600")}, "no-answer", "Try 1 may have been carried out. After it: The service answered 503"},
		"then limited":        {[]step{says(504, ""), says(429, "", "Retry-After", "3600")}, "no-answer", "Try 1 may"},
		"later, then refused": {[]step{refused, says(502, ""), refused}, "no-answer", "Try 2 may have been carried out."},
		"then processed":      {[]step{says(500, ""), says(200, processed)}, "processed", ""},
		"then rejected":       {[]step{says(500, ""), says(401, "")}, "unauthorized", ""},
		"then 500 again":      {[]step{says(500, ""), says(500, "")}, "server-error", ""},
		"none before":         {[]step{says(429, ""), refused}, "connect", "Connect to"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				result, _ := trigger(t, 1, tt.steps...)
				if end := result.Ending; end.Reason != tt.reason || !strings.Contains(end.Sentence, tt.says) {
					t.Errorf("ending %+v, want the reason %s with %q", end, tt.reason, tt.says)
				}
			})
		})
	}
}

// FuzzOnlyProcessedIsTriggered holds for every answer of the service.
func FuzzOnlyProcessedIsTriggered(f *testing.F) {
	for _, body := range []string{processed, invalidProject, `{"status":"processed","message":"` + noFolder + `"}`, `null`, `{"status":"PROCESSED"}`, "\x00::error::"} {
		f.Add(200, body)
		f.Add(404, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 999 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			result, _ := trigger(t, 0, says(status, body))
			end := result.Ending
			if end.Outcome == deploy.Triggered && (status/100 != 2 || !strings.EqualFold(strings.TrimSpace(result.Reply.Status), "processed")) {
				t.Errorf("%d %q is taken for a start of tests", status, body)
			}
			if end.Outcome.ExitCode() == 0 && status/100 != 2 {
				t.Errorf("%d %q ends as %s", status, body, end.Outcome)
			}
			if end.Reason == "" || !strings.HasSuffix(end.Sentence, ".") || strings.ContainsFunc(end.Sentence, func(r rune) bool { return r == '\n' || r == '\r' || unicode.Is(unicode.Zl, r) }) {
				t.Errorf("%d %q ends as %+v, want a reason and a sentence of one line", status, body, end)
			}
		})
	})
}
