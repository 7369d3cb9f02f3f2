package relayload_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is one of the programs that are compared, in a process of its own.
type server struct {
	args  []string
	env   []string
	ready string // the address that answers 200 once it can keep events
	log   string // the file with what it says
	cmd   *exec.Cmd
	ended chan error // what waiting for it returned
}

// start starts the program and returns how long it took until it was ready.
func (s *server) start(b *testing.B) time.Duration {
	b.Helper()
	out, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.env...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = filepath.Dir(s.log), out, out
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan<- error) { ended <- cmd.Wait() }(s.cmd, s.ended)
	for end := time.After(time.Minute); ; {
		if resp, err := http.Get(s.ready); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return time.Since(began)
			}
		}
		select {
		case err := <-s.ended:
			b.Fatalf("%s ended with %v: %s", s.args[0], err, s.said())
		case <-end:
			b.Fatalf("%s does not start: %s", s.args[0], s.said())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// said is the end of what the program said.
func (s *server) said() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// kill ends the program as a power cut would end it.
func (s *server) kill(b *testing.B) {
	b.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		b.Fatal(err)
	}
	<-s.ended
}

// peak returns the most memory that the program ever held, in MiB.
func (s *server) peak(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, "VmHWM:")
		if !ok {
			continue
		}
		kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		if err != nil {
			b.Fatalf("VmHWM is %q: want a number of kB", rest)
		}
		return float64(kib) / 1024
	}
	b.Fatal("the process has no VmHWM")
	return 0
}

// cpu returns how much of the processors' time the program has taken.
func (s *server) cpu(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // from the third on
	var ticks int
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatalf("a time in /proc is %q: want a number", field)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ, the same on every Linux
}

// freeAddress finds a port that nobody listens on.
func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
