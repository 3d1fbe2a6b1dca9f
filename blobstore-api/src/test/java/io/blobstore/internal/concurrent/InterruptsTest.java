package io.blobstore.internal.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileLockInterruptionException;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InterruptsTest {
    static Stream<Throwable> interrupts() {
        return Stream.of(
                new InterruptedException(),
                new ClosedByInterruptException(),
                new FileLockInterruptionException(),
                new InterruptedIOException());
    }

    @ParameterizedTest
    @MethodSource("interrupts")
    void anInterruptIsRecognisedItselfAndAsACause(Throwable interrupt) {
        assertThat(Interrupts.caused(interrupt)).isTrue();
        assertThat(Interrupts.caused(new IllegalStateException(new IOException(interrupt))))
                .isTrue();
    }

    static Stream<Throwable> others() {
        return Stream.of(
                new SocketTimeoutException(), // an InterruptedIOException that is not an interrupt
                new ClosedChannelException(),
                new CancellationException(),
                new UncheckedIOException(new IOException(new SocketTimeoutException())));
    }

    @ParameterizedTest
    @MethodSource("others")
    void otherFailuresAreNotInterrupts(Throwable failure) {
        assertThat(Interrupts.caused(failure)).isFalse();
    }

    @Test
    void causesMayFormACycle() {
        Exception one = new Exception();
        one.initCause(new Exception(one));

        assertThat(Interrupts.caused(one)).isFalse();
    }
}
