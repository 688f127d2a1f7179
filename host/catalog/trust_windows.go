package catalog

import "io/fs"

// trusted knows nothing of this system's access lists.
func trusted(fs.FileInfo) error { return nil }

func private(fs.FileInfo) error { return nil }
