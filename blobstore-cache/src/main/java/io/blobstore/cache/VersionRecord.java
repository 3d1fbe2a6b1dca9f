package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which content a version of a key has, and the metadata that reads of it return.
 *
 * <p>Stored in big-endian order: the magic number, the layout's number, the digest, the metadata, and the CRC32C of all
 * of that. Strings are a length and UTF-8; optional values are preceded by a byte that is 0 or 1.
 *
 * @param blob the metadata, as the remote store reported it
 * @param content the digest of the content
 */
record VersionRecord(BlobMetadata blob, Digest content) {
    private static final int MAGIC = 0x4253_5652; // "BSVR"
    private static final short LAYOUT = 1;

    /** Returns the key of the record in the cache. */
    static Sha256 key(String storeId, VersionKey version) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            string(out, "io.blobstore.cache version");
            string(out, storeId);
            string(out, version.key().toString());
            string(out, version.version().value());
        } catch (IOException e) {
            throw new UncheckedIOException("an array cannot fail", e);
        }
        return Sha256.of(ByteBuffer.wrap(bytes.toByteArray()));
    }

    /** Returns the record's bytes in a new buffer. */
    ByteBuffer encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeShort(LAYOUT);
            digest(out, content);
            metadata(out, blob);
            out.writeInt(Crc32c.of(ByteBuffer.wrap(bytes.toByteArray())).value());
        } catch (IOException e) {
            throw new UncheckedIOException("an array cannot fail", e);
        }
        return ByteBuffer.wrap(bytes.toByteArray());
    }

    /**
     * Decodes a record.
     *
     * @param bytes the record, from position to limit; both are unchanged
     * @return empty if it is damaged, or has another layout
     */
    static Optional<VersionRecord> decode(ByteBuffer bytes) {
        ByteBuffer in = bytes.slice();
        try {
            if (in.remaining() < Integer.BYTES || in.getInt(0) != MAGIC) {
                return Optional.empty();
            }
            int end = in.limit() - Integer.BYTES;
            if (Crc32c.of(in.slice(0, end)).value() != in.getInt(end)) {
                return Optional.empty();
            }
            in.limit(end).position(Integer.BYTES);
            if (in.getShort() != LAYOUT) {
                return Optional.empty();
            }
            Digest content = digest(in);
            BlobMetadata blob = metadata(in);
            return blob.size() == content.size() && !in.hasRemaining()
                    ? Optional.of(new VersionRecord(blob, content))
                    : Optional.empty();
        } catch (BufferUnderflowException
                | IllegalArgumentException
                | DateTimeException
                | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    // ---- parts that other records have as well

    static void digest(DataOutputStream out, Digest digest) throws IOException {
        out.write(digest.sha256().bytes());
        out.writeLong(digest.size());
    }

    static Digest digest(ByteBuffer in) {
        byte[] sha256 = new byte[Sha256.BYTES];
        in.get(sha256);
        return new Digest(Sha256.ofBytes(sha256), in.getLong());
    }

    static void metadata(DataOutputStream out, BlobMetadata blob) throws IOException {
        string(out, blob.key().toString());
        out.writeLong(blob.size());
        string(out, blob.version().value());
        out.writeBoolean(blob.checksum().isPresent());
        out.writeInt(blob.checksum().map(Crc32c::value).orElse(0));
        Instant modified = blob.lastModified();
        out.writeLong(modified.getEpochSecond());
        out.writeInt(modified.getNano());
        strings(out, blob.contentHeaders());
        strings(out, blob.userMetadata());
    }

    static BlobMetadata metadata(ByteBuffer in) {
        BlobKey key = BlobKey.of(string(in));
        long size = in.getLong();
        BlobVersion version = new BlobVersion(string(in));
        boolean checked = in.get() != 0;
        Crc32c checksum = new Crc32c(in.getInt());
        Instant lastModified = Instant.ofEpochSecond(in.getLong(), in.getInt());
        return BlobMetadata.builder(key, size, version, lastModified)
                .checksum(checked ? Optional.of(checksum) : Optional.empty())
                .contentHeaders(strings(in))
                .userMetadata(strings(in))
                .build();
    }

    private static void strings(DataOutputStream out, Map<String, String> map) throws IOException {
        out.writeInt(map.size());
        for (Map.Entry<String, String> entry : map.entrySet()) {
            string(out, entry.getKey());
            string(out, entry.getValue());
        }
    }

    private static Map<String, String> strings(ByteBuffer in) {
        Map<String, String> map = new TreeMap<>();
        for (int left = in.getInt(); left > 0; left--) {
            map.put(string(in), string(in));
        }
        return map;
    }

    private static void string(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String string(ByteBuffer in) {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
