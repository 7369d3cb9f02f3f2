package journal

import "syscall"

// free is how many bytes whoever runs the relay can still write to a directory's
// disk, or -1.
func free(dir string) int64 {
	var s syscall.Statfs_t
	if dir == "" || syscall.Statfs(dir, &s) != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
