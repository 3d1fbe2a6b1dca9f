package io.blobstore.cas;

import io.blobstore.cas.internal.EntryFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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

    private final class FaultyChannel extends ChannelOfWrites {
        FaultyChannel(FileChannel channel) {
            super(channel);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            step();
            return super.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            step();
            ByteBuffer half = source.slice(source.position(), (source.remaining() + 1) / 2); // a short write
            int bytes = super.write(half, position);
            source.position(source.position() + bytes);
            return bytes;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            step();
            super.force(metaData);
        }

        @Override
        public long size() throws IOException {
            step();
            return super.size();
        }

        @Override
        protected void implCloseChannel() throws IOException {
            super.implCloseChannel();
            step();
        }
    }
}
