package io.blobstore.zstd.internal;

import io.blobstore.BlobSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Compresses content as independent zstd frames, in parallel, and hands them on in order. Each frame has the size of
 * its content, and a checksum unless that is not wanted. Shows the content to a hash function on the way, while it is
 * in the processor's cache.
 *
 * <p>One thread uses a compressor: it adds the frames, hashes them, and hands on the compressed ones. Where it would
 * have to wait for a frame that nobody has begun, it compresses that itself; so an executor without a free thread, or
 * one that refuses tasks, blocks nothing.
 *
 * <p>A frame is compressed straight from the source's memory if the source shows it as one direct buffer, as mapped
 * memory is. Otherwise it is first copied into one.
 *
 * <p>Memory: at most {@code threads + 4} buffers of the size of a frame and 1/64 more, from the shared pool, and the
 * state of zstd for each thread, some 1 MiB at level 1. Compressors that share their encoders have a bound together,
 * beyond which each of them has one frame at a time.
 */
public final class FrameCompressor implements Closeable {
    /** How many buffers there may be besides one for each task. */
    private static final int SPARE = 4;

    /** Receives the compressed frames in order, by the thread that adds them. */
    public interface Sink {
        /**
         * Receives a frame.
         *
         * @param contentLength the number of bytes of content
         * @param stored the compressed frame, from position to limit of a direct buffer; valid until this returns
         */
        void frame(int contentLength, ByteBuffer stored) throws IOException;
    }

    private final Executor executor;
    private final int threads;
    private final SharedEncoders encoders;
    private final boolean ownsEncoders;
    private final Consumer<ByteBuffer> hash;
    private final Sink sink;

    /** Whether no more frames can be added: it is finished, or has failed. */
    private boolean ended;

    /** Held for a few instructions. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    /** All frames that were not handed on, in order. */
    private final Deque<FrameJob> inFlight = new ArrayDeque<>();
    /** Those of them that nobody has begun. */
    private final Deque<FrameJob> waiting = new ArrayDeque<>();

    /** The buffers that are in use, or will be as soon as a waiting frame is compressed. */
    private int buffers;
    /** The tasks that the executor has, whether they run or not. */
    private int tasks;
    /** The tasks that run. */
    private int active;

    private boolean closed;

    /**
     * Creates a compressor.
     *
     * @param executor runs up to {@code threads} tasks at a time, each as long as there are frames to compress
     * @param threads 0 or more; with 0, the thread that adds does everything
     * @param level the compression level of zstd, or {@link FrameEncoder#STORED}
     * @param checksums whether each frame has a checksum
     * @param hash receives all content in order, from position to limit of buffers that it may advance, by the thread
     *     that adds
     * @param sink receives the frames
     * @throws IllegalArgumentException if zstd does not have this level
     */
    public FrameCompressor(
            Executor executor, int threads, int level, boolean checksums, Consumer<ByteBuffer> hash, Sink sink) {
        this(executor, threads, new SharedEncoders(level, checksums, threads + 1, threads + SPARE), true, hash, sink);
    }

    /**
     * Creates a compressor as the other constructor does, of many that share their encoders.
     *
     * @param encoders to be closed by the caller, after this
     */
    public FrameCompressor(
            Executor executor, int threads, SharedEncoders encoders, Consumer<ByteBuffer> hash, Sink sink) {
        this(executor, threads, encoders, false, hash, sink);
    }

    private FrameCompressor(
            Executor executor,
            int threads,
            SharedEncoders encoders,
            boolean ownsEncoders,
            Consumer<ByteBuffer> hash,
            Sink sink) {
        if (threads < 0) {
            throw new IllegalArgumentException("the number of threads must be 0 or more; got " + threads);
        }
        this.executor = executor;
        this.threads = threads;
        this.encoders = encoders;
        this.ownsEncoders = ownsEncoders;
        this.hash = hash;
        this.sink = sink;
    }

    /**
     * Adds a frame, and returns when its content was hashed; it may be compressed later, by any thread. Hands on frames
     * that are finished, and waits for the first one while there is no memory for another.
     *
     * @param content 1 byte to 64 MiB, readable until {@code done} is run
     * @param done run exactly once, by any thread, when no thread touches the content any more, whether this returns or
     *     throws
     * @throws InterruptedIOException if the thread is interrupted while it waits; the interrupt stays set
     * @throws IOException if the content cannot be read, or the sink throws it; nothing can be added after a failure
     */
    public void add(BlobSource content, Runnable done) throws IOException {
        Adding adding = new Adding(content, done);
        try {
            if (content.size() < 1 || content.size() > FrameTable.MAX_FRAME) {
                throw new IllegalArgumentException(
                        "a frame has 1 to " + FrameTable.MAX_FRAME + " bytes of content; got " + content.size());
            }
            begin();
            handOnUntilRoom();
            content.forEachBuffer((int) content.size(), adding);
            ended = false;
        } finally {
            adding.end();
        }
    }

    /** Hands on the frames that are finished, without waiting. */
    public void handOnFinished() throws IOException {
        begin();
        while (handOn(false)) {
            // the next one
        }
        ended = false;
    }

    /**
     * Waits until all frames were handed on. Nothing can be added after that.
     *
     * @throws InterruptedIOException if the thread is interrupted while it waits; the interrupt stays set
     * @throws IOException if a frame cannot be compressed, or the sink throws it
     */
    public void finish() throws IOException {
        begin();
        while (handOn(true)) {
            // the next one
        }
    }

    /** Marks this as ended, unless all goes well. */
    private void begin() {
        if (ended) {
            throw new IllegalStateException("the compressor is finished, or has failed");
        }
        ended = true;
    }

    /** Hashes the content of a frame, and submits it as early as possible, so that it is compressed meanwhile. */
    private final class Adding implements BlobSource.BufferVisitor {
        private final BlobSource content;
        private final Runnable done;
        /** This thread, and the frame if it is compressed straight from the content. */
        private final AtomicInteger users = new AtomicInteger(1);
        /** A copy of the content, until it is complete. */
        private @Nullable PooledBuffer copy;

        Adding(BlobSource content, Runnable done) {
            this.content = content;
            this.done = done;
        }

        @Override
        public void visit(ByteBuffer buffer) {
            if (buffer.isDirect() && buffer.remaining() == content.size()) {
                users.incrementAndGet();
                submit(new FrameJob(content, this::release));
                hash.accept(buffer);
                return;
            }
            PooledBuffer memory = copy;
            if (memory == null) {
                memory = DirectBufferPool.shared().take((int) content.size());
                copy = memory;
            }
            hash.accept(buffer.duplicate());
            memory.buffer().put(buffer);
            if (!memory.buffer().hasRemaining()) {
                copy = null;
                memory.buffer().flip();
                submit(new FrameJob(memory));
            }
        }

        void end() {
            if (copy != null) {
                copy.close();
            }
            release();
        }

        private void release() {
            if (users.decrementAndGet() == 0) {
                done.run();
            }
        }
    }

    /** Makes a frame available to the tasks, of which one more is started if there are not enough. */
    private void submit(FrameJob job) {
        boolean start;
        lock.lock();
        try {
            inFlight.add(job);
            waiting.add(job);
            addBuffers(job.buffers());
            start = tasks < threads;
            if (start) {
                tasks++;
            }
        } finally {
            lock.unlock();
        }
        if (start) {
            try {
                executor.execute(this::work);
            } catch (RejectedExecutionException e) { // then the adding thread does it
                locked(() -> tasks--);
            }
        }
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // ---- compressing

    /** A task: compresses frames until there are none. */
    private void work() {
        locked(() -> active++);
        try {
            for (FrameJob job = nextForTask(); job != null; job = nextForTask()) {
                compress(job);
            }
        } finally {
            locked(() -> active--);
        }
    }

    /** Takes a frame that nobody has begun; if there is none, the task ends, and another one may be started. */
    private @Nullable FrameJob nextForTask() {
        lock.lock();
        try {
            FrameJob job = closed ? null : waiting.poll();
            if (job == null) {
                tasks--;
            }
            return job;
        } finally {
            lock.unlock();
        }
    }

    /** Compresses a frame that this thread has taken. */
    private void compress(FrameJob job) {
        try {
            FrameEncoder encoder = encoders.idle().take();
            try {
                job.run(encoder);
            } finally {
                encoders.idle().give(encoder);
                job.releaseContent();
            }
        } catch (Throwable e) { // reported when it is the frame's turn
            job.fail(e);
        } finally {
            locked(() -> {
                addBuffers(1 - job.buffers());
                job.finished = true;
            });
        }
    }

    // ---- handing on

    /** Hands on the frames that are finished, and waits for them while there is no memory for another frame. */
    private void handOnUntilRoom() throws IOException {
        while (handOn(!hasRoom())) {
            // the next one
        }
    }

    private boolean hasRoom() {
        lock.lock();
        try {
            return buffers == 0 || (buffers + FrameJob.MAX_BUFFERS <= threads + SPARE && encoders.hasRoom());
        } finally {
            lock.unlock();
        }
    }

    private void addBuffers(int change) {
        buffers += change;
        encoders.add(change);
    }

    /**
     * Hands on the first frame.
     *
     * @param wait whether to wait if it is not finished
     * @return whether there was one to hand on
     */
    private boolean handOn(boolean wait) throws IOException {
        FrameJob first = first(wait);
        if (first == null) {
            return false;
        }
        try {
            sink.frame(first.contentLength(), first.stored());
        } finally {
            first.close();
            locked(() -> addBuffers(-1));
        }
        return true;
    }

    /** Takes the first frame, if it is finished; compresses others where it would wait for nothing. */
    private @Nullable FrameJob first(boolean wait) throws IOException {
        for (; ; ) {
            FrameJob other;
            lock.lock();
            try {
                FrameJob first = inFlight.peek();
                if (first == null || first.finished) {
                    return inFlight.poll();
                }
                if (!wait) {
                    return null;
                }
                other = waiting.poll();
                if (other == null) { // a task compresses the first one
                    changed.await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while a frame was compressed");
            } finally {
                lock.unlock();
            }
            if (other != null) {
                compress(other);
            }
        }
    }

    /**
     * Stops, and waits until no thread touches a content any more; that is as long as one frame takes. Idempotent. To
     * be called by the thread that adds.
     */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            ended = true;
            waiting.clear();
            while (active > 0) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        // No thread is left; a task that the executor runs later sees that this is closed.
        inFlight.forEach(FrameJob::close);
        inFlight.clear();
        locked(() -> addBuffers(-buffers));
        if (ownsEncoders) {
            encoders.close();
        }
    }
}
