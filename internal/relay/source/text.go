package source

import (
	"html"
	"net/url"
	"strings"
	"unicode"

	htmltomarkdown "github.com/JohannesKaufmann/html-to-markdown/v2"
	dom "golang.org/x/net/html"
)

const (
	maxTitle       = 200
	maxFact        = 500
	maxURL         = 2048
	maxHTML        = 256 << 10
	maxNesting     = 24     // what is nested deeper comes from no editor, and takes the converter minutes
	maxDescription = 30_000 // an issue's body holds 65,536 characters
)

// line makes text one line without control characters, cut at most runes.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	return cut(strings.Join(strings.Fields(text), " "), most)
}

// cut shortens text to most runes and says so with an ellipsis.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// webURL returns a URL that is safe to show and to follow: http or https, with
// a host, without a user. Anything else gives "".
func webURL(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(text) > maxURL {
		return ""
	}
	u.User = nil
	return u.String()
}

// pageURL is webURL without query and fragment, which on an application's own
// pages may hold anything.
func pageURL(text string) string {
	u, err := url.Parse(webURL(text))
	if err != nil || u.Host == "" {
		return ""
	}
	u.RawQuery, u.Fragment, u.RawFragment, u.ForceQuery = "", "", "", false
	return u.String()
}

// plainMarkdown makes Markdown that shows plain text as it is.
func plainMarkdown(text string) string {
	text = strings.ReplaceAll(html.EscapeString(text), "\r\n", "\n")
	return htmlMarkdown("<p>" + strings.ReplaceAll(text, "\n", "<br>") + "</p>")
}

// htmlMarkdown makes Markdown of HTML from the network. Images become links,
// links lead to the web or nowhere, and what is left can neither hide a
// comment nor call anybody by name.
func htmlMarkdown(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxHTML)], "")
	doc, err := dom.Parse(strings.NewReader(text))
	if err != nil {
		return plainMarkdown(text) // it is nested so deep that it is no HTML to anybody
	}
	disarm(doc, maxNesting)
	markdown, err := htmltomarkdown.ConvertNode(doc)
	if err != nil {
		return ""
	}
	return cut(quieten(strings.TrimSpace(string(markdown))), maxDescription)
}

// quieten keeps GitHub from reading a comment or a mention in text. A zero
// width space is invisible to people.
func quieten(text string) string {
	return strings.NewReplacer("<!--", "<\u200b!--", "@", "@\u200b").Replace(text)
}

// disarm takes out of a document what should not reach Markdown, and leaves
// text alone of what is nested deeper than so many levels.
func disarm(n *dom.Node, levels int) {
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		switch {
		case child.Type == dom.CommentNode:
			n.RemoveChild(child)
		case child.Type == dom.ElementNode && child.Data == "img":
			n.InsertBefore(pictureLink(child), child)
			n.RemoveChild(child)
		case child.Type == dom.ElementNode && levels == 0:
			n.InsertBefore(&dom.Node{Type: dom.TextNode, Data: words(child)}, child)
			n.RemoveChild(child)
		case child.Type == dom.ElementNode:
			child.Attr = safeAttributes(child.Attr)
			if child.Data == "a" && child.Attr == nil {
				child.Data = "span" // a link to nowhere is text
			}
			disarm(child, levels-1)
		}
		child = next
	}
}

// words is the text in an element that a reader would see.
func words(n *dom.Node) string {
	var b strings.Builder
	for part := range n.Descendants() {
		hidden := part.Parent.Data == "script" || part.Parent.Data == "style"
		if part.Type == dom.TextNode && !hidden {
			b.WriteString(part.Data + " ")
		}
	}
	return b.String()
}

// safeAttributes keeps the addresses of links that lead to the web.
func safeAttributes(attributes []dom.Attribute) []dom.Attribute {
	for _, a := range attributes {
		if u := webURL(a.Val); a.Key == "href" && u != "" {
			return []dom.Attribute{{Key: "href", Val: u}}
		}
	}
	return nil
}

// pictureLink stands in for an image, which would be fetched by whoever reads
// the text.
func pictureLink(img *dom.Node) *dom.Node {
	var src, alt string
	for _, a := range img.Attr {
		switch a.Key {
		case "src":
			src = webURL(a.Val)
		case "alt":
			alt = line(a.Val, maxTitle)
		}
	}
	label := &dom.Node{Type: dom.TextNode, Data: first(alt, "image")}
	if src == "" || insideLink(img) {
		return label
	}
	link := &dom.Node{Type: dom.ElementNode, Data: "a", Attr: []dom.Attribute{{Key: "href", Val: src}}}
	link.AppendChild(label)
	return link
}

func insideLink(n *dom.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == dom.ElementNode && n.Data == "a" {
			return true
		}
	}
	return false
}
