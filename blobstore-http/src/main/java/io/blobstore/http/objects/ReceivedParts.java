package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.http.XmlPage;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The parts of a multipart upload that a server has, by the request ListParts, which S3 and the XML API of Cloud
 * Storage have in common. A part is recognized by its size and CRC32C, or else by an ETag that is the MD5 of its
 * content; a part with neither is not, and has to be sent again. Thread-safe.
 */
public final class ReceivedParts {
    private static final int VISIT = 1 << 20;

    private final Map<Integer, Part> parts;
    private final Map<String, String> fields;

    private ReceivedParts(Map<Integer, Part> parts, Map<String, String> fields) {
        this.parts = parts;
        this.fields = fields;
    }

    /**
     * A part as the server lists it.
     *
     * @param etag as it is listed, usually in quotes
     * @param checksum empty if the server lists none
     */
    public record Part(int number, String etag, long size, Optional<Crc32c> checksum) {}

    /** Requests a page. */
    @FunctionalInterface
    public interface Request {
        /**
         * Sends the request.
         *
         * @param marker the number of the part after which the page begins; empty for the first page
         */
        XmlPage send(Optional<String> marker) throws IOException;
    }

    /** Returns no parts. */
    public static ReceivedParts none() {
        return new ReceivedParts(new ConcurrentHashMap<>(), Map.of());
    }

    /** Lists all parts, with one request for each page. */
    public static ReceivedParts list(Operation operation, BlobKey key, Request request) throws IOException {
        Map<Integer, Part> parts = new ConcurrentHashMap<>();
        int last = 0;
        for (Optional<String> marker = Optional.empty(); ; ) {
            XmlPage page = request.send(marker);
            if (!page.whole() || !page.root().equals("ListPartsResult")) {
                throw new BlobStoreException(
                        operation, key, "the server's response is cut off, or is no list of parts", null, true);
            }
            for (XmlPage.Entry entry : page.entries()) {
                if (entry.name().equals("Part")) {
                    part(entry).ifPresent(part -> parts.put(part.number(), part));
                }
            }
            if (!page.text("IsTruncated").orElse("").strip().equals("true")) {
                return new ReceivedParts(parts, page.fields());
            }
            int next = page.text("NextPartNumberMarker")
                    .flatMap(ReceivedParts::number)
                    .map(Math::toIntExact)
                    .orElse(0);
            if (next <= last) {
                throw new BlobStoreException(
                        operation, key, "the server's list of parts does not go on after part " + last, null, false);
            }
            last = next;
            marker = Optional.of(Integer.toString(next));
        }
    }

    /** Reads an entry; empty if it is not valid: then the part is sent again. */
    private static Optional<Part> part(XmlPage.Entry entry) {
        Optional<Long> number = entry.text("PartNumber").flatMap(ReceivedParts::number);
        Optional<Long> size = entry.text("Size").flatMap(ReceivedParts::number);
        Optional<String> etag = entry.text("ETag").map(ObjectHeaders::strong).filter(ReceivedParts::isPrintable);
        if (number.isEmpty() || size.isEmpty() || etag.isEmpty() || number.get() > Integer.MAX_VALUE) {
            return Optional.empty();
        }
        Optional<Crc32c> checksum = entry.text("ChecksumCRC32C").flatMap(Crc32c::ofBase64);
        return Optional.of(new Part(number.get().intValue(), etag.get(), size.get(), checksum));
    }

    private static Optional<Long> number(String text) {
        String digits = text.strip();
        return digits.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(digits)) : Optional.empty();
    }

    private static boolean isPrintable(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }

    /** Returns the text of another element of the last page; empty if there is none. */
    public Optional<String> field(String name) {
        return Optional.ofNullable(fields.get(name));
    }

    /** Returns how many parts the server has that were not taken. */
    public int count() {
        return parts.size();
    }

    /**
     * Returns the part of a number if it certainly has a content, and removes it: after that, the part may be replaced.
     *
     * @param checksum the checksum of the content
     */
    public Optional<Part> take(int number, BlobSource content, Crc32c checksum) throws IOException {
        Part part = parts.remove(number);
        if (part == null || part.size() != content.size()) {
            return Optional.empty();
        }
        boolean same = part.checksum().isPresent()
                ? part.checksum().get().equals(checksum)
                : md5(content).equals(part.etag().replace("\"", "").toLowerCase(Locale.ROOT));
        return same ? Optional.of(part) : Optional.empty();
    }

    /** Returns whether there is a part of a number that was not taken. */
    public boolean has(int number) {
        return parts.containsKey(number);
    }

    private static String md5(BlobSource content) throws IOException {
        MessageDigest md5;
        try {
            md5 = MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
        content.forEachBuffer(VISIT, md5::update);
        return HexFormat.of().formatHex(md5.digest());
    }
}
