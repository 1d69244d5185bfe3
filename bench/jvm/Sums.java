import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;
import java.util.zip.CRC32;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/**
 * What the views hold, to be compared with aisle's: sums, and for each view the sum of CRC-32(a row's name) x its figures,
 * modulo 2^64. Rows that aisle does not show any more are left out. Sums are linear: no need to put partitions together.
 */
final class Sums {
	private final long watermark;
	private final long[] popularity = new long[6], pairs = new long[2], history = new long[3];

	Sums(long watermark) {
		this.watermark = watermark;
	}

	String of(KafkaStreams streams) {
		each(streams, "popularity", this::addPopularity);
		each(streams, "pairs", this::addPair);
		each(streams, "history", this::addHistory);
		return "{\"popularity\":" + json(popularity) + ",\"also-viewed\":" + json(pairs) +
			",\"history\":" + json(history) + "}";
	}

	private static String json(long[] sums) {
		StringBuilder ret = new StringBuilder("[");

		for (int i = 0; i < sums.length - 1; i++)
			ret.append(sums[i]).append(',');
		return ret.append(Long.toUnsignedString(sums[sums.length - 1])).append(']').toString();
	}

	private static void each(KafkaStreams streams, String store, BiConsumer<ByteBuffer, ByteBuffer> row) {
		var type = QueryableStoreTypes.<Bytes, byte[]>keyValueStore();
		var view = streams.store(StoreQueryParameters.fromNameAndType(store, type));

		try (KeyValueIterator<Bytes, byte[]> rows = view.all()) {
			rows.forEachRemaining(
				kv -> row.accept(ByteBuffer.wrap(kv.key.get()), ByteBuffer.wrap(kv.value)));
		}
	}

	private static long crc(String text) {
		CRC32 ret = new CRC32();

		ret.update(text.getBytes(StandardCharsets.UTF_8));
		return ret.getValue();
	}

	private static String text(ByteBuffer in, int n) {
		byte[] ret = new byte[n];

		in.get(ret);
		return new String(ret, StandardCharsets.UTF_8);
	}

	private void addPopularity(ByteBuffer key, ByteBuffer row) {
		boolean hour = key.get() == 'h';
		long span = hour ? Views.HOUR : Views.DAY, bucket = key.getInt(), total = 0;
		long name = crc((hour ? "hour|" : "day|") + bucket * span + "|" + text(key, key.remaining()));

		if (bucket <= watermark / span - (hour ? 360 : 400))
			return;
		for (int i = 0; i < 5; i++) {
			long column = row.getLong();

			popularity[i] += column;
			total += column << i;
		}
		popularity[5] += name * total;
	}

	private void addPair(ByteBuffer key, ByteBuffer row) {
		long epoch = key.getInt(), count = row.getInt();

		if (epoch <= watermark / Views.EPOCH - 6)
			return;
		pairs[0] += count;
		pairs[1] += count * crc(epoch + "|" + text(key, key.remaining()).replace('\0', '|'));
	}

	/** The last 256 of an actor's rows. */
	private void addHistory(ByteBuffer key, ByteBuffer row) {
		int skip = Math.max(0, row.getShort() - 256);

		row.getShort();
		while (row.hasRemaining()) {
			long t = row.getLong();
			String type = Event.TYPES.get(row.get());
			int id = row.get(), lines = row.getShort();

			for (row.position(row.position() + id); lines > 0; lines--) {
				String item = text(row, row.get());
				long quantity = row.getInt(), price = row.getLong();

				if (skip-- > 0)
					continue;
				history[0]++;
				history[1] += quantity;
				history[2] += crc(type + "|" + item + "|" + t + "|" + quantity + "|" + price);
			}
		}
	}
}
