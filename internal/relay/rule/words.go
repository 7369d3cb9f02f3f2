package rule

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	yamlast "github.com/goccy/go-yaml/ast"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// checkWords reports comparisons of kind, status, service and source with
// words that they never are.
func (l *loader) checkWords(n yamlast.Node, when string) {
	tree, err := parser.Parse(when)
	if err != nil {
		return
	}
	ast.Walk(&tree.Node, words{
		report: func(f *fault) { l.reportInside(n, f, "when: ") },
		when:   when,
		known: map[string][]string{
			"kind": texts(event.Kinds()), "status": texts(event.Statuses()),
			"service": append(source.Services(), Relay), "source": append(l.sourceNames(), Relay),
		},
	})
}

// words looks for comparisons that never hold.
type words struct {
	report func(*fault)
	when   string
	known  map[string][]string
}

// Visit implements [ast.Visitor].
func (w words) Visit(node *ast.Node) {
	comparison, ok := (*node).(*ast.BinaryNode)
	if !ok || comparison.Operator != "==" && comparison.Operator != "!=" {
		return
	}
	for _, sides := range [][2]ast.Node{{comparison.Left, comparison.Right}, {comparison.Right, comparison.Left}} {
		name, ok := sides[0].(*ast.IdentifierNode)
		word, isText := sides[1].(*ast.StringNode)
		if !ok || !isText {
			continue
		}
		if known := w.known[name.Value]; known != nil && !slices.Contains(known, word.Value) {
			before := []rune(w.when)[:word.Location().From]
			w.report(located(string(before), len(string(before)), &fault{text: name.Value + " is never \"" + word.Value + "\": " + instead(word.Value, known)}))
		}
	}
}
