package bitrise

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// enveloped is an answer inside {"data": …} or without, as the API's two
// descriptions have it.
type enveloped[T any] struct{ Data T }

// UnmarshalJSON implements [json.Unmarshaler].
func (e *enveloped[T]) UnmarshalJSON(text []byte) error {
	var outer struct{ Data json.RawMessage }
	if err := json.Unmarshal(text, &outer); err != nil {
		return err
	}
	if outer.Data != nil {
		text = outer.Data
	}
	return json.Unmarshal(text, &e.Data)
}

// mostPages ends a list that never ends.
const mostPages = 200

// pages collects the pages of a list, up to the one after which enough says that
// there is no need of more. Enough may be nil.
func pages[T any](ctx context.Context, c *Client, enough func(page []T) bool, op string, path ...string) ([]T, error) {
	var all []T
	query := url.Values{"limit": {"50"}}
	for range mostPages {
		var page struct {
			Data   []T
			Paging struct{ Next string }
		}
		if err := c.api().Call(ctx, op, http.MethodGet, query, nil, &page, path...); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Paging.Next == "" || enough != nil && len(page.Data) > 0 && enough(page.Data) {
			return all, nil
		}
		query.Set("next", page.Paging.Next)
	}
	return nil, fmt.Errorf("%s: more than %d pages of it", op, mostPages)
}
