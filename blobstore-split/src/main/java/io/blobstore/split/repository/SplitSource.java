package io.blobstore.split.repository;

import io.blobstore.RetainedSource;
import io.blobstore.split.internal.input.ContentInput;
import io.blobstore.split.internal.input.SourceInput;
import io.blobstore.split.internal.input.StreamFlow;
import io.blobstore.split.internal.input.StreamInput;
import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;

/** What is split, before it is opened. */
sealed interface SplitSource {
    /** Returns the number of bytes; {@link TransferProgress#UNKNOWN} if it is not known. */
    long size();

    /**
     * Opens the content as the input of a splitter.
     *
     * @param flow receives the content as it arrives
     */
    ContentInput open(StreamFlow flow) throws IOException;

    /** Releases the memory of a source. Does not close a stream, which belongs to the caller. */
    void release();

    /** A source, which is retained. */
    record Retained(RetainedSource source) implements SplitSource {
        @Override
        public long size() {
            return source.size();
        }

        @Override
        public ContentInput open(StreamFlow flow) throws IOException {
            flow.arrived(RetainedSource.of(source, () -> {}));
            return SourceInput.open(source);
        }

        @Override
        public void release() {
            source.close();
        }
    }

    /** A stream, which is read once. */
    record Stream(ReadableByteChannel channel, long memory, Path temporaries) implements SplitSource {
        @Override
        public long size() {
            return TransferProgress.UNKNOWN;
        }

        @Override
        public ContentInput open(StreamFlow flow) {
            return new StreamInput(channel, memory, temporaries, flow);
        }

        @Override
        public void release() {
            // the caller closes it
        }
    }
}
