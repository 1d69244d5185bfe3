import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/** One block cache for the 16 databases (four stores, four partitions); write buffers of 64 MiB instead of 16. */
public final class RocksDb implements RocksDBConfigSetter {
	private static final Cache CACHE = new LRUCache(128L << 20);

	@Override
	public void setConfig(String name, Options options, Map<String, Object> configs) {
		BlockBasedTableConfig table = (BlockBasedTableConfig)options.tableFormatConfig();

		table.setBlockCache(CACHE);
		options.setTableFormatConfig(table);
		options.setWriteBufferSize(64L << 20);
	}

	@Override
	public void close(String name, Options options) {
	}
}
