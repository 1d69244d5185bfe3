import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Kafka Streams catching up with a topic of events, three of aisle's views kept.
 *
 *     CatchUp BOOTSTRAP TOPIC END,END,... APPLICATION_ID DIRECTORY BEGAN_MS [NAME=VALUE...]
 *
 * END: of each partition. BEGAN_MS: the clock when this was started. Done is when the offsets of the group are at the
 * ends. Then it prints one line of JSON, `sums` of what the views hold included, and ends; with hold=yes it stays until
 * it is killed.
 */
final class CatchUp {
	private static final Map<String, String> options = new HashMap<>(Map.of(
		"store", "rocksdb", // or memory
		"changelog", "on", "guarantee", StreamsConfig.AT_LEAST_ONCE, "cache_mib", "256", "commit_ms", "30000",
		"hold", "no", "timeout_s", "240"));

	private CatchUp() {
	}

	private static String option(String name) {
		return options.get(name);
	}

	private static boolean is(String name, String value) {
		return option(name).equals(value);
	}

	private static Topology topology(String topic, Progress progress) {
		Topology ret = new Topology();

		ret.addSource("events", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), topic);
		ret.addProcessor("views", () -> new Views(progress), "events");
		for (String name : Views.STORES)
			ret.addStateStore(store(name), "views");
		return ret;
	}

	private static StoreBuilder<?> store(String name) {
		KeyValueBytesStoreSupplier supplier = is("store", "memory") ? Stores.inMemoryKeyValueStore(name)
									    : Stores.persistentKeyValueStore(name);
		StoreBuilder<?> ret = Stores.keyValueStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray());

		if (!is("cache_mib", "0") && Views.CACHED.contains(name))
			ret.withCachingEnabled();
		return is("changelog", "on") ? ret.withLoggingEnabled(Map.of()) : ret.withLoggingDisabled();
	}

	private static Properties settings(String[] args) {
		Properties ret = new Properties();

		ret.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
		ret.put(StreamsConfig.APPLICATION_ID_CONFIG, args[3]);
		ret.put(StreamsConfig.STATE_DIR_CONFIG, args[4]);
		ret.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
		ret.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, option("guarantee"));
		ret.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, option("commit_ms"));
		ret.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, Long.parseLong(option("cache_mib")) << 20);
		ret.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDb.class);
		ret.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20_000);
		ret.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
		ret.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
		// a member of a killed process is back at once under its name
		ret.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), "bench");
		ret.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
		ret.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
		ret.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 100);
		ret.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 128L << 20);
		for (String name : options.keySet())
			if (name.contains(".")) // any setting of Kafka Streams, to try it
				ret.put(name, option(name));
		return ret;
	}

	/** Whoever started this bounds the time. */
	private static void waitCommitted(String bootstrap, String group, String topic, long[] ends) throws Exception {
		try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
			for (boolean done = false; !done; Thread.sleep(5)) {
				var at = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();

				done = true;
				for (int i = 0; i < ends.length; i++) {
					var offset = at.get(new TopicPartition(topic, i));

					done &= offset != null && offset.offset() >= ends[i];
				}
			}
		}
	}

	private static long peakMib() throws Exception {
		for (String line : Files.readAllLines(Path.of("/proc/self/status")))
			if (line.startsWith("VmHWM:"))
				return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
		return 0;
	}

	private static String line(Progress p, long began, long running, long done, double cpu) throws Exception {
		return String.format(Locale.ROOT,
			"{\"records\":%d,\"wall_s\":%.3f,\"first_s\":%.3f,\"half_s\":%.3f,\"running_s\":%.3f," +
			"\"cpu_s\":%.3f,\"peak_mib\":%d",
			p.records(), (done - began) / 1e3, (p.firstAt - began) / 1e3, (p.halfAt - began) / 1e3,
			(running - began) / 1e3, cpu, peakMib());
	}

	private static KafkaStreams start(String[] args, Progress progress, AtomicLong running) {
		KafkaStreams ret = new KafkaStreams(topology(args[1], progress), settings(args));

		ret.setUncaughtExceptionHandler(e -> {
			e.printStackTrace();
			Runtime.getRuntime().halt(1);
			return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
		});
		ret.setStateListener((now, before) -> {
			if (now == KafkaStreams.State.RUNNING)
				running.set(System.currentTimeMillis());
		});
		ret.start();
		return ret;
	}

	public static void main(String[] args) throws Exception {
		long[] ends = Arrays.stream(args[2].split(",")).mapToLong(Long::parseLong).toArray();
		var system = (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();
		Progress progress = new Progress(ends);
		AtomicLong running = new AtomicLong();

		for (String option : Arrays.copyOfRange(args, 6, args.length))
			options.put(option.substring(0, option.indexOf('=')), option.substring(option.indexOf('=') + 1));
		try (KafkaStreams streams = start(args, progress, running)) {
			if (!progress.unfinished.await(Long.parseLong(option("timeout_s")), TimeUnit.SECONDS))
				throw new IllegalStateException("not caught up in time: " + progress.records() + " records");
			waitCommitted(args[0], args[3], args[1], ends);

			long done = System.currentTimeMillis();
			double cpu = system.getProcessCpuTime() / 1e9;
			long began = Long.parseLong(args[5]);
			String line = line(progress, began, running.get(), done, cpu);

			System.out.println(
				line + ",\"sums\":" + new Sums(progress.watermark()).of(streams) + "}");
			System.out.flush();
			if (is("hold", "yes"))
				Thread.sleep(600_000);
		}
	}
}
