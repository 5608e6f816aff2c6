import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Prints messages of every version as Kafka's own client encodes them: see README.md beside this file. */
public class Golden {
  private final boolean empty;
  private long counter = 0;

  Golden(boolean empty) {
    this.empty = empty;
  }

  public static void main(String[] names) throws Exception {
    for (String key : names) {
      if (!Character.isDigit(key.charAt(0))) {
        printRecord(key);
        continue;
      }
      ApiKeys api = ApiKeys.forId(Integer.parseInt(key));
      String name = api.messageType.name().toLowerCase();
      for (short version = api.messageType.lowestSupportedVersion();
           version <= api.messageType.highestSupportedVersion(true); ++version) {
        for (boolean empty : new boolean[] {false, true}) {
          print(name + "_request", version, empty, api.messageType.newRequest());
          print(name + "_response", version, empty, api.messageType.newResponse());
        }
      }
    }
  }

  /** Key and value of a coordinator's record, which has no ApiKeys: named as its class without Key and Value. */
  static void printRecord(String className) throws Exception {
    String simple = className.substring(className.lastIndexOf('.') + 1);
    String name = simple.replaceAll("([a-z])([A-Z])", "$1_$2").toLowerCase() + "_";
    for (String part : new String[] {"Key", "Value"}) {
      Class<?> message = Class.forName(className + part);
      for (short version = 0; version <= message.getField("HIGHEST_SUPPORTED_VERSION").getShort(null); ++version)
        for (boolean empty : new boolean[] {false, true})
          print(name + part.toLowerCase(), version, empty, (Message) message.getDeclaredConstructor().newInstance());
    }
  }

  static void print(String name, short version, boolean empty, Message message) throws Exception {
    new Golden(empty).fill(message, version);
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
    message.write(new ByteBufferAccessor(buffer), cache, version);
    System.out.println(name + " " + version + " " + (empty ? "empty" : "full") + " "
        + HexFormat.of().formatHex(buffer.array()));
  }

  void fill(Object message, short version) throws Exception {
    Schema schema = ((Schema[]) message.getClass().getField("SCHEMAS").get(null))[version];
    for (Field field : message.getClass().getDeclaredFields()) {
      Type type = typeOf(schema, field.getName());
      if (Modifier.isStatic(field.getModifiers()) || type == null)
        continue;
      field.setAccessible(true);
      ++counter;
      field.set(message, empty && type.isNullable() ? null : value(field, field.getType(), version));
    }
  }

  /** Null when this version lacks the field. */
  static Type typeOf(Schema schema, String javaName) {
    String plain = javaName.toLowerCase();
    for (BoundField bound : schema.fields()) {
      if (bound.def.type instanceof TaggedFields tagged) {
        for (var each : tagged.fields().values())
          if (each.name.replace("_", "").equals(plain))
            return each.type;
      } else if (bound.def.name.replace("_", "").equals(plain)) {
        return bound.def.type;
      }
    }
    return null;
  }

  @SuppressWarnings("unchecked")
  Object value(Field field, Class<?> type, short version) throws Exception {
    if (type == byte.class || type == Byte.class)
      return (byte) (counter % 100);
    if (type == short.class || type == Short.class)
      return (short) counter;
    if (type == int.class || type == Integer.class)
      return (int) counter;
    if (type == long.class || type == Long.class)
      return counter;
    if (type == double.class)
      return counter + 0.5;
    if (type == boolean.class)
      return counter % 2 == 1;
    if (type == String.class)
      return "s" + counter;
    if (type == Uuid.class)
      return new Uuid(counter, counter);
    if (type == byte[].class)
      return ("r" + counter).getBytes(StandardCharsets.UTF_8);
    if (type.getSimpleName().endsWith("Records"))
      return MemoryRecords.readableRecords(ByteBuffer.wrap(("r" + counter).getBytes(StandardCharsets.UTF_8)));
    if (Collection.class.isAssignableFrom(type)) {
      Class<?> element = elementOf(field);
      Collection<Object> list = type == java.util.List.class ? new ArrayList<>()
          : (Collection<Object>) type.getDeclaredConstructor().newInstance();
      for (int i = 0; i < 2 && !empty; ++i) {
        ++counter;
        list.add(value(null, element, version));
      }
      return list;
    }
    Object struct = type.getDeclaredConstructor().newInstance();
    fill(struct, version);
    return struct;
  }

  static Class<?> elementOf(Field field) {
    if (field.getGenericType() instanceof ParameterizedType list)
      return (Class<?>) list.getActualTypeArguments()[0];
    return (Class<?>) ((ParameterizedType) field.getType().getGenericSuperclass()).getActualTypeArguments()[0];
  }
}
