package release

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"io/fs"
	"time"
)

// File is a member of an archive.
type File struct {
	Name    string
	Mode    int64
	Content []byte
}

// epoch is the time of every file: when it was made is no part of what it is.
// It is the oldest that a zip archive can hold.
func epoch() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// TarGz writes files as they are given, with nothing in it of the machine, the
// user or the time.
func TarGz(w io.Writer, files []File) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := writeTar(z, headers(files)); err != nil {
		return err
	}
	return z.Close()
}

// entry is a header and its content.
type entry struct {
	header  tar.Header
	content []byte
}

func headers(files []File) []entry {
	entries := make([]entry, 0, len(files))
	for _, f := range files {
		entries = append(entries, entry{tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: f.Mode}, f.Content})
	}
	return entries
}

func writeTar(w io.Writer, entries []entry) error {
	t := tar.NewWriter(w)
	for _, e := range entries {
		e.header.Size = int64(len(e.content))
		e.header.ModTime = epoch()
		e.header.Format = tar.FormatUSTAR
		if err := t.WriteHeader(&e.header); err != nil {
			return err
		}
		if _, err := t.Write(e.content); err != nil {
			return err
		}
	}
	return t.Close()
}

// Zip is TarGz for Windows.
func Zip(w io.Writer, files []File) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: epoch()}
		header.SetMode(fs.FileMode(f.Mode))
		member, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := member.Write(f.Content); err != nil {
			return err
		}
	}
	return z.Close()
}
