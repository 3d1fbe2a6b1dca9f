package io.blobstore.fs;

/** What survives a power failure right after a store call has returned. */
public enum Durability {
    /**
     * The blob survives: its content, its name and its parent directories were written to the device before the call
     * returned.
     */
    SYNC,
    /**
     * The blob may be lost for some seconds, until the operating system has written it. On file systems that order data
     * before renames (ext4 with its defaults does), a blob still survives as a whole or not at all. A crash of the
     * process alone loses nothing in either mode.
     */
    NONE
}
