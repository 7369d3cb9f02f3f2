package rest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Deliver sends a webhook once, as the services do, and returns the beginning
// of the answer. Any status but 2xx is an error, too.
func Deliver(ctx context.Context, address string, header http.Header, body []byte) (status int, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("make the webhook: %w", err)
	}
	req.Header = header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("send the webhook: %w", err)
	}
	defer resp.Body.Close()
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("the webhook was answered %s", resp.Status)
	}
	return resp.StatusCode, string(text), err
}
