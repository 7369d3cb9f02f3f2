package inbox_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
)

// TestContract holds for every engine: the tests know an empty inbox, not what
// it is made of.
func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		contract(t, func(t *testing.T) *inbox.Inbox { return openSQLite(t, t.TempDir(), 0) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Start(t)
		contract(t, func(t *testing.T) *inbox.Inbox {
			box, err := inbox.OpenPostgres(t.Context(), pgtest.OpenSchema(t, url).SQL)
			if err != nil {
				t.Fatal(err)
			}
			return box
		})
	})
}

func openSQLite(t *testing.T, dir string, most int64) *inbox.Inbox {
	t.Helper()
	box, err := inbox.OpenSQLite(t.Context(), dir, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() }) // a test may have closed it
	return box
}

func contract(t *testing.T, open func(*testing.T) *inbox.Inbox) {
	for name, test := range map[string]func(*testing.T, *inbox.Inbox){
		"keeps_what_came":         keepsWhatCame,
		"knows_a_key_again":       knowsAKeyAgain,
		"one_of_many_is_first":    oneOfManyIsFirst,
		"poison_fails_alone":      poisonFailsAlone,
		"unverified_stays_apart":  unverifiedStaysApart,
		"unverified_is_bounded":   unverifiedIsBounded,
		"claims_are_exclusive":    claimsAreExclusive,
		"arrival_during_routing":  arrivalDuringRouting,
		"keeps_any_note":          keepsAnyNote,
		"lists":                   lists,
		"tallies":                 tallies,
		"orders_subjects":         ordersSubjects,
		"prunes_bodies_then_keys": prunesBodiesThenKeys,
		"probes":                  probes,
		"watches":                 watches,
		"adds_what_is_missing":    addsWhatIsMissing,
		"adds_in_order":           addsInOrder,
		"tells_what_is_about":     tellsWhatIsAbout,
		"marks_how_far":           marksHowFar,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// noon is when the tests' events come in.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func entry(key string) inbox.Entry {
	return inbox.Entry{
		Source: "gh", Service: "github", Key: key, Method: "POST", Remote: "192.0.2.1",
		Header:   http.Header{"X-Github-Event": {"push"}},
		Body:     []byte("{\"n\":\"\x00\xff\"}"), // bytes, not text
		Received: noon(),
	}
}

func put(t *testing.T, box *inbox.Inbox, e inbox.Entry) inbox.Receipt {
	t.Helper()
	receipt, err := box.Put(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func get(t *testing.T, box *inbox.Inbox, id string) inbox.Stored {
	t.Helper()
	stored, err := box.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func keepsWhatCame(t *testing.T, box *inbox.Inbox) {
	e := entry("k")
	receipt := put(t, box, e)
	e.ID = receipt.ID
	want := inbox.Stored{Entry: e, State: inbox.New, Arrivals: 1, LastArrival: noon()}
	if diff := cmp.Diff(want, get(t, box, receipt.ID)); diff != "" {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
	if _, err := box.Get(t.Context(), "nothing"); !errors.Is(err, inbox.ErrNotFound) {
		t.Errorf("Get(nothing) = %v, want ErrNotFound", err)
	}
}

func keepsAnyNote(t *testing.T, box *inbox.Inbox) {
	id := put(t, box, entry("k")).ID
	note := func(keep error) {
		t.Helper()
		if got := get(t, box, id).Note; keep != nil || got != "it said \uFFFD" {
			t.Errorf("the note is %q, %v", got, keep)
		}
	}
	note(box.Defer(t.Context(), id, noon(), "it said \x00\xff"))
	note(box.Settle(t.Context(), id, noon(), inbox.Ignored, "it said \xff\x00"))
}

func knowsAKeyAgain(t *testing.T, box *inbox.Inbox) {
	first := put(t, box, entry("k"))
	again := entry("k")
	again.Received = noon().Add(time.Hour)
	if got, want := put(t, box, again), (inbox.Receipt{ID: first.ID, Duplicate: true}); got != want {
		t.Errorf("the second Put = %v, want %v", got, want)
	}
	stored := get(t, box, first.ID)
	if stored.Arrivals != 2 || !stored.LastArrival.Equal(again.Received) || !stored.Received.Equal(noon()) {
		t.Errorf("arrivals %d, last %v, received %v", stored.Arrivals, stored.LastArrival, stored.Received)
	}
	elsewhere := entry("k")
	elsewhere.Source = "other"
	if got := put(t, box, elsewhere); got.Duplicate {
		t.Error("another source's key is taken for this one's")
	}
}

func oneOfManyIsFirst(t *testing.T, box *inbox.Inbox) {
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		accepted int
		ids      = map[string]bool{}
	)
	for range 32 {
		wg.Go(func() {
			receipt, err := box.Put(t.Context(), entry("same"))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			ids[receipt.ID] = true
			if !receipt.Duplicate {
				accepted++
			}
		})
	}
	wg.Wait()
	if accepted != 1 || len(ids) != 1 {
		t.Errorf("%d accepted under %d identifiers, want one and one", accepted, len(ids))
	}
}

func poisonFailsAlone(t *testing.T, box *inbox.Inbox) {
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			key := fmt.Sprintf("k%d", i)
			if i == 30 {
				key = "" // the schema refuses it
			}
			_, err := box.Put(t.Context(), entry(key))
			if (err != nil) != (i == 30) {
				t.Errorf("Put(%q) = %v", key, err)
			}
		})
	}
	wg.Wait()
	list, err := box.List(t.Context(), inbox.Filter{})
	if err != nil || len(list) != 63 {
		t.Errorf("%d kept, %v; want 63", len(list), err)
	}
}

func unverifiedStaysApart(t *testing.T, box *inbox.Inbox) {
	stranger := entry("k")
	stranger.Unverified = true
	first := put(t, box, stranger)
	genuine := put(t, box, entry("k"))
	if genuine.Duplicate || genuine.ID == first.ID {
		t.Error("a stranger claimed the key of a verified request")
	}
	claim, err := box.Claim(t.Context(), noon(), time.Minute, 10)
	if err != nil || !slices.Equal(claim.IDs, []string{genuine.ID}) {
		t.Errorf("claimed %v, %v; want the verified one only", claim.IDs, err)
	}
	if err := box.Reroute(t.Context(), first.ID, noon()); !errors.Is(err, inbox.ErrNotFound) {
		t.Errorf("Reroute of an unverified event = %v, want ErrNotFound", err)
	}
	put(t, box, stranger)
	if claim, err = box.Claim(t.Context(), noon(), time.Minute, 10); err != nil || len(claim.IDs) != 0 {
		t.Errorf("a repeated unverified event is routed: %v, %v", claim.IDs, err)
	}
}

func unverifiedIsBounded(t *testing.T, box *inbox.Inbox) {
	kept := 0
	for i := range 60 {
		e := entry(fmt.Sprintf("k%d", i))
		e.Unverified = true
		switch _, err := box.Put(t.Context(), e); {
		case err == nil:
			kept++
		case !errors.Is(err, inbox.ErrFull):
			t.Fatal(err)
		}
	}
	if kept != 50 {
		t.Errorf("kept %d unverified events, want 50", kept)
	}
	put(t, box, entry("verified")) // has room
}

func claimsAreExclusive(t *testing.T, box *inbox.Inbox) {
	for i := range 40 {
		put(t, box, entry(fmt.Sprintf("k%d", i)))
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		seen = map[string]int{}
	)
	for range 4 {
		wg.Go(func() {
			claim, err := box.Claim(t.Context(), noon(), time.Minute, 10)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, id := range claim.IDs {
				seen[id]++
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	rest, err := box.Claim(t.Context(), noon(), time.Minute, 100)
	if err != nil || len(seen)+len(rest.IDs) != 40 {
		t.Errorf("%d and %d claimed, %v; want 40 in all", len(seen), len(rest.IDs), err)
	}
	// A router that died loses its claim.
	again, err := box.Claim(t.Context(), noon().Add(time.Minute), time.Minute, 100)
	if err != nil || len(again.IDs) != 40 {
		t.Errorf("%d claimed after the lease, %v; want 40", len(again.IDs), err)
	}
}

func arrivalDuringRouting(t *testing.T, box *inbox.Inbox) {
	id := put(t, box, entry("k")).ID
	claim, err := box.Claim(t.Context(), noon(), time.Minute, 10)
	if err != nil {
		t.Fatal(err)
	}
	put(t, box, entry("k")) // while it is being routed
	if err := box.Describe(t.Context(), id, "push", "push", "s"); err != nil {
		t.Fatal(err)
	}
	if err := box.Settle(t.Context(), id, claim.Until, inbox.Routed, "one rule"); err != nil {
		t.Fatal(err)
	}
	if got := get(t, box, id); got.State != inbox.Routed || got.Subject != "s" || got.Name != "push" || got.Note != "one rule" {
		t.Errorf("settled as %+v", got)
	}
	claim, err = box.Claim(t.Context(), noon(), time.Minute, 10)
	if err != nil || !slices.Equal(claim.IDs, []string{id}) {
		t.Errorf("claimed %v, %v; want the second arrival routed", claim.IDs, err)
	}
	if err := box.Defer(t.Context(), id, noon().Add(time.Hour), "asking failed"); err != nil {
		t.Fatal(err)
	}
	if claim, err = box.Claim(t.Context(), noon().Add(59*time.Minute), time.Minute, 10); err != nil || len(claim.IDs) != 0 {
		t.Errorf("claimed %v, %v before its time", claim.IDs, err)
	}
	if claim, err = box.Claim(t.Context(), noon().Add(time.Hour), time.Minute, 10); err != nil || len(claim.IDs) != 1 {
		t.Errorf("claimed %v, %v; want it at its time", claim.IDs, err)
	}
	if err := box.Settle(t.Context(), id, claim.Until, inbox.Routed, "one rule"); err != nil {
		t.Fatal(err)
	}
	if n, _, err := box.Waiting(t.Context()); n != 0 || err != nil {
		t.Errorf("%d wait, %v; want none", n, err)
	}
	if err := box.Reroute(t.Context(), id, noon()); err != nil {
		t.Fatal(err)
	}
	if n, since, err := box.Waiting(t.Context()); n != 1 || err != nil || !since.Equal(noon()) {
		t.Errorf("%d wait since %v, %v; want one since noon", n, since, err)
	}
}

func lists(t *testing.T, box *inbox.Inbox) {
	var ids []string
	for i, subject := range []string{"app/one", "app/two", "100%_sure", "100 percent"} {
		e := entry(fmt.Sprintf("k%d", i))
		e.Received = noon().Add(time.Duration(i) * time.Minute)
		if i == 1 {
			e.Source = "bitrise"
		}
		id := put(t, box, e).ID
		ids = append(ids, id)
		if err := errors.Join(
			box.Describe(t.Context(), id, "", "", subject),
			box.Settle(t.Context(), id, time.Time{}, inbox.Ignored, ""),
		); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		filter inbox.Filter
		want   []int
	}{
		"all, newest first": {inbox.Filter{}, []int{3, 2, 1, 0}},
		"a source":          {inbox.Filter{Source: "bitrise"}, []int{1}},
		"a state":           {inbox.Filter{State: inbox.New}, nil},
		"text in any case":  {inbox.Filter{Text: "APP/"}, []int{1, 0}},
		"text is no glob":   {inbox.Filter{Text: "100%_"}, []int{2}},
		"from a time":       {inbox.Filter{Since: noon().Add(2 * time.Minute)}, []int{3, 2}},
		"until a time":      {inbox.Filter{Until: noon().Add(time.Minute)}, []int{0}},
		"a page":            {inbox.Filter{Most: 2}, []int{3, 2}},
		"the next page":     {inbox.Filter{Most: 2, Before: ids[2]}, []int{1, 0}},
		"the page before":   {inbox.Filter{Most: 2, After: ids[0]}, []int{2, 1}},
		"a service":         {inbox.Filter{Service: "github"}, []int{3, 2, 1, 0}},
		"another service":   {inbox.Filter{Service: "gleap"}, nil},
		"ignored":           {inbox.Filter{State: inbox.Ignored}, []int{3, 2, 1, 0}},
		"unverified":        {inbox.Filter{State: inbox.Unverified}, nil},
		"no state at all":   {inbox.Filter{State: "odd"}, nil},
	} {
		list, err := box.List(t.Context(), tt.filter)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []int
		for _, stored := range list {
			got = append(got, slices.Index(ids, stored.ID))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: List = %v, want %v", name, got, tt.want)
		}
	}
}

func tallies(t *testing.T, box *inbox.Inbox) {
	for i := range 3 {
		e := entry(fmt.Sprintf("k%d", i))
		e.Received, e.Unverified = noon().Add(time.Duration(i)*time.Minute), i == 1
		put(t, box, e)
	}
	got, err := box.Tallies(t.Context())
	want := []inbox.Tally{{Source: "gh", Events: 3, Unverified: 1, Last: noon().Add(2 * time.Minute)}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Tallies: %v (-want +got):\n%s", err, diff)
	}
}

func ordersSubjects(t *testing.T, box *inbox.Inbox) {
	for i := range 3 {
		e := entry(fmt.Sprintf("k%d", i))
		e.Received = noon().Add(time.Duration(i) * time.Minute)
		id := put(t, box, e).ID
		subject := "run/1"
		if i == 0 {
			subject = ""
		}
		if err := box.Describe(t.Context(), id, "", "", subject); err != nil {
			t.Fatal(err)
		}
	}
	for subject, want := range map[string]time.Time{"run/1": noon().Add(time.Minute), "run/2": {}, "": {}} {
		if got, err := box.FirstOf(t.Context(), "gh", subject); err != nil || !got.Equal(want) {
			t.Errorf("FirstOf(%q) = %v, %v; want %v", subject, got, err, want)
		}
	}
}

func prunesBodiesThenKeys(t *testing.T, box *inbox.Inbox) {
	const many = 450 // more than two chunks
	var old string
	for i := range many {
		id := put(t, box, entry(fmt.Sprintf("k%d", i))).ID
		if err := box.Settle(t.Context(), id, noon(), inbox.Routed, ""); err != nil {
			t.Fatal(err)
		}
		old = id
	}
	waiting := put(t, box, entry("waiting")).ID
	if n, err := box.Prune(t.Context(), noon().Add(time.Second), noon()); n != many || err != nil {
		t.Errorf("Prune of bodies = %d, %v; want %d", n, err, many)
	}
	if got := get(t, box, old); !got.Pruned || got.Body != nil || len(got.Header) != 0 {
		t.Errorf("after pruning: %+v", got)
	}
	if !put(t, box, entry("k7")).Duplicate {
		t.Error("the key of a pruned entry is forgotten")
	}
	if got := get(t, box, waiting); got.Pruned {
		t.Error("an entry that waits was pruned")
	}
	if err := box.Reroute(t.Context(), old, noon()); !errors.Is(err, inbox.ErrNotFound) {
		t.Errorf("Reroute of a pruned event = %v, want ErrNotFound", err)
	}
	// k7 came again and waits, so it and the waiting one stay.
	if n, err := box.Prune(t.Context(), noon(), noon().Add(time.Second)); n != many-1 || err != nil {
		t.Errorf("Prune of keys = %d, %v; want %d", n, err, many-1)
	}
}

func probes(t *testing.T, box *inbox.Inbox) {
	if err := box.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if size, err := box.Size(t.Context()); err != nil || size <= 0 {
		t.Errorf("Size = %d, %v", size, err)
	}
}
