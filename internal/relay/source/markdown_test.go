package source_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// described returns what becomes of a report's description.
func described(t *testing.T, html string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"bugId": "1", "description": html})
	if err != nil {
		t.Fatal(err)
	}
	e, err := open(t, source.BetterBugs).Parse(source.Request{Header: http.Header{}, Body: body, Received: received()})
	if err != nil {
		t.Fatal(err)
	}
	return e.Description
}

func TestDescription(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]string{
		"plain":                                                         "plain",
		"<p>a</p><p><b>b</b> <i>c</i></p>":                              "a\n\n**b** *c*",
		"<ul><li>a</li><li>b</li></ul>":                                 "- a\n- b",
		"<pre><code>x &lt; y</code></pre>":                              "```\nx < y\n```",
		`<a href="https://a.example.com/x y">l</a>`:                     "[l](https://a.example.com/x%20y)",
		`<a href="JaVaScRiPt:alert(1)">l</a>`:                           "l",
		`<a href="//evil.example.com">l</a>`:                            "l",
		`<a href="/relative">l</a>`:                                     "l",
		`<img src="https://a.example.com/i.png" alt="] (x)">`:           `[\] (x)](https://a.example.com/i.png)`,
		`<img src="file:///etc/passwd">`:                                "image",
		"# not a heading":                                               `\# not a heading`,
		"[l](javascript:alert(1))":                                      `\[l](javascript:alert(1))`,
		"<script>x</script><style>y</style><iframe src=z></iframe>text": "text",
		"@acme/everyone":                                                "@\u200bacme/everyone",
		"<svg onload=x><circle/></svg>a":                                "a",
	} {
		if got := described(t, html); got != want {
			t.Errorf("%s\n got %q\nwant %q", html, got, want)
		}
	}
	if got := described(t, strings.Repeat("<p>ä</p>", 50_000)); utf8.RuneCountInString(got) > 30_000 {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
}

// Anybody may write a report. None keeps the relay busy for long, and none
// loses its words for being nested.
func TestDescriptionIsQuick(t *testing.T) {
	t.Parallel()
	for _, html := range []string{
		strings.Repeat("<blockquote>", 1_000) + "word",
		strings.Repeat("<blockquote>", 450) + strings.Repeat("word<br>", 20_000),
		strings.Repeat("<blockquote>", 24) + strings.Repeat("word<br>", 30_000),
		strings.Repeat("<ul><li>", 200) + strings.Repeat("word<br>", 20_000),
		strings.Repeat("<table><tr><td>", 100) + strings.Repeat("word<br>", 20_000),
		"word" + strings.Repeat("*_[]<>`#", 30_000),
		"word " + strings.Repeat("a@b.example ", 20_000) + strings.Repeat("@", 10_000),
		"word" + strings.Repeat("<b>", 80_000),
		"word" + strings.Repeat("<p><a href='https://a.example.com'><img src='https://a.example.com/i'>", 3_000),
	} {
		began := time.Now()
		got := described(t, html)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%.40s… took %v, want a moment", html, took)
		}
		if !strings.Contains(got, "word") {
			t.Errorf("%.40s… becomes %.40q", html, got)
		}
	}
}

// FuzzDescription: whatever HTML a report holds, its Markdown has no tag, no
// comment, no mention, and no link but to the web.
func FuzzDescription(f *testing.F) {
	for _, seed := range []string{
		"<p>a &lt;b&gt; c</p>", `<a href="javascript:x">l</a>`, "<!-- c -->", "[l](javascript:x)", "<a href='https://x.example.com/)('>l](x</a>",
		"<table><tr><td>a|b</td></tr></table>", "<b><a href=https://x.example.com><img src=https://y.example.com></a></b>", "&lt;!-- x --&gt;", "a@b", "](jAvAsCript:",
	} {
		f.Add(seed)
	}
	tag := regexp.MustCompile(`<[A-Za-z/!?]`)
	mention := regexp.MustCompile(`@[A-Za-z0-9]`)
	f.Fuzz(func(t *testing.T, html string) {
		got := described(t, html)
		if strings.Contains(got, "<!--") || mention.MatchString(got) {
			t.Errorf("%q becomes %q", html, got)
		}
		// In code, a tag is text.
		if !strings.Contains(got, "`") && !strings.Contains(got, "    ") && tag.MatchString(got) {
			t.Errorf("%q becomes %q, which has a tag", html, got)
		}
		for _, link := range links(t, got) {
			if !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") {
				t.Errorf("%q becomes %q, which leads to %q", html, got, link)
			}
		}
	})
}

// links returns where the links and pictures in Markdown lead, as a reader of
// Markdown sees them.
func links(t *testing.T, markdown string) []string {
	t.Helper()
	var found []string
	document := goldmark.DefaultParser().Parse(text.NewReader([]byte(markdown)))
	err := ast.Walk(document, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			found = append(found, string(n.Destination))
		case *ast.Image:
			found = append(found, string(n.Destination))
		case *ast.AutoLink:
			found = append(found, string(n.URL([]byte(markdown))))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
