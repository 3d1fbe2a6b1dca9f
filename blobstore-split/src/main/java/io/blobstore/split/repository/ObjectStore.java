package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.spi.PartLayout;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Where the objects and the names of a {@link Repository} are kept: a bucket ({@link BlobStoreObjects}) or a directory
 * ({@link ComposefsDirectory}). Both use the same paths:
 *
 * <pre>
 * objects/xx/…              the object with the id xx…
 * streams/NAME              a link to the object that is the stream NAME
 * streams/refs/REF          a link to a stream's name: what is kept by the garbage collection
 * images/…                  as streams; written by composefs only
 * </pre>
 *
 * <p>Names and targets of links are paths below the root, such as {@code streams/refs/daily} and {@code streams/NAME}.
 *
 * <p>Every method blocks. An interrupt makes a blocked call fail soon. Thread-safe.
 */
public interface ObjectStore extends Closeable {
    /** Returns the hash function of the objects' ids. */
    ObjectHash hash();

    /** Returns the number of requests that are useful at the same time. */
    int concurrency();

    // ---- objects

    /** Returns the size and age of an object; empty if there is none. Does not read its content. */
    Optional<StoredObject> find(ObjectId id) throws IOException;

    /**
     * Stores an object atomically, unless it is present.
     *
     * @param content the content, whose digest is {@code id}; not verified here
     * @param replace whether a present object is replaced, because it is damaged or old
     * @return false if the object was present, and was not replaced
     */
    boolean put(ObjectId id, BlobSource content, boolean replace) throws IOException;

    /**
     * Makes an object as young as if it were stored now, without sending its content. Does nothing if there is none, or
     * if the age of objects does not matter, as by default.
     */
    default void renew(ObjectId id) throws IOException {}

    /**
     * Begins to store a large object in parts, which several threads send at the same time. Nothing is visible before
     * it is completed.
     *
     * @param size of the object, in bytes
     * @param replace as in {@link #put}
     * @return the parts, to be closed by the caller; empty if objects of this size are stored by one {@link #put}, as
     *     they are by default
     * @throws io.blobstore.BlobAlreadyExistsException if the object is present, must not be replaced, and the store
     *     notices at once
     */
    default Optional<ObjectParts> beginParts(ObjectId id, long size, boolean replace) throws IOException {
        return Optional.empty();
    }

    /** An object that is being stored in parts. Parts may be sent by several threads at the same time. */
    interface ObjectParts extends Closeable {
        /** Returns how the content is divided. */
        PartLayout layout();

        /**
         * Sends a part. When this returns or throws, nothing touches the content any more.
         *
         * @param part from 1
         * @param content of exactly the length that the layout says
         */
        void send(int part, BlobSource content) throws IOException;

        /**
         * Makes the object visible, after all parts were sent. May be called again after a retryable failure.
         *
         * @return false if the object was present, and was not replaced
         */
        boolean complete() throws IOException;

        /** Discards the parts, unless they were completed. Must not run while a part is sent. Idempotent. */
        @Override
        void close() throws IOException;
    }

    /**
     * Reads an object, or a range of it, into a window, and flushes it. The content is not verified.
     *
     * @throws MissingObjectException if there is no such object
     * @throws io.blobstore.RangeNotSatisfiableException if the range is not inside the object
     */
    void read(ObjectId id, ByteRange range, BlobTarget.Window target) throws IOException;

    /** Visits all objects, in any order. */
    void forEachObject(ObjectVisitor visitor) throws IOException;

    /** Receives objects, and what is among them but is none. */
    interface ObjectVisitor {
        /** Receives an object. */
        void object(StoredObject object) throws IOException;

        /**
         * Receives the path of something below {@code objects} that is no object.
         *
         * @param path as in {@code objects/ab/README}
         */
        default void foreign(String path) throws IOException {}
    }

    // ---- links

    /**
     * Returns the target of a link; empty if there is none.
     *
     * @throws DamagedLinkException if there is something else than a link, or it leads out of the repository
     */
    Optional<String> link(String name) throws IOException;

    /** Creates or replaces a link atomically. */
    void setLink(String name, String target) throws IOException;

    /** Deletes a link. Does nothing if there is none. */
    void deleteLink(String name) throws IOException;

    /**
     * Returns the names of all links, and of what else is there, whose names begin with a prefix that ends with a
     * slash; sorted.
     */
    List<String> links(String prefix) throws IOException;

    // ---- writers and the garbage collection

    /**
     * Begins a session of a writer: objects that it finds or stores are not collected before it is closed. Waits while
     * a garbage collection runs, for a limited time. May be called again, with the same id, after a failure.
     *
     * @param id a unique id of the session
     * @throws RepositoryBusyException if the collection takes longer
     */
    Session beginSession(UUID id) throws IOException;

    /** A writer's use of a store. Thread-safe. */
    interface Session extends Closeable {
        /**
         * Returns whether an object that was found may be relied upon; if not, it has to be {@linkplain #renew renewed}
         * or stored again, and confirmed after that; see {@link #settle}.
         */
        boolean protects(StoredObject found);

        /**
         * Waits until all deletions have ended that a collection may have decided before this call: it deletes nothing
         * after that because of what it saw before. So whatever was renewed, stored again or linked before this call is
         * kept if it is found after it.
         *
         * @return whether nothing was deleted since this session began, so that nothing need be looked for
         */
        boolean settle() throws IOException;

        /** Shows other processes that this session is alive. Cheap if called often. */
        void keepAlive() throws IOException;

        /**
         * Makes all objects durable that were stored in this session, if the store was opened for that. To be called
         * before anything refers to them.
         *
         * @throws io.blobstore.BlobStoreException if the session does not protect any more what it has found
         */
        void sync() throws IOException;
    }

    /**
     * Begins a garbage collection; only one runs at a time.
     *
     * @param wait how long to wait for writers, where they exclude a collection
     * @param grace in a store without locks, the age below which an object is not deleted, unless that of the store is
     *     longer
     * @throws RepositoryBusyException if writers, or another collection, do not end in time
     */
    Sweep beginSweep(Duration wait, Duration grace) throws IOException;

    /** A garbage collection. Used by one thread. */
    interface Sweep extends Closeable {
        /** Returns whether an object to which nothing refers may be deleted now. */
        boolean mayDelete(StoredObject unreferenced) throws IOException;

        /**
         * Shows writers that something may be deleted because of what is looked up from now on, and what was announced
         * before is over; see {@link Session#settle}.
         */
        void announce() throws IOException;

        /** Returns whether the last announcement still holds; if not, what was looked up must be looked up again. */
        boolean isAnnounced();

        /**
         * Deletes objects for which {@link #mayDelete} returned true, except for those that were stored again since.
         * May be called again after a failure.
         *
         * @return the objects that do not exist any more
         */
        Collection<StoredObject> delete(Collection<StoredObject> objects) throws IOException;

        /**
         * Remembers what nothing refers to, for the next collection.
         *
         * @param unreferenced the objects that were not deleted
         */
        void remember(Collection<StoredObject> unreferenced) throws IOException;
    }
}
