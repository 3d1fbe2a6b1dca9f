package io.blobstore.memory;

import io.blobstore.internal.memory.MappedTotals;

/**
 * The mapped memory of this process at one moment, over all {@link MappedFile}s: for gauges. Taking it does not stop
 * other threads, so the numbers may belong to moments that differ a little.
 *
 * @param files the files that are mapped, including closed ones that leases keep mapped
 * @param bytes the bytes of those files
 * @param leases the open leases
 * @param leaked the leases and files that became unreachable without having been closed, since the process started
 */
public record MappedMemory(long files, long bytes, long leases, long leaked) {
    /** Returns the current numbers. */
    public static MappedMemory current() {
        return new MappedMemory(
                MappedTotals.files(), MappedTotals.bytes(), MappedTotals.leases(), MappedTotals.leaked());
    }
}
