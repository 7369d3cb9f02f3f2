package rule

import (
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// Relay is the source of the relay's own events: deliveries that died and
// targets that were paused.
const Relay = "relay"

// sort is one sort of event that a source can produce.
type sort struct {
	source, service string
	kind            event.Kind
	status          event.Status
}

// sortsOf lists every sort of event that a service can produce.
func sortsOf(name, service string) []sort {
	var found []sort
	for kind, statuses := range repertoire(service) {
		for _, status := range statuses {
			found = append(found, sort{name, service, kind, status})
		}
	}
	return found
}

// repertoire says which kinds of event a service produces, and how their
// subjects can stand.
func repertoire(service string) map[event.Kind][]event.Status {
	unknown := []event.Status{event.StatusUnknown}
	progress := []event.Status{event.StatusPending, event.StatusSuccess, event.StatusFailure, event.StatusCancelled, event.StatusUnknown}
	timed := append(slices.Clone(progress), event.StatusTimedOut)
	ticket := []event.Status{event.StatusOpen, event.StatusClosed, event.StatusUnknown}
	switch service {
	case source.GitHub:
		return map[event.Kind][]event.Status{
			event.KindDeployment: timed, event.KindBuild: timed, event.KindCheck: timed, event.KindPull: ticket,
			event.KindPush: unknown, event.KindRelease: unknown, event.KindDispatch: unknown, event.KindPing: unknown, event.KindOther: unknown,
		}
	case source.Bitrise:
		return map[event.Kind][]event.Status{event.KindBuild: progress, event.KindOther: progress}
	case source.Currents:
		return map[event.Kind][]event.Status{event.KindRun: timed}
	case source.Gleap:
		return map[event.Kind][]event.Status{event.KindBug: ticket, event.KindOther: ticket}
	case source.BetterBugs:
		return map[event.Kind][]event.Status{event.KindBug: ticket, event.KindPing: unknown, event.KindOther: unknown}
	case Relay:
		return map[event.Kind][]event.Status{event.KindDelivery: event.Statuses(), event.KindTarget: event.Statuses()}
	}
	return nil
}

// can reports whether a rule's expression can hold for a sort of event. It errs
// on the side of yes.
func (s sort) can(when string) bool {
	tree, err := parser.Parse(when)
	if err != nil {
		return true
	}
	known := knowledge{
		"source": s.source, "service": s.service,
		"kind": string(s.kind), "status": string(s.status),
	}
	ast.Walk(&tree.Node, known)
	return guess(tree.Node) != no
}

// knowledge puts what is known of an event into an expression.
type knowledge map[string]string

// Visit implements [ast.Visitor].
func (k knowledge) Visit(node *ast.Node) {
	name, ok := (*node).(*ast.IdentifierNode)
	if !ok {
		return
	}
	if value, known := k[name.Value]; known {
		ast.Patch(node, &ast.StringNode{Value: value})
	}
}

// answer is what can be said of an expression without an event.
type answer int

const (
	maybe answer = iota
	yes
	no
)

func guess(n ast.Node) answer {
	switch n := n.(type) {
	case *ast.BoolNode:
		return answerOf(n.Value)
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return negate(guess(n.Node))
		}
	case *ast.BinaryNode:
		left, right := guess(n.Left), guess(n.Right)
		switch n.Operator {
		case "and", "&&":
			return both(left, right)
		case "or", "||":
			// Not both of them are untrue.
			return negate(both(negate(left), negate(right)))
		}
	}
	return constant(n)
}

func both(left, right answer) answer {
	switch {
	case left == no || right == no:
		return no
	case left == yes && right == yes:
		return yes
	}
	return maybe
}

func negate(a answer) answer { return [...]answer{maybe: maybe, yes: no, no: yes}[a] }

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

// constant evaluates an expression that looks at no event.
func constant(n ast.Node) answer {
	var looks looks
	ast.Walk(&n, &looks)
	if looks {
		return maybe
	}
	value, err := expr.Eval(n.String(), nil)
	truth, ok := value.(bool)
	if err != nil || !ok {
		return maybe
	}
	return answerOf(truth)
}

// looks turns true where an expression looks at something outside itself.
type looks bool

// Visit implements [ast.Visitor].
func (l *looks) Visit(node *ast.Node) {
	switch (*node).(type) {
	case *ast.IdentifierNode, *ast.PointerNode:
		*l = true
	}
}
