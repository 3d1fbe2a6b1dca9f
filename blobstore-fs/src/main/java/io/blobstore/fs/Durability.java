package io.blobstore.fs;

/** What a store call that returned promises about a power failure right after it. */
public enum Durability {
    /**
     * The blob is there: its content, its name and the directories above were written to the device before the call
     * returned.
     */
    SYNC,
    /**
     * Nothing, for some seconds: the operating system writes when it likes. What survives is still a whole blob or none
     * of it on file systems that keep the order of data and rename (ext4 with its defaults does). A crash of the
     * process alone loses nothing in either mode.
     */
    NONE
}
