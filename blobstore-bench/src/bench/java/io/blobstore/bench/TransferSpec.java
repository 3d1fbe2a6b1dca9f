package io.blobstore.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * What a client transfers, and how.
 *
 * @param endpoint the URI of the server
 * @param key the key of the object
 * @param file the content to upload, or the file to read into; as long as the object
 * @param partSize bytes of a part or a range
 * @param concurrency the number of concurrent parts
 */
record TransferSpec(
        Operation operation, Transport transport, URI endpoint, String key, Path file, int partSize, int concurrency) {
    static final String BUCKET = "bench";
    static final String REGION = "us-east-1";
    private static final int PAGE = 4096;

    List<String> toArguments() {
        return List.of(
                operation.name(),
                transport.name(),
                endpoint.toString(),
                key,
                file.toString(),
                Integer.toString(partSize),
                Integer.toString(concurrency));
    }

    /** Parses the result of {@link #toArguments}. */
    static TransferSpec ofArguments(List<String> arguments) {
        return new TransferSpec(
                Operation.valueOf(arguments.get(0)),
                Transport.valueOf(arguments.get(1)),
                URI.create(arguments.get(2)),
                arguments.get(3),
                Path.of(arguments.get(4)),
                Integer.parseInt(arguments.get(5)),
                Integer.parseInt(arguments.get(6)));
    }

    /** Returns the path of the file that downloads create. */
    Path download() {
        return file.resolveSibling(file.getFileName() + "-" + key.replace('/', '-'));
    }

    /** Deletes the file of the last download, and returns its path. */
    Path newFile() throws IOException {
        Files.deleteIfExists(download());
        return download();
    }

    /**
     * Maps the file, which has less than 2 GiB, with every page present: read-only for uploads. For reads, each page is
     * written with its own content, so that later writes cause no page faults.
     */
    ByteBuffer map() throws IOException {
        if (isUpload()) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                return channel.map(MapMode.READ_ONLY, 0, channel.size()).load();
            }
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return touch(channel.map(MapMode.READ_WRITE, 0, channel.size()));
        }
    }

    /** Writes to each page its own content. */
    static ByteBuffer touch(ByteBuffer memory) {
        for (int at = 0; at < memory.limit(); at += PAGE) {
            memory.put(at, memory.get(at));
        }
        return memory;
    }

    boolean isUpload() {
        return operation.isUpload();
    }

    /** Returns the range of a read as an HTTP header value. */
    static String range(long offset, int length) {
        return "bytes=" + offset + "-" + (offset + length - 1);
    }
}
