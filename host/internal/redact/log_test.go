package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/redact"
)

type (
	login struct {
		User, Password string
		private        string
	}
	// shy says more as JSON than as text.
	shy struct{ password string }
	// wordy says more as text than as JSON.
	wordy struct{ password string }
	// lazy is known only when it is logged.
	lazy struct{}
	rude struct{}
)

func (s shy) String() string               { return "shy" }
func (s shy) MarshalJSON() ([]byte, error) { return json.Marshal(s.password) }
func (w wordy) String() string             { return w.password }
func (lazy) LogValue() slog.Value          { return slog.GroupValue(slog.String("deep", "hunter2")) }
func (rude) MarshalJSON() ([]byte, error)  { panic("rude") }

// TestLog: no handler shows the secret, in whatever it stands.
func TestLog(t *testing.T) {
	values := map[string]any{
		"text": "a hunter2 b", "error": fmt.Errorf("hunter2: %w", io.EOF), "struct": login{"ada", "hunter2", ""},
		"private": login{private: "hunter2"}, "pointer": &login{Password: "hunter2"}, "map": map[string]any{"hunter2": []any{"hunter2"}},
		"list": []string{"hunter2"}, "bytes": []byte("hunter2"), "JSON": json.RawMessage(`{"a":"hunter2"}`), "shy": shy{"hunter2"},
		"wordy": wordy{"hunter2"}, "lazy": lazy{}, "group": slog.GroupValue(slog.Any("deep", []any{"hunter2"})), "rude": rude{},
		"number": 42, "nothing": nil, "hunter2": true, "other": login{User: "ada"},
	}
	var book bytes.Buffer
	for name, handler := range map[string]slog.Handler{
		"text": slog.NewTextHandler(&book, nil), "JSON": slog.NewJSONHandler(&book, nil),
	} {
		for key, v := range values {
			book.Reset()
			l := redact.New([]string{"hunter2"}).Logger(slog.New(handler).With("task", "hunter2"))
			l.Info("with hunter2", key, v)
			l.With(key, v).WithGroup("hunter2").Warn("again", slog.Group("g", key, v))
			text := strings.ReplaceAll(book.String(), "task=hunter2", "")
			text = strings.ReplaceAll(text, `"task":"hunter2"`, "")
			if strings.Contains(text, "hunter2") || strings.Count(text, "\n") != 2 || !strings.Contains(text, "with ***") {
				t.Errorf("%s, %s: the log is\n%s", name, key, text)
			}
			if strings.Contains(book.String(), "aHVudGVyMg") {
				t.Errorf("%s, %s: the log is\n%s", name, key, text)
			}
		}
	}
}

// TestLogKeepsTheRest: types stay where there is no secret, and errors always.
func TestLogKeepsTheRest(t *testing.T) {
	var got []slog.Attr
	h := slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		got = append(got, a)
		return a
	}})
	l := redact.New([]string{"hunter2"}).Logger(slog.New(h))
	l.Info("m", "error", fmt.Errorf("hunter2: %w", io.EOF), "struct", login{User: "ada"}, "n", 1.5)
	var err error
	for _, a := range got {
		switch a.Key {
		case "error":
			err, _ = a.Value.Any().(error)
		case "struct":
			if a.Value.Any() != (login{User: "ada"}) {
				t.Errorf("the struct is %v", a.Value)
			}
		case "n":
			if a.Value.Kind() != slog.KindFloat64 {
				t.Errorf("the number is %v", a.Value)
			}
		}
	}
	if err == nil || err.Error() != "***: EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("the error is %v", err)
	}
	if plain := slog.New(h); redact.New(nil).Logger(plain) != plain {
		t.Error("a mask without secrets changes the logger")
	}
}
