package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;

/**
 * The key of an entry.
 *
 * @param keyspace the keyspace
 * @param hash the key in the keyspace
 */
public record EntryKey(Keyspace keyspace, Sha256 hash) {}
