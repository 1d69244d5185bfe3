import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Three of aisle's views, as docs/views.md defines them, one instance a partition. An actor's events are on one partition,
 * so nothing is sent between tasks: popularity and pairs are counts of the partition, and whoever reads adds them up.
 *
 *     history     actor                      rows, events, then the events by (t, eventId): t, type, eventId, lines
 *     sessions    actor 0 sessionId          t of the last event, then the distinct items viewed, in that order
 *     popularity  h or d, bucket, item       views, carts, orders, units, revenue
 *     pairs       epoch, item, 0, other      count
 *
 * Ids have at most 127 bytes here.
 */
final class Views implements Processor<byte[], byte[], Void, Void> {
	static final String[] STORES = { "history", "sessions", "popularity", "pairs" };
	/** Rows that are written again and again and grow; for the others a cache costs more than it saves. */
	static final Set<String> CACHED = Set.of("history", "sessions");
	static final long HOUR = 3_600_000L, DAY = 24 * HOUR, EPOCH = 30 * DAY;
	private static final long SESSION_GAP = 30 * 60_000L;
	private static final int KEPT = 256, TOGETHER = 5, SESSION_ITEMS = 4096;

	private final Progress progress;
	private final Event ev = new Event();
	private final byte[][] viewed = new byte[SESSION_ITEMS][];
	private ProcessorContext<Void, Void> context;
	private KeyValueStore<Bytes, byte[]> history, sessions, popularity, pairs;

	Views(Progress progress) {
		this.progress = progress;
	}

	@Override
	public void init(ProcessorContext<Void, Void> c) {
		context = c;
		history = c.getStateStore("history");
		sessions = c.getStateStore("sessions");
		popularity = c.getStateStore("popularity");
		pairs = c.getStateStore("pairs");
	}

	@Override
	public void process(Record<byte[], byte[]> record) {
		try {
			ev.read(record.value());
		} catch (IOException e) {
			throw new IllegalStateException("not an event", e);
		}
		if (ev.t < 0)
			ev.t = record.timestamp();
		apply(ev.actor());
		if (progress.applied(context.taskId().partition(), context.recordMetadata().orElseThrow().offset(), ev.t))
			context.commit();
	}

	private void apply(byte[] actor) {
		Bytes key = Bytes.wrap(actor);
		byte[] row = remember(history.get(key));

		if (row == null) // a duplicate
			return;
		history.put(key, row);
		if (ev.type.equals("view") || ev.sessionId.length == 0)
			goOn(actor);
		for (int i = 0; i < ev.lines.size(); i++)
			count(ev.lines.get(i), i);
	}

	// ---- popularity ----

	private void count(Event.Line line, int number) {
		long units = line.quantity, revenue = line.priceMicros < 0 ? 0 : units * line.priceMicros;

		switch (ev.type) {
		case "view" -> add(line.item, 1, 0, 0, 0, 0);
		case "cart-add" -> add(line.item, 0, 1, 0, 0, 0);
		case "purchase" -> add(line.item, 0, 0, ev.hasBefore(number) ? 0 : 1, units, revenue);
		case "return" -> add(line.item, 0, 0, 0, -units, -revenue);
		default -> { }
		}
	}

	private void add(byte[] item, long... columns) {
		addTo('h', ev.t / HOUR, item, columns);
		addTo('d', ev.t / DAY, item, columns);
	}

	private void addTo(char kind, long bucket, byte[] item, long[] columns) {
		Bytes key = Bytes.wrap(
			ByteBuffer.allocate(5 + item.length).put((byte)kind).putInt((int)bucket).put(item).array());
		byte[] now = popularity.get(key);
		ByteBuffer row = ByteBuffer.allocate(40);

		for (int i = 0; i < 5; i++)
			row.putLong(columns[i] + (now == null ? 0 : ByteBuffer.wrap(now).getLong(8 * i)));
		popularity.put(key, row.array());
	}

	// ---- sessions and pairs ----

	private void goOn(byte[] actor) {
		byte[] name = ByteBuffer.allocate(actor.length + 1 + ev.sessionId.length).put(actor).put((byte)0)
				      .put(ev.sessionId).array();
		Bytes key = Bytes.wrap(name);
		byte[] row = sessions.get(key);
		int before, n;

		if (row != null && ev.sessionId.length == 0 &&
		    Math.abs(ev.t - ByteBuffer.wrap(row).getLong()) > SESSION_GAP)
			row = null;
		before = n = viewedBefore(row);
		if (ev.type.equals("view"))
			for (Event.Line line : ev.lines)
				n = view(line.item, n);
		if (n > before || ev.sessionId.length == 0)
			sessions.put(key, sessionRow(row, before, n));
	}

	private int viewedBefore(byte[] row) {
		int n = 0;

		for (int at = 8; row != null && at < row.length; at += 1 + row[at])
			viewed[n++] = Arrays.copyOfRange(row, at + 1, at + 1 + row[at]);
		return n;
	}

	private int view(byte[] item, int n) {
		for (int i = 0; i < n; i++)
			if (Arrays.equals(viewed[i], item))
				return n;
		if (n == SESSION_ITEMS)
			return n;
		for (int i = Math.max(0, n - TOGETHER); i < n; i++) {
			pair(item, viewed[i]);
			pair(viewed[i], item);
		}
		viewed[n] = item;
		return n + 1;
	}

	private void pair(byte[] item, byte[] other) {
		Bytes key = Bytes.wrap(ByteBuffer.allocate(5 + item.length + other.length).putInt((int)(ev.t / EPOCH))
					       .put(item).put((byte)0).put(other).array());
		byte[] now = pairs.get(key);
		int count = now == null ? 0 : ByteBuffer.wrap(now).getInt();

		pairs.put(key, ByteBuffer.allocate(4).putInt(count + 1).array());
	}

	private byte[] sessionRow(byte[] row, int before, int n) {
		int old = row == null ? 8 : row.length, size = old;
		ByteBuffer ret;

		for (int i = before; i < n; i++)
			size += 1 + viewed[i].length;
		ret = ByteBuffer.wrap(row == null ? new byte[size] : Arrays.copyOf(row, size)).putLong(ev.t).position(old);
		for (int i = before; i < n; i++)
			ret.put((byte)viewed[i].length).put(viewed[i]);
		return ret.array();
	}

	// ---- history ----

	private static final int HEAD = 4, ENTRY = 12; // rows and events; t, type, length of the id, lines

	/** The actor's row with this event in its place; null: it is there already. */
	private byte[] remember(byte[] row) {
		ByteBuffer in = ByteBuffer.wrap(row == null ? new byte[HEAD] : row);
		int rows = in.getShort(), events = in.getShort(), place = -1;
		byte[] ret;

		while (in.hasRemaining()) {
			int at = in.position(), id = at + ENTRY, end = id + in.get(at + 9), n = ev.eventId.length;
			int order = Long.compare(in.getLong(at), ev.t);

			if (n > 0 && Arrays.equals(in.array(), id, end, ev.eventId, 0, n))
				return null;
			if (order == 0)
				order = Arrays.compareUnsigned(in.array(), id, end, ev.eventId, 0, n);
			if (place < 0 && order > 0)
				place = at;
			skip(in);
		}
		ret = insert(in.array(), place < 0 ? in.limit() : place, entry(shown()));
		return letGo(ret, rows + shown(), events + 1);
	}

	/** The oldest events, when there are more than 256 and as many rows without them. */
	private static byte[] letGo(byte[] row, int rows, int events) {
		ByteBuffer in = ByteBuffer.wrap(row).position(HEAD);

		for (; events > KEPT; events--) {
			int lines = in.getShort(in.position() + 10);

			if (rows - lines < KEPT)
				break;
			rows -= lines;
			skip(in);
		}
		if (in.position() > HEAD)
			row = Arrays.copyOfRange(row, in.position() - HEAD, row.length);
		ByteBuffer.wrap(row).putShort((short)rows).putShort((short)events);
		return row;
	}

	private int shown() {
		return ev.type.equals("search") || ev.type.equals("impression") ? 0 : ev.lines.size();
	}

	private static void skip(ByteBuffer in) {
		int at = in.position(), lines = in.getShort(at + 10);

		in.position(at + ENTRY + in.get(at + 9));
		for (; lines > 0; lines--)
			in.position(in.position() + 13 + in.get(in.position()));
	}

	private byte[] entry(int n) {
		int size = ENTRY + ev.eventId.length;
		ByteBuffer ret;

		for (int i = 0; i < n; i++)
			size += 13 + ev.lines.get(i).item.length;
		ret = ByteBuffer.allocate(size).putLong(ev.t).put((byte)Event.TYPES.indexOf(ev.type));
		ret.put((byte)ev.eventId.length).putShort((short)n).put(ev.eventId);
		for (int i = 0; i < n; i++) {
			Event.Line line = ev.lines.get(i);

			ret.put((byte)line.item.length).put(line.item).putInt(line.quantity).putLong(line.priceMicros);
		}
		return ret.array();
	}

	private static byte[] insert(byte[] row, int at, byte[] entry) {
		ByteBuffer ret = ByteBuffer.allocate(row.length + entry.length);

		return ret.put(row, 0, at).put(entry).put(row, at, row.length - at).array();
	}
}
