//go:build e2e

package relay_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
)

const bugRules = `
sources:
  bugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:S}}
targets:
  there: {service: github, token: env:S, api-url: "http://127.0.0.1:1", repositories: [acme/web]}
rules:
  - {name: bug, source: bugs, when: 'title == "never"', do: issue, to: there, with: {repository: acme/web}}
`

// The system calls of a relay show that the inbox's fsync returns before the
// 200 is written, for every event.
func TestFsyncBeforeAck(t *testing.T) {
	t.Parallel()
	p := newProcess(t, bugRules)
	trace := filepath.Join(p.dir, "trace")
	p.wrap = []string{"strace", "-f", "-y", "-s", "200", "-e", "trace=fsync,fdatasync,read,write", "-o", trace}
	p.start(t)
	const events = 25
	for i := range events {
		if status, a := p.post("bugs", fmt.Sprintf(`{"bugId":"b%d"}`, i), "X-Relay-Secret", "s"); status != 200 || a.State != "accepted" {
			t.Fatalf("event %d: %d %v", i, status, a)
		}
	}
	p.kill(t) // and with it strace
	acks, syncs := read(t, trace)
	if acks != events {
		t.Errorf("%d acknowledgements in the trace, want %d", acks, events)
	}
	if syncs < events {
		t.Errorf("%d fsyncs for %d events sent one after the other", syncs, events)
	}
}

// read follows a trace and fails the test where an acknowledgement is written
// without an fsync that began after its request came and has returned.
func read(t *testing.T, path string) (acks, syncs int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	syncing := regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<[^>]*inbox\.db-wal>(.*)`)
	resumed := regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>\) += 0`)
	began := map[string]bool{} // by thread: began after the request came
	safe := false              // since the request came, an fsync returned
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.Contains(line, `"POST /hooks/bugs `):
			safe = false
			clear(began)
		case syncing.MatchString(line):
			m := syncing.FindStringSubmatch(line)
			if strings.Contains(m[2], "= 0") {
				safe = true
				syncs++
			} else {
				began[m[1]] = true
			}
		case resumed.MatchString(line):
			if thread := resumed.FindStringSubmatch(line)[1]; began[thread] {
				delete(began, thread)
				safe = true
				syncs++
			}
		case strings.Contains(line, "write(") && strings.Contains(line, `HTTP/1.1 200 OK`) && strings.Contains(line, "accepted"):
			acks++
			if !safe {
				t.Errorf("an acknowledgement without an fsync before it: %s", line)
			}
			safe = false
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return acks, syncs
}

// A full disk is a 503 with Retry-After and a relay that says it is not ready.
// When there is room again it goes on, and whatever it acknowledged is there.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	p := newProcess(t, bugRules)
	data := filepath.Join(p.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=24m"); err != nil {
		t.Fatalf("mount a small disk: %v (this test wants root)", err)
	}
	t.Cleanup(func() {
		p.kill(t)
		if err := syscall.Unmount(data, 0); err != nil {
			t.Error(err)
		}
	})
	p.start(t)
	acknowledged := map[string]bool{}
	send := func(key string) int {
		body := fmt.Sprintf(`{"bugId":%q,"title":%q}`, key, strings.Repeat("x", 100<<10))
		status, a := p.post("bugs", body, "X-Relay-Secret", "s")
		if status == http.StatusOK {
			acknowledged[a.ID] = true
		}
		return status
	}
	for i := range 5 {
		if status := send(fmt.Sprintf("before%d", i)); status != http.StatusOK {
			t.Fatalf("with room: %d", status)
		}
	}
	if status := p.readyz(); status != http.StatusOK {
		t.Errorf("readyz with room: %d", status)
	}
	ballast := filepath.Join(data, "ballast")
	fill(t, ballast)
	refused := 0
	for i := range 20 {
		if send(fmt.Sprintf("full%d", i)) == http.StatusServiceUnavailable {
			refused++
		}
	}
	if refused < 15 {
		t.Errorf("%d of 20 refused on a full disk, want nearly all", refused)
	}
	for range 3 { // it does not come and go
		if status := p.readyz(); status != http.StatusServiceUnavailable {
			t.Errorf("readyz on a full disk: %d, want 503", status)
		}
	}
	// Room for a small event is no room for what was refused.
	shrink(t, ballast, 48<<10)
	if status := p.readyz(); status != http.StatusServiceUnavailable {
		t.Errorf("readyz on a nearly full disk: %d, want 503", status)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.awaitReady(t)
	if status := send("full19"); status != http.StatusOK {
		t.Errorf("the relay is ready, and answers %d", status)
	}
	p.kill(t)
	p.start(t)
	for id := range acknowledged {
		var d journal.Detail
		if err := p.ask(http.MethodGet, "/api/events/"+id, &d); err != nil {
			t.Errorf("acknowledged event %s: %v", id, err)
		}
	}
}

// readyz asks whether the relay is ready. Without an answer the status is 0.
func (p *process) readyz() int {
	resp, err := http.Get(p.admin + "/readyz")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// awaitReady waits until the relay says so, without being sent anything.
func (p *process) awaitReady(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); p.readyz() != http.StatusOK; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited for 20 s: the relay is ready again")
		}
	}
}

// A disk that does not flush is a 503, however much room it has: what the relay
// was told is written may not be. When it flushes again, the relay goes on.
func TestDiskThatDoesNotFlush(t *testing.T) {
	t.Parallel()
	p := newProcess(t, bugRules)
	p.start(t)
	send := func(key string) (int, answer) {
		return p.post("bugs", fmt.Sprintf(`{"bugId":%q}`, key), "X-Relay-Secret", "s")
	}
	_, kept := send("before")
	broken := exec.Command("strace", "-f", "-p", strconv.Itoa(p.cmd.Process.Pid), "-o", os.DevNull,
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO")
	if err := broken.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); p.readyz() != http.StatusServiceUnavailable; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited for 20 s: the relay notices that nothing is flushed")
		}
	}
	for i := range 5 {
		if status, _ := send(fmt.Sprintf("lost%d", i)); status != http.StatusServiceUnavailable {
			t.Errorf("answered %d while nothing is flushed, want 503", status)
		}
	}
	if err := errors.Join(broken.Process.Signal(os.Interrupt), ignoreExit(broken.Wait())); err != nil {
		t.Fatal(err)
	}
	p.awaitReady(t)
	status, a := send("lost0")
	if status != http.StatusOK || a.State != "accepted" {
		t.Errorf("afterwards answered %d %v, want it accepted: nobody was told that it is kept", status, a)
	}
	p.kill(t)
	p.start(t)
	for _, id := range []string{kept.ID, a.ID} {
		if err := p.ask(http.MethodGet, "/api/events/"+id, new(journal.Detail)); err != nil {
			t.Errorf("acknowledged event %s: %v", id, err)
		}
	}
}

// ignoreExit passes over how a program ended that was interrupted.
func ignoreExit(err error) error {
	if errors.As(err, new(*exec.ExitError)) {
		return nil
	}
	return err
}

// shrink gives back the end of a file.
func shrink(t *testing.T, path string, by int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-by)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		block := make([]byte, size)
		for {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
}
