package main

import (
	"context"
	"fmt"
	"sort"

	"github.com/twmb/franz-go/pkg/kgo"
)

// joinGroup lets two members of one group share the topic; together they read each record, and commit it.
func (t *test) joinGroup(ctx context.Context) error {
	members := make([]*kgo.Client, 2)
	for n := range members {
		member, err := kgo.NewClient(kgo.SeedBrokers(t.bootstrap), kgo.ConsumerGroup(t.topic+"-readers"),
			kgo.ConsumeTopics(t.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
		if err != nil {
			return err
		}
		defer member.Close()
		members[n] = member
	}
	read := map[string]bool{}
	for len(read) < 5*recordsPerCodec {
		for _, member := range members {
			fetches := member.PollRecords(ctx, 500)
			if ctx.Err() != nil {
				return fmt.Errorf("%d records read: %w", len(read), ctx.Err())
			}
			fetches.EachRecord(func(r *kgo.Record) { read[fmt.Sprint(r.Partition, "/", r.Offset)] = true })
			if err := member.CommitUncommittedOffsets(ctx); err != nil {
				return err
			}
			if fetches.NumRecords() == 0 || len(read) == 5*recordsPerCodec {
				break
			}
		}
	}
	described, err := t.admin.DescribeGroups(ctx, t.topic+"-readers")
	if err != nil {
		return err
	}
	if group := described[t.topic+"-readers"]; group.State == "Dead" || len(group.Members) == 0 {
		return fmt.Errorf("the group is %s with %d members", group.State, len(group.Members))
	}
	return nil
}

// copyExactlyOnce copies the topic with the offsets in the transactions, of which some are aborted and done again.
func (t *test) copyExactlyOnce(ctx context.Context) error {
	target := t.topic + "-copy"
	if _, err := t.admin.CreateTopic(ctx, partitions, 1, nil, target); err != nil {
		return err
	}
	copier, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(t.bootstrap), kgo.TransactionalID(target),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumerGroup(target), kgo.ConsumeTopics(t.topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.RequireStableFetchOffsets(), kgo.FetchMaxBytes(16<<10),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer copier.Close()
	for count, turn := 0, 0; count < 5*recordsPerCodec; turn++ {
		fetches := copier.PollFetches(ctx)
		if errs := fetches.Errors(); len(errs) > 0 {
			return errs[0].Err
		}
		if err := copier.Begin(); err != nil {
			return err
		}
		promise := kgo.AbortingFirstErrPromise(copier.Client())
		fetches.EachRecord(func(r *kgo.Record) {
			copier.Produce(ctx, &kgo.Record{Topic: target, Partition: r.Partition, Value: r.Value}, promise.Promise())
		})
		commits := promise.Err() == nil && turn%4 != 1
		committed, err := copier.End(ctx, kgo.TransactionEndTry(commits))
		if err != nil {
			return err
		}
		if committed {
			count += fetches.NumRecords()
		}
	}
	return t.compareCopy(ctx, target)
}

func (t *test) compareCopy(ctx context.Context, target string) error {
	read, err := t.read(ctx, target, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	for p, want := range t.written {
		found, wanted := append([]string{}, read[p]...), append([]string{}, want...)
		sort.Strings(found)
		sort.Strings(wanted)
		if fmt.Sprint(found) != fmt.Sprint(wanted) {
			return fmt.Errorf("partition %d of the copy has %d records of %d", p, len(found), len(wanted))
		}
	}
	return nil
}
