import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * An idempotent producer and a consumer without a group that write down what they do, in the form of
 * runtime/check/FORMAT.md. Arguments: BOOTSTRAP TOPIC PARTITIONS PRODUCER-ID CONSUMER-ID PRODUCER-FILE CONSUMER-FILE RATE.
 * Says `ready` after the first acknowledgement; ends after its stdin, when everything sent was answered.
 */
public class HistoryClient {
  private static final long VALUES_OF_CLIENT = 1_000_000_000L;
  private static final int IN_FLIGHT_MAX = 5000;

  private final String topic;
  private final int partitions;
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private volatile boolean sending = true;
  private volatile boolean reading = true;

  private record Sent(int partition, long at) {}

  HistoryClient(String topic, int partitions) {
    this.topic = topic;
    this.partitions = partitions;
  }

  public static void main(String[] args) throws Exception {
    var client = new HistoryClient(args[1], Integer.parseInt(args[2]));
    var reader = new Thread(() -> client.consume(args[0], args[4], args[6]));
    var writer = new Thread(() -> client.produce(args[0], Integer.parseInt(args[3]), args[5], Integer.parseInt(args[7])));
    for (var thread : new Thread[] {reader, writer}) {
      thread.setUncaughtExceptionHandler((t, why) -> {
        why.printStackTrace();
        Runtime.getRuntime().halt(1);
      });
      thread.start();
    }
    while (System.in.read() >= 0) {
    }
    client.sending = false;
    writer.join();
    client.reading = false;
    reader.join();
    System.out.println("acknowledged=" + client.acknowledged + " failed=" + client.failed);
  }

  private static PrintWriter file(String path) {
    try {
      return new PrintWriter(path, StandardCharsets.US_ASCII);
    } catch (IOException why) {
      throw new RuntimeException(path, why);
    }
  }

  private void produce(String bootstrap, int id, String path, int rate) {
    var settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("acks", "all");
    settings.put("linger.ms", "0");
    settings.put("delivery.timeout.ms", "300000");
    Map<Long, Sent> open = new ConcurrentHashMap<>();
    try (var history = file(path)) {
      try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
        long began = System.nanoTime();
        for (long number = 0; sending;) {
          if (number < (System.nanoTime() - began) * rate / 1_000_000_000L && open.size() < IN_FLIGHT_MAX)
            send(producer, history, open, id, number++);
          else
            Thread.sleep(2);
        }
        producer.flush();
      } catch (InterruptedException why) {
        throw new RuntimeException(why);
      }
      open.forEach((value, sent) ->
          history.printf("c%d info %d.. send p%d %d%n", id, sent.at(), sent.partition(), value));
    }
  }

  private void send(KafkaProducer<byte[], byte[]> producer, PrintWriter history, Map<Long, Sent> open, int id,
                    long number) {
    long value = id * VALUES_OF_CLIENT + number;
    int partition = (int) (number % partitions);
    var bytes = (value + " " + "x".repeat((int) (number % 300))).getBytes(StandardCharsets.US_ASCII);
    long at = System.nanoTime();
    open.put(value, new Sent(partition, at));
    producer.send(new ProducerRecord<>(topic, partition, null, bytes), (written, error) -> {
      long ended = System.nanoTime();
      open.remove(value);
      if (error == null) {
        history.printf("c%d ok %d..%d send p%d %d@%d%n", id, at, ended, partition, value, written.offset());
        if (acknowledged.incrementAndGet() == 1)
          System.out.println("ready");
      } else {
        history.printf("c%d info %d..%d send p%d %d%n", id, at, ended, partition, value);
        failed.incrementAndGet();
        System.err.println("send: " + error);
      }
    });
  }

  private void consume(String bootstrap, String id, String path) {
    var settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("auto.offset.reset", "none");
    settings.put("fetch.max.wait.ms", "50");
    try (var history = file(path);
         var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      var assigned = IntStream.range(0, partitions).mapToObj(p -> new TopicPartition(topic, p)).toList();
      consumer.assign(assigned);
      assigned.forEach(p -> consumer.seek(p, 0));
      long start = System.nanoTime();
      history.printf("c%s ok %d..%d assign %s%n", id, start, start,
          assigned.stream().map(p -> "p" + p.partition()).collect(Collectors.joining(" ")));
      while (reading) {
        long began = System.nanoTime();
        var records = consumer.poll(Duration.ofMillis(100));
        if (records.isEmpty())
          continue;
        var line = new StringBuilder();
        for (var partition : records.partitions()) {
          line.append(" p").append(partition.partition());
          for (var record : records.records(partition)) {
            var text = new String(record.value(), StandardCharsets.US_ASCII);
            line.append(' ').append(text, 0, text.indexOf(' ')).append('@').append(record.offset());
          }
        }
        history.printf("c%s ok %d..%d poll%s%n", id, began, System.nanoTime(), line);
      }
    }
  }
}
