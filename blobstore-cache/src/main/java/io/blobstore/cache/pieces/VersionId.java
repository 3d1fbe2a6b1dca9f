package io.blobstore.cache.pieces;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Identifies one version of a blob of a store by hashes, which are safe as names of files whatever the key is.
 *
 * @param blob the SHA-256 of the store's description and the key, in hex
 * @param version the SHA-256 of the version, the size and the size of pieces, in hex
 */
record VersionId(String blob, String version) {
    static VersionId of(BlobStore store, BlobMetadata metadata, int pieceSize) {
        return new VersionId(
                blob(store, metadata.key().toString()),
                hash(metadata.version().value(), Long.toString(metadata.size()), Integer.toString(pieceSize)));
    }

    /** Returns the hash of a store and a key. */
    static String blob(BlobStore store, String key) {
        return hash(store.toString(), key);
    }

    /** Hashes texts, each preceded by its length, so that different texts never are the same bytes. */
    private static String hash(String... texts) {
        List<byte[]> encoded = List.of(texts).stream()
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
        int length =
                encoded.stream().mapToInt(bytes -> Integer.BYTES + bytes.length).sum();
        ByteBuffer all = ByteBuffer.allocate(length);
        encoded.forEach(bytes -> all.putInt(bytes.length).put(bytes));
        return Sha256.of(all.flip()).hex();
    }
}
