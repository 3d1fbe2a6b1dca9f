package io.blobstore.split;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The files that composefs-rs wrote; see the README in their directory. */
public final class Vectors {
    private static final Path DIRECTORY = directory();

    private Vectors() {}

    private static Path directory() {
        try {
            return Path.of(Objects.requireNonNull(Vectors.class.getResource("/splitstream"))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the path of a file. */
    public static Path path(String name) {
        return DIRECTORY.resolve(name);
    }

    /** Returns the lines of a text. */
    public static List<String> lines(String name) throws IOException {
        return Files.readAllLines(path(name));
    }

    /** Returns the columns of each line of a table. */
    public static List<List<String>> table(String name) {
        try {
            return Files.readAllLines(path(name)).stream()
                    .map(line -> List.of(line.split("\t", -1)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the content of a file. */
    public static ByteBuffer read(String name) {
        try {
            return ByteBuffer.wrap(Files.readAllBytes(path(name)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the content of a file that is compressed with zstd. */
    public static ByteBuffer decompress(String name) {
        byte[] compressed = read(name).array();
        long size = Zstd.getFrameContentSize(compressed);
        return ByteBuffer.wrap(Zstd.decompress(compressed, (int) size));
    }

    /** Returns the names of the files with a suffix, without it. */
    public static Stream<String> names(String directory, String suffix) {
        try (Stream<Path> files = Files.list(path(directory))) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(suffix))
                    .map(name -> name.substring(0, name.length() - suffix.length()))
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
