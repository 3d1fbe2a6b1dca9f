package io.blobstore.internal.file;

import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small file that records what a transfer has done, for the process that goes on with it.
 *
 * <pre>
 * blobstore-journal 1 CRC    the CRC32C of the fields, in hexadecimal
 * NAME VALUE                 a field, any number of them, with line breaks and backslashes escaped
 * (empty line)
 * TEXT                       an entry, any number of them
 * </pre>
 *
 * <p>The fields are written in one step with a new file, entries are appended to it. Fields that are damaged are not
 * returned; entries are not protected: the reader has to verify what they say. While the file is open, a lock file
 * beside it, {@code NAME.lock}, excludes other processes.
 *
 * <p>Thread-safe as far as {@link #append} is concerned; the other methods must be called by one thread at a time.
 */
public final class JournalFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(JournalFile.class);
    private static final String FORMAT = "blobstore-journal 1 ";
    private static final String LOCK = ".lock";

    private final Path path;
    private final FileChannel lock;
    private Map<String, String> fields = Map.of();
    private List<String> entries = List.of();
    private @Nullable FileOutputStream appender;

    private JournalFile(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Opens a journal, and reads it if it exists.
     *
     * @throws FileSystemException if another transfer, of this process or another one, has it open
     */
    public static JournalFile open(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        JournalFile journal = new JournalFile(absolute, lock(absolute));
        try {
            journal.read();
            return journal;
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        Path file = lockFile(path);
        for (; ; ) {
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            try {
                Optional<Object> before = identity(file);
                if (channel.tryLock() == null) {
                    throw inUse(path);
                }
                // The one that had it locked may have deleted it: then it is not the file that others lock.
                if (before.isPresent() && before.equals(identity(file))) {
                    return channel;
                }
                channel.close();
            } catch (OverlappingFileLockException e) {
                channel.close();
                throw inUse(path);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        }
    }

    private static Path lockFile(Path path) {
        return path.resolveSibling(path.getFileName() + LOCK);
    }

    private static FileSystemException inUse(Path path) {
        return new FileSystemException(path.toString(), null, "another transfer uses this journal; wait for its end");
    }

    private static Optional<Object> identity(Path file) throws IOException {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(Objects.requireNonNullElse(attributes.fileKey(), attributes.creationTime()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private void read() throws IOException {
        String text;
        try {
            text = Files.readString(path);
        } catch (NoSuchFileException e) {
            return;
        } catch (java.nio.charset.CharacterCodingException e) {
            text = "";
        }
        int end = text.indexOf("\n\n");
        int first = text.indexOf('\n');
        String header = end < 0 ? "" : text.substring(first + 1, end + 1);
        if (end < 0 || !text.startsWith(FORMAT + checksum(header) + "\n")) {
            LOG.warn("{} is damaged, or is no journal of this version: the transfer starts anew", path);
            return;
        }
        Map<String, String> read = new LinkedHashMap<>();
        header.lines().forEach(line -> {
            int space = line.indexOf(' ');
            read.put(line.substring(0, space), unescaped(line.substring(space + 1)));
        });
        fields = read;
        String rest = text.substring(end + 2);
        entries = rest.substring(0, rest.lastIndexOf('\n') + 1).lines().toList(); // the last write may be cut off
    }

    /** Returns the fields; empty if there is no journal, or it is damaged. */
    public Map<String, String> fields() {
        return fields;
    }

    /** Returns the entries that were there when the journal was opened. */
    public List<String> entries() {
        return entries;
    }

    /** Replaces the journal by one with these fields and without entries, durably. */
    public void begin(Map<String, String> newFields) throws IOException {
        closeAppender();
        StringBuilder header = new StringBuilder();
        newFields.forEach((name, value) ->
                header.append(name).append(' ').append(escaped(value)).append('\n'));
        String text = FORMAT + checksum(header.toString()) + "\n" + header + "\n";
        try (AtomicFile file = AtomicFile.createBeside(path)) {
            try (AtomicFile.Section section = file.section(0)) {
                section.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            }
            file.force();
            file.replaceTarget();
        }
        AtomicFile.forceDirectory(path.resolveSibling(""));
        fields = newFields;
        entries = List.of();
    }

    /** Appends an entry, without a line break. Not forced to the device: entries may be lost. */
    public synchronized void append(String entry) throws IOException {
        FileOutputStream open = appender;
        if (open == null) {
            open = new FileOutputStream(path.toFile(), true); // not a channel, which an interrupt would close
            appender = open;
        }
        open.write((entry + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Deletes the journal. Idempotent. */
    public void delete() throws IOException {
        closeAppender();
        Files.deleteIfExists(path);
        fields = Map.of();
        entries = List.of();
    }

    private synchronized void closeAppender() throws IOException {
        FileOutputStream open = appender;
        if (open != null) {
            open.close();
            appender = null;
        }
    }

    /** Unlocks the journal. Idempotent. */
    @Override
    public void close() throws IOException {
        try (FileChannel locked = lock) {
            closeAppender();
            if (locked.isOpen()) {
                Files.deleteIfExists(lockFile(path));
            }
        }
    }

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    private static String unescaped(String value) {
        StringBuilder text = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' && i + 1 < value.length()) {
                char escape = value.charAt(++i);
                text.append(escape == 'n' ? '\n' : escape == 'r' ? '\r' : escape);
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
