// Kafka's own code as the judge of record batches: makes some, and describes any.
//   java -cp "$KAFKA/libs/*" KafkaBatches.java make              lines `<name> <batch in hex>`
//   java -cp "$KAFKA/libs/*" KafkaBatches.java describe < lines  what is in them, in the words of ../describe.hpp
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

public class KafkaBatches {
  static final long T = 1_700_000_000_000L;

  static byte[] text(String s) { return s.getBytes(java.nio.charset.StandardCharsets.UTF_8); }

  static MemoryRecordsBuilder builder(Compression c, TimestampType type, long base, long logAppend, long producer, int epoch,
                                      int sequence, boolean transactional, boolean control, long horizon) {
    return new MemoryRecordsBuilder(new ByteBufferOutputStream(1024), RecordBatch.MAGIC_VALUE_V2, c, type, base,
        logAppend, producer, (short) epoch, sequence, transactional, control, 7, 1 << 24, horizon);
  }

  static void plain(MemoryRecordsBuilder b, int count, int noise) {
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      byte[] value = new byte[noise];
      random.nextBytes(value);
      Header[] headers = {new RecordHeader("trace", text("t" + i)), new RecordHeader("none", (byte[]) null)};
      b.append(T + (i * 37) % 11, i % 3 == 0 ? null : text("key-" + i), i % 5 == 4 ? null : concat(text("value-" + i), value),
          i % 2 == 0 ? headers : new Header[0]);
    }
  }

  static byte[] concat(byte[] a, byte[] b) {
    byte[] all = java.util.Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  static void print(String name, MemoryRecords records) {
    ByteBuffer b = records.buffer().duplicate();
    byte[] bytes = new byte[b.remaining()];
    b.get(bytes);
    System.out.println(name + " " + HexFormat.of().formatHex(bytes));
  }

  static void make() {
    Compression[] all = {Compression.NONE, Compression.gzip().build(), Compression.snappy().build(),
                         Compression.lz4().build(), Compression.zstd().build()};
    String[] names = {"none", "gzip", "snappy", "lz4", "zstd"};
    for (int i = 0; i < all.length; i++) {
      MemoryRecordsBuilder small = builder(all[i], TimestampType.CREATE_TIME, 0, -1, -1, -1, -1, false, false, -1);
      plain(small, 12, 0);
      print(names[i] + "-small", small.build());
      MemoryRecordsBuilder blocks = builder(all[i], TimestampType.CREATE_TIME, 1000, -1, 42, 3, 17, false, false, -1);
      for (int n = 0; n < 40; n++)  // more than one block of any framing
        blocks.append(T + n, text("k" + n), text("0123456789abcdef".repeat(256)));
      if (i > 0)
        print(names[i] + "-blocks", blocks.build());
    }
    MemoryRecordsBuilder stamped = builder(all[3], TimestampType.LOG_APPEND_TIME, 5, T + 99, -1, -1, -1, false, false, -1);
    plain(stamped, 3, 8);
    print("log-append-time", stamped.build());
    MemoryRecordsBuilder horizon = builder(all[0], TimestampType.CREATE_TIME, 9, -1, -1, -1, -1, false, false, T + 86_400_000L);
    plain(horizon, 7, 0);
    print("delete-horizon", horizon.build());
    MemoryRecordsBuilder transactional = builder(all[0], TimestampType.CREATE_TIME, 0, -1, 9, 1, Integer.MAX_VALUE - 1, true, false, -1);
    plain(transactional, 4, 0);
    print("transactional-sequence-wraps", transactional.build());
    print("end-marker", MemoryRecords.withEndTransactionMarker(77, T, 7, 9L, (short) 1,
        new EndTransactionMarker(ControlRecordType.COMMIT, 2)));
    MemoryRecordsBuilder gap = builder(all[4], TimestampType.CREATE_TIME, 100, -1, 5, 0, 3, false, false, -1);
    gap.appendWithOffset(103, T, text("k"), text("v"));
    gap.appendWithOffset(109, T + 1, text("l"), text("w"));
    gap.overrideLastOffset(120);
    print("compacted-with-gaps", gap.build());
  }

  static String shown(ByteBuffer b) {
    if (b == null)
      return "null";
    byte[] bytes = new byte[b.remaining()];
    b.duplicate().get(bytes);
    if (bytes.length <= 32)
      return "x" + HexFormat.of().formatHex(bytes);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return bytes.length + "/" + Long.toHexString(crc.getValue());
  }

  static void describe() throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] parts = line.split(" ");
      System.out.println(parts[0]);
      MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(HexFormat.of().parseHex(parts[1])));
      for (MutableRecordBatch b : records.batches()) {
        b.ensureValid();
        System.out.printf("batch %d..%d epoch %d codec %s time %s max %d producer %d/%d/%d..%d txn %d control %d horizon %d count %d%n",
            b.baseOffset(), b.lastOffset(), b.partitionLeaderEpoch(), b.compressionType().name,
            b.timestampType() == TimestampType.CREATE_TIME ? "create" : "append", b.maxTimestamp(), b.producerId(),
            b.producerEpoch(), b.baseSequence(), b.lastSequence(), b.isTransactional() ? 1 : 0, b.isControlBatch() ? 1 : 0,
            b.deleteHorizonMs().orElse(-1), b.countOrNull());
        for (Record r : b) {
          StringBuilder headers = new StringBuilder();
          for (Header h : r.headers())
            headers.append(' ').append(h.key()).append('=').append(shown(h.value() == null ? null : ByteBuffer.wrap(h.value())));
          System.out.printf("  %d at %d %s %s%s%n", r.offset(), r.timestamp(), shown(r.key()), shown(r.value()), headers);
        }
      }
    }
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("make"))
      make();
    else
      describe();
  }
}
