package fields

// Settings give each needed field a value, as KEY and VALUE of --set: its default or an
// example, and else a placeholder, "<KEY>", which run refuses.
func Settings(all []Field) [][2]string { return settings("", all) }

func settings(path string, all []Field) [][2]string {
	var pairs [][2]string
	for _, f := range all {
		if !f.Needed {
			continue
		}
		key := path + f.Name
		inner := settings(key+".", f.Fields)
		switch {
		case f.Secret && f.Type == "string":
			pairs = append(pairs, [2]string{key + ".env", Placeholder(key + ".env")})
		case f.Default != "":
			pairs = append(pairs, [2]string{key, f.Default})
		case len(f.Examples) > 0:
			pairs = append(pairs, [2]string{key, f.Examples[0]})
		case inner != nil:
			pairs = append(pairs, inner...)
		default:
			pairs = append(pairs, [2]string{key, Placeholder(key)})
		}
	}
	return pairs
}

// Placeholder stands for a value that nobody but the user knows.
func Placeholder(key string) string { return "<" + key + ">" }
