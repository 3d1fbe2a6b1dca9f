package io.blobstore.split.internal.input;

import io.blobstore.RetainedSource;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** What happens to the content of a stream while it arrives. Called on the parser's thread. */
public interface StreamFlow {
    /**
     * Waits until there is memory again. Everything that was consumed, and can be processed, must be processed and
     * closed for that.
     *
     * @param hasRoom whether there is memory; thread-safe
     */
    void awaitRoom(BooleanSupplier hasRoom) throws IOException;

    /** Receives the content in order, each byte once, to be closed when it is no longer needed. */
    void arrived(RetainedSource content);

    /** Called before each read; throws if nothing more may be read, because the transfer has stopped. */
    void beforeRead() throws IOException;
}
