package jobfile

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// The forms of plain scalars in YAML 1.2's core schema (section 10.3.2).
var (
	decimal  = regexp.MustCompile(`^[-+]?[0-9]+$`)
	based    = regexp.MustCompile(`^0(o[0-7]+|x[0-9a-fA-F]+)$`)
	floating = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	special  = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	padded   = regexp.MustCompile(`^[-+]?0[0-9_]+$`)
)

// plain reads the text of a scalar without quotes. The message is not empty if
// the text is refused.
func plain(text string) (v any, message string) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, ""
	case "true", "True", "TRUE":
		return true, ""
	case "false", "False", "FALSE":
		return false, ""
	}
	switch {
	case padded.MatchString(text):
		return nil, "a number with a leading 0 means different things to different readers of YAML: write it in quotes, without the 0, or as 0o17 if it is octal"
	case decimal.MatchString(text), floating.MatchString(text):
		return jsonNumber(text), ""
	case based.MatchString(text):
		n, _ := new(big.Int).SetString(text, 0)
		return json.Number(n.String()), ""
	case special.MatchString(text):
		return nil, text + " is not a number that JSON can hold: use a finite one"
	}
	return text, ""
}

// jsonNumber writes a YAML number as JSON wants it: 1 for +1, 0.5 for .5, 1 for 1.
func jsonNumber(text string) json.Number {
	text = strings.TrimPrefix(text, "+")
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], text[i:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return json.Number(sign + whole + fraction + exponent)
}

// tagged reads the text of a scalar that has a tag of YAML's own.
func tagged(tag, text string, quoted bool) (v any, message string) {
	switch tag {
	case "!!str", "!":
		return text, ""
	case "!!int", "!!float", "!!bool", "!!null":
		if quoted {
			text = strings.TrimSpace(text)
		}
		v, message := plain(text)
		if message != "" {
			return nil, message
		}
		if _, isText := v.(string); isText {
			return nil, "the tag " + tag + " does not fit its value"
		}
		return v, ""
	}
	return nil, "the tag " + tag + " is not supported: remove it"
}

// isQuoted reports whether a token is a scalar that is text whatever it says.
func isQuoted(t *token.Token) bool {
	return t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
}
