package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/transfer"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Place is where a relay that does not run keeps what it keeps.
type Place struct {
	Data     string
	Database secret.String // instead of files in Data, if it is set
}

// open opens the stores of a place, for as long as do takes.
func (p Place) open(ctx context.Context, do func(*Relay) error) error {
	r := &Relay{options: Options{Data: p.Data, Database: p.Database}, router: &route.Router{}}
	err := r.openStores(ctx)
	if err == nil {
		err = do(r)
	}
	return errors.Join(err, r.Close())
}

// Export writes everything that is kept in a place: events with their keys,
// deliveries, attempts, pauses. Nobody may work on it meanwhile.
func (p Place) Export(ctx context.Context, to io.Writer) error {
	if p.Database.IsZero() {
		if _, err := os.Stat(filepath.Join(p.Data, inbox.File)); err != nil {
			return fmt.Errorf("export from %s: want the directory of a relay: %w", p.Data, err)
		}
	}
	return p.open(ctx, func(r *Relay) error {
		w := transfer.NewWriter(to)
		for _, export := range []func(context.Context, func(transfer.Row) error) error{r.inbox.Export, r.work.Export} {
			if err := export(ctx, w.Write); err != nil {
				return err
			}
		}
		return w.Close()
	})
}

// Moved is how many rows of a table an import found, and how many of them it
// added: the others were there.
type Moved struct{ Found, Added int64 }

// Import adds to a place what Export wrote. What is there stays as it is, so it
// can be done again.
func (p Place) Import(ctx context.Context, from io.Reader) (map[string]Moved, error) {
	moved := map[string]Moved{}
	err := p.open(ctx, func(r *Relay) error {
		return transfer.Read(from, func(rows []transfer.Row) error {
			added, known, err := r.inbox.Import(ctx, rows)
			if !known {
				added, known, err = r.work.Import(ctx, rows)
			}
			if err != nil {
				return err
			}
			table := rows[0].Table
			if !known {
				return fmt.Errorf("there is no table %q: was this exported by a newer version?", table)
			}
			m := moved[table]
			moved[table] = Moved{m.Found + int64(len(rows)), m.Added + added}
			return nil
		})
	})
	return moved, err
}
