package admin_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The environment of the browser's test: one variable makes a missing Chromium
// a failure, the other names a directory to keep pictures in.
const (
	requireChromium = "AFTERDEPLOY_REQUIRE_CHROMIUM"
	pictures        = "AFTERDEPLOY_PICTURES"
)

// watch gathers what a page must not do.
type watch struct {
	mu    sync.Mutex
	wrong []string
}

func (w *watch) add(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// heard takes the browser's word for requests, dialogs, errors and scripts.
func (w *watch) heard(ctx context.Context, origin string) func(any) {
	return func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, origin+"/") && !strings.HasPrefix(e.Request.URL, "data:") {
				w.add("a request left for %s", e.Request.URL)
			}
		case *page.EventJavascriptDialogOpening:
			w.add("a dialog opened: %s", e.Message)
			go func() {
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		case *runtime.EventExceptionThrown:
			w.add("a script ran: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			w.add("the console says %s", e.Type)
		case *log.EventEntryAdded:
			w.add("the log says: %s (%s)", e.Entry.Text, e.Entry.URL)
		}
	}
}

// chromium starts a browser and returns the context to drive it by.
func chromium(t *testing.T) context.Context {
	t.Helper()
	var found string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && found == "" {
			found = path
		}
	}
	if found == "" {
		if os.Getenv(requireChromium) != "" {
			t.Fatalf("%s is set, but there is no Chromium in PATH", requireChromium)
		}
		t.Skip("no Chromium in PATH")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(found), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900), chromedp.UserDataDir(t.TempDir()))
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // without a limit, which would be the browser's
		t.Fatal(err)
	}
	ctx, end = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(end)
	return ctx
}

// visitor drives the pages.
type visitor struct {
	t      *testing.T
	ctx    context.Context
	origin string
}

func (v visitor) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, steps...); err != nil {
		v.t.Fatalf("%s: %v", what, err)
	}
}

// answer has the browser tell something.
func answer[T any](v visitor, what string, a chromedp.Action[T]) T {
	v.t.Helper()
	value, err := chromedp.Run(v.ctx, a)
	if err != nil {
		v.t.Fatalf("%s: %v", what, err)
	}
	return value
}

func (v visitor) open(path string) {
	v.t.Helper()
	v.do("open "+path, chromedp.Navigate(v.origin+path), chromedp.WaitVisible(chromedp.CSS("footer")))
}

// press follows a link or presses a button, and waits for the next page, which
// may look like this one.
func (v visitor) press(selector, next string) {
	v.t.Helper()
	eval[string](v, `document.documentElement.dataset.left = "yes"`)
	v.do("press "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible), chromedp.WaitVisible(chromedp.CSS("html:not([data-left]) "+next)))
}

func (v visitor) text(selector string) string {
	v.t.Helper()
	return answer(v, "read "+selector, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
}

// eval evaluates an expression in the page, as the developer's tools do. The
// page itself runs no script.
func eval[T any](v visitor, script string) T {
	v.t.Helper()
	return answer(v, "evaluate "+script, chromedp.Evaluate[T](script))
}

// keep takes a picture where pictures are wanted.
func (v visitor) keep(name string) {
	v.t.Helper()
	dir := os.Getenv(pictures)
	if dir == "" {
		return
	}
	png := answer(v, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// until looks again until a page says something.
func (v visitor) until(path, selector, want string) {
	v.t.Helper()
	var text string
	for range 200 {
		v.open(path)
		text = eval[string](v, fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.textContent).join(" ").replace(/\s+/g, " ")`, selector))
		if strings.Contains(text, want) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	v.t.Fatalf("%s: %s says %q, want %q", path, selector, text, want)
}

// prefer has the browser prefer light or dark.
func prefer(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}
