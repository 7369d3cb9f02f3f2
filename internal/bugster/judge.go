package bugster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// Reply is the documented form of an answer.
type Reply struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Code    string `json:"code"`
}

// readReply reads what is there: a field of another type is left empty, and a
// body that is no JSON object gives nothing.
func readReply(body []byte) Reply {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return Reply{}
	}
	text := func(name string) string { s, _ := fields[name].(string); return s }
	reply := Reply{Status: text("status"), Message: text("message"), Code: text("code")}
	if reply.Message == "" {
		reply.Message = text("detail") // FastAPI's own errors
	}
	return reply
}

// judge turns the last answer, or its absence, into an ending. The error is
// that of a request that could not be written at all.
func judge(answer outbound.Answer, reply Reply, attempts []outbound.Attempt, err error) (deploy.Ending, error) {
	var failure *outbound.Failure
	switch {
	case errors.As(err, &failure):
		return doubt(fromFailure(failure), attempts), nil
	case errors.Is(err, outbound.ErrTooLong):
		return doubt(fromAnswer(answer, reply), attempts), nil
	case err != nil:
		return deploy.Ending{}, err
	}
	return doubt(fromAnswer(answer, reply), attempts), nil
}

// doubt corrects an ending that says "nothing started" where an earlier try may
// have started something.
func doubt(end deploy.Ending, attempts []outbound.Attempt) deploy.Ending {
	if end.Outcome != deploy.Unreachable {
		return end
	}
	for _, a := range attempts[:max(0, len(attempts)-1)] {
		if a.Ambiguous {
			return deploy.End(deploy.ReasonNoAnswer, fmt.Sprintf(
				"Try %d may have been carried out, and no try after it was answered: %s", a.Number, end.Sentence))
		}
	}
	return end
}

func fromFailure(f *outbound.Failure) deploy.Ending {
	sentence := sentenceOf(f.Error())
	switch f.Kind {
	case outbound.KindDNS:
		return deploy.End(deploy.ReasonDNS, sentence)
	case outbound.KindConnect:
		return deploy.End(deploy.ReasonConnect, sentence)
	case outbound.KindTLS:
		return deploy.End(deploy.ReasonTLS, sentence)
	case outbound.KindCertificate:
		return deploy.End(deploy.ReasonCertificate, sentence)
	case outbound.KindTooLarge:
		return deploy.End(deploy.ReasonAnswerTooLarge, sentence)
	case outbound.KindStopped:
		return stopped(f)
	}
	return deploy.End(deploy.ReasonNoAnswer, sentence)
}

// stopped is for a run that ended while the call was under way. Whether by its
// deadline or by a signal is the caller's to say; here it counts whether the
// request had left.
func stopped(f *outbound.Failure) deploy.Ending {
	if f.Sent {
		return deploy.End(deploy.ReasonNoAnswer, "The run ended while it waited for the answer: tests may have started.")
	}
	return deploy.End(deploy.ReasonConnect, "The run ended before the request was sent.")
}

func fromAnswer(answer outbound.Answer, reply Reply) deploy.Ending {
	said := quoted(reply)
	switch status := answer.Status; {
	case status/100 == 2:
		return fromReply(status, reply)
	case status/100 == 3:
		return deploy.End(deploy.ReasonRedirected, fmt.Sprintf("The service answered %d and wanted to send us to %s; that was not followed.", status, redirectHost(answer.Header)))
	case status == http.StatusTooManyRequests:
		return deploy.End(deploy.ReasonRateLimited, fmt.Sprintf("The service answered 429 (too many requests)%s to the end.", asked(answer.Header)))
	case status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
		return deploy.End(deploy.ReasonBusy, fmt.Sprintf("The service answered 503 (unavailable)%s to the end.", asked(answer.Header)))
	case status >= 500:
		return deploy.End(deploy.ReasonServerError, fmt.Sprintf("The service answered %d%s.", status, said))
	}
	return deploy.End(refusal(answer.Status, reply), fmt.Sprintf("The service answered %d%s.", answer.Status, said))
}

// fromReply reads a 2xx, which the service also gives to events that it does
// not test.
func fromReply(status int, reply Reply) deploy.Ending {
	switch said := strings.ToLower(strings.TrimSpace(reply.Status)); {
	case said == "error":
		return deploy.End(refusal(status, reply), fmt.Sprintf("The service answered %d, but with an error%s.", status, quoted(reply)))
	case skips(reply) && namesFolder(reply):
		return deploy.End(deploy.ReasonNoBugsterFolder, fmt.Sprintf("The service answered %d and runs nothing%s.", status, quoted(reply)))
	case skips(reply):
		return deploy.End(deploy.ReasonServiceSkipped, fmt.Sprintf("The service answered %d and runs nothing%s.", status, quoted(reply)))
	case said == "processed":
		return deploy.End(deploy.ReasonProcessed, "The service processed the event; tests were started.")
	}
	return deploy.End(deploy.ReasonUnrecognisedAnswer, fmt.Sprintf(
		"The service answered %d, but not in its documented form (JSON with a status of processed or error)%s.", status, quoted(reply)))
}

func skips(reply Reply) bool {
	return strings.Contains(strings.ToLower(reply.Message), "skipping event")
}

func namesFolder(reply Reply) bool { return strings.Contains(reply.Message, ".bugster") }

// refusal finds the reason in a no.
func refusal(status int, reply Reply) deploy.Reason {
	switch {
	case strings.EqualFold(reply.Code, "INVALID_PROJECT"):
		return deploy.ReasonInvalidProject
	case namesFolder(reply):
		return deploy.ReasonNoBugsterFolder
	case status == http.StatusUnauthorized:
		return deploy.ReasonUnauthorized
	case status == http.StatusForbidden:
		return deploy.ReasonForbidden
	}
	return deploy.ReasonRefused
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

func redirectHost(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || h.Get("Location") == "" {
		return "an address that cannot be read"
	}
	if u.Host == "" {
		return "another path of the same host"
	}
	return u.Host
}

func asked(h http.Header) string {
	if after := h.Get("Retry-After"); after != "" {
		return fmt.Sprintf(", Retry-After: %s,", clip(after))
	}
	return ""
}

// sentenceOf makes an error's text a sentence of its own.
func sentenceOf(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
