package conformance_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/hostelry-run/hostelry/shared/conformance"
	"github.com/hostelry-run/hostelry/shared/task"
)

// A kind whose tasks report what cannot be: the rule is named that they break.
func Example() {
	odd := task.NewKind("odd", func(struct{}) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			task.Progress(ctx, -1, 10, "")
			<-ctx.Done()
			return nil, errors.New("interrupted")
		}), nil
	})
	suite, err := conformance.New(conformance.Local(odd), conformance.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer suite.Close()
	ctx := context.Background()
	kinds, err := suite.Kinds(ctx)
	fmt.Println(kinds, err)
	for r := range suite.All(ctx, kinds) {
		if r.Verdict == conformance.Fail {
			fmt.Printf("%s: %s\n  rule %s: %q\n", r.Check.Name, r.Reason, r.Check.Rule, r.Check.Sentence)
		}
	}
	// Output:
	// [odd] <nil>
	// progress: it reported -1 done of 10
	//   rule run-progress: "`done` is not negative, and `total` is 0 where it is not known"
	// stop-clean: after a stop it finished: "interrupted", with no code
	//   rule stop-clean: "After a stop, `finished` without a failure, or with CODE_STOPPED, CODE_HOST_GONE or CODE_CANCELLED, is a clean end"
}
