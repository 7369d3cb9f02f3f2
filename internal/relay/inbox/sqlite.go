package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/afterdeploy/afterdeploy/internal/relay/lite"
)

// File is the inbox's database within the data directory.
const File = "inbox.db"

// The limits of one commit and of what may wait for it.
const (
	mostPerCommit = 256
	mostWaiting   = 1024
)

// sqlite has one connection that writes, owned by one goroutine, and others
// that only read.
type sqlite struct {
	path    string
	most    int64 // bytes that the file may have; 0 for any
	writer  *sql.DB
	readers *sql.DB
	// prepared are statements of the writer's, by their text.
	prepared map[string]*sql.Stmt
	watch

	queue chan job
	mu    sync.RWMutex // held for writing while the queue closes
	shut  bool
	done  chan struct{}
}

// job is one statement that waits for a commit.
type job struct {
	ctx    context.Context
	fn     func(context.Context, querier) error
	result chan error
}

// OpenSQLite opens the inbox of a data directory, which it creates. The caller
// holds the directory's [Lock]. If most is not 0, the file grows to that many
// bytes and no further.
func OpenSQLite(ctx context.Context, dir string, most int64) (*Inbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	s := &sqlite{
		path:  filepath.Join(dir, File),
		most:  most,
		queue: make(chan job, mostWaiting),
		done:  make(chan struct{}),
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open inbox: %w", err), s.closeFiles())
	}
	go s.run()
	return &Inbox{engine: s}, nil
}

func (s *sqlite) open(ctx context.Context) error {
	var err error
	if s.writer, err = lite.Open(ctx, s.path, lite.Options{MostBytes: s.most}); err != nil {
		return err
	}
	for _, statement := range statements(schema) {
		if _, err := s.writer.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create tables: %w", err)
		}
	}
	// The lock says that no other relay claims entries: what is claimed was
	// claimed by one that is gone.
	if _, err := s.writer.ExecContext(ctx, `UPDATE event SET route_at = received WHERE route_at IS NOT NULL AND tries > 0`); err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	s.prepared = map[string]*sql.Stmt{}
	for _, statement := range []string{insert, describe, settle} {
		if s.prepared[statement], err = s.writer.PrepareContext(ctx, statement); err != nil { //nolint:sqlclosecheck // closeFiles does it
			return fmt.Errorf("prepare to keep events: %w", err)
		}
	}
	s.readers, err = lite.OpenReader(ctx, s.path)
	return err
}

func (s *sqlite) reader() querier { return s.readers }

func (s *sqlite) skipLocked() string { return "" }

func (s *sqlite) usage(ctx context.Context) (used, most int64, err error) {
	if s.most > 0 {
		used, _, err = lite.Usage(ctx, s.readers)
	}
	return used, s.most, err
}

func (s *sqlite) shrink(ctx context.Context) (bool, error) {
	more := false
	err := s.write(ctx, func(ctx context.Context, q querier) (err error) {
		more, err = lite.Shrink(ctx, q)
		return err
	})
	return err == nil && more, err
}

func (s *sqlite) size(context.Context) (int64, error) { return lite.Size(s.path) }

// close refuses new work, commits what waits, and closes the files.
func (s *sqlite) close() error {
	s.mu.Lock()
	if !s.shut {
		s.shut = true
		close(s.queue)
	}
	s.mu.Unlock()
	<-s.done
	return s.closeFiles()
}

func (s *sqlite) closeFiles() error {
	var errs []error
	for _, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
	}
	for _, db := range []*sql.DB{s.readers, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
