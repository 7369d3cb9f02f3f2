package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/google/go-github/v60/github"
)

// What GitHub takes in a repository_dispatch.
const (
	mostEventType   = 100
	mostPayload     = 65535
	mostPayloadKeys = 10
)

// Dispatch starts the workflows that listen for a repository_dispatch of a
// type. Doing it twice starts them twice. It refuses what GitHub would refuse.
func (c *Client) Dispatch(ctx context.Context, repository, eventType string, payload map[string]any) error {
	op := operation{"dispatch", WriteContents()}
	return c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		raw, err := dispatchPayload(eventType, payload)
		if err != nil {
			return &Error{Kind: KindValidation, Err: err}
		}
		_, _, err = api.Repositories.Dispatch(ctx, owner, name, github.DispatchRequestOptions{
			EventType: eventType, ClientPayload: raw,
		})
		return err
	})
}

func dispatchPayload(eventType string, payload map[string]any) (*json.RawMessage, error) {
	if n := utf8.RuneCountInString(eventType); n < 1 || n > mostEventType {
		return nil, fmt.Errorf("the event type %q has %d characters: want 1 to %d", clip(eventType, mostEventType), n, mostEventType)
	}
	if len(payload) > mostPayloadKeys {
		return nil, fmt.Errorf("the payload has %d keys at the top: want at most %d, the rest inside them", len(payload), mostPayloadKeys)
	}
	if payload == nil {
		payload = map[string]any{}
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("write the payload: %w", err)
	}
	if n := utf8.RuneCount(text); n > mostPayload {
		return nil, fmt.Errorf("the payload has %d characters: want at most %d", n, mostPayload)
	}
	return (*json.RawMessage)(&text), nil
}
