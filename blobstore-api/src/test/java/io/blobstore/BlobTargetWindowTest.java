package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests windows of memory, and the default methods of windows. */
class BlobTargetWindowTest {
    private static ByteBuffer letters(String letters) {
        return ByteBuffer.wrap(letters.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void buffersAreFilledOneAfterTheOther() throws IOException {
        ByteBuffer first = ByteBuffer.allocate(5).position(1).limit(4);
        ByteBuffer second = ByteBuffer.allocateDirect(2);
        try (BlobTarget.Window window = BlobTarget.Window.of(List.of(first, ByteBuffer.allocate(0), second))) {
            assertThat(window.remaining()).isEqualTo(5);
            window.put(letters("ab"));
            assertThat(window.remaining()).isEqualTo(3);
            assertThat(window.buffer()).isSameAs(first);
            window.buffer().put((byte) 'c');
            assertThat(window.buffer()).isSameAs(second);
            window.put(letters("de"));
            assertThat(window.remaining()).isZero();
            assertThat(window.buffer().hasRemaining()).isFalse();
            window.flush();
        }
        assertThat(first.clear()).isEqualTo(letters("\0abc\0"));
        assertThat(second.flip()).isEqualTo(letters("de"));
    }

    @Test
    void aWindowWithoutBuffersIsFull() throws TargetException {
        BlobTarget.Window window = BlobTarget.Window.of(List.of());

        assertThat(window.remaining()).isZero();
        assertThat(window.buffer().hasRemaining()).isFalse();
        window.put(ByteBuffer.allocate(0));
    }

    @Test
    void moreThanRemainsIsRefusedAndNotLostSilently() {
        ByteBuffer memory = ByteBuffer.allocate(3);
        BlobTarget.Window window = BlobTarget.Window.of(memory);
        ByteBuffer source = letters("abcd");

        assertThatThrownBy(() -> window.put(source)).isInstanceOf(BufferOverflowException.class);
        assertThat(memory.flip()).isEqualTo(letters("abc"));
        assertThat(source.position()).isEqualTo(3);
    }

    @Test
    void whatCannotBeWrittenToIsNoWindow() {
        ByteBuffer readOnly = ByteBuffer.allocate(1).asReadOnlyBuffer();

        assertThatIllegalArgumentException().isThrownBy(() -> BlobTarget.Window.of(readOnly));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobTarget.Window.of(List.of(ByteBuffer.allocate(1), readOnly)));
    }
}
