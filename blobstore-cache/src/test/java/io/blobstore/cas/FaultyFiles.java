package io.blobstore.cas;

import io.blobstore.cas.internal.EntryFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** Files of which one operation fails: the n-th after {@link #failAt}. Thread-safe. */
final class FaultyFiles implements EntryFiles {
    private final AtomicInteger untilFailure = new AtomicInteger();
    private volatile String message = "";

    /** Lets the n-th operation fail, counted from 1; 0 for none. */
    void failAt(int operation, String withMessage) {
        message = withMessage;
        untilFailure.set(operation);
    }

    /** Returns whether the operation was reached. */
    boolean hasFailed() {
        return untilFailure.get() == 0;
    }

    private void step() throws IOException {
        if (untilFailure.getAndUpdate(left -> Math.max(0, left - 1)) == 1) {
            throw new IOException(message);
        }
    }

    @Override
    public FileChannel create(Path temporary) throws IOException {
        open(temporary.toString());
        return new FaultyChannel(EntryFiles.SYSTEM.create(temporary));
    }

    @Override
    public FileChannel open(Path file) throws IOException {
        open(file.toString());
        return new FaultyChannel(EntryFiles.SYSTEM.open(file));
    }

    private void open(String file) throws IOException {
        try {
            step();
        } catch (IOException e) {
            throw new FileSystemException(file, null, e.getMessage());
        }
    }

    private final class FaultyChannel extends FileChannel {
        private final FileChannel channel;

        FaultyChannel(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            step();
            return channel.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            step();
            ByteBuffer half = source.slice(source.position(), (source.remaining() + 1) / 2); // a short write
            int bytes = channel.write(half, position);
            source.position(source.position() + bytes);
            return bytes;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            step();
            channel.force(metaData);
        }

        @Override
        public long size() throws IOException {
            step();
            return channel.size();
        }

        @Override
        protected void implCloseChannel() throws IOException {
            channel.close();
            step();
        }

        @Override
        public int read(ByteBuffer target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long read(ByteBuffer[] targets, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel position(long newPosition) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel truncate(long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }
    }
}
