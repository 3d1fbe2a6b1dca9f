package io.blobstore.split;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * What a split stream merges to: eight bytes in its header, usually ASCII. Programs that only merge ignore it.
 *
 * @param value the eight bytes as a little-endian number; 0 if the content is not described
 */
public record ContentType(long value) {
    /** No description. */
    public static final ContentType NONE = new ContentType(0);
    /** A tar archive that is a layer of a container image. */
    public static final ContentType OCI_LAYER = of("ocilayer");
    /** The configuration of a container image. */
    public static final ContentType OCI_CONFIG = of("ociconfg");
    /** The manifest of a container image. */
    public static final ContentType OCI_MANIFEST = of("ocimanif");
    /** Any other blob of a container registry. */
    public static final ContentType OCI_BLOB = of("oci_blob");

    /**
     * Returns the type with a given name.
     *
     * @param name eight characters of ASCII
     * @throws IllegalArgumentException if {@code name} is not that
     */
    public static ContentType of(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length != Long.BYTES || name.length() != Long.BYTES) {
            throw new IllegalArgumentException("a content type has 8 ASCII characters; got '" + name + "'");
        }
        return new ContentType(
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }

    /** Returns the eight characters, or the value as a hexadecimal number if they are not printable ASCII. */
    @Override
    public String toString() {
        byte[] bytes = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        return text.chars().allMatch(c -> c > ' ' && c < 0x7f) ? text : "0x" + Long.toHexString(value);
    }
}
