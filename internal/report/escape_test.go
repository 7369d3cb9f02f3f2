package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// foreign is a run in which everything that can come over the network is text.
func foreign(text string) report.Run {
	end := deploy.End(deploy.ReasonRefused, "The service answered 400: "+text)
	end.Details = []string{text}
	return report.Run{
		Ending:     end,
		Deployment: deploy.Deployment{State: deploy.Success, EnvironmentName: text, Environment: text, URL: text, Repository: text},
		Reasons:    deploy.Reasons{deploy.FieldEnvironment: text, deploy.FieldState: text},
		Status:     400, APIStatus: text, APIMessage: text, APICode: text,
		Steps:    []report.Step{{Title: "Waited", Lines: []string{text}, URL: text}},
		Notes:    []string{text},
		Warnings: []string{text},
	}
}

// shape is what a Markdown text is made of: the kinds of its nodes, without
// the text in them.
func shape(markdown string) (kinds string, links []string) {
	source := []byte(markdown)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	var b strings.Builder
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text, *ast.String, *ast.CodeSpan, *ast.TextBlock: // text stays text, as code or not
			if n.Kind() == ast.KindCodeSpan {
				return ast.WalkSkipChildren, nil
			}
		case *ast.RawHTML:
			raw := string(n.Segments.Value(source))
			if raw != "<code>" && raw != "</code>" && raw != "<sub>" && raw != "</sub>" {
				b.WriteString("HTML ")
			}
		case *ast.AutoLink:
			links = append(links, string(n.URL(source)))
		case *east.TableRow:
			b.WriteString("Row" + strings.Repeat("·", n.ChildCount()) + " ")
		default:
			b.WriteString(n.Kind().String() + " ")
		}
		return ast.WalkContinue, nil
	})
	return b.String(), links
}

func FuzzForeignTextStaysText(f *testing.F) {
	for _, seed := range []string{
		"plain", "a|b", `a\|b`, "`x`", "``|", "[l](https://evil.example)", "![i](https://evil.example/x.png)", "<img src=x>", "<script>", "</code><b>",
		"**bold**", "_a_ b", "~~x~~", "https://evil.example", "www.evil.example", "wwW.evil.example", "x@evil.example", "@octocat", "# h", "- l", "1. l", "> q", "| a | b |",
		"line\nline\n\n# h", "&lt;", "&#60;b&#62;", "http://a b", "https://ok.example/x?y=z|w", "ftp://x.example", "mailto:a@b.example", "\\", "```", "$x$", "= = =", "[ ] x", "w.w.www.x.example",
		"https://x.example/<b>", "[^1]", ":+1:", "\u202eevil", "\x00\x1b[31m",
	} {
		f.Add(seed)
	}
	want, _ := shape(report.Markdown(foreign("plain")))
	f.Fuzz(func(t *testing.T, text string) {
		visible := strings.TrimFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) || unicode.IsSpace(c) || c == unicode.ReplacementChar })
		if visible == "" {
			t.Skip("nothing to see: cells stay empty")
		}
		markdown := report.Markdown(foreign(text))
		got, links := shape(markdown)
		if got != want {
			t.Errorf("with %q the summary is made of\n%s\nwant\n%s\n%s", text, got, want, markdown)
		}
		for _, link := range links {
			if !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "https://") || link != text {
				t.Errorf("with %q the summary links to %q", text, link)
			}
		}
		if mention := regexp.MustCompile(`@[0-9A-Za-z]`).FindString(visibleText(t, markdown)); mention != "" {
			t.Errorf("with %q the summary mentions %q", text, mention)
		}
	})
}

// visibleText is what GitHub looks for @names in: rendered text outside code.
func visibleText(t *testing.T, markdown string) string {
	t.Helper()
	var out bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(markdown), &out); err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?s)<code>.*?</code>|<[^>]*>`).ReplaceAllString(out.String(), " ")
}
