package bugster

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// judge turns the last answer, or its absence, into an ending. The error is
// that of a request that could not be written at all.
func judge(answer outbound.Answer, reply Reply, attempts []outbound.Attempt, err error) (deploy.Ending, error) {
	var failure *outbound.Failure
	switch {
	case errors.As(err, &failure):
		return doubt(fromFailure(failure), attempts), nil
	case err == nil, errors.Is(err, outbound.ErrTooLong):
		return doubt(fromAnswer(answer, reply), attempts), nil
	}
	return deploy.Ending{}, err
}

// doubt corrects an ending that says "nothing started" where an earlier try may
// have started something.
func doubt(end deploy.Ending, attempts []outbound.Attempt) deploy.Ending {
	if end.Outcome != deploy.Unreachable {
		return end
	}
	for _, a := range attempts[:max(0, len(attempts)-1)] {
		if a.Ambiguous {
			return deploy.End(deploy.ReasonNoAnswer, fmt.Sprintf("Try %d may have been carried out. After it: %s", a.Number, end.Sentence))
		}
	}
	return end
}

func fromFailure(f *outbound.Failure) deploy.Ending {
	sentence := deploy.Sentence(f.Error())
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
	return deploy.End(deploy.ReasonConnect, "The run ended before the service took the request.")
}

func fromAnswer(answer outbound.Answer, reply Reply) deploy.Ending {
	said := quoted(reply)
	switch status := answer.Status; {
	case status/100 == 2:
		return fromReply(status, reply)
	case status/100 == 3:
		return deploy.End(deploy.ReasonRedirected, fmt.Sprintf("The service answered %d and wanted to send us to %s; that was not followed.", status, redirectHost(answer.Header)))
	case status == http.StatusTooManyRequests:
		return deploy.End(deploy.ReasonRateLimited, fmt.Sprintf("The service answered 429 (too many requests%s)%s.", asked(answer.Header), said))
	case answer.Busy():
		return deploy.End(deploy.ReasonBusy, fmt.Sprintf("The service answered %d (unavailable%s)%s.", status, asked(answer.Header), said))
	case status/100 == 4:
		return deploy.End(refusal(status, reply), fmt.Sprintf("The service answered %d%s.", status, said))
	}
	return deploy.End(deploy.ReasonServerError, fmt.Sprintf("The service answered %d%s.", answer.Status, said))
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

func redirectHost(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || h.Get("Location") == "" {
		return "an address that cannot be read"
	}
	if u.Host == "" {
		return "another path of the same host"
	}
	return clip(u.Host)
}

// asked is the Retry-After header where it can be read, to stand after a word.
func asked(h http.Header) string {
	if _, ok := outbound.RetryAfter(h, time.Time{}); ok {
		return ", Retry-After: " + clip(h.Get("Retry-After"))
	}
	return ""
}
