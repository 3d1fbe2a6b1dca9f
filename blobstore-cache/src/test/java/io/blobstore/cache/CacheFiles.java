package io.blobstore.cache;

import io.blobstore.cache.pieces.Blocking;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.FileTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** What tests do with the files of a cache. */
final class CacheFiles {
    private CacheFiles() {}

    /** Opens a cache, and waits until its directory is listed. */
    static ContentCache open(Path directory, CacheOptions options) throws IOException {
        ContentCache cache = ContentCache.open(directory, options);
        Blocking.until(() -> !cache.stats().loading());
        return cache;
    }

    /** Returns the files of all contents. */
    static List<Path> contents(Path directory) throws IOException {
        return FileTree.files(directory.resolve("cas.v2"));
    }

    /** Flips a bit in the middle of each content, behind the cache's back. */
    static void damage(Path directory, double where) throws IOException {
        for (Path file : contents(directory)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                ByteBuffer one = ByteBuffer.allocate(1);
                long at = (long) (channel.size() * where);
                channel.read(one, at);
                one.put(0, (byte) (one.get(0) ^ 1)).rewind();
                channel.write(one, at);
            }
        }
    }
}
