package outbound

import "net/http"

// allowance counts what may still be tried of one call.
type allowance struct{ tries, ambiguous, unknownHost int }

// spend counts a try, and decides by the table in docs/design.md whether
// another may follow.
func (l *allowance) spend(a Attempt) (again bool) {
	l.tries--
	if a.Ambiguous {
		l.ambiguous--
	}
	if a.Failure != nil && a.Failure.NoSuchHost {
		l.unknownHost--
	}
	return retryable(a) && l.tries > 0 && l.ambiguous >= 0 && l.unknownHost > 0
}

// retryable reports whether a try ended in a way that another may mend.
func retryable(a Attempt) bool {
	if a.Failure != nil {
		switch a.Failure.Kind {
		case KindDNS, KindConnect, KindTLS, KindLost, KindTimeout:
			return true
		case KindCertificate, KindTooLarge, KindStopped:
		}
		return false
	}
	switch a.Status {
	case http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// ambiguous reports whether a request may have been carried out, though no
// answer says so.
func ambiguous(answer Answer, f *Failure) bool {
	if f != nil {
		return f.Sent && f.Kind != KindTooLarge
	}
	return answer.Status >= 500 && !answer.Busy()
}
