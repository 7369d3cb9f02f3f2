package bugster

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Reply is the documented form of an answer.
type Reply struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Code    string `json:"code"`
}

// readReply reads what is there, without what hide takes out: a field of
// another type is left empty, and a body that is no JSON object gives nothing.
func readReply(body []byte, hide func(string) string) Reply {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return Reply{}
	}
	text := func(name string) string { s, _ := fields[name].(string); return hide(s) }
	reply := Reply{Status: text("status"), Message: text("message"), Code: text("code")}
	if reply.Message == "" {
		reply.Message = text("detail") // FastAPI's own errors
	}
	return reply
}

// skips reports whether the service says that it accepted an event and does
// nothing with it.
func skips(reply Reply) bool {
	return strings.Contains(strings.ToLower(reply.Message), "skipping event")
}

// namesFolder reports whether a message is about the repository's .bugster
// folder, and not about a host such as docs.bugster.dev.
func namesFolder(reply Reply) bool {
	for word := range strings.FieldsSeq(strings.ToLower(reply.Message)) {
		folder, _, _ := strings.Cut(strings.TrimLeft(word, "`'\"(/"), "/")
		if strings.TrimRight(folder, "`'\"),.:;!") == ".bugster" {
			return true
		}
	}
	return false
}

// quoted is what the service said, to stand at the end of a sentence.
func quoted(reply Reply) string {
	switch {
	case reply.Message != "" && reply.Code != "":
		return fmt.Sprintf(": %s (%s)", clip(reply.Message), clip(reply.Code))
	case reply.Message != "":
		return ": " + clip(reply.Message)
	case reply.Code != "":
		return ": " + clip(reply.Code)
	case reply.Status != "":
		return fmt.Sprintf(": status %q", clip(reply.Status))
	}
	return ""
}

// clip shortens what somebody else wrote to the length of a sentence.
func clip(text string) string {
	const most = 300
	runes := []rune(strings.TrimRight(strings.Join(strings.Fields(text), " "), "."))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
