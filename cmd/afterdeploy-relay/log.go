package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
)

// logFlags declares the flags of what is logged, one line for each thing that
// happens, to the error stream.
func logFlags(cmd *cobra.Command) func() (*slog.Logger, error) {
	format := cmd.Flags().String("log-format", "text", "text or json.")
	level := cmd.Flags().String("log-level", "info", "The least that is logged: debug, info, warn or error.")
	return func() (*slog.Logger, error) {
		var (
			o    slog.HandlerOptions
			at   slog.Level
			errs []error
		)
		if err := at.UnmarshalText([]byte(*level)); err != nil {
			errs = append(errs, fmt.Errorf("--log-level is %q: want debug, info, warn or error", *level))
		}
		o.Level = at
		switch *format {
		case "text":
			return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &o)), errors.Join(errs...)
		case "json":
			return slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), &o)), errors.Join(errs...)
		}
		return nil, errors.Join(append(errs, fmt.Errorf("--log-format is %q: want text or json", *format))...)
	}
}
