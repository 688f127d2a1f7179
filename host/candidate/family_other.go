//go:build !linux

package candidate

import "errors"

func family(int, []string) (map[int]string, error) {
	return nil, errors.New("this system does not tell which processes the plugin has started")
}
