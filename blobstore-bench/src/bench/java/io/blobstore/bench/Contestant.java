package io.blobstore.bench;

/** One way to move the content, ready to do so again and again. */
interface Contestant extends AutoCloseable {
    /** Moves the whole content once. When this returns, it is there, and a read one has been verified. */
    void round() throws Exception;
}
