package relayload_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// key signs the webhooks.
const key = "a-secret-for-figures"

// bodySize is what an event's body has, in bytes.
const bodySize = 1 << 10

// serials numbers events, so that no two of a run are the same.
type serials struct{ last atomic.Int64 }

// event is the n-th body: a deployment of a commit that no other event names.
func event(n int64) []byte {
	const form = `{"action":"created","deployment_status":{"state":"success","environment":"production","environment_url":"https://shop.example.com","description":"%s"},` +
		`"deployment":{"id":%d,"sha":"%040x","ref":"main"},"repository":{"full_name":"acme/web"},"sender":{"login":"someone"}}`
	bare := fmt.Sprintf(form, "", n, n)
	return fmt.Appendf(nil, form, strings.Repeat("x", bodySize-len(bare)), n, n)
}

// request is the n-th webhook as GitHub sends it, ready for the wire: the
// sender shares the machine with what is measured and has to be quick.
func request(path string, n int64) []byte {
	body := event(n)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: relay\r\nUser-Agent: GitHub-Hookshot/figures\r\nContent-Type: application/json\r\n"+
		"X-GitHub-Event: deployment_status\r\nX-GitHub-Hook-ID: 1\r\nX-GitHub-Delivery: %s\r\nX-Hub-Signature-256: sha256=%x\r\nContent-Length: %d\r\n\r\n",
		path, delivery(n), mac.Sum(nil), len(body))
	b.Write(body)
	return b.Bytes()
}

// delivery is an identifier as random as GitHub's are: indexes feel that.
func delivery(n int64) string {
	sum := sha256.Sum256(fmt.Append(nil, n))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// tally is what senders saw.
type tally struct {
	took    []time.Duration // of every acknowledgement
	acked   []string        // what they were told, if anything
	refused int
}

// send has so many senders send one event after the other, each on a connection
// of its own, for as long as the time lasts.
func (s *serials) send(b *testing.B, address, path string, senders int, lasting time.Duration) tally {
	b.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total tally
		end   = time.Now().Add(lasting)
	)
	for range senders {
		wg.Go(func() {
			one, err := s.sender(address, path, end)
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			total.took = append(total.took, one.took...)
			total.acked = append(total.acked, one.acked...)
			total.refused += one.refused
		})
	}
	wg.Wait()
	slices.Sort(total.took)
	return total
}

func (s *serials) sender(address, path string, end time.Time) (tally, error) {
	var t tally
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return t, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for time.Now().Before(end) {
		wire := request(path, s.last.Add(1))
		began := time.Now()
		if _, err := conn.Write(wire); err != nil {
			return t, err
		}
		status, id, err := answer(in)
		if err != nil {
			return t, err
		}
		if status/100 != 2 {
			t.refused++
			continue
		}
		t.took = append(t.took, time.Since(began))
		t.acked = append(t.acked, id)
	}
	return t, nil
}

func answer(in *bufio.Reader) (status int, id string, err error) {
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, "", fmt.Errorf("read answer: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", fmt.Errorf("read answer: %w", err)
	}
	var a struct{ ID string }
	_ = json.Unmarshal(text, &a) // not everybody names what was kept
	return resp.StatusCode, a.ID, nil
}

// quantile returns the duration that this share of all stays below.
func (t tally) quantile(share float64) time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	return t.took[min(len(t.took)-1, int(share*float64(len(t.took))))]
}
