import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the three views need of an event; one object a task, filled anew by each read(). */
final class Event {
	static final class Line {
		byte[] item;
		int quantity = 1;
		long priceMicros = -1; // -1: none
	}

	/** As schemas/event_types.def has them. */
	static final List<String> TYPES = List.of("view", "search", "cart-add", "cart-remove", "purchase", "return",
						  "impression", "click", "dislike");
	private static final JsonFactory JSON = new JsonFactory();
	private static final byte[] NONE = {};

	String type;
	long t; // -1: none
	byte[] eventId, userId, visitorId, sessionId;
	final List<Line> lines = new ArrayList<>();
	private String day = "";
	private long dayStart;

	void read(byte[] json) throws IOException {
		Line single = new Line();

		type = "";
		t = -1;
		eventId = userId = visitorId = sessionId = NONE;
		lines.clear();
		try (JsonParser in = JSON.createParser(json)) {
			in.nextToken();
			while (in.nextToken() == JsonToken.FIELD_NAME)
				readField(in, single);
		}
		if (single.item != null)
			lines.add(single);
	}

	/** 'u' or 'v' and the id: who did it. */
	byte[] actor() {
		byte[] id = userId.length > 0 ? userId : visitorId;
		byte[] ret = new byte[1 + id.length];

		ret[0] = (byte)(userId.length > 0 ? 'u' : 'v');
		System.arraycopy(id, 0, ret, 1, id.length);
		return ret;
	}

	/** Whether an earlier line of this event is about the same item. */
	boolean hasBefore(int line) {
		for (int i = 0; i < line; i++)
			if (Arrays.equals(lines.get(i).item, lines.get(line).item))
				return true;
		return false;
	}

	private void readField(JsonParser in, Line single) throws IOException {
		String name = in.currentName();

		in.nextToken();
		switch (name) {
		case "eventId" -> eventId = bytes(in);
		case "type" -> type = in.getText();
		case "eventTime" -> t = time(in.getText());
		case "userId" -> userId = bytes(in);
		case "visitorId" -> visitorId = bytes(in);
		case "sessionId" -> sessionId = bytes(in);
		case "items" -> readItems(in);
		default -> readLineField(in, name, single);
		}
	}

	private void readItems(JsonParser in) throws IOException {
		while (in.nextToken() == JsonToken.START_OBJECT) {
			Line line = new Line();

			while (in.nextToken() == JsonToken.FIELD_NAME) {
				String name = in.currentName();

				in.nextToken();
				readLineField(in, name, line);
			}
			lines.add(line);
		}
	}

	private static void readLineField(JsonParser in, String name, Line line) throws IOException {
		switch (name) {
		case "itemId" -> line.item = bytes(in);
		case "quantity" -> line.quantity = in.getIntValue();
		case "price" -> line.priceMicros = Math.round(in.getDoubleValue() * 1e6);
		default -> in.skipChildren();
		}
	}

	private static byte[] bytes(JsonParser in) throws IOException {
		return in.getText().getBytes(StandardCharsets.UTF_8);
	}

	/** Fast for 2026-01-31T23:59:59.999Z, of which the last day is remembered. */
	private long time(String text) {
		if (text.length() != 24 || text.charAt(23) != 'Z' || text.charAt(19) != '.')
			return OffsetDateTime.parse(text).toInstant().toEpochMilli();
		if (!text.startsWith(day) || day.isEmpty()) {
			day = text.substring(0, 10);
			dayStart = LocalDate.parse(day).toEpochDay() * 86_400_000L;
		}
		return dayStart + number(text, 11, 2) * 3_600_000L + number(text, 14, 2) * 60_000L +
			number(text, 17, 2) * 1000L + number(text, 20, 3);
	}

	private static int number(String text, int at, int digits) {
		int ret = 0;

		for (int i = at; i < at + digits; i++)
			ret = ret * 10 + text.charAt(i) - '0';
		return ret;
	}
}
