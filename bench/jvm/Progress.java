import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** How far the tasks are; times are System.currentTimeMillis(). */
final class Progress {
	private final long[] ends;
	private final long half;
	private final AtomicLong records = new AtomicLong(), watermark = new AtomicLong();
	final CountDownLatch unfinished; // partitions
	volatile long firstAt, halfAt;

	/** ends: of each partition, all of them above what is committed. */
	Progress(long[] ends) {
		long all = 0;

		for (long end : ends)
			all += end;
		this.ends = ends;
		half = all / 2;
		unfinished = new CountDownLatch(ends.length);
	}

	/** Returns whether it was the partition's last one. */
	boolean applied(int partition, long offset, long t) {
		long n = records.incrementAndGet();

		if (n == 1)
			firstAt = System.currentTimeMillis();
		if (n == half)
			halfAt = System.currentTimeMillis();
		if (t > watermark.get())
			watermark.accumulateAndGet(t, Math::max);
		if (offset + 1 != ends[partition])
			return false;
		unfinished.countDown();
		return true;
	}

	long records() {
		return records.get();
	}

	long watermark() {
		return watermark.get();
	}
}
