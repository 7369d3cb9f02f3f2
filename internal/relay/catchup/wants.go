package catchup

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// wants adds to a refusal what the service wants to see. It says "not found"
// also of what a token may not see.
func wants(err error, what string) error {
	var refused *outbound.APIError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return fmt.Errorf("%w: want api-token to be %s", err, what)
	}
	return err
}

// hidden says what GitHub's "not found" leaves open: it says so also of what a
// token may not see.
func hidden(err error) error {
	var e *hub.Error
	if errors.As(err, &e) && e.Kind == hub.KindNotFound {
		return fmt.Errorf("%w: there is none, or the token lacks %s", err, e.Needs)
	}
	return err
}
