import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;

/**
 * WordCount BOOTSTRAP SOURCE TARGET TOTAL FOLDER: counts the words of SOURCE into TARGET with exactly_once_v2 until TOTAL
 * are counted, and what comes in the seconds after that; prints "counted", a word and its count a line. Kafka's errors
 * are on stdout too. Its own topics have three replicas: with the single one of the defaults, a transaction waits for
 * a node that is down until its time is over, and Streams gives up when it commits one after that.
 */
public class WordCount {
  public static void main(String[] a) throws Exception {
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, "count-" + a[1]);
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, a[0]);
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    p.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    p.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    p.put(StreamsConfig.STATE_DIR_CONFIG, a[4]);
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 3);
    p.put(StreamsConfig.topicPrefix("min.insync.replicas"), 2);
    p.put("auto.offset.reset", "earliest");
    StreamsBuilder b = new StreamsBuilder();
    b.<String, String>stream(a[1]).flatMapValues(v -> Arrays.asList(v.split(" "))).groupBy((k, v) -> v)
        .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("counts")).withKeySerde(Serdes.String())
            .withValueSerde(Serdes.Long()))
        .toStream().to(a[2], Produced.with(Serdes.String(), Serdes.Long()));
    KafkaStreams s = new KafkaStreams(b.build(), p);
    s.start();
    Properties c = new Properties();
    c.put("bootstrap.servers", a[0]);
    c.put("isolation.level", "read_committed");
    long total = Long.parseLong(a[3]);
    try (KafkaConsumer<String, Long> in = new KafkaConsumer<>(c, new StringDeserializer(), new LongDeserializer())) {
      List<TopicPartition> all =
          in.partitionsFor(a[2]).stream().map(i -> new TopicPartition(a[2], i.partition())).toList();
      in.assign(all);
      in.seekToBeginning(all);
      Map<String, Long> counts = new HashMap<>();
      long until = System.currentTimeMillis() + 120_000;
      boolean complete = false;
      while (System.currentTimeMillis() < until) {
        for (ConsumerRecord<String, Long> r : in.poll(Duration.ofMillis(200)))
          counts.put(r.key(), r.value());
        if (!complete && counts.values().stream().mapToLong(x -> x).sum() >= total) {
          complete = true;
          until = System.currentTimeMillis() + 3_000;
        }
      }
      counts.forEach((w, n) -> System.out.println("counted " + w + " " + n));
    }
    s.close(Duration.ofSeconds(10));
  }
}
