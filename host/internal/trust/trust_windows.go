package trust

import "os"

// check knows nothing of this system's access lists.
func check(*os.File, bool) error { return nil }
