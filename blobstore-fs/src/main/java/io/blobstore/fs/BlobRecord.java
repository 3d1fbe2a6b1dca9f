package io.blobstore.fs;

import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.StoreOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A blob's checksum, version and metadata, stored in the extended attribute {@code user.blobstore} of its file.
 *
 * <p>Content and record become visible by one rename, and no crash separates them; {@code cp -a}, {@code rsync -X} and
 * {@code tar --xattrs} copy both. The attribute is text, one {@code name=value} per line:
 *
 * <pre>
 * crc32c=e3069283
 * version=0f9d…
 * size=9
 * mtime=2026-01-31T12:00:00.123456789Z
 * type=text/plain
 * cache-control=max-age=3600
 * +owner=alice
 * </pre>
 *
 * where {@code +} begins a name of user metadata. {@link StoreOptions} refuses values with line breaks and names with
 * {@code =}. Content headers are optional; names that a version of this class does not know are ignored.
 *
 * <p>{@code size} and {@code mtime} bind the record to the content. If another tool has changed the file since, they
 * differ from the file's own, and the record is ignored: the blob is then a plain file without checksum and metadata.
 *
 * @param checksum the content's checksum
 * @param version the content's version
 * @param size the content's size in bytes
 * @param modified the file's time of modification, when the content was complete
 * @param description the metadata of the caller, as stored
 */
record BlobRecord(Crc32c checksum, BlobVersion version, long size, Instant modified, Description description) {
    private static final String ATTRIBUTE = "blobstore"; // in the namespace "user."
    private static final List<ChronoUnit> PRECISIONS =
            List.of(ChronoUnit.NANOS, ChronoUnit.MICROS, ChronoUnit.MILLIS, ChronoUnit.SECONDS);

    /** The content headers of blobs, by the names of their lines. */
    private static final Map<String, String> HEADERS = Map.of(
            "type", "Content-Type",
            "encoding", "Content-Encoding",
            "language", "Content-Language",
            "disposition", "Content-Disposition",
            "cache-control", "Cache-Control");

    /**
     * The metadata of a blob that does not depend on its content.
     *
     * @param contentHeaders the values of content headers, by the names of the header fields
     * @param userMetadata the user metadata
     */
    record Description(Map<String, String> contentHeaders, Map<String, String> userMetadata) {
        /** Describes a blob without metadata. */
        static final Description NONE = new Description(Map.of(), Map.of());
    }

    /** Returns whether this record describes the file that has these attributes. */
    boolean describes(BasicFileAttributes attributes) {
        Instant now = attributes.lastModifiedTime().toInstant();
        // A copy on another file system may store the time less precisely.
        return attributes.size() == size
                && PRECISIONS.stream()
                        .anyMatch(unit -> modified.truncatedTo(unit).equals(now));
    }

    /**
     * Writes this record to a file's attributes.
     *
     * @throws FileSystemException if the file system does not support such attributes, or not of this size
     */
    void write(Path file) throws IOException {
        ByteBuffer text = StandardCharsets.UTF_8.encode(format());
        int bytes = text.remaining();
        try {
            view(file).write(ATTRIBUTE, text);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException | UnsupportedOperationException e) {
            FileSystemException failed = new FileSystemException(
                    file.toString(),
                    null,
                    "the blob's record of " + bytes + " bytes cannot be stored as an extended attribute by "
                            + FsErrors.describeFileSystem(file) + ": " + e.getMessage()
                            + "; use a file system with user attributes (ext4, xfs, btrfs, zfs, apfs, tmpfs of Linux"
                            + " 6.6), or less metadata");
            failed.initCause(e);
            throw failed;
        }
    }

    /** Returns a file's record; empty if the file has none, or it is damaged. */
    static Optional<BlobRecord> read(Path file) throws IOException {
        UserDefinedFileAttributeView view;
        ByteBuffer text;
        try {
            view = view(file);
            text = ByteBuffer.allocate(view.size(ATTRIBUTE));
            view.read(ATTRIBUTE, text);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException | UnsupportedOperationException e) {
            return Optional.empty(); // a file that another tool created
        }
        return parse(StandardCharsets.UTF_8.decode(text.flip()).toString());
    }

    private String format() {
        StringBuilder text = new StringBuilder();
        line(text, "crc32c", checksum.hex());
        line(text, "version", version.value());
        line(text, "size", Long.toString(size));
        line(text, "mtime", modified.toString());
        new TreeMap<>(HEADERS).forEach((line, header) -> {
            @Nullable String value = description.contentHeaders().get(header);
            if (value != null) {
                line(text, line, value);
            }
        });
        new TreeMap<>(description.userMetadata()).forEach((name, value) -> line(text, "+" + name, value));
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(name).append('=').append(value).append('\n');
    }

    private static Optional<BlobRecord> parse(String text) {
        Map<String, String> fields = new TreeMap<>();
        Map<String, String> userMetadata = new TreeMap<>();
        for (String line : text.lines().toList()) {
            int equals = line.indexOf('=');
            if (equals < 1) {
                return Optional.empty();
            }
            String value = line.substring(equals + 1);
            if (line.startsWith("+")) {
                userMetadata.put(line.substring(1, equals), value);
            } else {
                fields.put(line.substring(0, equals), value);
            }
        }
        try {
            return Optional.of(new BlobRecord(
                    Crc32c.parse(field(fields, "crc32c")),
                    new BlobVersion(field(fields, "version")),
                    Long.parseLong(field(fields, "size")),
                    Instant.parse(field(fields, "mtime")),
                    new Description(contentHeaders(fields), userMetadata)));
        } catch (IllegalArgumentException | DateTimeException e) {
            return Optional.empty();
        }
    }

    private static Map<String, String> contentHeaders(Map<String, String> fields) {
        Map<String, String> headers = new TreeMap<>();
        fields.forEach((line, value) -> {
            @Nullable String header = HEADERS.get(line);
            if (header != null) {
                headers.put(header, value);
            }
        });
        return headers;
    }

    private static String field(Map<String, String> fields, String name) {
        @Nullable String value = fields.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no " + name);
        }
        return value;
    }

    private static UserDefinedFileAttributeView view(Path file) {
        UserDefinedFileAttributeView view =
                Files.getFileAttributeView(file, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (view == null) {
            throw new UnsupportedOperationException("this system does not support extended attributes");
        }
        return view;
    }
}
