package io.blobstore.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Standard output: text, and the bytes of blobs. Remembers the first failure to write, which tells a reader that has
 * closed its pipe from a full disk.
 */
final class StandardOutput {
    private static final int FILE_TYPE = 0170000;
    private static final int PIPE = 0010000;
    private static final int SOCKET = 0140000;

    private final PrintWriter text;
    private final WritableByteChannel content;
    private volatile @Nullable IOException failure;

    /** Creates an output of a stream and a channel, which may have the same target. */
    StandardOutput(OutputStream text, WritableByteChannel content) {
        // UTF-8 in any locale: JSON has no other encoding, and keys are any Unicode.
        this.text = new PrintWriter(new OutputStreamWriter(new Text(text), StandardCharsets.UTF_8));
        this.content = new Content(content);
    }

    /** Returns that of this process. Does not use System.out, which hides failures to write. */
    static StandardOutput ofProcess() {
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        return new StandardOutput(out, out.getChannel());
    }

    /** Returns the writer of text, which hides failures until {@link #failure()} is asked for. */
    PrintWriter text() {
        return text;
    }

    /** Returns the channel for the bytes of blobs. */
    WritableByteChannel content() {
        return content;
    }

    /** Flushes the text, and returns the first failure to write text or bytes; empty if there was none. */
    Optional<IOException> failure() {
        text.flush();
        return Optional.ofNullable(failure);
    }

    /**
     * Returns whether a failure to write means that nobody reads the output any more. The message depends on the
     * language of the system; a pipe or a socket that cannot be written has no other reason.
     */
    static boolean isClosed(IOException failure) {
        String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        if (message.contains("broken pipe") || message.contains("pipe is being closed")) {
            return true;
        }
        try {
            int type = (int) Files.getAttribute(Path.of("/dev/fd/1"), "unix:mode") & FILE_TYPE;
            return type == PIPE || type == SOCKET;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }

    private IOException failed(IOException problem) {
        if (failure == null && !(problem instanceof ClosedChannelException)) { // which an interrupt closes
            failure = problem;
        }
        return problem;
    }

    private final class Text extends OutputStream {
        private final OutputStream out;

        Text(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                throw failed(e);
            }
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (IOException e) {
                throw failed(e);
            }
        }
    }

    private final class Content implements WritableByteChannel {
        private final WritableByteChannel out;

        Content(WritableByteChannel out) {
            this.out = out;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            try {
                return out.write(bytes);
            } catch (IOException e) {
                throw failed(e);
            }
        }

        @Override
        public boolean isOpen() {
            return out.isOpen();
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }
}
