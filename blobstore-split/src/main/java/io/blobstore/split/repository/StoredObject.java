package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import java.time.Instant;

/**
 * An object that an {@link ObjectStore} holds.
 *
 * @param id the id under which it is stored; its content may be damaged
 * @param size in bytes
 * @param stored when it was stored, by the clock of the store
 */
public record StoredObject(ObjectId id, long size, Instant stored) {}
