package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.FrameFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Decides which of several files of one key is the entry. bazel-remote leaves a second one behind when it is killed
 * while it writes content that it has already: with a good name, and with an arbitrary part of the content. The later
 * one is therefore the suspicious one, and is never preferred for being later.
 */
final class Duplicates {
    private static final int BUFFER = 1 << 20;

    private Duplicates() {}

    /**
     * A file of a key.
     *
     * @param storedSize its length in bytes
     * @param lastAccess its time of access, in milliseconds of the epoch
     * @param lastModified its time of modification, in milliseconds of the epoch
     * @param recorded whether the journal says that this library completed it
     */
    record Candidate(EntryFile file, long storedSize, long lastAccess, long lastModified, boolean recorded) {}

    /**
     * What becomes of the files.
     *
     * @param entry the file that is the entry; empty if all are damaged
     * @param others the files to delete
     */
    record Decision(Optional<Candidate> entry, List<Candidate> others) {}

    /**
     * Decides between several files of one key, after verifying them as far as that is possible: casblobs by header and
     * table, plain content of a CAS by its SHA-256. Of records, which cannot be verified, the one in the journal is the
     * entry; otherwise the older one.
     *
     * @throws IOException if a file cannot be read; then nothing can be decided
     */
    static Decision decide(Layout layout, List<Candidate> files) throws IOException {
        List<Candidate> preferred = new ArrayList<>(files);
        preferred.sort(Comparator.comparing(Candidate::recorded)
                .reversed()
                .thenComparing(Candidate::lastModified)
                .thenComparing(Comparator.comparing(Candidate::storedSize).reversed()));
        Optional<Candidate> entry = Optional.empty();
        List<Candidate> others = new ArrayList<>();
        for (Candidate candidate : preferred) {
            if (entry.isEmpty() && isIntact(layout.path(candidate.file), candidate.file)) {
                entry = Optional.of(candidate);
            } else {
                others.add(candidate);
            }
        }
        return new Decision(entry, others);
    }

    private static boolean isIntact(Path path, EntryFile file) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            if (file.format() == EntryFile.Format.CASBLOB) {
                return hasTable(channel, file.contentSize());
            }
            return file.key().keyspace() != Keyspace.CAS
                    || sha256(channel).equals(file.key().hash());
        }
    }

    private static boolean hasTable(FileChannel channel, long contentSize) throws IOException {
        long size = channel.size();
        ByteBuffer start = read(channel, CasblobHeader.FIXED_LENGTH);
        try {
            CasblobHeader header = CasblobHeader.parse(start, size);
            if (header.contentSize() != contentSize) {
                return false;
            }
            header.table(read(channel, header.length()), size); // not longer than the file
            return true;
        } catch (FrameFormatException e) {
            return false;
        }
    }

    /** Reads the first bytes of a file, or what there is of them, into a buffer from position 0 to its limit. */
    private static ByteBuffer read(FileChannel channel, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining() && channel.read(buffer, buffer.position()) >= 0) {
            // reads on
        }
        return buffer.flip();
    }

    private static Sha256 sha256(FileChannel channel) throws IOException {
        MessageDigest digest = Sha256.newMessageDigest();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        while (channel.read(buffer) >= 0) {
            digest.update(buffer.flip());
            buffer.clear();
        }
        return Sha256.ofBytes(digest.digest());
    }
}
