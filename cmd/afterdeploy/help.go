package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/afterdeploy/afterdeploy/internal/input"
)

// columns is the width of the help.
const columns = 100

// usage prints the flags by topic, in the order of the inputs, and those that
// are no input at the end.
func usage(cmd *cobra.Command) error {
	topics := []*pflag.FlagSet{}
	isInput := map[string]bool{}
	for _, spec := range input.Table() {
		if last := len(topics) - 1; last < 0 || topics[last].Name() != spec.Topic {
			topics = append(topics, newTopic(spec.Topic))
		}
		if flag := cmd.Flags().Lookup(spec.Name); flag != nil {
			topics[len(topics)-1].AddFlag(flag)
			isInput[spec.Name] = true
		}
	}
	rest := newTopic("This command")
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !isInput[flag.Name] {
			rest.AddFlag(flag)
		}
	})
	_, err := fmt.Fprintf(cmd.OutOrStderr(), "Usage:\n  %s\n", cmd.UseLine())
	for _, topic := range append(topics, rest) {
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStderr(), "\n%s:\n%s", topic.Name(), topic.FlagUsagesWrapped(columns))
		}
	}
	return err
}

func newTopic(name string) *pflag.FlagSet {
	topic := pflag.NewFlagSet(name, pflag.ContinueOnError)
	topic.SortFlags = false
	return topic
}

// onOff is the value of a flag that may stand alone. It takes any text, since
// what is wrong with an input is for the input's own parser to say.
type onOff string

// String, Set and Type implement [pflag.Value].
func (v *onOff) String() string        { return string(*v) }
func (v *onOff) Set(text string) error { *v = onOff(text); return nil }
func (*onOff) Type() string            { return "bool" }
