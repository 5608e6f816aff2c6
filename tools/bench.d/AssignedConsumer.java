import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads COUNT records of all partitions of TOPIC without a group. Arguments: BOOTSTRAP TOPIC COUNT. */
public class AssignedConsumer {
  public static void main(String[] args) {
    var settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("auto.offset.reset", "earliest");
    settings.put("max.poll.records", "10000");
    long wanted = Long.parseLong(args[2]);
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = consumer.partitionsFor(args[1]).stream()
          .map(p -> new TopicPartition(p.topic(), p.partition())).collect(Collectors.toList());
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // A first pass lets the virtual machine compile; the second is timed.
      read(consumer, wanted / 4);
      consumer.seekToBeginning(partitions);
      long began = System.nanoTime();
      long bytes = read(consumer, wanted);
      double seconds = (System.nanoTime() - began) / 1e9;
      System.out.printf("records=%d bytes=%d seconds=%.3f mb_s=%.2f%n", wanted, bytes, seconds, bytes / seconds / 1e6);
    }
  }

  private static long read(KafkaConsumer<byte[], byte[]> consumer, long wanted) {
    long records = 0;
    long bytes = 0;
    while (records < wanted)
      for (var record : consumer.poll(Duration.ofSeconds(10))) {
        ++records;
        bytes += record.serializedValueSize();
      }
    return bytes;
  }
}
