package ci

import "strings"

// azureCommands are the logging commands by which Azure Pipelines sets output
// variables. The agent reads one command a line, and takes all that follows its
// first "]" for the value (learn.microsoft.com, Logging commands). It turns
// %0D, %0A, %3B and %5D back, and %AZP25 into %. A job that is given the variable
// has others put in for $(NAME) in it, for which there is no escape: a space
// keeps a stranger's text from naming them.
func azureCommands(outputs []Output) string {
	escape := strings.NewReplacer("$(", "$ (", "%", "%AZP25", "\r", "%0D", "\n", "%0A", ";", "%3B", "]", "%5D")
	var b strings.Builder
	for _, o := range outputs {
		b.WriteString("##vso[task.setvariable variable=" + Variable(o.Name) + ";isOutput=true]" + escape.Replace(o.Value) + "\n")
	}
	return b.String()
}
