// Command e2e lets franz-go create a topic, change its configuration, write records with every codec and read them back
// from assigned partitions, as a group and in transactions. It prints one line for each claim that held and exits with 1 at the first that did not.
//
//	e2e HOST:PORT TOPIC
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions      = 4
	recordsPerCodec = 1000
	limit           = 60 * time.Second
)

type check struct {
	claim string
	run   func(context.Context) error
}

type test struct {
	bootstrap, topic string
	client           *kgo.Client
	admin            *kadm.Client
	written          map[int32][]string
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: e2e HOST:PORT TOPIC")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
}

func run(bootstrap, topic string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return err
	}
	defer client.Close()
	t := &test{bootstrap, topic, client, kadm.NewClient(client), map[int32][]string{}}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, c := range []check{
		{"the topic is created and listed", t.createTopic},
		{"its configuration is changed and read back", t.changeConfig},
		{"every codec is written by an idempotent producer", t.produce},
		{"the offsets are listed", t.listOffsets},
		{"assigned partitions give every record in order", t.consume},
		{"members of a group share the records and commit them", t.joinGroup},
		{"transactions copy every record exactly once", t.copyExactlyOnce},
		{"a reader starts at the time it is told", t.consumeByTime},
		{"deleted records are gone", t.deleteRecords},
		{"the deleted topic is gone", t.deleteTopic},
	} {
		if err := c.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", c.claim, err)
		}
		fmt.Println("ok:", c.claim)
	}
	return nil
}

func (t *test) createTopic(ctx context.Context) error {
	retention := "86400000"
	made, err := t.admin.CreateTopic(ctx, partitions, 1, map[string]*string{"retention.ms": &retention}, t.topic)
	if err != nil {
		return err
	}
	if made.NumPartitions != partitions || made.ID == (kadm.TopicID{}) {
		return fmt.Errorf("created with %d partitions and id %s", made.NumPartitions, made.ID)
	}
	for {
		listed, err := t.admin.ListTopics(ctx, t.topic)
		if err != nil {
			return err
		}
		if len(listed[t.topic].Partitions) == partitions {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("not listed: %w", err)
		}
	}
}

func (t *test) changeConfig(ctx context.Context) error {
	size := "2097152"
	change := kadm.AlterConfig{Op: kadm.SetConfig, Name: "segment.bytes", Value: &size}
	altered, err := t.admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{change}, t.topic)
	if err != nil {
		return err
	}
	if altered[0].Err != nil {
		return altered[0].Err
	}
	for {
		described, err := t.admin.DescribeTopicConfigs(ctx, t.topic)
		if err != nil {
			return err
		}
		found := map[string]string{}
		for _, c := range described[0].Configs {
			found[c.Key] = c.MaybeValue()
		}
		if found["segment.bytes"] == size && found["retention.ms"] == "86400000" {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("described as %v: %w", found, err)
		}
	}
}

func (t *test) produce(ctx context.Context) error {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	for name, codec := range codecs {
		out, err := kgo.NewClient(kgo.SeedBrokers(t.bootstrap), kgo.RecordPartitioner(kgo.ManualPartitioner()),
			kgo.ProducerBatchCompression(codec), kgo.RequiredAcks(kgo.AllISRAcks()))
		if err != nil {
			return err
		}
		var records []*kgo.Record
		for n := 0; n < recordsPerCodec; n++ {
			value := fmt.Sprintf("%s %d", name, n)
			partition := int32(n % partitions)
			t.written[partition] = append(t.written[partition], value)
			records = append(records, &kgo.Record{Topic: t.topic, Partition: partition, Value: []byte(value),
				Key: []byte(name), Headers: []kgo.RecordHeader{{Key: "n", Value: []byte{byte(n)}}}})
		}
		err = out.ProduceSync(ctx, records...).FirstErr()
		out.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (t *test) listOffsets(ctx context.Context) error {
	first, err := t.admin.ListStartOffsets(ctx, t.topic)
	if err != nil {
		return err
	}
	last, err := t.admin.ListEndOffsets(ctx, t.topic)
	if err != nil {
		return err
	}
	for p := int32(0); p < partitions; p++ {
		start, _ := first.Lookup(t.topic, p)
		end, _ := last.Lookup(t.topic, p)
		if start.Offset != 0 || end.Offset != int64(len(t.written[p])) {
			return fmt.Errorf("partition %d holds %d to %d instead of 0 to %d", p, start.Offset, end.Offset, len(t.written[p]))
		}
	}
	return nil
}

// All partitions of a topic that holds as much as was written, from their start.
func (t *test) read(ctx context.Context, topic string, options ...kgo.Opt) (map[int32][]string, error) {
	assigned := map[int32]kgo.Offset{}
	for p := int32(0); p < partitions; p++ {
		assigned[p] = kgo.NewOffset().AtStart()
	}
	in, err := kgo.NewClient(append(options, kgo.SeedBrokers(t.bootstrap),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: assigned}))...)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	read := map[int32][]string{}
	for count := 0; count < 5*recordsPerCodec; {
		fetches := in.PollFetches(ctx)
		if errs := fetches.Errors(); len(errs) > 0 {
			return nil, fmt.Errorf("%d records read: %w", count, errs[0].Err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			read[r.Partition] = append(read[r.Partition], string(r.Value))
			count++
		})
	}
	return read, nil
}

func (t *test) consume(ctx context.Context) error {
	read, err := t.read(ctx, t.topic)
	if err != nil {
		return err
	}
	for p, want := range t.written {
		if fmt.Sprint(read[p]) != fmt.Sprint(want) {
			return fmt.Errorf("partition %d differs from what was written", p)
		}
	}
	return nil
}

func (t *test) consumeByTime(ctx context.Context) error {
	if err := pause(ctx); err != nil {
		return err
	}
	now := time.Now()
	late := &kgo.Record{Topic: t.topic, Value: []byte("late")}
	if err := t.client.ProduceSync(ctx, late).FirstErr(); err != nil {
		return err
	}
	in, err := kgo.NewClient(kgo.SeedBrokers(t.bootstrap), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
		t.topic: {late.Partition: kgo.NewOffset().AfterMilli(now.UnixMilli())}}))
	if err != nil {
		return err
	}
	defer in.Close()
	fetches := in.PollFetches(ctx)
	if err := fetches.Err(); err != nil {
		return err
	}
	if got := fetches.Records(); len(got) != 1 || string(got[0].Value) != "late" {
		return fmt.Errorf("%d records, not the late one", len(got))
	}
	return nil
}

func (t *test) deleteRecords(ctx context.Context) error {
	before := kadm.Offsets{}
	before.Add(kadm.Offset{Topic: t.topic, Partition: 1, At: 77})
	deleted, err := t.admin.DeleteRecords(ctx, before)
	if err != nil {
		return err
	}
	if err := deleted.Error(); err != nil {
		return err
	}
	first, err := t.admin.ListStartOffsets(ctx, t.topic)
	if err != nil {
		return err
	}
	if start, _ := first.Lookup(t.topic, 1); start.Offset != 77 {
		return fmt.Errorf("the partition starts at %d", start.Offset)
	}
	return nil
}

func (t *test) deleteTopic(ctx context.Context) error {
	deleted, err := t.admin.DeleteTopics(ctx, t.topic)
	if err != nil {
		return err
	}
	if err := deleted.Error(); err != nil {
		return err
	}
	for {
		listed, err := t.admin.ListTopics(ctx)
		if err != nil {
			return err
		}
		if !listed.Has(t.topic) {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("still listed: %w", err)
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return nil
	}
}
