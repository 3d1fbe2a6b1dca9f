package io.blobstore.cas;

import io.blobstore.cas.internal.EntryFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Files that record in which order they are written, forced to the device, and published. Thread-safe. */
final class RecordedFiles implements EntryFiles {
    private final Path cache;
    private final List<String> operations = Collections.synchronizedList(new ArrayList<>());

    private volatile boolean failing;

    RecordedFiles(Path cache) {
        this.cache = cache;
    }

    /**
     * Returns what was done since the last call, without repetitions: "write", "force content", "close", and "force
     * DIRECTORY", relative to the cache; each followed by the number of files that were published then.
     */
    List<String> take() {
        List<String> taken = new ArrayList<>();
        synchronized (operations) {
            for (String operation : operations) {
                if (taken.isEmpty() || !taken.get(taken.size() - 1).equals(operation)) {
                    taken.add(operation);
                }
            }
            operations.clear();
        }
        return taken;
    }

    /** Lets directories fail to be forced, or not. */
    void failDirectories(boolean fail) {
        failing = fail;
    }

    private void add(String operation) throws IOException {
        operations.add(operation + " " + CacheFixture.files(cache).size());
    }

    @Override
    public FileChannel create(Path temporary) throws IOException {
        return new RecordedChannel(EntryFiles.SYSTEM.create(temporary));
    }

    @Override
    public FileChannel open(Path file) throws IOException {
        return EntryFiles.SYSTEM.open(file);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        if (failing) {
            throw new IOException("Input/output error");
        }
        EntryFiles.SYSTEM.forceDirectory(directory);
        add("force " + cache.relativize(directory));
    }

    private final class RecordedChannel extends ChannelOfWrites {
        RecordedChannel(FileChannel channel) {
            super(channel);
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            add("write");
            return super.write(source, position);
        }

        @Override
        public void force(boolean metaData) throws IOException {
            super.force(metaData);
            add("force content");
        }

        @Override
        protected void implCloseChannel() throws IOException {
            super.implCloseChannel();
            add("close");
        }
    }
}
