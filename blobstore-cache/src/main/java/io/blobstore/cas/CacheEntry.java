package io.blobstore.cas;

import io.blobstore.Sha256;

/**
 * An entry of a {@link ContentCache}, as it was at one moment.
 *
 * @param keyspace the keyspace
 * @param hash the key; of {@link Keyspace#CAS}, the SHA-256 of the content
 * @param contentSize the size of the content in bytes
 * @param storedSize the length of the file in bytes
 */
public record CacheEntry(Keyspace keyspace, Sha256 hash, long contentSize, long storedSize) {}
